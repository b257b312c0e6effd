/* SPDX-License-Identifier: ISC */
/*
 * fork-fresh-root: fork right after mmap and right after exec: the child sees the new space, not
 * the one of before. The program executes itself.
 */
#include "tests/process.h"

static void after_exec(void)
{
	static int data = 5;
	long pid = libos_fork();

	if (pid == 0)
		libos_exit(data++ == 5 ? 42 : 1);
	libos_exit(process_join(pid));
}

static int exec_itself(const char *path)
{
	char *argv[] = { (char *)path, "again", NULL };
	char *envp[] = { NULL };
	long pid = libos_fork();

	if (pid == 0) {
		libos_exec(path, argv, envp);
		libos_exit(3);
	}
	return process_join(pid);
}

static int spawn_itself(const char *path)
{
	char *argv[] = { (char *)path, "again", NULL };
	long pid = libos_spawn(path, argv, NULL);

	return pid < 0 ? -2 : process_join(pid);
}

int main(int argc, char **argv)
{
	unsigned long rounds = tap_iterations(200), i;
	int bad = 0;

	if (argc > 1)
		after_exec();
	for (i = 0; i < rounds; i++) {
		volatile char *fresh = process_map(3 * 4096, false);
		long pid;

		fresh[4096] = (char)i;
		pid = libos_fork();
		if (pid == 0)
			libos_exit(fresh[4096] == (char)i && fresh[8192] == 0 ? 7 : 1);
		bad += process_join(pid) != 7;
		munmap((void *)fresh, 3 * 4096);
	}
	tap_eq(bad, 0, "fork after mmap, %lu times", rounds);
	for (i = 0, bad = 0; i < rounds / 4 + 1; i++)
		bad += exec_itself(argv[0]) != 42;
	tap_eq(bad, 0, "fork after exec");
	for (i = 0, bad = 0; i < rounds / 4 + 1; i++)
		bad += spawn_itself(argv[0]) != 42;
	tap_eq(bad, 0, "fork after spawn");
	return tap_done("tests/guest/fork_fresh_root.guest");
}
