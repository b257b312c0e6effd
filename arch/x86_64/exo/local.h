/* SPDX-License-Identifier: ISC */
/* What the files of this folder have from each other. Interrupts are off in all of it. */
#ifndef ARCH_X86_64_EXO_LOCAL_H
#define ARCH_X86_64_EXO_LOCAL_H

#include "arch/common/exo/common.h"
#include "arch/x86_64/exo/layout.h"
#include "exo/machine.h"

/* ---- boot.S, trap.S, kernel.ld ---- */
extern uint64_t boot_root[], boot_direct_l3[], boot_direct_l2[], boot_image_l3[], boot_image_l1[];
extern char image_start[], image_text_end[], image_bss[], image_end[];
extern char boot16[], boot16_end[], cpu_stacks[];
extern char vector_entries[];
extern uint64_t idt[][2];

void syscall_entry(void);

/* Physical address of something in the image. */
static inline uint64_t image_physical(const void *p)
{
	return (uint64_t)p - LAYOUT_IMAGE;
}

/* The kernel's address of physical memory. */
static inline void *direct(uint64_t physical)
{
	return (void *)(LAYOUT_DIRECT + physical);
}

/* ---- cpu.c ---- */
/* The table of interrupts, so that a bug from here on ends in a panic. Once; then on each CPU. */
void cpu_vectors_init(void);
void cpu_vectors_load(void);
/* Refuse a CPU without what we need; turn on what it has. Once on each CPU. */
void cpu_features_init(void);
/* Set up this CPU's block, descriptors with its stacks, GS and system call entry. After
 * machine_init; m->arch.cpus is zero before the first. Once on each CPU. */
void cpu_init(struct machine *m, unsigned index);

/* ---- memory.c ---- */
enum { MEMORY_RANGES = 64 };

/* What the loader said: usable RAM, the archive, and where struct machine shall be. */
struct memory {
	uint32_t count;
	struct memory_range ram[MEMORY_RANGES]; /* whole frames */
	struct memory_range archive;
	struct memory_range machine;
	uint32_t frame_count; /* up to the last of RAM */
	char cmdline[MACHINE_CMDLINE_BYTES];
};

/* Read the loader's struct hvm_start_info at `physical`; choose a place for struct machine. */
void memory_init(struct memory *memory, uint64_t physical);
/* Hand over all RAM but the first MiB, the kernel, struct machine and the archive. */
void memory_give(struct machine *m, const struct memory *memory);

/* ---- mmu.c ---- */
/* Take away what the kernel does not need of its mappings; direct map for `bytes` of memory. */
void mmu_init(uint64_t bytes);

/* ---- fpu.c ---- */
/* Turn on XSAVE and the states we keep. Returns how many bytes they take. Once on each CPU. */
uint32_t fpu_init(void);

/* ---- irq.c ---- */
/* The local APIC of this CPU, once on each; the I/O APIC and the old controllers. */
void irq_cpu_init(struct machine *m);
void irq_init(struct machine *m);
/* Let a further CPU begin at LAYOUT_AP_PAGE: reset it first, or ask it once more. */
void irq_start(unsigned cpu, bool is_first);
uint32_t irq_apic_load(unsigned offset);
void irq_apic_save(unsigned offset, uint32_t value);
enum { APIC_TIMER_COUNT = 0x380, APIC_TIMER_NOW = 0x390 };
/* From trap.S: an interrupt in user mode; one in arch_idle. */
struct vcpu *irq_user(struct machine *m, struct cpu *c, unsigned vector);
void irq_idle(struct machine *m, struct cpu *c, unsigned vector);

/* ---- timer.c ---- */
/* Measure the TSC and the APIC timer. After irq_init. */
void timer_init(struct machine *m);

/* ---- further.c ---- */
/* How many CPUs there are, at most EXO_CPUS. */
unsigned further_count(void);
/* Start all but this one, one after another, after machine_start. */
void further_start(struct machine *m);

/* ---- console.c ---- */
void console_init(void);
/* Interrupt when a byte has come: at once, if one waits already. */
void console_listen(void);
/* Wait until the last byte is out. */
void console_drain(void);

/* ---- panic.c ---- */
/* From trap.S. Exceptions in user mode become upcalls; an exception in kernel mode, an NMI or a
 * machine check is the end. */
struct trap_fatal {
	struct exo_regs regs; /* rsp, rip and rflags are below */
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

struct vcpu *trap_exception(struct machine *m, struct cpu *c, unsigned vector, uint64_t error);
struct vcpu *trap_fault(struct machine *m, struct cpu *c, uint64_t address, uint64_t error);
struct vcpu *trap_foreign(struct machine *m, struct cpu *c);
struct vcpu *trap_fault_traced(struct machine *m, struct cpu *c, uint64_t address, uint64_t error);
_Noreturn void trap_fatal(struct trap_fatal *trap);

/* ---- string.c ---- */
void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);

#endif
