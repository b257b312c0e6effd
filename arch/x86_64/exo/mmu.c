/* SPDX-License-Identifier: ISC */
/*
 * The kernel's half of every address space, roots and translations. The kernel's tables are those
 * of boot.S, shared by all roots; after mmu_init nobody can write to them. No locks: a root being
 * made is its maker's, and the translations dropped are this CPU's.
 *
 * No process-context identifiers: loading a root drops all translations of the former one; those of
 * the kernel are global and stay.
 */
#include <machine/slot.h>

#include "arch/x86_64/exo/local.h"
#include "arch/x86_64/exo/x86.h"

#define MMU_LARGE  (UINT64_C(1) << 7)
#define MMU_GLOBAL (UINT64_C(1) << 8)

/* The slot of a page of the image. */
static uint64_t *mmu_image_slot(const void *page)
{
	return &boot_image_l1[(uint64_t)((const char *)page - image_start) / EXO_PAGE_SIZE];
}

void mmu_init(uint64_t bytes)
{
	uint64_t i, *slot;

	boot_root[0] = boot_image_l3[0] = 0; /* boot64's low mapping has done its duty */
	for (i = 0; i < EXO_TABLE_SLOTS; i++)
		boot_direct_l2[i] |= SLOT_NX | (boot_direct_l2[i] & MMU_LARGE ? MMU_GLOBAL : 0);
	for (i = 1; i << 30 < bytes; i++)
		boot_direct_l3[i] = i << 30 | SLOT_P | SLOT_W | MMU_LARGE | MMU_GLOBAL | SLOT_NX;
	/* The image, which the direct map shows by the same table, there without any execution:
	 * only text is executable, only what follows the tables is writable, and nothing is where
	 * a stack overflows. The table itself comes last. */
	for (i = 0; i < EXO_TABLE_SLOTS; i++)
		boot_image_l1[i] |= MMU_GLOBAL;
	for (slot = mmu_image_slot(image_text_end); slot < boot_image_l1 + EXO_TABLE_SLOTS; slot++)
		*slot |= SLOT_NX;
	for (i = 0; i < further_count(); i++)
		*mmu_image_slot(cpu_stacks + i * LAYOUT_STACKS_BYTES) = 0;
	*mmu_image_slot(idt) &= ~SLOT_W;
	for (slot = boot_image_l1; slot < mmu_image_slot(image_bss); slot++) {
		if (slot != mmu_image_slot(boot_image_l1))
			*slot &= ~SLOT_W;
	}
	*mmu_image_slot(boot_image_l1) &= ~SLOT_W;
	x86_cr3_load(x86_cr3());
}

void arch_root_init(struct machine *m, struct pfn root)
{
	uint64_t *slots = arch_frame_memory(m, root);

	slots[LAYOUT_DIRECT_SLOT] = boot_root[LAYOUT_DIRECT_SLOT];
	slots[LAYOUT_IMAGE_SLOT] = boot_root[LAYOUT_IMAGE_SLOT];
	slots[EXO_ROOT_RECURSIVE] = slot_branch(root.n, EXO_READ, false);
}

void arch_root_clear(struct machine *m, struct pfn root)
{
	uint64_t *slots = arch_frame_memory(m, root);

	slots[LAYOUT_DIRECT_SLOT] = slots[LAYOUT_IMAGE_SLOT] = slots[EXO_ROOT_RECURSIVE] = 0;
}

void arch_root_load(struct machine *m, struct cpu *c, unsigned env)
{
	(void)c;
	x86_cr3_load(env == ENV_NONE ? image_physical(boot_root)
		     : (uint64_t)m->envs[env].root.n << EXO_PAGE_SHIFT);
}

void arch_tlb_flush_page(struct machine *m, struct cpu *c, unsigned env, uint64_t address)
{
	(void)m;
	(void)c;
	(void)env;
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

void arch_tlb_flush_all(struct machine *m, struct cpu *c, unsigned env)
{
	(void)m;
	(void)c;
	(void)env;
	x86_cr3_load(x86_cr3());
}

void arch_frame_zero(struct machine *m, struct pfn pfn)
{
	memset(arch_frame_memory(m, pfn), 0, EXO_PAGE_SIZE);
}

void arch_frame_copy(struct machine *m, struct pfn to, struct pfn from)
{
	memcpy(arch_frame_memory(m, to), arch_frame_memory(m, from), EXO_PAGE_SIZE);
}

/* Nothing to do: instruction fetch is coherent with stores on x86. */
void arch_frame_executable(struct machine *m, struct pfn pfn)
{
	(void)m;
	(void)pfn;
}
