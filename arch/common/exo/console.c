/* SPDX-License-Identifier: ISC */
/* Text and numbers on the console. Touches it by console_byte; no locks: callers' bytes may
 * interleave. */
#include "arch/common/exo/common.h"

void console_text(unsigned to, const char *text)
{
	while (*text != '\0')
		console_byte(to, (uint8_t)*text++);
}

void console_hex(unsigned to, uint64_t value, unsigned digits)
{
	while (digits-- > 0)
		console_byte(to, (uint8_t)"0123456789abcdef"[value >> 4 * digits & 15]);
}

void console_decimal(unsigned to, uint64_t value)
{
	char text[21];
	char *at = text + sizeof(text);

	*--at = '\0';
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	console_text(to, at);
}
