/* SPDX-License-Identifier: ISC */
/* For bad_programs.sh: tries to spawn, then to execute, each argument, and says how that ended. */
#include <stdio.h>
#include <sys/wait.h>

#include "libos/libos.h"

int main(int argc, char **argv)
{
	int i, status;

	for (i = 1; i < argc; i++) {
		char *args[] = { argv[i], NULL };
		long pid = libos_spawn(argv[i], args, NULL);

		if (pid > 0) {
			libos_wait(pid, &status);
			printf("%s: ran, %d\n", argv[i], WEXITSTATUS(status));
		} else {
			printf("%s: spawn %ld\n", argv[i], pid);
		}
		pid = libos_fork();
		if (pid == 0)
			libos_exit((int)-libos_exec(argv[i], args, NULL));
		libos_wait(pid, &status);
		printf("%s: exec %d\n", argv[i], WEXITSTATUS(status));
		fflush(stdout);
	}
	return 0;
}
