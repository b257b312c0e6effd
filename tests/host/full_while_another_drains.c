/* SPDX-License-Identifier: ISC */
/*
 * full-while-drained: an account is full, and what would make room is a dead env's table that
 * another CPU is just taking apart: it is on no list any more, and its frames are still charged.
 * Who allocates then is told AGAIN, not LIMIT, and so is who reaps; once that CPU is done there is
 * room.
 */
#include "tests/host/sides.h"

#define PAGE (2 * EXO_ROOT_SPAN)

enum { PAGES = 20, FRAMES = 256 };

static uint64_t full, dead;
static int64_t asked, reaped;
static unsigned pages; /* that fill the account */

static struct exo_slot_op one_more(unsigned n)
{
	return OP(ALLOC, 1, PAGE + n * EXO_PAGE_SIZE, 1, .target_env = full, .access = EXO_RWX);
}

/* Two envs on one account, which is full; one of them is killed. */
static void begin(struct lab *l)
{
	int64_t err;

	full = lab_child(l, 0);
	dead = lab_child(l, 0);
	lab_map(l, full, PAGE, 0);
	lab_map(l, dead, PAGE, PAGES);
	for (pages = 0; (err = lab_op(l, one_more(pages))) == 0; pages++)
		;
	tap_eq(err, EXO_E_LIMIT, "an account is full");
	tap_eq(lab_call(l, EXO_CALL_ENV_KILL, dead, 0, 0, 0, 0), 0, "an env dies");
}

static int64_t side_alloc(struct sides *s, unsigned n)
{
	struct exo_slot_op op = one_more(n);

	return side_call_with(s, EXO_CALL_SLOTS, &op, sizeof(op), 0, 1);
}

/* Takes the dead env's only table off its list to make room, and stops there. */
static void side_drain(struct sides *s, unsigned cpu)
{
	tap_eq(side_alloc(s, pages), 0, "CPU %u makes room", cpu);
}

static UNCHECKED void side_ask(struct sides *s, unsigned cpu)
{
	(void)cpu;
	tap_eq(s->l->m->accounts[0].dying, FRAME_NONE, "no table is on the list");
	/* A new env's root: the full env's lock is held. */
	reaped = side_call(s, EXO_CALL_ENV_REAP, dead, 0, 0);
	asked = side_call(s, EXO_CALL_ENV_CREATE, 0, 0, 0);
}

int main(void)
{
	struct lab *l = lab_open(FRAMES, 2);
	struct sides s;

	sides_init(&s, l, 2);
	begin(l);
	s.side[0].program = side_ask;
	s.side[1].program = side_drain;
	s.choose = sides_hold;
	s.held = 1;
	s.hold_at = "frame_drain_step";
	sides_run(&s);
	tap_ok(s.was_held, "a CPU stops with a table in hand");
	tap_eq(reaped, EXO_E_AGAIN, "who reaps meanwhile is told to come again");
	tap_eq(asked, EXO_E_AGAIN, "who needs a frame meanwhile, too");
	tap_eq(lab_reap(l, dead), 0, "then it is reaped");
	lab_does(l, one_more(pages + 1), "and there is room");
	sides_destroy(&s);
	lab_close(l);
	return tap_done("tests/host/full_while_another_drains.tap");
}
