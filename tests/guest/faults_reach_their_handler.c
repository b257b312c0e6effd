/* SPDX-License-Identifier: ISC */
/*
 * A program's own fault handler: skips an instruction, unprotects the page, declines; protection of
 * ranges and pages; copy-on-write never reaches it.
 */
#include <cpu.h>

#include "tests/process.h"

static unsigned faults;
static uint64_t last_address;

static bool skip(struct exo_frame *frame, void *argument)
{
	faults++;
	last_address = frame->address;
	EXO_REG_PC(&frame->regs) += *(const uint64_t *)argument;
	return true;
}

static bool unprotect(struct exo_frame *frame, void *argument)
{
	(void)argument;
	faults++;
	return libos_handler_protect((void *)(frame->address & ~4095ul), 4096,
				     EXO_READ | EXO_WRITE) == 0;
}

static bool decline(struct exo_frame *frame, void *argument)
{
	(void)frame;
	(void)argument;
	return false;
}

static void check_skip(char *pages)
{
	uint64_t length = CPU_WRITE_BYTES;
	int i;

	libos_set_fault_handler(skip, &length, pages, pages + 16 * 4096);
	pages[0] = 5;
	tap_eq(libos_protect(pages, 4096, EXO_READ), 0, "read-only");
	for (i = 0; i < 100; i++)
		cpu_write_42(pages);
	tap_eq(faults, 100, "one fault a write");
	tap_eq(last_address, (uint64_t)pages, "at its address");
	tap_eq(pages[0], 5, "nothing was written");
	tap_eq(libos_protect(pages, 4096, 0), 0, "no access");
	faults = 0;
	cpu_write_42(pages);
	tap_eq(faults, 1, "a fault without any access");
	libos_protect(pages, 4096, EXO_READ | EXO_WRITE);
	tap_eq(pages[0], 5, "contents stay over no access");
	cpu_write_42(pages);
	tap_eq(pages[0], 42, "writable again");
}

static void check_unprotect(char *pages)
{
	void *list[4] = { pages, pages + 2 * 4096, pages + 4 * 4096, pages + 15 * 4096 };
	int i;

	libos_set_fault_handler(unprotect, NULL, pages, pages + 16 * 4096);
	for (i = 0; i < 16; i++)
		pages[i * 4096] = 1;
	faults = 0;
	tap_eq(libos_protect_pages(list, 4, EXO_READ), 0, "four pages");
	for (i = 0; i < 16; i++)
		pages[i * 4096 + 1] = 2;
	tap_eq(faults, 4, "four faults");
	for (i = 0; i < 16; i++)
		pages[i * 4096 + 1] = 3;
	tap_eq(faults, 4, "and no more");
	tap_eq(libos_protect(pages + 16 * 4096, 4096, EXO_READ), EXO_E_RANGE, "not mapped");
}

static void check_fork(char *pages)
{
	long pid;
	int i, status = 0;

	libos_set_fault_handler(unprotect, NULL, pages, pages + 16 * 4096);
	faults = 0;
	pid = libos_fork();
	for (i = 0; i < 16; i++)
		pages[i * 4096] = (char)i;
	if (pid == 0)
		libos_exit((int)faults);
	tap_eq(process_join(pid), 0, "copy-on-write in the child does not reach it");
	tap_eq(faults, 0, "nor in the parent");
	libos_protect(pages, 4096, EXO_READ);
	pid = libos_fork();
	pages[0] = pid ? 1 : 2;
	if (pid == 0)
		libos_exit(pages[0] == 2 && faults == 1 ? 0 : 1);
	tap_eq(process_join(pid), 0, "protected, then forked: child");
	tap_ok(pages[0] == 1 && faults == 1, "protected, then forked: parent");
	libos_set_fault_handler(decline, NULL, pages, pages + 16 * 4096);
	pid = libos_fork();
	if (pid == 0) {
		libos_protect(pages, 4096, EXO_READ);
		pages[0] = 1;
		libos_exit(0);
	}
	libos_wait(pid, &status);
	tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == 11, "declined: the process dies");
}

int main(void)
{
	void *pages = NULL;

	tap_eq(libos_map(&pages, 16 * 4096, EXO_READ | EXO_WRITE, false), 0, "memory");
	check_skip(pages);
	check_unprotect(pages);
	check_fork(pages);
	tap_eq(libos_unmap(pages, 16 * 4096), 0, "unmapped");
	return tap_done("tests/guest/faults_reach_their_handler.guest");
}
