/* SPDX-License-Identifier: ISC */
/*
 * A process's whole life (memory, a pipe, a signal, a child that copies, a thread, a program
 * executed) with 0, 1, 2, ... frames left, until it meets no refusal; then with so many envs, vcpus
 * and slices. The kernel itself refuses: all else of the limit lies with an env that does nothing.
 * Each life ends, by an errno that Linux would give or killed for want of memory; its parent goes
 * on, and everything is back.
 * run-guest: --icount
 */
#define _GNU_SOURCE
#include <machine/call.h>

#include "tests/life_refused.h"

enum { FRAMES_MOST = 2000, CROWD = 24 };

struct lot {
	const char *name;
	enum exo_resource resource;
	uint64_t env;     /* has what is kept from the family */
	unsigned ends[ENDS];
};

static unsigned crowd; /* live_behind: processes before */

/* ---- The life ---- */

/* That is the end of this process. */
static bool life_refused(int error)
{
	report->error = error;
	_exit(error == ENOMEM || error == EAGAIN || error == ENFILE ? TOLD : WRONG_ERRNO);
}

/* Only a fork, whose child would be the first ever at its place in the family's table. */
static _Noreturn void live_behind(void)
{
	unsigned i;

	for (i = 0; i < crowd; i++) {
		if (fork())
			continue;
		while (!report->is_over)
			libos_sleep(libos_clock() + process_ms(1));
		_exit(0);
	}
	wait_at_gate();
	step("fork");
	if (fork() < 0)
		life_refused(errno);
	_exit(WHOLE);
}

/* ---- Who looks on ---- */

static uint64_t account(unsigned operation, uint64_t env, enum exo_resource resource,
			uint64_t amount)
{
	struct exo_result r = exo_call(EXO_CALL_ACCOUNT, operation, env, resource, amount, 0);

	return r.value < 0 ? (uint64_t)r.value : r.second;
}

/* Leave the family that much of it. */
static void keep(struct lot *lot, uint64_t left)
{
	uint64_t unused = account(EXO_ACCOUNT_LIMIT, 0, lot->resource, 0)
		- account(EXO_ACCOUNT_USED, 0, lot->resource, 0);

	if (unused > left)
		account(EXO_ACCOUNT_GRANT, lot->env, lot->resource, unused - left);
}

static void give_back(struct lot *lot)
{
	uint64_t kept = account(EXO_ACCOUNT_LIMIT, lot->env, lot->resource, 0)
		- account(EXO_ACCOUNT_USED, lot->env, lot->resource, 0);

	account(EXO_ACCOUNT_RETURN, lot->env, lot->resource, kept);
}

/* One life with that much. */
static enum end try(struct lot *lot, unsigned long left, void (*life)(void))
{
	pid_t pid = life_begin(life);
	enum end end;

	keep(lot, left);
	end = life_end(pid);
	give_back(lot);
	report->is_over = 1;
	if (end != HUNG)
		wait_until_alone();
	return end;
}

/* Places in the family's table that none ever had: their pages are refused, too. */
static void check_behind(struct lot *lot)
{
	unsigned told = 0;

	for (crowd = 0; crowd < CROWD; crowd++) {
		enum end end = try(lot, 0, live_behind);

		told += end == TOLD;
		if (end != TOLD)
			printf("# behind %u: %s\n", crowd, end_name[end]);
	}
	tap_eq(told, CROWD, "who forks when no frame is left is told, however many there are");
}

/* More and more, till a life is whole. */
static void check(struct lot *lot)
{
	uint64_t before = process_frames(), after, most = 0;
	unsigned long n;
	enum end end = OTHER;

	for (n = 0; n < FRAMES_MOST && end != WHOLE; n++) {
		end = try(lot, n, live);
		lot->ends[end]++;
		after = process_frames();
		most = after > most ? after : most;
		if (end != WHOLE && end != TOLD && end != KILLED)
			tap_ok(false, "%s: with %lu the end is %s at %s/%s, errno %d", lot->name, n,
			       end_name[end], report->step[0], report->step[1], report->error);
	}
	tap_eq(end, WHOLE, "%s: with %lu a life is whole", lot->name, n - 1);
	tap_ok(n > 1, "%s: with less it is not: %u told, %u killed", lot->name,
	       lot->ends[TOLD], lot->ends[KILLED]);
	tap_ok(lot->ends[TOLD] + lot->ends[KILLED] + 1 == n, "%s: told, or killed", lot->name);
	tap_ok(lot->resource == EXO_RESOURCE_FRAMES || !lot->ends[KILLED],
	       "%s: nobody is killed but for want of memory", lot->name);
	tap_ok(most <= before, "%s: frames are back (%lu, then %lu)", lot->name, before, most);
}

int main(int argc, char **argv)
{
	static const struct exo_limits least = { { 1, 0, 1, 0, 0 } };
	static struct lot lots[] = {
		{ .name = "frames", .resource = EXO_RESOURCE_FRAMES },
		{ .name = "envs", .resource = EXO_RESOURCE_ENVS },
		{ .name = "vcpus", .resource = EXO_RESOURCE_VCPUS },
		{ .name = "slices", .resource = EXO_RESOURCE_SLICES },
	};
	uint64_t env;
	unsigned i;

	if (argc == 2)
		return small(argv[1]);
	life_prepare();
	env = exo_call(EXO_CALL_ENV_CREATE, (uint64_t)&least, 0, 0, 0, 0).second;
	for (i = 0; i < 4; i++)
		lots[i].env = env;
	check_behind(&lots[0]);
	for (i = 0; i < 3; i++)
		tap_eq(try(&lots[0], FRAMES_MOST, live), WHOLE, "a life with plenty");
	for (i = 0; i < 4; i++)
		check(&lots[i]);
	return tap_done("tests/guest/every_refusal_is_told.guest");
}
