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

	PORT_QEMU_EXIT = 0xf4,  /* isa-debug-exit: QEMU ends with 2 * value + 1 */
	PORT_Q35_POWER = 0x604, /* PM1a control, where QEMU's firmware puts it */
	Q35_POWER_OFF = 0x2000,
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

bool panic_is_stack(uint64_t frame)
{
	return frame >= (uint64_t)cpu_stacks
		&& frame <= (uint64_t)cpu_stacks + EXO_CPUS * LAYOUT_STACKS_BYTES - 16;
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
