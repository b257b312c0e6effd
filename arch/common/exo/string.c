/* SPDX-License-Identifier: ISC */
/* Functions that the compiler or libfdt may call, in plain C. Touches what it is given; no
 * locks. */
#include "arch/common/exo/common.h"

int memcmp(const void *a, const void *b, size_t bytes)
{
	const uint8_t *x = a, *y = b;
	size_t i;

	for (i = 0; i < bytes; i++) {
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}

int strncmp(const char *a, const char *b, size_t bytes)
{
	size_t i;

	for (i = 0; i < bytes && (a[i] == b[i] && a[i] != '\0'); i++)
		continue;
	return i == bytes ? 0 : (uint8_t)a[i] - (uint8_t)b[i];
}

size_t strlen(const char *text)
{
	size_t bytes = 0;

	while (text[bytes] != '\0')
		bytes++;
	return bytes;
}
