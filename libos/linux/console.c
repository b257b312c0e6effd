/* SPDX-License-Identifier: ISC */
/*
 * The console (see console.h). A reader rings itself awake by a doorbell on the counter of input
 * bytes, so that other threads of the process run meanwhile. Takes sched, over thread_block.
 */
#include "libos/linux/console.h"

#include <machine/call.h>

#include "libos/fs/fs.h"
#include "libos/linux/linux.h"

uint32_t console_seen(void)
{
	const _Atomic uint32_t *word = (const _Atomic uint32_t *)&libos_info()->console_in;

	return atomic_load_explicit(word, memory_order_acquire); /* pairs with: console_receive */
}

err_t console_sleep(struct libos *os, uint32_t seen, uint64_t deadline)
{
	err_t error = sched_bell(os, &libos_info()->console_in, seen);

	if (error < 0)
		return error == EXO_E_VALUE ? EXO_OK : error;
	return thread_block(os, &os->fs->readers, deadline);
}

void console_wake(struct libos *os)
{
	thread_wake(os, &os->fs->readers, UINT32_MAX);
}

void console_put(const char *bytes, size_t count)
{
	exo_call(EXO_CALL_CONSOLE_WRITE, (uint64_t)bytes, count, 0, 0, 0);
}

err_t console_get(char *bytes, size_t count, bool may_sleep)
{
	for (;;) {
		uint32_t seen = console_seen();
		err_t error;
		struct exo_result r = exo_call(EXO_CALL_CONSOLE_READ, (uint64_t)bytes, count, 0,
			0, 0);

		if (r.value >= 0 && r.second > 0)
			return (err_t)r.second;
		if (!may_sleep)
			return FS_E_AGAIN;
		error = console_sleep(libos_state(), seen, THREAD_NO_DEADLINE);
		if (error < 0)
			return FS_E_SIGNAL;
	}
}
