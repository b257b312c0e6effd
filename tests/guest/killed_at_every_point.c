/* SPDX-License-Identifier: ISC */
/*
 * At each named point of the kernel in turn, the first, second, third ... time that a process or
 * its child passes it in its life, its CPU is held there while another CPU ends its env: it goes on
 * when that is done, or waits for what the held one has. Whoever it was and whatever it was in the
 * middle of: all is as it should be after a death (life_ended.h), files work, and of the memory no
 * more is lost than it had in hand (counts-after-a-death).
 * run-guest: --icount --cpus 2 --hz 5000
 * run-guest-x86_64: --kernel tests/faults/exo-x86_64.elf
 * run-guest-aarch64: --kernel tests/faults/exo-aarch64.img
 */
#define _GNU_SOURCE
#include <machine/call.h>

#include "tests/faults/faults.h"
#include "tests/life_ended.h"

enum {
	FIRST_LIVES = 12,  /* after these a family has what it keeps */
	EACH = 1500,       /* kills at each point at most, at equal steps */
	NEVER = UINT32_MAX,
};

struct point {
	const char *name;
	bool is_passed; /* by each life */
};

#define POINT(name) [FAULTS_AT_##name] = { #name, false },

static volatile uint32_t *gate;

/* One life; who passes the point as the n-th is ended. 1: nobody did, 0: somebody was, -1:
 * something is wrong. */
static int try(unsigned point, const char *name, uint64_t n, uint64_t *passes)
{
	bool is_ended = false;
	struct life l;

	*gate = 0;
	if (!life_begin(&l, gate))
		return -1;
	libos_sleep(libos_clock() + process_ms(1) / 8);
	exo_call(FAULTS_CALL, FAULTS_AIM, point, n, 0, 0);
	*gate = 1;
	while (!is_ended && !life_look(&l) && libos_clock() < l.until)
		is_ended = exo_call(FAULTS_CALL, FAULTS_END, process_ms(1) / 4, KILLED, 0, 0)
			.second;
	*passes = exo_call(FAULTS_CALL, FAULTS_PASSED, 0, 0, 0, 0).second;
	exo_call(FAULTS_CALL, FAULTS_AIM, point, 0, 0, 0);
	if (!life_end(&l, is_ended ? FIRST | CHILD : NOBODY, name, n))
		return -1;
	return !is_ended;
}

static void check(unsigned point, const struct point *p)
{
	uint64_t before = process_frames(), after, last = before, most = 0;
	uint64_t all = 0, passes, n, step;
	unsigned ended = 0, wrong = try(point, p->name, NEVER, &all) != 1;

	step = all / tap_iterations(EACH) + 1;
	for (n = 1; n <= all; n += step) {
		int end = try(point, p->name, n, &passes);

		ended += end == 0;
		wrong += end < 0;
		after = process_frames();
		if (after > last)
			most = after - last > most ? after - last : most;
		last = after;
	}
	tap_eq(wrong, 0, "%s: passed %lu times, ended at %u of them", p->name, all, ended);
	if (p->is_passed)
		tap_ok(ended, "%s: somebody was ended there", p->name);
	tap_ok(uses_files("/tmp/look"), "%s: files work", p->name);
	tap_ok(most <= IN_HAND, "%s: none takes more along than it had in hand", p->name);
	printf("# %s: frames %lu, then %lu\n", p->name, before, last);
}

int main(int argc, char **argv)
{
	static struct point points[] = { FAULTS_POINTS_ALL(POINT) };
	static const unsigned known[] = {
		FAULTS_AT_lock_acquire, FAULTS_AT_lock_release, FAULTS_AT_env_ending,
		FAULTS_AT_vcpu_edge, FAULTS_AT_event_pended, FAULTS_AT_frame_alloc_charged,
		FAULTS_AT_unshare_copied, FAULTS_AT_dup_copied, FAULTS_AT_flush_done,
		FAULTS_AT_batch_preempt,
	};
	struct sysinfo info = { 0 };
	uint64_t passes;
	unsigned i;

	if (argc == 2)
		return small(argv[1]);
	gate = process_map(4096, true);
	sysinfo(&info);
	alone = info.procs;
	life_pages = 72; /* so many in a table fork shares */
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		points[known[i]].is_passed = true;
	for (i = 0; i < FIRST_LIVES; i++)
		tap_eq(try(FAULTS_AT_parked, "whole", NEVER, &passes), 1, "a whole life");
	for (i = 0; i < FAULTS_POINT_COUNT; i++)
		check(i, &points[i]);
	return tap_done("tests/guest/killed_at_every_point.guest");
}
