/* SPDX-License-Identifier: ISC */
/*
 * What a Linux program pays, by the names that doc/cost.md explains. One static program for both
 * systems: Linux's first process (bench/linux/boot), and an unmodified program on Chitin
 * (bench/linux/each); and the same source as a native one (native.h). Prints lines as bench/bench.h
 * does, and
 *
 *   at<TAB>GROUP                before a group
 *   na<TAB>NAME<TAB>reason      for a row that cannot be measured here
 *
 *	costs [-l | -r | -x] [GROUP or ROW]...
 * -l: only list groups and rows; -r: as Linux's first process, restart the machine at the end;
 * -x: end at once (what exec measures). No locks.
 */
#include "bench/linux/costs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <termios.h>

struct costs costs;

void costs_text(const char *text)
{
	size_t length = strlen(text);

	if (length > COSTS_OUT - costs.out_bytes)
		return;
	memcpy(costs.out + costs.out_bytes, text, length);
	costs.out_bytes += length;
}

/* Print what is waiting, and see it out: a serial line sends by interrupt. */
static void flush(void)
{
	size_t done = 0;

	while (done < costs.out_bytes) {
		ssize_t n = write(1, costs.out + done, costs.out_bytes - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	costs.out_bytes = 0;
	tcdrain(1);
}

void costs_reported(const char *name)
{
	unsigned i;

	for (i = 0; i < COSTS_ROWS && costs.group->rows[i]; i++)
		if (strcmp(costs.group->rows[i], name) == 0)
			costs.reported |= 1u << i;
}

void costs_na(const char *name, const char *reason)
{
	costs_text("na\t");
	costs_text(name);
	costs_text("\t");
	costs_text(reason);
	costs_text("\n");
	costs_reported(name);
}

_Noreturn void costs_fail(const char *what)
{
	costs.what = what;
	longjmp(costs.failed, 1);
}

static void run_group(const struct costs_group *group)
{
	char reason[128] = "not measured";
	unsigned i;

	costs_text("at\t");
	costs_text(group->name);
	costs_text("\n");
	flush();
	costs.group = group;
	costs.reported = 0;
	costs.bench.count = costs.other.count = costs.third.count = 0;
	if (setjmp(costs.failed) == 0)
		group->run();
	else
		snprintf(reason, sizeof(reason), errno ? "%s: %s" : "%s", costs.what,
			 strerror(errno));
	for (i = 0; i < COSTS_ROWS && group->rows[i]; i++)
		if (!(costs.reported & 1u << i))
			costs_na(group->rows[i], reason);
	flush();
}

static void run_boot(void)
{
	struct sysinfo info;
	uint64_t total = 1u << 20; /* KiB: the machine has 1 GiB */

	costs_value("boot_first_line", costs.first_line);
	os_must(sysinfo(&info), "sysinfo");
	costs_value("boot_mem_used", total - (uint64_t)info.freeram * info.mem_unit / 1024);
}

const struct costs_group costs_boot_groups[] = {
	{ "boot", run_boot, { "boot_first_line", "boot_mem_used" } },
	{ NULL, NULL, { NULL } },
};

static bool names_group(const char *word, const struct costs_group *group)
{
	unsigned i;

	if (strcmp(word, group->name) == 0)
		return true;
	for (i = 0; i < COSTS_ROWS && group->rows[i]; i++)
		if (strcmp(word, group->rows[i]) == 0)
			return true;
	return false;
}

static void list_group(const struct costs_group *group)
{
	unsigned i;

	for (i = 0; i < COSTS_ROWS && group->rows[i]; i++) {
		costs_text(group->name);
		costs_text("\t");
		costs_text(group->rows[i]);
		costs_text("\n");
	}
	flush();
}

static void tell_system(void)
{
	struct utsname name;

	if (uname(&name) < 0)
		return;
	costs_text("system\t");
	costs_text(name.sysname);
	costs_text(" ");
	costs_text(name.release);
	costs_text(" ");
	costs_text(name.version);
	costs_text("\n");
}

/* Call it for each group that a word names; without words for all. The number of calls. */
static unsigned for_groups(char **words, void (*call)(const struct costs_group *group))
{
	const struct costs_group *const *file, *group;
	unsigned calls = 0;
	char **word;

	for (file = costs_all_groups; *file; file++)
		for (group = *file; group->name; group++) {
			for (word = words; *word && !names_group(*word, group); word++)
				;
			if (*words && !*word)
				continue;
			call(group);
			calls++;
		}
	return calls;
}

static void ignore_group(const struct costs_group *group)
{
	(void)group;
}

/* As Linux's first process: what is measured is its child, as kernels treat the first process in
 * a way of their own (its faults go to the log). Words are those of the kernel's command line that
 * it did not know: if none names a group, all are meant. */
static void run_as_first(char **words)
{
	static char *nothing[] = { NULL };
	pid_t child;

	child = fork();
	if (child == 0) {
		for_groups(for_groups(words, ignore_group) ? words : nothing, run_group);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	costs_text("at\tend\n");
	flush();
	reboot(RB_AUTOBOOT);
}

int main(int argc, char **argv)
{
	uint64_t first_line = machine_clock();
	const char *option = "";
	char **word;

	for (word = argv + argc; word > argv; word--)
		if (word[-1][0] == '-')
			option = word[-1];
	if (strcmp(option, "-x") == 0)
		return 0;
	for (word = argv + 1; *word && **word == '-'; word++)
		;
	costs.first_line = first_line;
	costs.self = argv[0];
	if (strcmp(option, "-l") == 0) {
		for_groups(word, list_group);
		return 0;
	}
	tell_system();
	bench_init(&costs.bench);
	costs.other.nothing = costs.third.nothing = costs.bench.nothing;
	if (strcmp(option, "-r") == 0)
		run_as_first(word);
	if (for_groups(word, run_group) == 0)
		return 2;
	costs_text("at\tend\n");
	flush();
	return 0;
}
