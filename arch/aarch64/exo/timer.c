/* SPDX-License-Identifier: ISC */
/*
 * The clock is the generic timer's virtual count, the alarm its virtual timer (Arm ARM D11): of one
 * rate, which the CPU says. Touches the CPU's registers; no locks.
 */
#include "arch/aarch64/exo/a64.h"
#include "arch/aarch64/exo/local.h"

enum { TIMER_USER_COUNT = 2, TIMER_ON = 1, TIMER_OFF = 0 };

uint64_t timer_init(void)
{
	a64_save(cntkctl_el1, TIMER_USER_COUNT);
	a64_save(cntv_ctl_el0, TIMER_OFF);
	return a64_load(cntfrq_el0);
}

void timer_disarm(void)
{
	a64_save(cntv_ctl_el0, TIMER_OFF);
}

void arch_clock_arm(struct machine *m, uint64_t deadline)
{
	(void)m;
	a64_save(cntv_cval_el0, deadline);
	a64_save(cntv_ctl_el0, deadline == UINT64_MAX ? TIMER_OFF : TIMER_ON);
}
