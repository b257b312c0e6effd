/* SPDX-License-Identifier: ISC */
/*
 * The explorer: every reachable state of the real code in a small scope, breadth first. Every call
 * is made in every state; a refused one must have changed nothing; after every other one all
 * invariants must hold. It prints TAP, and for what it finds the shortest way there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/explore.h"

void explore_add(struct explore *x, struct explore_call call)
{
	if (x->calls_count == EXPLORE_CALLS_MAX) {
		printf("Bail out! too many calls in the scope\n");
		exit(99);
	}
	x->calls[x->calls_count++] = call;
}

/* Say how it came to be, and end. */
static _Noreturn void explore_fail(struct explore *x, uint64_t state, unsigned call,
				   const char *what, const struct audit_report *report)
{
	printf("not ok 1 - scope %s: %s\n", explore_name, what);
	if (report)
		printf("# I-%u: %s: at %llx slot %lld: got %llx, want %llx\n", report->invariant,
		       report->what, (unsigned long long)report->where, (long long)report->slot,
		       (unsigned long long)report->got, (unsigned long long)report->want);
	printf("# after %llu states; the way there:\n",
	       (unsigned long long)explore_set_count());
	explore_set_path(x, state);
	explore_print(&x->calls[call]);
	printf("1..1\n# again: make check TESTS=fuzz/explore_%s.tap\n", explore_name);
	exit(1);
}

/* One call in the state that the machine is in; `copy` is what that looks like. */
static void explore_step(struct explore *x, uint64_t state, unsigned call, void *copy)
{
	struct audit_report report;
	bool is_changed = false;
	enum host_stop stop;

	stop = HOST_TRY(is_changed = explore_call(x, &x->calls[call]));
	x->tried[call]++;
	if (stop != HOST_RUNS)
		explore_fail(x, state, call, stop == HOST_PANIC ? host_self.what : "it stopped",
			     NULL);
	if (!is_changed) {
		explore_forget(x->m);
		if (memcmp(x->m, copy, x->m->arch.bytes))
			explore_fail(x, state, call, "a refused call changed something", NULL);
		return;
	}
	x->done[call]++;
	if (x->calls[call].is_wild)
		explore_fail(x, state, call, "a call was done that must be refused", NULL);
	if (!explore_canon(x))
		explore_fail(x, state, call, "I-8: the list of free frames is broken", NULL);
	if (explore_set_add(x, state, call)
	    && !(audit(x->m, x->scratch, &report) && host_audit_tlb(x->m, &report)))
		explore_fail(x, state, call, "an invariant is broken", &report);
	if (!explore_holds(x))
		explore_fail(x, state, call, "a page that others hold can be written", NULL);
	memcpy(x->m, copy, x->m->arch.bytes);
}

/* Calls that no state allowed, among those meant to succeed somewhere. */
static unsigned explore_never(const struct explore *x)
{
	unsigned call, count = 0;

	for (call = 0; call < x->calls_count; call++) {
		if (x->done[call] || x->calls[call].is_wild)
			continue;
		if (!count++)
			printf("# never done:\n");
		explore_print(&x->calls[call]);
	}
	return count;
}

static void explore_all(struct explore *x)
{
	void *copy = malloc(x->m->arch.bytes);
	uint64_t state;
	unsigned call;

	explore_canon(x);
	explore_set_add(x, 0, 0);
	for (state = 0; !explore_set_is_full() && explore_set_next(x); state++) {
		memcpy(copy, x->m, x->m->arch.bytes);
		for (call = 0; call < x->calls_count; call++)
			explore_step(x, state, call, copy);
	}
	free(copy);
}

int main(void)
{
	const char *iterations = getenv("ITERATIONS");
	static struct explore x;
	uint64_t tried = 0, count, least;
	unsigned call;

	x.is_long = iterations && atoi(iterations) >= 100;
	explore_start(&x);
	explore_scope(&x);
	explore_all(&x);
	for (call = 0; call < x.calls_count; call++)
		tried += x.tried[call];
	count = explore_set_count();
	least = explore_states_least[x.is_long];
	printf("ok 1 - scope %s: all invariants in %s%llu states, after %llu calls of %u kinds\n",
	       explore_name, explore_set_is_full() ? "the first " : "",
	       (unsigned long long)count, (unsigned long long)tried, x.calls_count);
	printf("%sok 2 - which are not fewer than the %llu there must be\n",
	       count < least ? "not " : "", (unsigned long long)least);
	printf("%sok 3 - every call but the wild ones was possible somewhere\n1..3\n",
	       explore_never(&x) ? "not " : "");
	return 0;
}
