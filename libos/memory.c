/* SPDX-License-Identifier: ISC */
/* Bytes and strings. Touches what it is given. The compiler may not turn these into themselves. */
#include "libos/memory.h"

#define PLAIN_LOOP __attribute__((no_builtin))

PLAIN_LOOP void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	for (; n >= 8; n -= 8, t += 8, f += 8)
		__builtin_memcpy(t, f, 8);
	while (n--)
		*t++ = *f++;
	return to;
}

/* The two may overlap. */
static inline void memory_move_8(uint8_t *to, const uint8_t *from)
{
	uint64_t eight;

	__builtin_memcpy(&eight, from, 8);
	__builtin_memcpy(to, &eight, 8);
}

PLAIN_LOOP void *memmove(void *to, const void *from, size_t n)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if (t <= f || t >= f + n) {
		for (; n >= 8; n -= 8, t += 8, f += 8)
			memory_move_8(t, f);
		while (n--)
			*t++ = *f++;
		return to;
	}
	for (; n >= 8; n -= 8)
		memory_move_8(&t[n - 8], &f[n - 8]);
	while (n--)
		t[n] = f[n];
	return to;
}

PLAIN_LOOP void *memset(void *to, int byte, size_t n)
{
	uint64_t eight = (uint8_t)byte * UINT64_C(0x0101010101010101);
	uint8_t *t = to;

	for (; n >= 8; n -= 8, t += 8)
		__builtin_memcpy(t, &eight, 8);
	while (n--)
		*t++ = (uint8_t)byte;
	return to;
}

PLAIN_LOOP int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

PLAIN_LOOP size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

PLAIN_LOOP int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (uint8_t)*a - (uint8_t)*b;
}

PLAIN_LOOP int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (uint8_t)*a - (uint8_t)*b;
	return 0;
}

PLAIN_LOOP char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)(uintptr_t)s;
}
