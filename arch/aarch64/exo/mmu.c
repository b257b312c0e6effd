/* SPDX-License-Identifier: ISC */
/*
 * The kernel's half of the address space, roots and translations. The kernel's tables are those of
 * boot.S, in TTBR1; after mmu_init nobody can write to them. No locks: a root being made is its
 * maker's. The kernel's translations are global and stay.
 */
#include <machine/slot.h>

#include "arch/aarch64/exo/a64.h"
#include "arch/aarch64/exo/local.h"

#define MMU_BLOCK UINT64_C(0x0060000000000701) /* normal memory, kernel's, no execution */
#define MMU_BELOW_PXN (UINT64_C(1) << 59)      /* no execution by the kernel, for all below */

/* The slot of a page of the image. */
static uint64_t *mmu_image_slot(const void *page)
{
	return &boot_image_l3[(uint64_t)((const char *)page - image_start) / EXO_PAGE_SIZE];
}

void mmu_init(uint64_t end)
{
	uint64_t i, *slot;

	for (i = 0; i < EXO_TABLE_SLOTS; i++)
		boot_direct_l2[i] |= boot_direct_l2[i] & SLOT_TAG ? MMU_BELOW_PXN : SLOT_PXN;
	for (i = 2; i << 30 < end; i++)
		boot_direct_l1[i] = i << 30 | MMU_BLOCK;
	/* The image, which the direct map shows by the same table, there without any execution:
	 * only text is executable, only what follows the tables is writable, and nothing is where
	 * a stack overflows. The table itself comes last. */
	for (slot = mmu_image_slot(image_text_end); slot < boot_image_l3 + EXO_TABLE_SLOTS; slot++)
		*slot |= SLOT_PXN;
	for (i = 0; i <= EXO_CPUS - 1; i++) /* the last is stack_guard */
		*mmu_image_slot(further_stacks + i * LAYOUT_FURTHER_STACK_BYTES) = 0;
	*mmu_image_slot(empty_root) |= SLOT_CLEAN;
	for (slot = boot_image_l3; slot < mmu_image_slot(image_bss); slot++) {
		if (slot != mmu_image_slot(boot_image_l3))
			*slot |= SLOT_CLEAN;
	}
	*mmu_image_slot(boot_image_l3) |= SLOT_CLEAN;
	mmu_cpu_init();
}

void mmu_cpu_init(void)
{
	__asm__ volatile("dsb ishst" : : : "memory");
	a64_save(ttbr0_el1, image_physical(empty_root));
	a64_isb();
	__asm__ volatile("tlbi vmalle1; dsb nsh; isb" : : : "memory");
}

void arch_root_init(struct machine *m, struct pfn root)
{
	table_slots(m, root)[EXO_ROOT_RECURSIVE] = slot_branch(root.n, EXO_READ, false);
}

void arch_root_clear(struct machine *m, struct pfn root)
{
	table_slots(m, root)[EXO_ROOT_RECURSIVE] = 0;
}

/* Translations stay: they have their env's identifier. The kernel uses none of them, and on the way
 * to the program the CPU takes note. */
void arch_root_load(struct machine *m, struct cpu *c, unsigned env)
{
	(void)c;
	a64_save(ttbr0_el1, arch_space(env)
		 | (env == ENV_NONE ? image_physical(empty_root)
		    : (uint64_t)m->envs[env].root.n << EXO_PAGE_SHIFT));
}

void arch_tlb_flush_page(struct machine *m, struct cpu *c, unsigned env, uint64_t address)
{
	(void)m;
	(void)c;
	ARCH_FLUSH("vae1", arch_space(env) | address >> EXO_PAGE_SHIFT, "; isb");
}

void arch_tlb_flush_all(struct machine *m, struct cpu *c, unsigned env)
{
	(void)m;
	(void)c;
	if (env == ENV_NONE)
		__asm__ volatile("dsb nshst; tlbi vmalle1; dsb nsh; isb" : : : "memory");
	else
		ARCH_FLUSH("aside1", arch_space(env), "; isb");
}

/* By blocks, of a size that the CPU says (at most 2 KiB), if it allows that. */
void arch_frame_zero(struct machine *m, struct pfn pfn)
{
	uint64_t blocks = a64_load(dczid_el0), step = UINT64_C(4) << (blocks & 15);
	char *at = arch_frame_memory(m, pfn), *end = at + EXO_PAGE_SIZE;

	if (blocks & 16) {
		memset(at, 0, EXO_PAGE_SIZE);
		return;
	}
	for (; at < end; at += step)
		__asm__ volatile("dc zva, %0" : : "r"(at) : "memory");
}

void arch_frame_copy(struct machine *m, struct pfn to, struct pfn from)
{
	memcpy(arch_frame_memory(m, to), arch_frame_memory(m, from), EXO_PAGE_SIZE);
}

/* Data caches to where instruction caches look, then those (Arm ARM B2.4.4). */
void arch_frame_executable(struct machine *m, struct pfn pfn)
{
	uint64_t type = a64_load(ctr_el0);
	uint64_t data = UINT64_C(4) << (type >> 16 & 15), fetch = UINT64_C(4) << (type & 15);
	char *at, *start = arch_frame_memory(m, pfn), *end = start + EXO_PAGE_SIZE;

	for (at = start; at < end; at += data)
		__asm__ volatile("dc cvau, %0" : : "r"(at) : "memory");
	__asm__ volatile("dsb ish" : : : "memory");
	for (at = start; at < end; at += fetch)
		__asm__ volatile("ic ivau, %0" : : "r"(at) : "memory");
	__asm__ volatile("dsb ish; isb" : : : "memory");
}
