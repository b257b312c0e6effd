/* SPDX-License-Identifier: ISC */
/*
 * Flush: what a batch changed and dropped, until no CPU can hold a stale translation (I-7). A drop
 * becomes visible (frame reusable, count lower) only in flush_finish, after every CPU that may hold
 * the old translation has dropped it: one shoot-down a batch, not one a page.
 *
 * A CPU in the kernel uses no user translation: it counts as having acknowledged, and runs the
 * flush before it goes back to user mode. But it may hold a window into a frame of a common table,
 * whose lock it does not take: so a flush for such a table waits until each CPU has answered, and
 * they answer where they hold no window: on the way out, while they wait for each other or for an
 * outer lock.
 */
#ifndef EXO_FLUSH_H
#define EXO_FLUSH_H

#include "exo/base.h"

#define FLUSH_PAGES 8u

struct flush {
	uint32_t env;               /* whose translations; ENV_NONE: nothing pending */
	uint32_t drops_count;
	uint32_t pages_count;       /* more than FLUSH_PAGES: all of them */
	bool is_everywhere;         /* a common table: every CPU */
	struct pfn drops[EXO_DROPS];
	uint64_t pages[FLUSH_PAGES];
};

/* The translations of n pages, or of everything, of an env have changed to less; is_everywhere: in
 * a common table, so on all CPUs. */
void flush_pages(struct machine *m, struct cpu *c, unsigned env, uint64_t address, unsigned n);
void flush_all(struct machine *m, struct cpu *c, unsigned env, bool is_everywhere);
/* A reference that a slot of the env held, to be dropped after the flush. Runs a flush if full, so
 * the slot must have changed and been named by one of the above before. */
void flush_drop(struct machine *m, struct cpu *c, struct pfn pfn);
/* Flush, then drop. Takes account, free, wait. */
void flush_finish(struct machine *m, struct cpu *c);
/* Answer another CPU's request. The caller holds no user_window. */
void flush_answer(struct machine *m, struct cpu *c);

#endif
