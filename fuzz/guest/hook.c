/* SPDX-License-Identifier: ISC */
/* What the fuzzers' kernel has and others have not. One CPU; no locks. */
#include "exo/machine.h"

void __real_arch_console_put(struct machine *m, uint8_t byte);
void __wrap_arch_console_put(struct machine *m, uint8_t byte);
void __real_arch_clock_arm(struct machine *m, uint64_t deadline);
void __wrap_arch_clock_arm(struct machine *m, uint64_t deadline);
struct vcpu *__real_kernel_interrupt(struct machine *m, struct cpu *c);
struct vcpu *__wrap_kernel_interrupt(struct machine *m, struct cpu *c);

void __sanitizer_cov_8bit_counters_init(uint8_t *from, uint8_t *to);
void __sanitizer_cov_pcs_init(const uint64_t *from, const uint64_t *to);

/* What the compiler's coverage wants of the kernel: nothing, the host reads the counters where they
 * are. */
void __sanitizer_cov_8bit_counters_init(uint8_t *from, uint8_t *to)
{
	(void)from;
	(void)to;
}

void __sanitizer_cov_pcs_init(const uint64_t *from, const uint64_t *to)
{
	(void)from;
	(void)to;
}

/* Of all that programs print only the hand-off's byte leaves the machine: each costs more than all
 * else of an input, since QEMU and the host wake up for it. */
void __wrap_arch_console_put(struct machine *m, uint8_t byte)
{
	if (byte == '!')
		__real_arch_console_put(m, byte);
}

/* When the clock's alarm comes; 0: none is set. Who sleeps has none. */
static uint64_t *hook_alarm(void)
{
	static uint64_t alarm;

	return &alarm;
}

/* An alarm that is set and comes before the new one stays: the kernel takes one that comes early
 * for what it is, and sets the next. QEMU's main thread wakes up each time that the clock is set,
 * and each switch to another env sets it. */
void __wrap_arch_clock_arm(struct machine *m, uint64_t deadline)
{
	uint64_t *alarm = hook_alarm();

	if (*alarm > arch_clock(m) && *alarm <= deadline && deadline != UINT64_MAX)
		return;
	*alarm = deadline == UINT64_MAX ? 0 : deadline;
	__real_arch_clock_arm(m, deadline);
}

/* It may have been the alarm, a little before its time: it is not set any more. */
struct vcpu *__wrap_kernel_interrupt(struct machine *m, struct cpu *c)
{
	*hook_alarm() = 0;
	return __real_kernel_interrupt(m, c);
}
