/* SPDX-License-Identifier: ISC */
/* The ends of a machine, by a bug of the kernel's, an unfit machine or a status; who called whom
 * till then. Touches console and kernel stacks; no locks: a panic may come from anywhere. */
#include "arch/common/exo/common.h"

enum {
	PANIC_DEPTH = 32,       /* of a backtrace */
	PANIC_CODE_EXIT = 0x10, /* and the low bits of the status, for who has no last words */
};

void panic_backtrace(uint64_t pc, uint64_t frame)
{
	unsigned depth;

	for (depth = 0; depth < PANIC_DEPTH && pc != 0; depth++) {
		uint64_t next = 0;

		console_text(CONSOLE_SERIAL, "#");
		console_decimal(CONSOLE_SERIAL, depth);
		console_text(CONSOLE_SERIAL, " 0x");
		console_hex(CONSOLE_SERIAL, pc, 16);
		console_text(CONSOLE_SERIAL, "\n");
		pc = 0;
		if (frame % 8 != 0 || !panic_is_stack(frame))
			continue;
		next = ((uint64_t *)frame)[0];
		pc = ((uint64_t *)frame)[1];
		frame = next > frame ? next : 0;
	}
}

_Noreturn void arch_panic(const char *what, const char *file, unsigned line)
{
	const unsigned both = CONSOLE_SERIAL | CONSOLE_LAST;
	uint64_t *frame = __builtin_frame_address(0);

	console_text(CONSOLE_SERIAL, "\n");
	console_text(both, "panic: ");
	console_text(both, what);
	console_text(both, " at ");
	console_text(both, file);
	console_text(both, ":");
	console_decimal(both, line);
	console_text(both, "\n");
	panic_backtrace(frame[1], frame[0]);
	panic_halt(PANIC_CODE);
}

_Noreturn void boot_refuse(const char *why)
{
	console_text(CONSOLE_SERIAL | CONSOLE_LAST, "panic: ");
	console_text(CONSOLE_SERIAL | CONSOLE_LAST, why);
	console_text(CONSOLE_SERIAL | CONSOLE_LAST, "\n");
	panic_halt(PANIC_CODE);
}

_Noreturn void arch_power_off(struct machine *m, uint64_t status)
{
	(void)m;
	console_text(CONSOLE_LAST, "exit ");
	console_decimal(CONSOLE_LAST, status);
	console_text(CONSOLE_LAST, "\n");
	panic_halt(PANIC_CODE_EXIT | (status & 15));
}

__attribute__((weak)) void arch_point(const char *name)
{
	(void)name;
}
