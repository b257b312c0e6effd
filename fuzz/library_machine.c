/* SPDX-License-Identifier: ISC */
/* The machine under the library's targets; see library_machine.h. */
#include "fuzz/library_machine.h"

#include <stdlib.h>
#include <string.h>

#include "exo/boot.h"
#include "exo/slot.h"
#include "fuzz/fuzz.h"
#include "libos/layout.h"

/* Where the library has structures for calls: on its stack. */
#define BATCH (LIBOS_WIRED_END - EXO_PAGE_SIZE)

_Noreturn void fuzz_fail(const char *what)
{
	fflush(stdout);
	fprintf(stderr, "FINDING: %s\n", what);
	abort();
}

static void want(bool is_so, const char *what)
{
	if (!is_so)
		fuzz_fail(what);
}

void library_machine_check(struct library_machine *l, bool is_all)
{
	struct audit_report r;
	char text[200];

	if (host_audit_tlb(l->m, &r) && (!is_all || audit(l->m, l->scratch, &r)))
		return;
	snprintf(text, sizeof(text), "I-%u: %s: at %llx slot %lld", r.invariant, r.what,
		 (unsigned long long)r.where, (long long)r.slot);
	fuzz_fail(text);
}

struct exo_result library_machine_call(struct library_machine *l, enum exo_call number,
				       const uint64_t argument[5])
{
	struct cpu *c = &l->m->cpus[0];
	struct exo_regs *regs = &l->m->vcpus[c->current].regs;

	EXO_REG_NUMBER(regs) = EXO_CALL_PREFIX | number;
	EXO_REG_ARG0(regs) = argument[0];
	EXO_REG_ARG1(regs) = argument[1];
	EXO_REG_ARG2(regs) = argument[2];
	EXO_REG_ARG3(regs) = argument[3];
	EXO_REG_ARG4(regs) = argument[4];
	if (number == EXO_CALL_SLOTS
	    && !host_write(l->m, 0, BATCH, (const void *)argument[0],
			   argument[1] * sizeof(struct exo_slot_op)))
		EXO_REG_ARG0(regs) = BATCH;
	if (number == EXO_CALL_VCPU_START
	    && !host_write(l->m, 0, BATCH, (const void *)argument[1],
			   sizeof(struct exo_vcpu_start)))
		EXO_REG_ARG1(regs) = BATCH;
	kernel_syscall(l->m, c);
	library_machine_check(l, false);
	return (struct exo_result){ (int64_t)EXO_REG_RESULT(regs), EXO_REG_RESULT2(regs) };
}

uint64_t library_machine_view(struct library_machine *l, uint64_t address, unsigned level)
{
	uint64_t at = exo_slot_address(address, level);
	struct pfn pfn;

	if (host_translate(l->m, 0, at, EXO_READ, &pfn))
		fuzz_fail("the view is read where it has nothing");
	return (uint64_t)arch_frame_memory(l->m, pfn) + at % EXO_PAGE_SIZE;
}

void library_machine_zero(struct library_machine *l, uint64_t address, size_t bytes)
{
	static const uint8_t zero[EXO_PAGE_SIZE];

	if (host_write(l->m, 0, address, zero, bytes))
		fuzz_fail("the library cannot write a page that it has made");
}

/* What the first process has before its program: library text, plain and wired pages, the family's
 * tables, the vcpu page. */
static void machine_fill(struct library_machine *l, unsigned env)
{
	static const uint64_t pages[] = { LIBOS_TEXT, LIBOS_PLAIN, LIBOS_WIRED,
		LIBOS_WIRED + EXO_PAGE_SIZE, LIBOS_WIRED + 2 * EXO_PAGE_SIZE };
	struct exo_vcpu_start start = { .page = LIBOS_VCPU_PAGE, .entry = LIBOS_TEXT, .masked = 1 };
	struct exo_slot_op family = { .op = EXO_OP_TABLE, .level = 2, .flags = EXO_OP_COMMON,
		.target = LIBOS_FAMILY, .count = LIBOS_FAMILY_TABLES };
	const uint64_t argument[5] = { (uint64_t)&family, 1 };
	unsigned vcpu, i;
	struct pfn pfn;

	for (i = 0; i < ARRAY_COUNT(pages); i++) {
		want(!frame_alloc(l->m, 0, FRAME_DATA, 0, 0, &pfn), "no frame");
		want(!boot_map(l->m, l->m->envs[env].root, EXO_LEVELS, pages[i],
			       slot_leaf(pfn.n, EXO_RWX, i ? EXO_READ | EXO_WRITE
					 : EXO_READ | EXO_EXEC, 0)), "no first page");
	}
	want(!machine_first_vcpu(l->m, &start, env, &vcpu), "no first vcpu");
	cpu_leave(l->m, &l->m->cpus[0]);
	l->env = env_handle(l->m, env);
	l->vcpu = vcpu_handle(l->m, vcpu);
	want(!library_machine_call(l, EXO_CALL_SLOTS, argument).value, "no family");
}

void library_machine_create(struct library_machine *l, unsigned archive_pages,
			    uint64_t archive_bytes)
{
	struct pfn archive = { LIBRARY_FRAMES - archive_pages };
	unsigned env;

	l->m = host_create_keeping(LIBRARY_FRAMES, 1, archive_pages);
	l->scratch = calloc(LIBRARY_FRAMES, sizeof(*l->scratch));
	l->archive = arch_frame_memory(l->m, archive);
	want(!machine_first_env(l->m, archive, archive_bytes, &env), "no first env");
	machine_fill(l, env);
}

void library_machine_save(struct library_machine *l)
{
	l->start = host_snapshot(l->m);
	library_machine_check(l, true);
}

/* Put back the tables of the kernel and what is not a free page of zeros now and then. */
void library_machine_reset(struct library_machine *l)
{
	struct machine *m = l->m, *start = l->start;
	struct pfn pfn;

	for (pfn.n = 1; pfn.n < LIBRARY_FRAMES; pfn.n++) {
		uint32_t both = (FRAME_ZERO | 7u), now = frame_meta(m, pfn) & both;

		if (now == (FRAME_FREE | FRAME_ZERO) && (frame_meta(start, pfn) & both) == now)
			continue;
		host_poison(arch_frame_memory(m, pfn), EXO_PAGE_SIZE, false);
		memcpy(arch_frame_memory(m, pfn), arch_frame_memory(start, pfn), EXO_PAGE_SIZE);
	}
	memcpy(m, start, m->arch.memory);
}

const struct fuzz_target *fuzz_target_find(const char *name)
{
	return strcmp(name, library_target.name) ? NULL : &library_target;
}

const struct fuzz_target *fuzz_target_at(unsigned number)
{
	return number ? NULL : &library_target;
}

void fuzz_run(const struct fuzz_target *target, const uint8_t *data, size_t size, bool is_traced)
{
	target->run(data, size, is_traced);
}
