/* SPDX-License-Identifier: ISC */
/* What the compiler's coverage wants of the kernel: nothing, the host reads the counters where they
 * are. In the fuzzers' kernel only; nobody calls these. */
#include <stdint.h>

void __sanitizer_cov_8bit_counters_init(uint8_t *from, uint8_t *to);
void __sanitizer_cov_pcs_init(const uint64_t *from, const uint64_t *to);

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
