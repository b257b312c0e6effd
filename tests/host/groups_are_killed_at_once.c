/* SPDX-License-Identifier: ISC */
/*
 * group-kill-atomic, processes-limit: of a group that is sent a signal nobody is forgotten who is
 * just being made, wherever in the table and whenever meanwhile; and of two that fork at once only
 * as many have room as there is. The library's own sources on a family in the host's memory; one
 * of two processes, which are coroutines, stops where it takes the lock or rings.
 */
#include <stdlib.h>

#include "libos/state.h"
#include "libos/vm/slots.h"
#include "tests/host/fiber.h"
#include "tests/tap.h"

#include <machine/call.h>

enum { SIGNAL = 15, STACK_BYTES = 256 << 10, ENV = 0x10001, ALL = 1000 };

static struct {
	struct libos os, other;       /* the one that goes first, and the other */
	struct family *family;
	struct family_process *child[2];
	struct fiber first, second, *former;
	bool is_second;               /* whose turn it is */
	bool is_over;                 /* the second has nothing to do any more */
	bool stops_at_lock, stops_at_ring; /* the first, once */
	const struct libos *owner;    /* of the lock */
	uint64_t most;
} host;

char *linux_family(void)
{
	return (char *)host.family;
}

char *linux_info(void)
{
	abort();
}

const void *linux_table(const struct exo_info *info, unsigned which)
{
	(void)info, (void)which;
	abort();
}

struct libos *libos_state(void)
{
	return &host.os;
}

static void turn_give(void)
{
	host.is_second = !host.is_second;
	if (host.is_second)
		fiber_switch(&host.first, &host.second, &host.former);
	else
		fiber_switch(&host.second, &host.first, &host.former);
}

/* The first stops here until the second has finished or must wait. */
static void turn_stop(bool *stops)
{
	if (!*stops || host.is_second)
		return;
	*stops = false;
	turn_give();
}

struct exo_result exo_call(enum exo_call number, uint64_t a0, uint64_t a1, uint64_t a2,
			   uint64_t a3, uint64_t a4)
{
	(void)number, (void)a0, (void)a1, (void)a2, (void)a3, (void)a4;
	turn_stop(&host.stops_at_ring);
	return (struct exo_result){ EXO_OK, 0 };
}

void family_lock(struct libos *os, enum family_lock_rank rank)
{
	if (rank != FAMILY_TABLE)
		abort();
	turn_stop(&host.stops_at_lock);
	while (host.owner)
		turn_give();
	host.owner = os;
}

void family_unlock(struct libos *os, enum family_lock_rank rank)
{
	if (rank != FAMILY_TABLE || host.owner != os)
		abort();
	host.owner = NULL;
}

/* ---- What these sources call besides ---- */

uint64_t machine_clock(void)
{
	return 1;
}

void family_unlock_all(struct libos *os)
{
	(void)os;
}

err_t slots_fill(uint64_t address, uint64_t end)
{
	(void)address, (void)end;
	return EXO_OK;
}

static struct family_process *member(struct libos *parent)
{
	struct family_process *p;

	if (family_make(parent, ALL, &p))
		exit(1);
	family_announce(p, ENV + family_place(p));
	return p;
}

/* A fork as libos/fork does it, up to where the child may run. */
static void forks(struct libos *os, struct family_process **child)
{
	*child = NULL;
	if (family_make(os, host.most, child))
		return;
	if (!os->family.self->pending)
		return;
	family_release(os, *child);
	*child = NULL;
}

static void second_main(void)
{
	fiber_begun(&host.second, host.former);
	forks(&host.other, &host.child[1]);
	host.is_over = true;
	for (;;)
		turn_give();
}

static void begin(struct libos *os, uint32_t group)
{
	os->family.self = member(os);
	os->process.pid = os->family.self->pid;
	os->family.self->group = group;
	host.is_second = host.is_over = false;
	fiber_init(&host.second, second_main, STACK_BYTES);
}

static void finish(void)
{
	while (!host.is_over)
		turn_give();
}

static void check_making(uint32_t group)
{
	struct family_process *child;

	forks(&host.other, &child);
	tap_eq(family_signal(&host.os, -(int32_t)group, SIGNAL, NULL), EXO_OK, "a group is sent");
	tap_eq(child->pending, 1 << (SIGNAL - 1), "to who is being made, too");
	tap_eq(host.other.family.self->pending, 1 << (SIGNAL - 1), "as to its parent");
	family_release(&host.other, child);
	host.other.family.self->pending = 0;
}

/* The first has passed the place where the child will be, and has not come to its parent. */
static void check_meanwhile(uint32_t group, struct family_process *gap,
			    struct family_process *between)
{
	gap->state = FAMILY_ZOMBIE;
	family_release(&host.os, gap);
	between->is_waiting = 1;
	host.stops_at_ring = true;
	if (family_signal(&host.os, -(int32_t)group, SIGNAL, NULL))
		exit(1);
	finish();
	tap_ok(!host.stops_at_ring, "another forks in the middle of it");
	tap_ok(!host.child[1] || host.child[1]->pending, "no child comes to be without it");
	tap_eq(host.other.family.self->pending, 1 << (SIGNAL - 1), "for its parent has it");
	host.other.family.self->pending = 0;
}

static void check_limit(void)
{
	struct family_process *p;
	uint32_t place = 0;

	for (host.most = 0; (p = family_next(&place));)
		host.most += p->pid != FAMILY_INIT;
	host.most++;
	host.stops_at_lock = true;
	host.is_over = false;
	fiber_init(&host.second, second_main, STACK_BYTES);
	forks(&host.os, &host.child[0]);
	finish();
	tap_ok(host.child[0] || host.child[1], "who has room forks");
	tap_ok(!host.child[0] || !host.child[1], "and not two where there is room for one");
}

int main(void)
{
	struct family_process *gap, *between;
	uint32_t group;

	host.family = calloc(1, sizeof(*host.family));
	host.most = ALL;
	begin(&host.os, FAMILY_INIT);
	gap = member(&host.os);
	between = member(&host.os);
	group = between->pid;
	between->group = group;
	begin(&host.other, group);

	check_making(group);
	check_meanwhile(group, gap, between);
	check_limit();
	return tap_done("tests/host/groups_are_killed_at_once.tap");
}
