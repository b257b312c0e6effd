/* SPDX-License-Identifier: ISC */
/*
 * Every exception that a program can cause comes back to it as an upcall of the right class, with
 * the registers as they were; what the program must not do faults; nothing stops the kernel.
 */
#include "tests/guest/raw.h"

struct seen {
	uint64_t kind, code, address, rip, rbx;
	unsigned count;
};

static volatile struct seen seen;

/* Note what came; go on where the program says it wants to. */
void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	seen.kind = frame->kind;
	seen.code = frame->code;
	seen.address = frame->address;
	seen.rip = frame->regs.rip;
	seen.rbx = frame->regs.rbx;
	seen.count++;
	frame->regs.rip = frame->regs.r15;
	frame->regs.rflags = 0x202;
	frame->regs.rsp = frame->regs.r14;
}

/* Run instructions that shall fault; the program counter of the fault is in `seen`. */
#define TRY(text, input) do {								\
	uint64_t try_input = (uint64_t)(input);						\
	seen.count = 0;									\
	__asm__ volatile("mov %%rsp, %%r14; lea 9f(%%rip), %%r15\n" text "\n9:"		\
			 : "+a"(try_input) : "b"(UINT64_C(0x1122334455667788))		\
			 : "rcx", "rdx", "r11", "r14", "r15", "memory", "cc");			\
} while (0)

static void expect(const char *name, uint64_t kind, uint64_t code)
{
	raw_ok(seen.count == 1 && seen.kind == kind && seen.code == code
	       && seen.rbx == UINT64_C(0x1122334455667788), name);
	if (seen.count != 1 || seen.kind != kind || seen.code != code) {
		raw_note("count", seen.count, "");
		raw_note("kind", seen.kind, "");
		raw_note("code", seen.code, "");
	}
}

static void exceptions(void)
{
	const unsigned e = EXO_UPCALL_EXCEPTION;

	TRY("xor %%edx, %%edx; xor %%ecx, %%ecx; div %%ecx", 1);
	expect("division by zero", e, EXO_EXCEPTION_DIVIDE);
	TRY("ud2", 0);
	expect("undefined instruction", e, EXO_EXCEPTION_UNDEFINED);
	TRY("int3", 0);
	expect("breakpoint", e, EXO_EXCEPTION_BREAKPOINT);
	TRY("pushf; orl $0x100, (%%rsp); popf; nop; nop", 0);
	expect("single step", e, EXO_EXCEPTION_DEBUG);
	TRY("pushf; orl $0x100, (%%rsp); popf; syscall; nop; nop",
	    EXO_CALL_PREFIX | EXO_CALL_SELF);
	expect("single step over a system call", e, EXO_EXCEPTION_DEBUG);
	TRY("int $4", 0);
	expect("INT 4", e, EXO_EXCEPTION_OTHER);
	TRY("mov (%%rax), %%rcx", UINT64_C(0x8000000000000000));
	expect("non-canonical address", e, EXO_EXCEPTION_PROTECTION);
	TRY("mov %%rax, %%rsp; push %%rax", UINT64_C(0x9000000000000000));
	raw_ok(seen.count == 1 && seen.kind == e, "push on a non-canonical stack");
	TRY("fninit; movw $0x37e, -4(%%rsp); fldcw -4(%%rsp); fldz; fldz; fdivrp; fwait", 0);
	expect("invalid operation, unmasked", e, EXO_EXCEPTION_FPU);
	TRY("fninit; fldz; fldz; fdivrp; fwait", 0);
	raw_ok(seen.count == 0, "invalid operation, masked");
}

static void privileged(void)
{
	const unsigned e = EXO_UPCALL_EXCEPTION, p = EXO_EXCEPTION_PROTECTION;

	TRY("hlt", 0);
	expect("HLT", e, p);
	TRY("cli", 0);
	expect("CLI", e, p);
	TRY("sti", 0);
	expect("STI", e, p);
	TRY("mov %%cr3, %%rcx", 0);
	expect("reading CR3", e, p);
	TRY("mov %%rax, %%cr4", 0);
	expect("writing CR4", e, p);
	TRY("mov %%rax, %%dr7", 0);
	expect("writing DR7", e, p);
	TRY("mov $0xc0000080, %%ecx; rdmsr", 0);
	expect("RDMSR", e, p);
	TRY("mov $0xf4, %%edx; outb %%al, %%dx", 0);
	expect("ending QEMU by its port", e, p);
	TRY("sgdt -16(%%rsp)", 0);
	expect("SGDT (UMIP)", e, p);
	TRY("int $0x20", 0);
	expect("the clock's vector by INT", e, p);
	TRY("int $0x80", 0);
	expect("INT 0x80", e, p);
	TRY("int $2", 0);
	expect("an NMI by INT", e, p);
	TRY("mov %%rsp, %%rcx; push $0x23; push %%rcx; push $0x2; push $0x1b; lea 9f(%%rip), %%rcx;"
	    "push %%rcx; iretq", 0);
	raw_ok(seen.count == 1, "IRET to another code segment");
	TRY("sysretq", 0);
	raw_ok(seen.count == 1 && seen.kind == e, "SYSRET");
	TRY("sysenter", 0);
	raw_ok(seen.count == 1 && seen.kind == e, "SYSENTER");
	TRY("swapgs", 0);
	raw_ok(seen.count == 1 && seen.kind == e, "SWAPGS");
}

static void more_privileged(void)
{
	const unsigned e = EXO_UPCALL_EXCEPTION, p = EXO_EXCEPTION_PROTECTION;

	TRY("rdpmc", 0);
	expect("RDPMC", e, p);
	TRY("mov $0xc0000082, %%ecx; xor %%edx, %%edx; wrmsr", 0);
	expect("WRMSR of where system calls go", e, p);
	TRY("xor %%ecx, %%ecx; xor %%edx, %%edx; xsetbv", 1);
	expect("XSETBV", e, p);
	TRY("lidt -16(%%rsp)", 0);
	expect("LIDT", e, p);
	TRY("lgdt -16(%%rsp)", 0);
	expect("LGDT", e, p);
	TRY("ltr %%ax", 0x28);
	expect("LTR", e, p);
	TRY("lldt %%ax", 0);
	expect("LLDT", e, p);
	TRY("str %%rcx", 0);
	expect("STR (UMIP)", e, p);
	TRY("smsw %%rcx", 0);
	expect("SMSW (UMIP)", e, p);
	TRY("lmsw %%ax", 0);
	expect("LMSW", e, p);
	TRY("clts", 0);
	expect("CLTS", e, p);
	TRY("invlpg (%%rsp)", 0);
	expect("INVLPG", e, p);
	TRY("wbinvd", 0);
	expect("WBINVD", e, p);
	TRY("mov %%dr6, %%rcx", 0);
	expect("reading DR6", e, p);
	TRY("mov $0x60, %%edx; inb %%dx, %%al", 0);
	expect("reading a port", e, p);
	TRY("mov $0x60, %%edx; mov %%rsp, %%rsi; outsb", 0);
	expect("a string to a port", e, p);
	TRY("int $1", 0);
	expect("INT 1", e, p);
	TRY("int $0xff", 0);
	expect("the last vector by INT", e, p);
	TRY(".byte 0xf1", 0);
	raw_ok(seen.count == 1 && seen.kind == e, "ICEBP");
	TRY(".byte 0xce", 0);
	expect("INTO, which is none in 64 bits", e, EXO_EXCEPTION_UNDEFINED);
	TRY("vmcall", 0);
	raw_ok(seen.count == 1 && seen.kind == e, "VMCALL");
	TRY("monitor", 0);
	raw_ok(seen.count == 1 && seen.kind == e, "MONITOR");
}

static void bases(void)
{
	TRY("wrgsbase %%rax; wrfsbase %%rax", UINT64_C(0xffffffff80200000));
	raw_ok(seen.count == 0, "a GS base in the kernel is the program's own business");
}

/* Flags and selectors that a program may set, and what the kernel makes of being entered so. */
static void odd_states(void)
{
	const unsigned e = EXO_UPCALL_EXCEPTION;
	uint64_t got, want = raw_state.page->env;
	unsigned selector, wrong = 0;
	bool is_own; /* the program's data and code */

	for (selector = 4; selector < 0x400; selector++) {
		TRY("mov %%ax, %%es", selector);
		is_own = (selector & ~7u) == 0x20 || (selector & ~7u) == 0x28;
		wrong += seen.count != 1 && !is_own;
		TRY("push %%rax; lea 9f(%%rip), %%rcx; push %%rcx; xchg %%rcx, 8(%%rsp);"
		    "xchg %%rcx, (%%rsp); lretq", selector);
		wrong += seen.count != 1 && !is_own;
	}
	raw_eq(wrong, 0, "no selector of the kernel's can be loaded or gone to");
	__asm__ volatile("pushf; orl $0x44c00, (%%rsp); popf; syscall; cld; pushf;"
			 "andl $~0x44000, (%%rsp); popf" : "=a"(got), "=d"(want)
			 : "a"(EXO_CALL_PREFIX | EXO_CALL_SELF) : "rcx", "r11", "memory", "cc");
	raw_ok(got == 0 && want == raw_state.page->env, "a call with DF, OF, NT and AC set");
	TRY("pushf; orl $0x4400, (%%rsp); popf; ud2", 0);
	expect("an exception with DF and NT set", e, EXO_EXCEPTION_UNDEFINED);
	TRY("pushf; orl $0x100, (%%rsp); popf; mov %%ss, %%ecx; mov %%ecx, %%ss; syscall; nop",
	    EXO_CALL_PREFIX | EXO_CALL_SELF);
	raw_ok(seen.count == 1 && seen.kind == e && seen.code == EXO_EXCEPTION_DEBUG,
	       "single step over MOV to SS and a system call");
	__asm__ volatile("mov %%rsp, %%r14; mov %2, %%rsp; syscall; mov %%r14, %%rsp"
			 : "=a"(got), "=d"(want)
			 : "r"(UINT64_C(0x8000000000000000)),
			   "a"(EXO_CALL_PREFIX | EXO_CALL_SELF)
			 : "rcx", "r11", "r14", "memory");
	raw_ok(got == 0 && want == raw_state.page->env,
	       "a call with a stack pointer that is not canonical");
}

static void faults(void)
{
	const unsigned f = EXO_UPCALL_FAULT;
	uint64_t recursive = EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN;

	TRY("mov (%%rax), %%rcx", 0x1238);
	expect("reading where nothing is", f, 0);
	raw_eq(seen.address, 0x1238, "the address of that");
	TRY("mov %%rcx, (%%rax)", 0x1238);
	expect("writing there", f, EXO_FAULT_WRITE);
	TRY("jmp *%%rax", 0x1238);
	expect("jumping there", f, EXO_FAULT_EXEC);
	raw_eq(seen.rip, 0x1238, "the program counter of that");
	TRY("mov (%%rax), %%rcx", UINT64_C(0xffffffff80200000));
	raw_ok(seen.count == 1 && seen.kind == f, "reading the kernel's text");
	TRY("mov %%rcx, (%%rax)", UINT64_C(0xffffffff80204000));
	raw_ok(seen.count == 1 && seen.kind == f, "writing the kernel's data");
	TRY("mov (%%rax), %%rcx", UINT64_C(0xffff888000000000));
	raw_ok(seen.count == 1 && seen.kind == f, "reading the direct map");
	TRY("jmp *%%rax", UINT64_C(0xffffffff80200000));
	raw_ok(seen.count == 1 && seen.kind == f, "jumping into the kernel");
	TRY("mov %%rcx, (%%rax)", raw_upcall_entry);
	expect("writing program text", f, EXO_FAULT_WRITE | EXO_FAULT_PRESENT);
	TRY("jmp *%%rax", &raw_state);
	expect("executing program data", f, EXO_FAULT_EXEC | EXO_FAULT_PRESENT);
	TRY("mov %%rcx, (%%rax)", exo_slot_address(0x400000, 4));
	expect("writing the root through the recursive view", f,
	       EXO_FAULT_WRITE | EXO_FAULT_PRESENT);
	TRY("mov %%rcx, (%%rax)", exo_slot_address((uint64_t)raw_upcall_entry, 1));
	expect("writing a last-level table through it", f, EXO_FAULT_WRITE | EXO_FAULT_PRESENT);
	TRY("jmp *%%rax", exo_slot_address((uint64_t)raw_upcall_entry, 1));
	expect("executing a table", f, EXO_FAULT_EXEC | EXO_FAULT_PRESENT);
	TRY("mov (%%rax), %%rcx", exo_slot_address((uint64_t)raw_upcall_entry, 1));
	raw_ok(seen.count == 0, "reading a table is allowed");
	TRY("mov (%%rax), %%rcx", recursive + UINT64_C(511) * EXO_SPAN(3));
	raw_ok(seen.count == 1 && seen.kind == f, "but not one of the kernel's");
	TRY("jmp *%%rax", UINT64_C(0x7ffffffffffe));
	expect("the last two bytes, where a SYSCALL would end beyond", f, EXO_FAULT_EXEC);
	TRY("jmp *%%rax", UINT64_C(0x800000000000));
	raw_ok(seen.count == 1, "jumping to the first address beyond");
}

/* What resume must refuse, and what it must make harmless. */
static void frames(void)
{
	static const uint64_t pc[] = {
		UINT64_C(0x7ffffffff000), UINT64_C(0x7fffffffffff), UINT64_C(0x800000000000),
		UINT64_C(0xffffffff80200000), UINT64_C(0x8000000000400000), UINT64_MAX,
	};
	static struct exo_frame frame RAW_FRAME_ALIGNED;
	unsigned i;
	bool is_refused = true;
	uint64_t flags, number = EXO_CALL_PREFIX | EXO_CALL_RESUME, at = (uint64_t)&frame;

	for (i = 0; i < sizeof(pc) / sizeof(pc[0]); i++) {
		frame.regs.rip = pc[i];
		frame.regs.rsp = 0x1000;
		is_refused &= exo_call(EXO_CALL_RESUME, (uint64_t)&frame, 0, 0, 0, 0).value
			== EXO_E_ARGUMENT;
		frame.regs.rip = 0x1000;
		frame.regs.rsp = pc[i] < UINT64_C(0x800000000000) ? UINT64_MAX : pc[i];
		is_refused &= exo_call(EXO_CALL_RESUME, (uint64_t)&frame, 0, 0, 0, 0).value
			== EXO_E_ARGUMENT;
	}
	raw_ok(is_refused, "resume refuses program counters and stacks that are not the program's");
	frame.masked = raw_state.page->masked;
	frame.regs.rflags = UINT64_MAX & ~UINT64_C(0x40100); /* all but single step, alignment */
	__asm__ volatile("lea 1f(%%rip), %%rcx; mov %%rcx, %c3(%1); mov %%rsp, %c4(%1);"
			 "mov %%rbp, %c5(%1); mov %%rbx, %c6(%1); syscall;"
			 "1: pushf; cld; pop %2"
			 : "+a"(number), "+D"(at), "=&r"(flags)
			 : "i"(offsetof(struct exo_frame, regs.rip)),
			   "i"(offsetof(struct exo_frame, regs.rsp)),
			   "i"(offsetof(struct exo_frame, regs.rbp)),
			   "i"(offsetof(struct exo_frame, regs.rbx))
			 : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
			   "r15", "memory", "cc");
	raw_eq(flags & ~UINT64_C(0x200000), 0xed7, "and gives only the program's flags");
}

static void raw_main(void)
{
	exceptions();
	privileged();
	more_privileged();
	bases();
	odd_states();
	faults();
	frames();
}
