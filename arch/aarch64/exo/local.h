/* SPDX-License-Identifier: ISC */
/* What the files of this folder have from each other. Interrupts are off in all of it. */
#ifndef ARCH_AARCH64_EXO_LOCAL_H
#define ARCH_AARCH64_EXO_LOCAL_H

#include "arch/aarch64/exo/layout.h"
#include "arch/common/exo/common.h"
#include "exo/machine.h"

/* ---- boot.S, trap.S, kernel.ld ---- */
extern uint64_t boot_root[], boot_direct_l1[], boot_direct_l2[], boot_image_l3[];
extern char image_start[], image_text_end[], image_bss[], image_end[];
extern char boot_further[], empty_root[], further_stacks[];
extern char kernel_stack_top[], fault_stack_top[];
extern char vectors[], vectors_traced[];

/* Physical address of something in the image. */
static inline uint64_t image_physical(const void *p)
{
	return (uint64_t)p - LAYOUT_IMAGE + LAYOUT_RAM;
}

/* The kernel's address of physical memory. */
static inline void *direct(uint64_t physical)
{
	return (void *)(LAYOUT_DIRECT + physical);
}

/* ---- cpu.c ---- */
/* The vectors, so that a bug from here on ends in a panic; refuse a CPU without what we need; turn
 * on what it has. Once on each CPU. */
void cpu_features_init(void);
/* Set up this CPU's block. Its kernel stack ends at `stack`. m->arch is zero before the first. Once
 * on each CPU. */
void cpu_init(struct machine *m, unsigned index, void *stack);

/* ---- memory.c ---- */
/* What the device tree said, and where struct machine shall be. */
struct memory {
	struct memory_range ram;     /* whole frames */
	struct memory_range archive;
	struct memory_range machine;
	uint32_t frame_count;
	struct arch_devices devices;
	unsigned cpu_count;
	uint64_t cpus[EXO_CPUS];     /* their affinities; the one that boots comes first */
	char cmdline[MACHINE_CMDLINE_BYTES];
};

/* Read the device tree at `physical`; choose a place for struct machine. */
void memory_init(struct memory *memory, uint64_t physical);
/* Hand over all RAM but the kernel, struct machine and the archive. */
void memory_give(struct machine *m, const struct memory *memory);

/* ---- further.c ---- */
/* The firmware's calls (Arm's DEN 0022, PSCI), which end well with 0. */
enum { PSCI_SYSTEM_OFF = 0x84000008, PSCI_CPU_ON = 0xc4000003 };
int64_t psci_call(uint64_t function, uint64_t a, uint64_t b, uint64_t c);
/* Start the CPUs after the first, with the affinities that arch.cpus[] has. Refuse the machine if
 * one does not come. */
void further_start(struct machine *m);

/* ---- mmu.c ---- */
/* Take away what the kernel does not need of its mappings; direct map for memory up to `end`. */
void mmu_init(uint64_t end);
/* What was mapped for boot.S goes; mmu_init does it too. Once on each further CPU. */
void mmu_cpu_init(void);

/* ---- irq.c ---- */
/* The interrupt controller: the console's interrupts come in. */
void irq_init(struct machine *m);
/* This CPU's side of it: the clock's and other CPUs' come in. Once on each CPU, after irq_init. */
void irq_cpu_init(struct machine *m);
/* From trap.S: an interrupt in user mode. */
struct vcpu *irq_user(struct machine *m, struct cpu *c);

/* ---- timer.c ---- */
enum { TIMER_INTERRUPT = 27 }; /* private to each CPU: the virtual timer's */
/* Whoever runs may read the clock. Returns its rate. Once on each CPU. */
uint64_t timer_init(void);
/* Its interrupt has been seen. */
void timer_disarm(void);

/* ---- console.c ---- */
void console_init(void);
/* From now on what comes in interrupts. */
void console_listen(void);
/* An interrupt said that there is input: console_receive, and quiet if it does not take all. */
void console_interrupt(struct machine *m);
/* Wait until the last byte is out. */
void console_drain(void);

/* ---- panic.c ---- */
/* Calls of the debugger's host, which QEMU answers if told so (-semihosting-config). */
enum { HOST_WRITE_BYTE = 3, HOST_EXIT = 0x20 };
void panic_host_call(unsigned call, const void *argument);
/* From trap.S. Exceptions in user mode, by their syndrome, become upcalls or are none of the
 * program's; an exception in kernel mode or an asynchronous error is the end. where: number of the
 * vector. */
struct vcpu *trap_user(struct machine *m, struct cpu *c, uint64_t syndrome, uint64_t address);
_Noreturn void trap_fatal(struct exo_regs *regs, uint64_t where, uint64_t syndrome,
			  uint64_t address);

/* ---- string.c ---- */
void *memcpy(void *to, const void *from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int byte, size_t bytes);
size_t strnlen(const char *text, size_t bytes);
void *memchr(const void *memory, int byte, size_t bytes);
char *strrchr(const char *text, int byte);
/* What code that was compiled with checks of the stack calls. */
_Noreturn void __stack_chk_fail(void);

#endif
