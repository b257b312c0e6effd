/* SPDX-License-Identifier: ISC */
/*
 * Several CPUs in the kernel at once: each is a coroutine that runs a function as the program of
 * its CPU. At every named point of the kernel `choose` says which CPU goes on; one that spins or
 * idles gives way to the next, and so does one that has finished: it only answers interrupts. So
 * an interleaving is exact, and the same each time.
 */
#ifndef TESTS_HOST_SIDES_H
#define TESTS_HOST_SIDES_H

#include "tests/host/fiber.h"
#include "tests/host/lab.h"

struct sides;
typedef void side_program(struct sides *s, unsigned cpu);

struct side {
	struct fiber fiber;
	struct host_self self; /* as it is when this one goes on */
	side_program *program; /* NULL: only answers interrupts */
	uint64_t vcpu;         /* of the first env, which its program is to run */
	uint64_t arguments;    /* address of a page for structures of calls */
	uint64_t value;        /* second result of its last call */
	bool is_running;       /* its program, not what came before or after */
	bool is_resting;       /* in user mode with nothing to do, or idle */
};

struct sides {
	struct lab *l;
	unsigned count;        /* CPUs */
	struct side side[EXO_CPUS + 1];
	unsigned current;      /* whose turn it is; count: whoever called sides_run */
	unsigned left;         /* programs that have not finished */
	struct fiber *former;
	/* Who goes on when `cpu` is at a point; NULL: itself. */
	unsigned (*choose)(struct sides *s, unsigned cpu, const char *name);
	/* Called at every point, for checks; NULL: none. */
	void (*watch)(struct sides *s, unsigned cpu, const char *name);
	/* sides_hold: */
	unsigned held;         /* the CPU that begins, and stops ... */
	const char *hold_at;   /* at this point (NULL: at any) ... */
	bool (*is_there)(struct sides *s); /* where this is so (NULL: anyhow) ... */
	unsigned hold_after;   /* after so many of these; once */
	unsigned passed;       /* how many it has met */
	bool was_held;
	unsigned spins;        /* how often a CPU had to wait for another */
	unsigned idles;        /* how often one had nothing to do, in turn */
	uint64_t random;       /* sides_shuffle's state */
	unsigned one_in;       /* sides_shuffle: a switch at one point in so many */
};

/* A vcpu of the first env on each of CPUs 1 to count - 1. */
void sides_init(struct sides *s, struct lab *l, unsigned count);
/* Run the sides' programs until all have finished and every CPU rests. */
void sides_run(struct sides *s);
void sides_destroy(struct sides *s);
/* A call of the CPU whose turn it is; its second result in s->side[cpu].value. */
int64_t side_call(struct sides *s, enum exo_call call, uint64_t a0, uint64_t a1, uint64_t a2);
/* The same with a structure as argument `place`; `a` is the other one. */
int64_t side_call_with(struct sides *s, enum exo_call call, const void *data, size_t bytes,
		       unsigned place, uint64_t a);
/* Start a vcpu in an env where lab_map has made room for its page: its handle, or 0 and *err. */
uint64_t side_start(struct sides *s, uint64_t env, uint64_t page, int64_t *err);
/* Let the others go on, as at a point where this CPU was told to wait. */
void side_wait(struct sides *s);

/* choose: CPU s->held stops once at s->hold_at until the others have finished or must wait. */
unsigned sides_hold(struct sides *s, unsigned cpu, const char *name);
/* choose: another one, by s->random. */
unsigned sides_shuffle(struct sides *s, unsigned cpu, const char *name);
uint64_t sides_random(struct sides *s, uint64_t below);

/* Where a child's vcpu page is; and its pages that the first env has, too. */
#define SIDES_CHILD (2 * EXO_ROOT_SPAN)
#define SIDES_SHARED (3 * EXO_ROOT_SPAN)
/* A child env with so many shared pages, whose vcpu has a slice on `cpu` and runs there. The env's
 * handle. */
uint64_t sides_child(struct sides *s, unsigned cpu, unsigned pages, uint64_t *vcpu);
/* Kill it, run what the CPUs still have to do, reap it, and take the pages off the first env. */
void sides_end_child(struct sides *s, uint64_t child, unsigned pages);

#endif
