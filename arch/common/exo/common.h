/* SPDX-License-Identifier: ISC */
/* What the kernels of real machines have in common, beside the contract (arch/arch.h): where the
 * archive may lie, text on the console, the ends of the machine, strings; and what that asks of a
 * machine. Interrupts are off in all of it; no locks. */
#ifndef ARCH_COMMON_EXO_COMMON_H
#define ARCH_COMMON_EXO_COMMON_H

#include "exo/machine.h"

/* ---- memory.c, and that of each machine ---- */
struct memory_range {
	uint64_t start, end; /* physical */
};

/* The frame in which a physical address is. */
static inline struct pfn memory_frame(uint64_t physical)
{
	return (struct pfn){ (uint32_t)(physical >> EXO_PAGE_SHIFT) };
}

/* Refuse an archive that does not lie, from a page's beginning on, in memory up to `end`. Each
 * machine refuses itself what lies where it is. */
void memory_archive_check(const struct memory_range *archive, uint64_t end);

/* ---- console.c ---- */
/* Where a text goes: the console; the channel for last words, read by chitin-run; or both. */
enum { CONSOLE_SERIAL = 1, CONSOLE_LAST = 2 };

void console_text(unsigned to, const char *text);
/* A number in hexadecimal, `digits` long; in decimal. */
void console_hex(unsigned to, uint64_t value, unsigned digits);
void console_decimal(unsigned to, uint64_t value);
/* Each machine's: one byte, which waits for the transmitter. */
void console_byte(unsigned to, uint8_t byte);

/* ---- panic.c ---- */
enum { PANIC_CODE = 0x7f }; /* for panic_halt, after a bug or a refusal */

/* This machine cannot run the kernel: say why in one line, end with a status. */
_Noreturn void boot_refuse(const char *why);
/* One line `#N 0xADDR` a return address, from `pc` and the frame pointer `frame` on. Only what lies
 * on one of the kernel's stacks is read, and only upwards: so this ends, and without a fault. */
void panic_backtrace(uint64_t pc, uint64_t frame);
/* Each machine's: are there two words to read at that address, as on one of the kernel's stacks? */
bool panic_is_stack(uint64_t frame);
/* Each machine's: end QEMU with a code, or whatever this is by any means. Prints nothing. */
_Noreturn void panic_halt(uint8_t code);

/* ---- string.c ---- */
int memcmp(const void *a, const void *b, size_t bytes);
int strncmp(const char *a, const char *b, size_t bytes);
size_t strlen(const char *text);

#endif
