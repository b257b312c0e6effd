/* SPDX-License-Identifier: ISC */
/* The console (see console.h). No state, no locks. */
#include "libos/linux/console.h"

#include <machine/call.h>

void console_put(const char *bytes, size_t count)
{
	exo_call(EXO_CALL_CONSOLE_WRITE, (uint64_t)bytes, count, 0, 0, 0);
}

size_t console_get(char *bytes, size_t count)
{
	struct exo_result r = exo_call(EXO_CALL_CONSOLE_READ, (uint64_t)bytes, count, 0, 0, 0);

	return r.value < 0 ? 0 : r.second;
}
