/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 10000 --timeout 60
 * register-user-writes: a program writes every register in which the CPU could name whom it runs,
 * with addresses of the kernel's, of other programs' and none, and comes to the kernel by a call, a
 * foreign call, an exception and the clock: the kernel's idea of who runs is what it was, and the
 * registers hold what the program wrote.
 */
#include "tests/guest/raw_child.h"

static volatile uint64_t upcalls, strange, events;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	strange += page != raw_state.page || page->env != raw_state.page->env;
	if (frame->kind == EXO_UPCALL_EVENTS) {
		events++;
		return;
	}
	upcalls++;
	if (frame->kind == EXO_UPCALL_EXCEPTION)
		EXO_REG_PC(&frame->regs) += CPU_UNDEFINED_BYTES;
}

/* Every way to the kernel, with that in the registers. */
static unsigned enter_all(uint64_t value)
{
	uint64_t before = events;
	unsigned bad = 0;

	cpu_name(value);
	bad += exo_call(EXO_CALL_SELF, 0, 0, 0, 0, 0).second != raw_state.page->env;
	bad += cpu_named() != value;
	cpu_undefined(0);
	bad += cpu_named() != value;
	cpu_call(0); /* a foreign one */
	bad += cpu_named() != value;
	while (events == before)
		raw_call(EXO_CALL_TIMER, 1, 0, 0);
	bad += cpu_named() != value;
	return bad;
}

static void raw_main(void)
{
	const uint64_t values[] = {
		0, 1, (uint64_t)raw_state.page, (uint64_t)&raw_state, EXO_INFO_PAGE,
		UINT64_C(0x7ffffffff000), UINT64_C(0xffff800000000000),
		UINT64_C(0xffffffff80000000), UINT64_C(0xfffffffffffff000), UINT64_MAX,
	};
	unsigned i, bad = 0;

	raw_state.page->masked = 0;
	for (i = 0; i < RAW_COUNT(values); i++)
		bad += enter_all(values[i]);
	cpu_name(0);
	raw_eq(bad, 0, "the registers hold what was written, and it is us who call");
	raw_eq(upcalls, 2 * RAW_COUNT(values), "each exception and foreign call came as an upcall");
	raw_eq(strange, 0, "with our own page");
}
