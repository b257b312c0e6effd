/* SPDX-License-Identifier: ISC */
/* The one root of the library's state, and what happens when the library finds its own bug. */
#include "libos/state.h"

#include <machine/call.h>

/* In wired memory: the linker scripts put it at LIBOS_WIRED, below the first library stack. */
static struct libos libos_root __attribute__((section(".bss.wired")));

_Static_assert(sizeof(struct libos) <= 2048, "struct libos takes too much of the first stack");

struct libos *libos_state(void)
{
	return &libos_root;
}

_Noreturn void libos_panic(const char *what, const char *file, unsigned line)
{
	print("libos: %s:%u: %s\n", file, line, what);
	for (;;)
		exo_call(EXO_CALL_ENV_KILL, 0, 134, 0, 0, 0);
}
