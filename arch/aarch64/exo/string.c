/* SPDX-License-Identifier: ISC */
/* The functions that the compiler may call by itself, and those that libfdt calls. Touches what it
 * is given; no locks. */
#include <stddef.h>
#include <stdint.h>

#include "arch/aarch64/exo/local.h"

/* What gcc's code for Linux compares with at the end of a function. */
const uint64_t __stack_chk_guard = 0x7265736f6e6f6e6f;

_Noreturn void __stack_chk_fail(void)
{
	arch_panic("a stack was overwritten", __FILE__, __LINE__);
}

/* 64 bytes a time, then 16, then the rest. */
void *memcpy(void *to, const void *from, size_t bytes)
{
	void *d = to;
	uint64_t a, b;

	__asm__ volatile(
		"	subs %2, %2, #64\n"
		"	b.lo 2f\n"
		"1:	.rept 4\n"
		"	ldp %3, %4, [%1], #16\n"
		"	stp %3, %4, [%0], #16\n"
		"	.endr\n"
		"	subs %2, %2, #64\n"
		"	b.hs 1b\n"
		"2:	adds %2, %2, #48\n"
		"	b.mi 4f\n"
		"3:	ldp %3, %4, [%1], #16\n"
		"	stp %3, %4, [%0], #16\n"
		"	subs %2, %2, #16\n"
		"	b.pl 3b\n"
		"4:	adds %2, %2, #16\n"
		"	b.eq 6f\n"
		"5:	ldrb %w3, [%1], #1\n"
		"	strb %w3, [%0], #1\n"
		"	subs %2, %2, #1\n"
		"	b.ne 5b\n"
		"6:"
		: "+r"(d), "+r"(from), "+r"(bytes), "=&r"(a), "=&r"(b) : : "memory", "cc");
	return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	volatile uint8_t *d = to;
	const uint8_t *s = from;

	if ((uintptr_t)to - (uintptr_t)from >= bytes)
		return memcpy(to, from, bytes);
	while (bytes-- > 0)
		d[bytes] = s[bytes];
	return to;
}

void *memset(void *to, int byte, size_t bytes)
{
	void *d = to;
	uint64_t value = (uint8_t)byte * UINT64_C(0x0101010101010101);

	__asm__ volatile(
		"	subs %1, %1, #16\n"
		"	b.lo 2f\n"
		"1:	stp %2, %2, [%0], #16\n"
		"	subs %1, %1, #16\n"
		"	b.hs 1b\n"
		"2:	adds %1, %1, #16\n"
		"	b.eq 4f\n"
		"3:	strb %w2, [%0], #1\n"
		"	subs %1, %1, #1\n"
		"	b.ne 3b\n"
		"4:"
		: "+r"(d), "+r"(bytes) : "r"(value) : "memory", "cc");
	return to;
}

size_t strnlen(const char *text, size_t bytes)
{
	size_t i = 0;

	while (i < bytes && text[i] != '\0')
		i++;
	return i;
}

void *memchr(const void *memory, int byte, size_t bytes)
{
	const uint8_t *at = memory;

	for (; bytes > 0; bytes--, at++)
		if (*at == (uint8_t)byte)
			return (void *)(uintptr_t)at;
	return NULL;
}

char *strrchr(const char *text, int byte)
{
	const char *last = NULL;

	do {
		if (*text == (char)byte)
			last = text;
	} while (*text++ != '\0');
	return (char *)(uintptr_t)last;
}
