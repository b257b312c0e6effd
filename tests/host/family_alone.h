/* SPDX-License-Identifier: ISC */
/* What libos/family calls besides the kernel, for a host test of it in one file: there is no clock,
 * and nobody waits. */
#ifndef TESTS_HOST_FAMILY_ALONE_H
#define TESTS_HOST_FAMILY_ALONE_H

#include <stdlib.h>

#include "libos/family/family.h"
#include "libos/thread/thread.h"
#include "libos/vm/slots.h"

#include <machine/call.h>

uint64_t machine_clock(void)
{
	return 1;
}

uint64_t machine_vcpu(void)
{
	abort();
}

struct thread *thread_self(void)
{
	abort();
}

err_t slots_fill(uint64_t address, uint64_t end)
{
	(void)address, (void)end;
	return EXO_OK;
}

void family_wake(struct libos *os)
{
	(void)os;
}

err_t family_block(struct libos *os, uint64_t deadline)
{
	(void)os, (void)deadline;
	abort();
}

#endif
