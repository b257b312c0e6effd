/* SPDX-License-Identifier: ISC */
/*
 * What the host and the guest of the guest fuzzer share: pages of the guest's memory that the host
 * maps too. The supervisor (the guest's first env) takes orders, the agents (envs below it) make
 * the steps of an input and note each here. Who may write says `turn`: the host gives an order;
 * when that is carried out the supervisor sleeps in a read of the console, until the host's byte
 * comes (hook.c, handoff.c): so the guest's kernel does nothing while the host looks. Before that
 * the supervisor sees to it that nobody else has anything to do and no clock will wake anybody, so
 * the same input always counts the same. First it makes a world and sleeps: to that the host puts
 * all memory back after each input.
 */
#ifndef FUZZ_GUEST_MAILBOX_H
#define FUZZ_GUEST_MAILBOX_H

#include <stdatomic.h>

#include "fuzz/step.h"

/* Of the supervisor and all agents: a root slot that no byte of an input names. Two last-level
 * tables of it are the same in all: one that nobody writes, with the program's code and what the
 * kernel shows of its tables, and a common one with the mailbox, a page that nobody writes, so that
 * upcalls that nest without end do not come to the mailbox, and the agents' stack. The supervisor's
 * own data come after those. */
#define GUEST_BASE       0x100000000000
#define GUEST_TABLES     (GUEST_BASE + 0x60000) /* the kernel's, from EXO_INFO_TABLES on */
#define GUEST_MAILBOX    (GUEST_BASE + EXO_SPAN(2))
#define GUEST_STACK_TOP  0x100000240000
#define GUEST_STACK_PAGES 4u
#define GUEST_GUARD      (GUEST_STACK_TOP - (GUEST_STACK_PAGES + 1) * EXO_PAGE_SIZE)

#define GUEST_STEPS 96u
#define GUEST_ENVS  16u /* that agents see */
#define GUEST_KINDS 64u
#define GUEST_NOBODY 0xffffu /* VCPU_NONE */

enum guest_order {
	GUEST_BEGIN, /* make the world, once */
	GUEST_RUN,   /* run the input in it */
	GUEST_END,   /* end it: every env of it dies and is reaped */
};

enum guest_turn { GUEST_WORKS, GUEST_SLEEPS };

enum guest_state {
	GUEST_WRITING, /* the call's structure is being written to memory */
	GUEST_PENDING, /* has not come back */
	GUEST_DONE,
	GUEST_UPCALL,  /* ended in a synchronous upcall */
	GUEST_EVENT,   /* no step: an asynchronous upcall */
};

struct guest_step {
	uint64_t number, argument[5]; /* for agent_call and the like, in assembly */
	uint32_t env;      /* index of the env that made it */
	uint32_t state;    /* enum guest_state */
	uint32_t alive;    /* bit n: env n was alive before it; 0: an event came first */
	uint32_t upcall;   /* enum exo_upcall */
	uint64_t code;     /* of the upcall */
	uint64_t frame;    /* where the upcall was pushed; 0: none */
	int64_t error;     /* first result, or what was loaded */
	uint64_t value;    /* second result */
	struct fuzz_step step;
};

struct guest_mailbox {
	/* The host's. */
	_Atomic uint32_t turn; /* enum guest_turn; orders all else here */
	uint32_t order;
	uint32_t sleepers; /* offset of that field of struct cpu */
	uint32_t count;        /* records of the input */
	uint32_t kinds_count;  /* what kinds of steps there are: struct fuzz_target */
	uint32_t has_begun;    /* the guest's: the world's first env has made its children */
	uint8_t kinds[GUEST_KINDS];
	struct fuzz_record records[FUZZ_RECORDS_MAX];
	/* The guest's. */
	uint32_t trouble;      /* line of the guest's program at which it failed; 0: none */
	uint32_t at;           /* next record */
	uint32_t steps_count;
	uint32_t is_over;      /* no records are taken any more */
	uint32_t is_full;      /* there was no room for a note */
	uint32_t doing;        /* index of the last step begun */
	uint64_t left;         /* frames, envs, vcpus or slices that did not come back */
	uint64_t frame;        /* where the last upcall was pushed */
	uint64_t first_frame;  /* number of the first free one */
	uint64_t envs, env_bytes; /* address of the kernel's envs, and size of each */
	uint64_t cpu;          /* address of its CPU 0 */
	uint64_t vcpus[8];     /* handles, by index - 1 */
	uint64_t supervisor;   /* handle of its vcpu */
	struct fuzz_facts facts;
	struct exo_regs regs;  /* with which a made-up frame can be resumed */
	struct exo_frame resume __attribute__((aligned(512))); /* in one page, masked: 0 */
	struct guest_step steps[GUEST_STEPS];
};

_Static_assert(GUEST_MAILBOX == 0x100000200000, "local.mk");
_Static_assert(GUEST_MAILBOX + sizeof(struct guest_mailbox) <= GUEST_GUARD, "the mailbox");

#endif
