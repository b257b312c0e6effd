/* SPDX-License-Identifier: ISC */
/*
 * The simulated machine from outside: what tests, explorers and fuzzers do to it. A thread stands
 * for one CPU at a time (host_self.index); whoever simulates several CPUs with one thread changes
 * it. Nothing here takes a lock.
 */
#ifndef ARCH_HOST_HOST_H
#define ARCH_HOST_HOST_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <machine/fpu.h>

struct audit_report;
struct machine;
struct pfn;

#define HOST_FREE_BYTE 0xdb /* what free frames are filled with */

#define HOST_NEVER (UINT64_C(1) << 63) /* the clock does not get there: a deadline that is none */

/* Why the kernel did not come back. */
enum host_stop {
	HOST_RUNS,
	HOST_PANIC,    /* a kernel assertion */
	HOST_OFF,      /* power off: m->arch.power_status */
	HOST_DEADLOCK, /* idle, no deadline, nothing typed, no interrupt: nothing can ever happen */
};

/* A processor's registers, as far as they are simulated, and the hooks of who simulates it. */
struct host_self {
	unsigned index;           /* of the CPU */
	bool is_parallel;         /* every CPU has a thread of its own */
	struct arch_fpu fpu;      /* what the running program has in the FPU */
	jmp_buf *stop;            /* NULL: a stop ends the process */
	enum host_stop why;
	char what[160];           /* of a panic: the text */
	void (*at_point)(void *context, const char *name); /* at a named point; NULL: none */
	void (*at_idle)(void *context); /* parallel: again and again while nothing can run */
	void *context;
};

extern _Thread_local struct host_self host_self;

/* Tell the address sanitizer, if there is one, that nothing may touch this memory or that it is in
 * use again. */
void host_poison(void *memory, size_t bytes, bool is_free);

/* longjmp(to, 1), to another stack too; memcpy; is memcmp 0? None is told to the address sanitizer:
 * so they are for memory that may be poisoned, and who leaves frames of a stack behind for good
 * says so by host_poison. */
void host_jump(jmp_buf to);
void host_copy(void *to, const void *from, size_t bytes);
bool host_is_same(const void *a, const void *b, size_t bytes);

/* Run a statement that may stop the kernel; its value is why it stopped (HOST_RUNS: it did not). */
#define HOST_TRY(statement) ({						\
	jmp_buf host_jump, *host_outer = host_self.stop;		\
	host_self.stop = &host_jump;					\
	host_self.why = HOST_RUNS;					\
	if (!setjmp(host_jump)) {					\
		statement;						\
	}								\
	host_self.stop = host_outer;					\
	host_self.why;							\
})

/* ---- A CPU in user mode ---- */

#define HOST_FAULT 0x100 /* in a result: a page fault; the low bits are its EXO_FAULT_... code */

/* Access user memory as the program on `cpu` would: through that CPU's cached translations and
 * walks, or the loaded root's tables, setting accessed and dirty bits. 0, or HOST_FAULT and code;
 * what lies before the faulting page has been done. */
int host_read(struct machine *m, unsigned cpu, uint64_t address, void *to, size_t bytes);
int host_write(struct machine *m, unsigned cpu, uint64_t address, const void *from, size_t bytes);
int host_load(struct machine *m, unsigned cpu, uint64_t address, uint64_t *value);
int host_store(struct machine *m, unsigned cpu, uint64_t address, uint64_t value);
int host_fetch(struct machine *m, unsigned cpu, uint64_t address);
/* The same, down to the frame. need: EXO_READ, EXO_WRITE or EXO_EXEC. */
int host_translate(struct machine *m, unsigned cpu, uint64_t address, unsigned need,
		   struct pfn *pfn);

/* What the tables of an env that has a root say, whatever is cached, and without a trace: the level
 * 1 table that covers an address (FRAME_NONE: there is none); the frame that the address is on
 * (FRAME_NONE: none) and what may be done with it. */
struct host_walk host_walk(struct machine *m, unsigned env, uint64_t address);
struct pfn host_walk_leaf(struct machine *m, const struct host_walk *walk, uint64_t address,
			  unsigned *access);

/* ---- The machine as an object ---- */

/* A machine of `frames` frames and `cpus` CPUs after machine_init, all its frames but 0 given; no
 * env yet. End the process if the host has no memory. */
struct machine *host_create(uint32_t frames, unsigned cpus);
/* The same, but for the last `kept` frames, where a boot archive may lie. */
struct machine *host_create_keeping(uint32_t frames, unsigned cpus, uint32_t kept);
/* The same, whose kernel has that command line. */
struct machine *host_create_told(uint32_t frames, unsigned cpus, uint32_t kept,
				 const char *cmdline);
void host_destroy(struct machine *m);
/* A copy of everything; the same into an older copy; put it back. A copy may be audited but not
 * run. */
struct machine *host_snapshot(struct machine *m);
void host_save(struct machine *m, struct machine *snapshot);
void host_restore(struct machine *m, struct machine *snapshot);

/* I-7 over the translation caches: every cached translation and walk is one that the tables of the
 * env whose root is loaded still give. For when no CPU is in the kernel. False, and the report
 * filled, if one is not. */
bool host_audit_tlb(struct machine *m, struct audit_report *report);

/* Type on the console; move the clock forward. The interrupt is the caller's business. */
void host_type(struct machine *m, const char *text);
void host_advance(struct machine *m, uint64_t units);

#endif
