/* SPDX-License-Identifier: ISC */
/* The C library's functions, past the address sanitizer where there is one: it looks at what they
 * touch, asks the system for stacks, and defines the same names. Touches what it is told to; no
 * locks. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "arch/host/host.h"

struct unwatched {
	void (*jump)(jmp_buf, int);
	void *(*copy)(void *, const void *, size_t);
	int (*compare)(const void *, const void *, size_t);
};

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
static const struct unwatched *unwatched(void)
{
	static struct unwatched found;

	if (!found.jump) {
		*(void **)&found.compare = dlsym(RTLD_NEXT, "memcmp");
		*(void **)&found.copy = dlsym(RTLD_NEXT, "memcpy");
		*(void **)&found.jump = dlsym(RTLD_NEXT, "longjmp");
	}
	return &found;
}
#else
static const struct unwatched *unwatched(void)
{
	static const struct unwatched plain = { longjmp, memcpy, memcmp };

	return &plain;
}
#endif

void host_jump(jmp_buf to)
{
	unwatched()->jump(to, 1);
}

void host_copy(void *to, const void *from, size_t bytes)
{
	unwatched()->copy(to, from, bytes);
}

bool host_is_same(const void *a, const void *b, size_t bytes)
{
	return !unwatched()->compare(a, b, bytes);
}
