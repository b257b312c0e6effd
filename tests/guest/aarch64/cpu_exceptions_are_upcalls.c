/* SPDX-License-Identifier: ISC */
/*
 * Every exception that a program can cause comes back to it as an upcall of the right class, with
 * the registers as they were; what the program must not do faults or is undefined; nothing stops
 * the kernel. On AArch64.
 */
#include "tests/guest/raw.h"

struct seen {
	uint64_t kind, code, address, pc, kept;
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
	seen.pc = frame->regs.pc;
	seen.kept = frame->regs.x[19];
	seen.count++;
	frame->regs.pc = frame->regs.x[21];
	frame->regs.sp = frame->regs.x[20];
}

/* Run instructions that shall fault, with x0 = input; the program counter of the fault is in
 * `seen`. */
#define TRY(text, input) do {								\
	register uint64_t try_x0 __asm__("x0") = (uint64_t)(input);			\
	register uint64_t try_x19 __asm__("x19") = UINT64_C(0x1122334455667788);	\
	seen.count = 0;									\
	__asm__ volatile("mov x20, sp\n\tadr x21, 9f\n\t" text "\n9:"			\
			 : "+r"(try_x0) : "r"(try_x19)					\
			 : "x1", "x9", "x10", "x20", "x21", "memory", "cc");		\
} while (0)

static void expect(const char *name, uint64_t kind, uint64_t code)
{
	raw_ok(seen.count == 1 && seen.kind == kind && seen.code == code
	       && seen.kept == UINT64_C(0x1122334455667788), name);
	if (seen.count != 1 || seen.kind != kind || seen.code != code) {
		raw_note("count", seen.count, "");
		raw_note("kind", seen.kind, "");
		raw_note("code", seen.code, "");
	}
}

#define UNDEFINED(text) do {								\
	TRY(text, &raw_state);								\
	expect(text, EXO_UPCALL_EXCEPTION, EXO_EXCEPTION_UNDEFINED);			\
} while (0)

static void exceptions(void)
{
	const unsigned e = EXO_UPCALL_EXCEPTION;

	UNDEFINED("udf #0");
	TRY("brk #1", 0);
	expect("breakpoint", e, EXO_EXCEPTION_BREAKPOINT);
	TRY("br x0", (uint64_t)raw_upcall_entry + 2);
	expect("a program counter that is not aligned", e, EXO_EXCEPTION_ALIGNMENT);
	TRY("ldxr x9, [x0]", (uint64_t)&raw_state + 1);
	raw_ok(seen.count == 1 && seen.kind == e, "an exclusive load that is not aligned");
	TRY("mov sp, x0\n\tudf #0", UINT64_C(0x8000000000000000));
	raw_ok(seen.count == 1 && seen.kind == e && seen.code == EXO_EXCEPTION_UNDEFINED,
	       "with a stack pointer beyond all");
	TRY("mov x9, #0\n\tudiv x10, x0, x9", 1);
	raw_ok(seen.count == 0, "a division by zero is none");
}

static void privileged(void)
{
	UNDEFINED("hvc #0");
	UNDEFINED("smc #0");
	UNDEFINED("mov w0, #0x20\n\thlt #0xf000"); /* what ends QEMU if the kernel says it */
	UNDEFINED("eret");
	UNDEFINED("msr daifset, #2");
	UNDEFINED("msr spsel, #0");
	UNDEFINED("mrs x9, sctlr_el1");
	UNDEFINED("msr ttbr0_el1, x0");
	UNDEFINED("msr vbar_el1, x0");
	UNDEFINED("msr tpidr_el1, x0");
	UNDEFINED("mrs x9, tpidr_el1");
	UNDEFINED("msr tpidrro_el0, x0");
	UNDEFINED("tlbi vmalle1");
	UNDEFINED("ic iallu");
	UNDEFINED("dc isw, x0");
	UNDEFINED("at s1e1r, x0");
	UNDEFINED("msr cntv_cval_el0, x0");
	UNDEFINED("msr cntv_ctl_el0, x0");
	UNDEFINED("msr cntkctl_el1, x0");
	UNDEFINED("mrs x9, pmccntr_el0");
	UNDEFINED("mrs x9, spsr_el1");
	UNDEFINED("msr spsr_el1, x0");
	UNDEFINED("msr elr_el1, x0");
	UNDEFINED("msr sp_el0, x0");
	UNDEFINED("mrs x9, daif");
	UNDEFINED("mrs x9, currentel");
	UNDEFINED("msr ttbr1_el1, x0");
	UNDEFINED("msr tcr_el1, x0");
	UNDEFINED("msr cpacr_el1, x0");
	UNDEFINED("mrs x9, mdscr_el1");
	UNDEFINED("msr contextidr_el1, x0");
	UNDEFINED("mrs x9, cntpct_el0");
	UNDEFINED("msr cntp_ctl_el0, x0");
	UNDEFINED("msr cntp_tval_el0, x0");
	UNDEFINED("msr pmcr_el0, x0");
	UNDEFINED("mrs x9, s3_3_c13_c0_7");  /* SCXTNUM_EL0 */
	UNDEFINED("msr s3_3_c13_c0_5, x0");  /* TPIDR2_EL0 */
	UNDEFINED("msr s3_3_c13_c3_0, x0");  /* AMUSERENR_EL0 */
	UNDEFINED("msr s3_0_c2_c1_0, x0");   /* APIAKeyLo_EL1 */
	UNDEFINED("msr s3_0_c12_c12_5, x0"); /* the interrupt controller's: ICC_SRE_EL1 */
	UNDEFINED("msr s3_0_c12_c11_5, x0"); /* and ICC_SGI1R_EL1 */
	UNDEFINED("tlbi vae1is, x0");
	UNDEFINED("dc csw, x0");
	UNDEFINED("dc ivac, x0");
	UNDEFINED("ic ialluis");
	UNDEFINED("at s1e0r, x0");
	UNDEFINED("dcps1");
	UNDEFINED("drps");
	UNDEFINED("msr daifclr, #15");
	UNDEFINED(".inst 0xd503477f"); /* SME: smstart */
	UNDEFINED(".inst 0x2518e3e0"); /* SVE: ptrue p0.b */
	TRY("mrs x9, tpidrro_el0\n\tmrs x10, cntvct_el0\n\tmsr tpidr_el0, x9", 0);
	raw_ok(seen.count == 0,
	       "the vcpu page's address, the clock, the thread pointer are for all");
}

static void faults(void)
{
	const unsigned f = EXO_UPCALL_FAULT;
	const uint64_t kernel = UINT64_C(0xffffffff80200000);

	TRY("ldr x9, [x0]", 0x1238);
	expect("reading where nothing is", f, 0);
	raw_eq(seen.address, 0x1238, "the address of that");
	TRY("str x9, [x0]", 0x1238);
	expect("writing there", f, EXO_FAULT_WRITE);
	TRY("br x0", 0x1238);
	expect("jumping there", f, EXO_FAULT_EXEC);
	raw_eq(seen.pc, 0x1238, "the program counter of that");
	TRY("ldr x9, [x0]", kernel);
	raw_ok(seen.count == 1 && seen.kind == f, "reading the kernel's text");
	TRY("str x9, [x0]", kernel + 0x10000);
	raw_ok(seen.count == 1 && seen.kind == f, "writing the kernel's data");
	TRY("dc zva, x0", kernel + 0x10000);
	raw_ok(seen.count == 1 && seen.kind == f, "zeroing the kernel's data");
	TRY("dc civac, x0", kernel + 0x10000);
	raw_ok(seen.count <= 1, "cleaning the kernel's data, which QEMU lets pass");
	TRY("dc cvau, x0", kernel + 0x10000);
	raw_ok(seen.count <= 1, "to where fetches look");
	TRY("ic ivau, x0", raw_upcall_entry);
	raw_ok(seen.count == 0, "its own text is fetched anew");
	TRY("ldr x9, [x0]", UINT64_C(0xffff000040200000));
	raw_ok(seen.count == 1 && seen.kind == f, "reading the direct map");
	TRY("ldr x9, [x0]", UINT64_C(0xffff000009000000));
	raw_ok(seen.count == 1 && seen.kind == f, "reading a device");
	TRY("br x0", kernel);
	raw_ok(seen.count == 1 && seen.kind == f, "jumping into the kernel");
	TRY("ldr x9, [x0]", UINT64_C(0x0100000000400000));
	raw_ok(seen.count == 1 && seen.kind == f, "an address with a tag");
	TRY("str x9, [x0]", raw_upcall_entry);
	expect("writing program text", f, EXO_FAULT_WRITE | EXO_FAULT_PRESENT);
	TRY("br x0", &raw_state);
	expect("executing program data", f, EXO_FAULT_EXEC | EXO_FAULT_PRESENT);
	TRY("str x9, [x0]", exo_slot_address(0x400000, 4));
	expect("writing the root through the recursive view", f,
	       EXO_FAULT_WRITE | EXO_FAULT_PRESENT);
	TRY("str x9, [x0]", exo_slot_address((uint64_t)raw_upcall_entry, 1));
	expect("writing a last-level table through it", f, EXO_FAULT_WRITE | EXO_FAULT_PRESENT);
	TRY("br x0", exo_slot_address((uint64_t)raw_upcall_entry, 1));
	expect("executing a table", f, EXO_FAULT_EXEC | EXO_FAULT_PRESENT);
	TRY("ldr x9, [x0]", exo_slot_address((uint64_t)raw_upcall_entry, 1));
	raw_ok(seen.count == 0, "reading a table is allowed");
	TRY("br x0", UINT64_C(0x7ffffffffffc));
	expect("the program's last instruction", f, EXO_FAULT_EXEC);
	TRY("br x0", UINT64_C(0x800000000000));
	raw_ok(seen.count == 1, "jumping to the first address beyond");
}

static void raw_main(void)
{
	exceptions();
	privileged();
	faults();
}
