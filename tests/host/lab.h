/* SPDX-License-Identifier: ISC */
/*
 * What host tests share: a simulated machine with a first env and its vcpu, system calls made as
 * trap code makes them, and checks that a refused call changed nothing. One lab at a time, one
 * thread.
 */
#ifndef TESTS_HOST_LAB_H
#define TESTS_HOST_LAB_H

#include "arch/host/host.h"
#include "exo/audit.h"
#include "exo/machine.h"
#include "tests/tap.h"

#include <machine/slot.h>

/* Where the lab itself lives in the first env; the rest of its space is the test's. */
#define LAB_BASE   EXO_LIBRARY_BASE
#define LAB_VCPU   (LAB_BASE + 0 * EXO_PAGE_SIZE) /* page of the first vcpu */
#define LAB_BATCH  (LAB_BASE + 1 * EXO_PAGE_SIZE) /* operations and structures of calls */
#define LAB_STACK  (LAB_BASE + 2 * EXO_PAGE_SIZE) /* 4 pages */
#define LAB_STACK_TOP (LAB_BASE + 6 * EXO_PAGE_SIZE)
#define LAB_PAGES  6u
#define LAB_ENTRY  (LAB_BASE + 7 * EXO_PAGE_SIZE) /* upcall entry; nothing is there */

struct lab {
	struct machine *m;
	unsigned cpu;           /* on which calls are made */
	uint64_t env;           /* handle of the first env */
	uint64_t vcpu;          /* handle of its vcpu */
	uint64_t value;         /* second result of the last call */
	struct vcpu *next;      /* what the last call returned to */
	struct machine *before; /* for comparisons */
	uint32_t *scratch;      /* of the audit */
	struct audit_report report;
};

/* A machine whose first vcpu runs on CPU 0; the end of it. lab_open and lab_close, below, audit it
 * too. */
struct lab *lab_create(uint32_t frames, unsigned cpus);
void lab_destroy(struct lab *l);

/* A system call of the CPU's current vcpu. Its first result; the second in l->value. */
int64_t lab_call(struct lab *l, enum exo_call call, uint64_t a0, uint64_t a1, uint64_t a2,
		 uint64_t a3, uint64_t a4);
/* The same with a structure put at LAB_BATCH, its address as argument `place`. */
int64_t lab_call_with(struct lab *l, enum exo_call call, const void *data, size_t bytes,
		      unsigned place, uint64_t a0, uint64_t a1);
/* Slot operations. */
int64_t lab_run(struct lab *l, const struct exo_slot_op *ops, unsigned count);
int64_t lab_op(struct lab *l, struct exo_slot_op op);

/* An operation on `number` slots; more fields may follow. */
#define OP(kind, at_level, address, number, ...)						\
	((struct exo_slot_op){ .op = EXO_OP_##kind, .level = (at_level), .target = (address),	\
		.count = (number), ##__VA_ARGS__ })

/* One TAP line: the operation succeeds, and the audit holds after it. */
#define lab_does(l, op, ...) tap_ok(lab_does_check((l), (op)), __VA_ARGS__)
bool lab_does_check(struct lab *l, struct exo_slot_op op);
/* One TAP line: it is refused with that error, and nothing at all has changed. */
#define lab_refuses(l, op, error, ...) tap_ok(lab_refuses_check((l), (op), (error)), __VA_ARGS__)
bool lab_refuses_check(struct lab *l, struct exo_slot_op op, int64_t error);
/* The same for a call. */
#define lab_denies(l, call, a0, a1, a2, error, ...) \
	tap_ok(lab_denies_check((l), (call), (a0), (a1), (a2), (error)), __VA_ARGS__)
bool lab_denies_check(struct lab *l, enum exo_call call, uint64_t a0, uint64_t a1, uint64_t a2,
		      int64_t error);
/* Every invariant holds, the translation caches included; says what does not. */
bool lab_audit(struct lab *l);
#define lab_sound(l, ...) tap_ok(lab_audit(l), __VA_ARGS__)
/* Remember the state; has anything but results, caches, clocks and hints changed since? */
void lab_remember(struct lab *l);
bool lab_is_same(struct lab *l);

/* Look, without a trace: the raw slot (0 if there is no table); the frame it names; its number of
 * references. env: handle, 0: the first. */
uint64_t lab_slot(struct lab *l, uint64_t env, uint64_t address, unsigned level);
struct pfn lab_frame(struct lab *l, uint64_t env, uint64_t address, unsigned level);
uint32_t lab_refs(struct lab *l, uint64_t env, uint64_t address, unsigned level);
/* What the account of an env has used of a resource. */
uint32_t lab_used(struct lab *l, uint64_t env, enum exo_resource resource);

/* A child env of the caller's, on its account or (frames > 0) one of its own with that many frames
 * and some of everything else. Its handle; 0: refused. */
uint64_t lab_child(struct lab *l, uint64_t frames);
/* Start a vcpu in an env, with a slice on `cpu` and an upcall stack of the three pages after its
 * page, which is at `page`. Its handle; it is RUNNABLE. */
uint64_t lab_vcpu(struct lab *l, uint64_t env, uint64_t page, unsigned cpu);
/* Reap a dead env, as often as it takes. The last result; its status in l->value. */
int64_t lab_reap(struct lab *l, uint64_t env);
/* Make the tables down to level 1 for an address, then zero pages there with all access. */
void lab_map(struct lab *l, uint64_t env, uint64_t address, unsigned pages);
/* Fill another env's page through the caller's own mapping of the frame: write a word of memory,
 * read one, as that env's tables name it (no CPU involved). */
void lab_poke(struct lab *l, uint64_t env, uint64_t address, uint64_t value);
uint64_t lab_peek(struct lab *l, uint64_t env, uint64_t address);
/* Load or store as env's program on the lab's CPU: its root is loaded for that and the former one
 * again. 0 or a fault (HOST_FAULT and code). */
int lab_load(struct lab *l, uint64_t env, uint64_t address, uint64_t *value);
int lab_store(struct lab *l, uint64_t env, uint64_t address, uint64_t value);

static inline struct lab *lab_open(uint32_t frames, unsigned cpus)
{
	struct lab *l = lab_create(frames, cpus);

	lab_sound(l, "a new machine is sound");
	return l;
}

static inline void lab_close(struct lab *l)
{
	lab_sound(l, "the machine is sound at the end");
	lab_destroy(l);
}

#endif
