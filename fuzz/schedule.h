/* SPDX-License-Identifier: ISC */
/* Both CPUs at once; see schedule.c. */
#ifndef FUZZ_SCHEDULE_H
#define FUZZ_SCHEDULE_H

#include <stdbool.h>

struct fuzz_record;
struct fuzz_target;

/* Run an input whose first record says where to switch and whose others are the steps of both CPUs.
 * What is wrong aborts. is_traced: print each step and switch. */
void schedule_run(const struct fuzz_target *target, const struct fuzz_record *records,
		  unsigned count, bool is_traced);

#endif
