/* SPDX-License-Identifier: ISC */
/*
 * A process's whole life, in which the first, second, third ... of its requests of one kind is
 * refused, once: a frame, a reference, an env, a vcpu, a slice, time to go on with a batch, a dead
 * env's end, sleep; for each kind till a life meets no refusal. The program is told once, by an
 * errno that Linux would give, and has what it wants when it asks again; or it is killed, for want
 * of memory and where no call can say so. Where the kernel says "again" the library asks again
 * (batch-goes-on), and no program hears of it. All is back.
 * run-guest: --icount
 * run-guest-x86_64: --kernel tests/faults/exo-x86_64.elf
 * run-guest-aarch64: --kernel tests/faults/exo-aarch64.img
 */
#define _GNU_SOURCE
#include <machine/call.h>

#include "tests/faults/faults.h"
#include "tests/life_refused.h"

enum { FIRST_LIVES = 12 }; /* after these a family has what it keeps */

/* What may come of a refusal. */
enum { MAY_TELL = 1, MAY_KILL = 2 };

struct request {
	const char *text;
	unsigned may;
	unsigned ends[ENDS], told;
};

#define REQUEST(NAME, what) [FAULTS_##NAME] = { .text = what },

/* ---- The life ---- */

static bool life_refused(int error)
{
	report->error = error;
	if (error != ENOMEM && error != EAGAIN && error != ENFILE)
		_exit(WRONG_ERRNO);
	if (report->told++)
		_exit(TOLD); /* it was refused once, not twice */
	return true;
}

/* ---- Who looks on ---- */

/* One life, whose n-th such request is refused. */
static enum end try(unsigned request, unsigned long n)
{
	pid_t pid = life_begin(live);
	enum end end;

	exo_call(FAULTS_CALL, FAULTS_REFUSE, request, n, 0, 0);
	end = life_end(pid);
	if (end != HUNG)
		wait_until_alone();
	return end;
}

static void check(unsigned kind, struct request *r)
{
	uint64_t before = process_frames(), asked = 1, after, most = 0;
	unsigned long n, wrong = 0;

	for (n = 1; n <= asked + 1; n++) {
		enum end end = try(kind, n);

		asked = exo_call(FAULTS_CALL, FAULTS_REQUESTS, 0, 0, 0, 0).second;
		r->ends[end]++;
		r->told += report->told;
		after = process_frames();
		most = after > most ? after : most;
		if (end == WHOLE ? report->told <= (n <= asked && r->may & MAY_TELL)
		    : end == KILLED && r->may & MAY_KILL && n <= asked)
			continue;
		wrong++;
		tap_ok(false, "%s, number %lu: %s, told %u times, at %s/%s, errno %d", r->text, n,
		       end_name[end], report->told, report->step[0], report->step[1],
		       report->error);
	}
	exo_call(FAULTS_CALL, FAULTS_REFUSE, FAULTS_NONE, 0, 0, 0);
	tap_eq(wrong, 0, "%s: each of %lu in turn, %u told, %u killed", r->text, asked, r->told,
	       r->ends[KILLED]);
	tap_ok(asked, "%s: it was refused", r->text);
	if (r->may & MAY_TELL)
		tap_ok(r->told, "%s: somebody was told", r->text);
	tap_ok(most <= before, "%s: frames are back (%lu, then %lu)", r->text, before, most);
}

int main(int argc, char **argv)
{
	static struct request requests[] = { FAULTS_REQUESTS_ALL(REQUEST) };
	unsigned i;

	if (argc == 2)
		return small(argv[1]);
	life_prepare();
	requests[FAULTS_FRAME].may = MAY_TELL | MAY_KILL;
	requests[FAULTS_COUNT].may = MAY_TELL | MAY_KILL;
	for (i = FAULTS_ENV; i <= FAULTS_SLICE_FULL; i++)
		requests[i].may = MAY_TELL;
	tap_eq(exo_call(FAULTS_CALL, FAULTS_REFUSE, FAULTS_NONE, 0, 0, 0).value, EXO_OK,
	       "the kernel is one that has faults planted");
	for (i = 0; i < FIRST_LIVES; i++)
		tap_eq(try(FAULTS_NONE, 0), WHOLE, "a life without refusals");
	for (i = FAULTS_NONE + 1; i < FAULTS_REQUEST_COUNT; i++)
		check(i, &requests[i]);
	return tap_done("tests/guest/one_refusal_stops_nobody.guest");
}
