/* SPDX-License-Identifier: ISC */
/*
 * Exceptions, and the ends of the machine. Touches the console, the slots that programs fault on,
 * and what ends QEMU. Takes env, but in a panic no locks: that may come from anywhere.
 */
#include "arch/aarch64/exo/a64.h"
#include "arch/aarch64/exo/local.h"
#include "exo/slot.h"

enum {
	/* Classes of exceptions (Arm ARM D13.2, ESR_EL1). */
	CLASS_UNKNOWN = 0x00,
	CLASS_FETCH = 0x20,
	CLASS_PC_ALIGNMENT = 0x22,
	CLASS_DATA = 0x24,
	CLASS_SP_ALIGNMENT = 0x26,
	CLASS_FPU = 0x2c,
	CLASS_DEBUG_FIRST = 0x30,
	CLASS_DEBUG_LAST = 0x35,
	CLASS_BREAKPOINT = 0x3c,

	/* Of a fault: bits 2 to 5 of the syndrome say what kind, if it is one of the tables'. */
	FAULT_TRANSLATION = 1,
	FAULT_ACCESSED = 2,
	FAULT_PERMISSION = 3,
	FAULT_ALIGNMENT = 0x21,     /* of all six bits */
	FAULT_WRITE = 1 << 6,
	FAULT_CACHE = 1 << 8,       /* by cache maintenance: not a write, whatever it says */

	WHERE_EL1 = 4,              /* first vector of exceptions in the kernel */
	WHERE_EL0 = 8,
};

/* Where the CPU does not set marks by itself: those of the program's leaf, if that is all that the
 * fault was about. Another CPU may have set them meanwhile, in a table that two envs share. */
static bool trap_note(struct machine *m, struct cpu *c, uint64_t address, bool is_write,
		      bool is_permission)
{
	unsigned env = m->vcpus[c->current].env;
	struct slot_path path;
	bool is_noted = false;
	uint64_t leaf;

	env_lock(m, env);
	if (!slot_find(m, m->envs[env].root, address, 1, &path)) {
		leaf = atomic_load_explicit(path.slot, memory_order_relaxed);
		is_noted = slot_is_present(leaf) && slot_access(leaf)
			&& (is_write ? slot_access(leaf) & EXO_WRITE && path.is_open
			    : !is_permission);
		if (is_noted)
			slot_mark(path.slot, leaf, is_write);
	}
	env_unlock(m, env);
	/* A translation that is not accessed is not kept; one that may not be written is. */
	if (is_noted && is_write)
		arch_tlb_flush_page(m, c, env, address);
	return is_noted;
}

static struct vcpu *trap_deliver(struct machine *m, struct cpu *c, enum exo_upcall kind,
				 uint64_t code, uint64_t address)
{
	return m->trace_records ? trace_trap(m, c, kind, code, address)
		: kernel_trap(m, c, kind, code, address);
}

static struct vcpu *trap_fault(struct machine *m, struct cpu *c, uint64_t syndrome,
			       uint64_t address, bool is_fetch)
{
	bool is_write = !is_fetch && (syndrome & (FAULT_WRITE | FAULT_CACHE)) == FAULT_WRITE;
	unsigned kind = (unsigned)(syndrome >> 2) & 15;
	uint64_t code = (is_write ? EXO_FAULT_WRITE : 0) | (is_fetch ? EXO_FAULT_EXEC : 0);

	switch (kind) {
	case FAULT_PERMISSION:
	case FAULT_ACCESSED:
		if (!(a64_load(tcr_el1) & A64_TCR_HD)
		    && trap_note(m, c, address, is_write, kind == FAULT_PERMISSION))
			return &m->vcpus[c->current];
		code |= EXO_FAULT_PRESENT;
		break;
	case FAULT_TRANSLATION:
	case 0: /* an address beyond what tables can hold */
		break;
	default:
		return trap_deliver(m, c, EXO_UPCALL_EXCEPTION,
				    (syndrome & 63) == FAULT_ALIGNMENT ? EXO_EXCEPTION_ALIGNMENT
				    : EXO_EXCEPTION_OTHER, address);
	}
	return trap_deliver(m, c, EXO_UPCALL_FAULT, code, address);
}

struct vcpu *trap_user(struct machine *m, struct cpu *c, uint64_t syndrome, uint64_t address)
{
	unsigned class = (unsigned)(syndrome >> 26) & 63, what = EXO_EXCEPTION_UNDEFINED;

	if (class == CLASS_DATA || class == CLASS_FETCH)
		return trap_fault(m, c, syndrome, address, class == CLASS_FETCH);
	if (class == CLASS_PC_ALIGNMENT || class == CLASS_SP_ALIGNMENT)
		what = EXO_EXCEPTION_ALIGNMENT;
	else if (class == CLASS_FPU)
		what = EXO_EXCEPTION_FPU;
	else if (class == CLASS_BREAKPOINT)
		what = EXO_EXCEPTION_BREAKPOINT;
	else if (class >= CLASS_DEBUG_FIRST && class <= CLASS_DEBUG_LAST)
		what = EXO_EXCEPTION_DEBUG;
	return trap_deliver(m, c, EXO_UPCALL_EXCEPTION, what, syndrome & UINT32_MAX);
}

/* The instruction is at panic_host_pc, where nobody's answer makes it an undefined one. */
__attribute__((noinline)) void panic_host_call(unsigned call, const void *argument)
{
	__asm__ volatile("mov w0, %w0; mov x1, %1; .globl panic_host_pc; panic_host_pc: hlt #0xf000"
			 : : "r"(call), "r"(argument) : "x0", "x1", "memory");
}

extern const char panic_host_pc[];

/* By the firmware, which is QEMU. */
static _Noreturn void panic_power_off(void)
{
	console_drain();
	psci_call(PSCI_SYSTEM_OFF, 0, 0, 0);
	for (;;)
		__asm__ volatile("wfi");
}

_Noreturn void panic_halt(uint8_t code)
{
	const uint64_t reason[] = { 0x20026, code }; /* the application has ended */

	console_drain();
	panic_host_call(HOST_EXIT, reason);
	panic_power_off();
}

bool panic_is_stack(uint64_t frame)
{
	return frame >= (uint64_t)further_stacks && frame <= (uint64_t)fault_stack_top - 16;
}

static void panic_registers(const struct exo_regs *regs, uint64_t syndrome, uint64_t address)
{
	const uint64_t *values = regs->x, more[] = { syndrome, address };
	unsigned i;

	for (i = 0; i < sizeof(*regs) / 8 + ARRAY_COUNT(more); i++) {
		console_text(CONSOLE_SERIAL, i < 31 ? i < 10 ? "x" : "" : "");
		if (i < 31)
			console_decimal(CONSOLE_SERIAL, i);
		else
			console_text(CONSOLE_SERIAL, &"sp \0pc \0psr\0esr\0far"[4 * (i - 31)]);
		console_text(CONSOLE_SERIAL, " ");
		console_hex(CONSOLE_SERIAL, i < 34 ? values[i] : more[i - 34], 16);
		console_text(CONSOLE_SERIAL, i % 4 == 3 ? "\n" : "  ");
	}
	console_text(CONSOLE_SERIAL, "\n");
}

_Noreturn void trap_fatal(struct exo_regs *regs, uint64_t where, uint64_t syndrome,
			  uint64_t address)
{
	const unsigned both = CONSOLE_SERIAL | CONSOLE_LAST;

	if (where == WHERE_EL1 && regs->pc == (uint64_t)panic_host_pc)
		panic_power_off();
	console_text(CONSOLE_SERIAL, "\n");
	console_text(both, "panic: exception ");
	console_decimal(both, where);
	console_text(both, where < WHERE_EL0 ? " in the kernel\n" : " in user mode\n");
	panic_registers(regs, syndrome, address);
	panic_backtrace(regs->pc, where < WHERE_EL0 ? regs->x[29] : 0);
	panic_halt(PANIC_CODE);
}
