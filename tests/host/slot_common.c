/* SPDX-License-Identifier: ISC */
/* Common tables: memory that stays shared. Made by TABLE, filled by ALLOC alone, never unshared;
 * sharers keep write access if they have the right, and a reduction reaches every CPU. */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN
#define P(n) (A + (n) * EXO_PAGE_SIZE)
#define COMMON(n) (A + (n) * EXO_SPAN(2))

static uint64_t child;

static void prepare(struct lab *l)
{
	unsigned level;

	lab_map(l, 0, A, 1);
	lab_does(l, OP(TABLE, 2, COMMON(1), 1, .flags = EXO_OP_COMMON), "a common table");
	lab_refuses(l, OP(TABLE, 3, A + EXO_SPAN(3), 1, .flags = EXO_OP_COMMON), EXO_E_TYPE,
		    "not at another level");
	child = lab_child(l, 0);
	for (level = EXO_LEVELS; level > 2; level--)
		lab_op(l, OP(TABLE, level, A, 1, .target_env = child));
}

static void check_content(struct lab *l)
{
	uint64_t at = COMMON(1);

	lab_does(l, OP(ALLOC, 1, at, 2, .access = 3), "ALLOC in it");
	lab_refuses(l, OP(COPY, 1, at + 8 * EXO_PAGE_SIZE, 1, .source = P(0)), EXO_E_TYPE,
		    "COPY into it");
	lab_refuses(l, OP(DUP, 1, at + 8 * EXO_PAGE_SIZE, 1, .source = P(0)), EXO_E_TYPE,
		    "DUP into it");
	lab_does(l, OP(COPY, 1, P(8), 1, .source = at, .rights = 7, .access = 3), "COPY out");
	lab_does(l, OP(DUP, 1, P(9), 1, .source = at, .access = 3), "DUP out");
	lab_does(l, OP(CLEAR, 1, P(8), 1), "the copy goes");
	lab_does(l, OP(PROTECT, 1, at, 1, .access = 1), "PROTECT in it");
	lab_does(l, OP(PROTECT, 1, at, 1, .access = 3), "and back");
	lab_refuses(l, OP(UNSHARE, 2, at, 1), EXO_E_TYPE, "UNSHARE of it");
}

static void check_sharing(struct lab *l)
{
	uint64_t at = COMMON(1), value;

	lab_does(l, OP(SHARE, 2, at, 1, .target_env = child, .source = at, .rights = 3),
		 "SHARE with the right to write");
	tap_ok(slot_is_writable(lab_slot(l, 0, at, 2)), "the source keeps write access");
	tap_ok(slot_is_writable(lab_slot(l, child, at, 2)), "the target has it");
	tap_eq(lab_store(l, child, at, 7), 0, "the child writes");
	tap_ok(!lab_load(l, 0, at, &value) && value == 7, "the parent reads it");
	lab_does(l, OP(ALLOC, 1, at + 2 * EXO_PAGE_SIZE, 1, .target_env = child, .access = 3),
		 "the child adds a page");
	tap_eq(lab_store(l, 0, at + 2 * EXO_PAGE_SIZE, 8), 0, "the parent has it too");
	lab_does(l, OP(SHARE, 2, COMMON(2), 1, .target_env = child, .source = at,
		       .rights = EXO_READ), "SHARE for reading");
	tap_eq(lab_store(l, child, COMMON(2), 1), HOST_FAULT | EXO_FAULT_WRITE
	       | EXO_FAULT_PRESENT, "which only reads");
	lab_refuses(l, OP(ALLOC, 1, COMMON(2) + 9 * EXO_PAGE_SIZE, 1, .target_env = child),
		    EXO_E_FROZEN, "and changes nothing");
	lab_does(l, OP(SHARE, 2, COMMON(3), 1, .target_env = child, .source_env = child,
		       .source = COMMON(2), .rights = 7), "shared on, asking for all");
	tap_eq(slot_rights(lab_slot(l, child, COMMON(3), 2)), EXO_READ, "it gets no more (I-2)");
}

/* A shared upper table with a common one below: unsharing keeps the common one common. */
static void check_under_shared(struct lab *l)
{
	uint64_t at = COMMON(1);

	lab_does(l, OP(SHARE, 3, A + EXO_SPAN(3), 1, .source = A, .rights = 7),
		 "the table above is shared");
	lab_refuses(l, OP(ALLOC, 1, at + 5 * EXO_PAGE_SIZE, 1), EXO_E_FROZEN, "all is frozen");
	lab_does(l, OP(UNSHARE, 3, A + EXO_SPAN(3), 1), "it is unshared by copying");
	lab_does(l, OP(UNSHARE, 3, A, 1), "and by adopting");
	tap_eq(lab_store(l, 0, at, 9), 0, "the common table can be written");
	tap_eq(lab_peek(l, 0, at + EXO_SPAN(3)), 9, "and is the same in both");
	lab_does(l, OP(CLEAR, 3, A + EXO_SPAN(3), 1), "the copy goes");
}

/* CLEAR by one sharer: no CPU of any sharer keeps the translation. */
static void check_flush(struct lab *l)
{
	uint64_t at = COMMON(1), value;
	struct machine *m = l->m;

	m->cpus[1].in_kernel = 0;
	m->envs[child & 0xffff].cpus |= 2;
	m->cpus[1].root_env = child & 0xffff;
	arch_root_load(m, &m->cpus[1], child & 0xffff);
	tap_eq(host_load(m, 1, at, &value), 0, "CPU 1 runs the child, which reads the page");
	lab_does(l, OP(CLEAR, 1, at, 1), "the parent clears the page");
	tap_eq(host_load(m, 1, at, &value), HOST_FAULT, "CPU 1 faults (I-7)");
	cpu_load_root(m, &m->cpus[1], ENV_NONE);
	m->cpus[1].in_kernel = 1;
}

int main(void)
{
	struct lab *l = lab_open(256, 2);

	prepare(l);
	check_content(l);
	check_sharing(l);
	check_under_shared(l);
	check_flush(l);
	lab_close(l);
	return tap_done("tests/host/slot_common.tap");
}
