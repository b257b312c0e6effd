/* SPDX-License-Identifier: ISC */
/* A program whose upcalls are known: trace_is_a_timeline.sh looks for them in this order. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libos/libos.h"

int main(void)
{
	volatile char *page = mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *other = page + (1 << 21);

	printf("page 0x%lx other 0x%lx\n", (unsigned long)page, (unsigned long)other);
	fflush(stdout);
	syscall(SYS_getuid);
	*page = 1;
	syscall(SYS_getgid);
	*other = 1;
	syscall(SYS_geteuid);
	if (libos_fork() == 0)
		libos_exit(0);
	wait(NULL);
	syscall(SYS_getegid);
	return 5;
}
