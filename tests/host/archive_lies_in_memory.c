/* SPDX-License-Identifier: ISC */
/*
 * A faulty loader says where the boot archive is: what ends before it begins, or outside of memory,
 * is refused, or frames would be handed out twice. The machines' own source; where they refuse to
 * boot this test is told why.
 */
#include <setjmp.h>
#include <string.h>

#include "arch/common/exo/common.h"
#include "tests/tap.h"

enum { PAGE = 4096, END = 64 * PAGE };

static struct {
	jmp_buf back;
	const char *why;
} host;

_Noreturn void boot_refuse(const char *why)
{
	host.why = why;
	longjmp(host.back, 1);
}

static void check(const char *why, uint64_t start, uint64_t end)
{
	const struct memory_range archive = { start, end };

	host.why = "good";
	if (!setjmp(host.back))
		memory_archive_check(&archive, END);
	tap_ok(strstr(host.why, why) != NULL, "0x%llx to 0x%llx: %s", (unsigned long long)start,
	       (unsigned long long)end, host.why);
}

int main(void)
{
	check("good", PAGE, 2 * PAGE);
	check("good", PAGE, END);
	check("good", PAGE, PAGE);
	check("good", PAGE, PAGE + 1);
	check("does not begin on a page", PAGE + 1, 2 * PAGE);
	check("ends before it begins", 2 * PAGE, PAGE);
	check("ends before it begins", 2 * PAGE, 2 * PAGE - 1);
	check("ends before it begins", 2 * PAGE, 0);
	check("ends before it begins", UINT64_MAX - PAGE + 1, 2 * PAGE);
	check("beyond the end", PAGE, END + 1);
	check("beyond the end", PAGE, UINT64_MAX);
	check("beyond the end", END + PAGE, END + 2 * PAGE);
	return tap_done("tests/host/archive_lies_in_memory.tap");
}
