/* SPDX-License-Identifier: ISC */
/*
 * Exceptions, and the ends of the machine. Touches nothing but the console and the ports that end
 * QEMU; takes no locks, and expects nothing of the per-CPU block: a panic may come from anywhere.
 */
#include "arch/x86_64/exo/local.h"
#include "arch/x86_64/exo/x86.h"

enum {
	VECTOR_NMI = 2,

	ERROR_PRESENT = 1, /* of a page fault: SDM 3A 4.7 */
	ERROR_WRITE = 2,
	ERROR_RESERVED = 8,
	ERROR_FETCH = 16,

	PANIC_DEPTH = 32,  /* of a backtrace */

	PORT_QEMU_EXIT = 0xf4,  /* isa-debug-exit: QEMU ends with 2 * value + 1 */
	PORT_Q35_POWER = 0x604, /* PM1a control, where QEMU's firmware puts it */
	Q35_POWER_OFF = 0x2000,

	PANIC_CODE_EXIT = 0x10, /* and the low bits of the status, for who has no last words */
};

/* Of the vectors that programs can cause; others are EXO_EXCEPTION_OTHER. */
static const uint8_t trap_class[32] = {
	[0] = EXO_EXCEPTION_DIVIDE,
	[1] = EXO_EXCEPTION_DEBUG,
	[3] = EXO_EXCEPTION_BREAKPOINT,
	[6] = EXO_EXCEPTION_UNDEFINED,
	[13] = EXO_EXCEPTION_PROTECTION,
	[16] = EXO_EXCEPTION_FPU,
	[17] = EXO_EXCEPTION_ALIGNMENT,
	[19] = EXO_EXCEPTION_FPU,
};

struct vcpu *trap_exception(struct machine *m, struct cpu *c, unsigned vector, uint64_t error)
{
	unsigned class = vector < ARRAY_COUNT(trap_class) ? trap_class[vector] : 0;

	class = class ? class : EXO_EXCEPTION_OTHER;
	if (m->trace_records)
		return trace_trap(m, c, EXO_UPCALL_EXCEPTION, class, error);
	return kernel_trap(m, c, EXO_UPCALL_EXCEPTION, class, error);
}

static uint64_t trap_fault_code(uint64_t error)
{
	_Static_assert(EXO_FAULT_WRITE == ERROR_WRITE, "the same bit");

	assert(!(error & ERROR_RESERVED)); /* else a slot is not what slot.h says */
	return (error & ERROR_WRITE) | (error & ERROR_FETCH) / ERROR_FETCH * EXO_FAULT_EXEC
		| (error & ERROR_PRESENT) * EXO_FAULT_PRESENT;
}

struct vcpu *trap_fault(struct machine *m, struct cpu *c, uint64_t address, uint64_t error)
{
	return kernel_trap(m, c, EXO_UPCALL_FAULT, trap_fault_code(error), address);
}

/* What has not CALL_BIT. */
struct vcpu *trap_foreign(struct machine *m, struct cpu *c)
{
	return kernel_trap(m, c, EXO_UPCALL_SYSCALL, 0, 0);
}

struct vcpu *trap_fault_traced(struct machine *m, struct cpu *c, uint64_t address, uint64_t error)
{
	return trace_trap(m, c, EXO_UPCALL_FAULT, trap_fault_code(error), address);
}

_Noreturn void panic_halt(uint8_t code)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} nothing = { 0, 0 };

	console_drain();
	x86_out8(PORT_QEMU_EXIT, code);
	x86_out16(PORT_Q35_POWER, Q35_POWER_OFF);
	__asm__ volatile("lidt %0; ud2" : : "m"(nothing)); /* a fault without a handler: reset */
	for (;;)
		__asm__ volatile("cli; hlt");
}

_Noreturn void arch_power_off(struct machine *m, uint64_t status)
{
	(void)m;
	console_text(CONSOLE_LAST, "exit ");
	console_decimal(CONSOLE_LAST, status);
	console_text(CONSOLE_LAST, "\n");
	panic_halt(PANIC_CODE_EXIT | (status & 15));
}

/* One line `#N 0xADDR` a return address, from the frame pointer `frame` on. Only what lies on one
 * of the kernel's stacks is read, and only upwards: so this ends, and without a fault. */
static void panic_backtrace(uint64_t pc, uint64_t frame)
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
		if (frame < (uint64_t)cpu_stacks || frame % 8 != 0
		    || frame > (uint64_t)cpu_stacks + EXO_CPUS * LAYOUT_STACKS_BYTES - 16)
			continue;
		next = ((uint64_t *)frame)[0];
		pc = ((uint64_t *)frame)[1];
		frame = next > frame ? next : 0;
	}
}

static void panic_registers(const struct trap_fatal *t)
{
	const struct {
		const char *name;
		uint64_t value;
	} list[] = {
		{ "rax", t->regs.rax }, { "rbx", t->regs.rbx }, { "rcx", t->regs.rcx },
		{ "rdx", t->regs.rdx }, { "rsi", t->regs.rsi }, { "rdi", t->regs.rdi },
		{ "rbp", t->regs.rbp }, { "rsp", t->rsp }, { "r8 ", t->regs.r8 },
		{ "r9 ", t->regs.r9 }, { "r10", t->regs.r10 }, { "r11", t->regs.r11 },
		{ "r12", t->regs.r12 }, { "r13", t->regs.r13 }, { "r14", t->regs.r14 },
		{ "r15", t->regs.r15 }, { "rip", t->rip }, { "rfl", t->rflags },
		{ "cs ", t->cs }, { "err", t->error }, { "cr2", x86_cr2() },
		{ "cr3", x86_cr3() },
	};
	unsigned i;

	for (i = 0; i < ARRAY_COUNT(list); i++) {
		console_text(CONSOLE_SERIAL, list[i].name);
		console_text(CONSOLE_SERIAL, " ");
		console_hex(CONSOLE_SERIAL, list[i].value, 16);
		console_text(CONSOLE_SERIAL, i % 4 == 3 ? "\n" : "  ");
	}
	console_text(CONSOLE_SERIAL, "\n");
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

_Noreturn void trap_fatal(struct trap_fatal *trap)
{
	const unsigned both = CONSOLE_SERIAL | CONSOLE_LAST;
	bool is_user = trap->cs & 3;

	console_text(CONSOLE_SERIAL, "\n");
	if (trap->vector == VECTOR_NMI) {
		console_text(both, "panic: stopped by an NMI");
	} else {
		console_text(both, "panic: exception ");
		console_decimal(both, trap->vector);
	}
	console_text(both, is_user ? " in user mode\n" : " in the kernel\n");
	panic_registers(trap);
	panic_backtrace(trap->rip, is_user ? 0 : trap->regs.rbp);
	panic_halt(PANIC_CODE);
}

__attribute__((weak)) void arch_point(const char *name)
{
	(void)name;
}
