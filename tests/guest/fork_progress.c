/* SPDX-License-Identifier: ISC */
/*
 * fork-progress: the child adds ten times to a shared counter and to a private one, the parent
 * waits: the shared one is 10, the parent's private one still 0. With libc's fork too.
 */
#include "tests/process.h"

static volatile int private_counter;

static void check(const char *name, bool is_libc)
{
	volatile int *shared = process_map(4096, true);
	long pid;
	int i;

	private_counter = 0;
	pid = is_libc ? fork() : libos_fork();
	if (pid == 0) {
		for (i = 0; i < 10; i++) {
			*shared += 1;
			private_counter += 1;
		}
		libos_exit(private_counter);
	}
	tap_ok(pid > 0, "%s: a child", name);
	tap_eq(process_join(pid), 10, "%s: the child saw its own counter", name);
	tap_eq(*shared, 10, "%s: the shared counter", name);
	tap_eq(private_counter, 0, "%s: the parent's private counter", name);
}

int main(void)
{
	check("libos_fork", false);
	check("fork", true);
	return tap_done("tests/guest/fork_progress.guest");
}
