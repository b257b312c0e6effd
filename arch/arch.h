/* SPDX-License-Identifier: ISC */
/*
 * The whole interface between the portable kernel (exo/) and a machine (arch/NAME/exo/). The first
 * half is what the machine provides; the second what the portable kernel provides to its trap
 * code. Beside it each machine has, under include/machine/ and found as <machine/...>:
 *   regs.h     struct exo_regs and its accessors      slot.h   the encoding of slots
 *   machine.h  struct machine_arch (with at least: char cmdline[], uint64_t clock_hz, boot_clock,
 *              machine_physical; set before machine_start), MACHINE_FIRST_FRAME, MACHINE_ELF
 *   fpu.h      struct arch_fpu
 *   inline.h   the functions marked (inline) below; included by exo/machine.h after struct machine
 * Interrupts are off in all of them but arch_idle.
 */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/exo.h"

struct machine;
struct cpu;
struct vcpu;
struct arch_fpu;

/* A physical frame number. */
struct pfn {
	uint32_t n;
};

/* ---- What a machine provides ---- */

/* (inline) The kernel's own address of a frame; valid for every frame in the frame table. */
static inline void *arch_frame_memory(struct machine *m, struct pfn pfn);
/* Fill a frame with zeros; copy a whole frame. */
void arch_frame_zero(struct machine *m, struct pfn pfn);
void arch_frame_copy(struct machine *m, struct pfn to, struct pfn from);
/* (inline) Tell a sanitizer that a frame became free, contents worthless (nothing may touch it),
 * or is in use again. */
static inline void arch_frame_poison(struct machine *m, struct pfn pfn, bool is_free);

/* (inline) Index of the CPU that runs this, 0 .. cpus-1. Valid before any vcpu runs. */
static inline unsigned arch_cpu_index(void);
/* Ask another CPU to enter the kernel soon (kernel_interrupt there answers shoot-downs). */
void arch_cpu_interrupt(struct machine *m, unsigned cpu);

/* Give a new, zeroed root table its kernel half and its recursive slot; take them off again. */
void arch_root_init(struct machine *m, struct pfn root);
void arch_root_clear(struct machine *m, struct pfn root);
/* (inline) True: a flush of an env is done on all CPUs, each of which may hold translations of any
 * env whose root it has loaded, till then. False: it is this CPU's, which holds no translations but
 * of the root loaded. */
static inline bool arch_tlb_is_shared(struct machine *m);
/* Make an env's root this CPU's; ENV_NONE: the kernel's own, with nothing of the user's. Unless
 * arch_tlb_is_shared, every translation of the former root goes. */
void arch_root_load(struct machine *m, struct cpu *c, unsigned env);
/* Drop the translation of the page at `address`, or all translations, of an env; ENV_NONE: all
 * that this CPU has of users, of whatever env. */
void arch_tlb_flush_page(struct machine *m, struct cpu *c, unsigned env, uint64_t address);
void arch_tlb_flush_all(struct machine *m, struct cpu *c, unsigned env);

/* (inline) Make a slot of `level` another, which may name another frame while CPUs use it, and
 * return what it was: with acquire and release order. A machine whose CPUs must not see one become
 * the other in one step breaks the env's translation of `address` first. */
static inline uint64_t arch_slot_replace(_Atomic uint64_t *slot, uint64_t value, unsigned env,
					 uint64_t address, unsigned level);

/* (inline) This CPU waits for another: let it go on, if they share something. */
static inline void arch_relax(void);

/* (inline) Is any of these four slots not zero? Which of them are does not change meanwhile, but
 * the CPU may be marking them. */
static inline bool arch_slots_any(const _Atomic uint64_t *slots);

/* (inline) Now, in clock units; never goes backwards on one CPU. */
static inline uint64_t arch_clock(struct machine *m);
/* Interrupt this CPU at `deadline` (clock units), once; a later call replaces it. UINT64_MAX:
 * never. A deadline in the past interrupts as soon as interrupts are on. */
void arch_clock_arm(struct machine *m, uint64_t deadline);

/* Registers of a vcpu that begins: pc, sp and first argument; the rest zero; user mode. */
void arch_regs_start(struct exo_regs *regs, uint64_t entry, uint64_t stack, uint64_t argument);
/* Enter an upcall: what `regs` hold goes to `saved`; then they have the entry for pc, the frame's
 * address for sp and second argument, the vcpu page's for first; user mode; the rest as it is. */
void arch_regs_upcall(struct exo_regs *regs, struct exo_regs *saved, uint64_t entry, uint64_t frame,
		      uint64_t vcpu_page);
/* Make registers that a process gave fit for return to user mode. False, and nothing changed, if
 * no repair is possible (a program counter or stack pointer that the CPU refuses). */
bool arch_regs_check(struct exo_regs *regs);
/* The same on the way from a process's memory, which may change meanwhile: read every register of
 * `from` once, into `to`. False, and nothing changed, as above. */
bool arch_regs_load(struct exo_regs *to, const struct exo_regs *from);

/* FPU state with the thread-pointer registers: the state of a new vcpu; store and load the CPU's.
 * is_dead: of the state, store the thread-pointer registers alone; the rest is as in a new vcpu. */
void arch_fpu_init(struct arch_fpu *fpu);
void arch_fpu_save(struct arch_fpu *fpu, bool is_dead);
void arch_fpu_load(const struct arch_fpu *fpu);

/* Make instructions written to a frame visible to the fetch side before it becomes executable. */
void arch_frame_executable(struct machine *m, struct pfn pfn);

/* One byte out of the console (waits for the transmitter); one in, or -1. */
void arch_console_put(struct machine *m, uint8_t byte);
int arch_console_get(struct machine *m);

/* Wait, with interrupts on, until one has been handled by kernel_interrupt's caller. */
void arch_idle(struct machine *m, struct cpu *c);

/* End the machine with a status for whoever started it. */
_Noreturn void arch_power_off(struct machine *m, uint64_t status);
/* The kernel found a bug of its own: print `what`, registers and backtrace; end the machine. */
_Noreturn void arch_panic(const char *what, const char *file, unsigned line);

/* A named point (debug builds only): a test may stop this CPU here. */
void arch_point(const char *name);

/* ---- What the portable kernel provides to the machine's entry code ---- */

/* Set up *m, whose size is machine_size(frame_count, cmdline), over `frame_count` frames beginning
 * with MACHINE_FIRST_FRAME. All are the kernel's until machine_give_frames. Called once, by the
 * first CPU, before the others run. */
size_t machine_size(uint32_t frame_count, const char *cmdline);
void machine_init(struct machine *m, uint32_t frame_count, unsigned cpus);
/* Hand frames that nobody uses, from `pfn` to before `end` (not less), to the free lists. */
void machine_give_frames(struct machine *m, struct pfn pfn, struct pfn end);
/* Load the first program from the boot archive at physical [archive, archive + bytes) and make its
 * vcpu runnable. Frames of the archive must not have been given. Returns the vcpu to run. If the
 * archive or program is bad, says so on the console in one line and powers off. */
struct vcpu *machine_start(struct machine *m, struct cpu *c, struct pfn archive, uint64_t bytes);

/* Parts of machine_start, for machines without an archive (tests, fuzzers): the first env, with the
 * info slot over the archive given (0 bytes: none); its first vcpu with a slice, in tables that are
 * there. Errors as frame_alloc, env_create, vcpu_start and slice_alloc. */
int32_t machine_first_env(struct machine *m, struct pfn archive, uint64_t bytes, unsigned *env);
int32_t machine_first_vcpu(struct machine *m, const struct exo_vcpu_start *start, unsigned env,
			   unsigned *vcpu);

/* Entry from user mode; the registers of c's current vcpu have been saved in it. Each returns the
 * vcpu whose registers the entry code must load (never NULL; idles inside if there is none). */
struct vcpu *kernel_syscall(struct machine *m, struct cpu *c);
/* kind: EXO_UPCALL_FAULT or _EXCEPTION, or _SYSCALL for what is surely no call of the kernel's;
 * code and address as in struct exo_frame. */
struct vcpu *kernel_trap(struct machine *m, struct cpu *c, unsigned kind, uint64_t code,
			 uint64_t address);
/* Any interrupt (clock, console, other CPU). So a further CPU begins, too, after machine_start has
 * returned: it counts itself in m->joined and sets c->since to the clock. */
struct vcpu *kernel_interrupt(struct machine *m, struct cpu *c);
/* The same three for a machine whose command line says trace=N (exo/trace.h). */
struct vcpu *trace_syscall(struct machine *m, struct cpu *c);
struct vcpu *trace_trap(struct machine *m, struct cpu *c, unsigned kind, uint64_t code,
			uint64_t address);
struct vcpu *trace_interrupt(struct machine *m, struct cpu *c);
/* The same interrupt work from arch_idle, where no vcpu runs. */
void kernel_interrupt_idle(struct machine *m, struct cpu *c);

#endif
