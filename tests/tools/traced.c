/* SPDX-License-Identifier: ISC */
/* A program whose upcalls are known: trace_is_a_timeline.sh looks for them in this order. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libos/libos.h"

/* By the instruction, not through the library. */
static long foreign(long number)
{
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(number) : "rcx", "r11", "memory");
	return result;
}

int main(void)
{
	volatile char *page = mmap(NULL, 1 << 22, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char *other = page + (1 << 21);

	printf("page 0x%lx other 0x%lx\n", (unsigned long)page, (unsigned long)other);
	fflush(stdout);
	foreign(102); /* getuid */
	*page = 1;
	foreign(104); /* getgid */
	*other = 1;
	foreign(107); /* geteuid */
	if (libos_fork() == 0)
		libos_exit(0);
	wait(NULL);
	foreign(108); /* getegid */
	return 5;
}
