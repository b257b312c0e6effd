/* SPDX-License-Identifier: ISC */
/*
 * The state of a vcpu beside its general registers: SIMD and floating point, and the program's
 * thread pointer. What is loaded is always a vcpu's: so TPIDRRO_EL0 gets the address of its page
 * here, too. Touches the CPU's registers and what it is given; no locks. The kernel itself uses
 * none of them.
 */
#include <machine/call.h>

#include "arch/aarch64/exo/a64.h"
#include "arch/aarch64/exo/local.h"

void arch_fpu_init(struct arch_fpu *fpu)
{
	memset(fpu, 0, sizeof(*fpu));
}

void arch_fpu_save(struct arch_fpu *fpu, bool is_dead)
{
	if (is_dead)
		memset(fpu->area, 0, sizeof(fpu->area));
	else
		machine_fpu_save(fpu->area, ARCH_FPU_AREA);
	fpu->thread_pointer = a64_load(tpidr_el0);
}

void arch_fpu_load(const struct arch_fpu *fpu)
{
	const struct vcpu *v = (const void *)((const char *)fpu - offsetof(struct vcpu, fpu));

	machine_fpu_load(fpu->area, ARCH_FPU_AREA);
	a64_save(tpidr_el0, fpu->thread_pointer);
	a64_save(tpidrro_el0, v->page_address);
}
