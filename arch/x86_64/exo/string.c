/* SPDX-License-Identifier: ISC */
/* The functions that the compiler may call by itself. Touches what it is given; no locks. */
#include <stddef.h>
#include <stdint.h>

#include "arch/x86_64/exo/local.h"

void *memcpy(void *to, const void *from, size_t bytes)
{
	void *d = to;
	size_t words = bytes / 8;

	__asm__ volatile("rep movsq" : "+D"(d), "+S"(from), "+c"(words) : : "memory");
	bytes %= 8;
	if (bytes) /* known at compile time to be none, for most */
		__asm__ volatile("rep movsb" : "+D"(d), "+S"(from), "+c"(bytes) : : "memory");
	return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	uint8_t *d = (uint8_t *)to + bytes - 1;
	const uint8_t *s = (const uint8_t *)from + bytes - 1;

	if ((uintptr_t)to - (uintptr_t)from >= bytes)
		return memcpy(to, from, bytes);
	__asm__ volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(bytes) : : "memory");
	return to;
}

void *memset(void *to, int byte, size_t bytes)
{
	void *d = to;
	size_t words = bytes / 8;
	uint64_t value = (uint8_t)byte * UINT64_C(0x0101010101010101);

	__asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(value) : "memory");
	bytes %= 8;
	if (bytes)
		__asm__ volatile("rep stosb" : "+D"(d), "+c"(bytes) : "a"(value) : "memory");
	return to;
}
