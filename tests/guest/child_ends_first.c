/* SPDX-License-Identifier: ISC */
/*
 * child-first: the child has written and exited before its parent blocks for it, in eight pairs at
 * once: each parent's wait returns, with what the child said.
 */
#include "tests/process.h"

enum { PAIRS = 8 };

/* One pair: how many rounds went wrong. */
static int pair(volatile uint64_t *word, unsigned long rounds)
{
	unsigned long i;
	int wrong = 0;

	for (i = 1; i <= rounds; i++) {
		long pid = libos_fork();

		if (pid == 0) {
			*word = i;
			libos_exit((int)(i & 0x7f));
		}
		while (*word != i) /* it runs, and most often ends, before this blocks */
			libos_thread_yield();
		libos_thread_yield();
		wrong += process_join(pid) != (int)(i & 0x7f);
	}
	return wrong < 255 ? wrong : 255;
}

int main(void)
{
	volatile uint64_t *words = process_map(PAIRS * 64, true);
	unsigned long rounds = tap_iterations(128);
	long parent[PAIRS];
	int i, ended = 0, wrong = 0;

	for (i = 0; i < PAIRS; i++) {
		parent[i] = libos_fork();
		if (parent[i] == 0)
			libos_exit(pair(&words[i * 8], rounds));
	}
	for (i = 0; i < PAIRS; i++) {
		int code = process_join(parent[i]);

		ended += code >= 0;
		wrong += code;
	}
	tap_eq(ended, PAIRS, "every parent returns");
	tap_eq(wrong, 0, "%lu rounds of %u pairs: with what its child said", rounds, PAIRS);
	return tap_done("tests/guest/child_ends_first.guest");
}
