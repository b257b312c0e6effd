/* SPDX-License-Identifier: ISC */
/*
 * For kernel tests that stand in the first program's place: start-up, upcalls, calls and TAP
 * without any library. A test defines raw_main() and, if it wants upcalls, raw_upcall(). <cpu.h>
 * is in tests/guest/, a folder for each architecture.
 */
#ifndef TESTS_GUEST_RAW_H
#define TESTS_GUEST_RAW_H

#include <cpu.h>
#include <machine/call.h>
#include <stdbool.h>

#include "abi/exo.h"

#define RAW_STACK_BYTES 16384
/* A frame to resume lies in one page. */
#define RAW_FRAME_ALIGNED __attribute__((aligned(512)))

struct raw_state {
	struct exo_vcpu_page *page;
	unsigned done, failed;
	uint8_t upcall_stack[RAW_STACK_BYTES] __attribute__((aligned(16)));
};

static struct raw_state raw_state;

/* The test. Its result is the exit status if every check was good. */
static void raw_main(void);
/* An upcall has come; `frame` is resumed afterwards. */
void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame);

/* The compiler calls these by itself, and must not make calls of them of these. */
void *memset(void *to, int byte, size_t bytes)
{
	uint8_t *d = to;
	uint64_t word = UINT64_C(0x0101010101010101) * (uint8_t)byte;

	for (; ((uintptr_t)d | bytes) % 8 == 0 && bytes > 0; bytes -= 8, d += 8) {
		*(uint64_t *)d = word;
		__asm__ volatile("" : : : "memory");
	}
	while (bytes-- > 0) {
		*d++ = (uint8_t)byte;
		__asm__ volatile("" : : : "memory");
	}
	return to;
}

void *memcpy(void *to, const void *from, size_t bytes)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	for (; ((uintptr_t)d | (uintptr_t)s | bytes) % 8 == 0 && bytes > 0; bytes -= 8) {
		*(uint64_t *)d = *(const uint64_t *)s;
		d += 8;
		s += 8;
		__asm__ volatile("" : : : "memory");
	}
	while (bytes-- > 0) {
		*d++ = *s++;
		__asm__ volatile("" : : : "memory");
	}
	return to;
}

static inline void raw_text(const char *text)
{
	uint64_t bytes = 0;

	while (text[bytes] != '\0')
		bytes++;
	exo_call(EXO_CALL_CONSOLE_WRITE, (uint64_t)text, bytes, 0, 0, 0);
}

static inline void raw_number(uint64_t value, unsigned base)
{
	char text[24];
	char *at = text + sizeof(text);

	*--at = '\0';
	do {
		*--at = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	raw_text(at);
}

/* One check, one line of TAP. */
static inline bool raw_ok(bool ok, const char *name)
{
	raw_text(ok ? "ok " : "not ok ");
	raw_number(++raw_state.done, 10);
	raw_text(" - ");
	raw_text(name);
	raw_text("\n");
	raw_state.failed += !ok;
	return ok;
}

/* One check that two numbers are equal. */
static inline bool raw_eq(uint64_t got, uint64_t want, const char *name)
{
	bool ok = raw_ok(got == want, name);

	if (!ok) {
		raw_text("# got 0x");
		raw_number(got, 16);
		raw_text(", want 0x");
		raw_number(want, 16);
		raw_text("\n");
	}
	return ok;
}

/* A remark: `# NAME: N UNIT`. */
static inline void raw_note(const char *name, uint64_t value, const char *unit)
{
	raw_text("# ");
	raw_text(name);
	raw_text(": ");
	raw_number(value, 10);
	raw_text(" ");
	raw_text(unit);
	raw_text("\n");
}

_Noreturn static inline void raw_exit(uint32_t status)
{
	exo_call(EXO_CALL_ENV_KILL, 0, status, 0, 0, 0);
	for (;;)
		machine_relax();
}

_Noreturn static inline void raw_done(void)
{
	raw_text("1..");
	raw_number(raw_state.done, 10);
	raw_text("\n");
	raw_exit(raw_state.failed != 0);
}

__asm__(CPU_ENTRIES);

extern char raw_upcall_entry[];

/* From start, with the address of the vcpu page. */
__attribute__((used))
static void raw_start(struct exo_vcpu_page *page)
{
	raw_state.page = page;
	page->stack_base = (uint64_t)raw_state.upcall_stack;
	page->stack_top = (uint64_t)raw_state.upcall_stack + RAW_STACK_BYTES;
	page->upcall_entry = (uint64_t)raw_upcall_entry;
	raw_main();
	raw_done();
}

#endif
