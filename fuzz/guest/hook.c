/* SPDX-License-Identifier: ISC */
/* What the fuzzers' kernel has and others have not. No state, no locks. */
#include <stdint.h>

struct machine;

void __real_arch_console_put(struct machine *m, uint8_t byte);
void __wrap_arch_console_put(struct machine *m, uint8_t byte);

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
