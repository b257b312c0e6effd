/* SPDX-License-Identifier: ISC */
/*
 * free-frame-missed: each CPU has a list of free frames, and one whose list is empty looks through
 * the others'. While it goes from its own list to the next, another CPU gives a frame back to the
 * list that it has passed, and takes the last one of the list that it comes to. It is charged for a
 * frame, so one is free all the time: it must find it.
 */
#include "tests/host/sides.h"

#define PAGE (2 * EXO_ROOT_SPAN)

enum { CPUS = 2, FRAMES = CPUS * FREE_RUN };

static unsigned pages;              /* that fill the machine */
static uint64_t of[CPUS];           /* a page with a frame of each CPU's list */
static int64_t created, refilled;

static struct exo_slot_op page_alloc(uint64_t address)
{
	return OP(ALLOC, 1, address, 1, .access = EXO_RWX);
}

static struct exo_slot_op page_clear(uint64_t address)
{
	return OP(CLEAR, 1, address, 1);
}

static unsigned list_length(struct lab *l, unsigned cpu)
{
	uint32_t ends = free_ends(l->m, cpu), at = ends;
	unsigned length = 0;

	while ((at = l->m->frames[at].refs) != ends)
		length++;
	return length;
}

/* One CPU gets every frame there is, and not one more. */
static void check_all(struct lab *l)
{
	unsigned i;
	int64_t err;

	lab_map(l, 0, PAGE, 0);
	lab_map(l, 0, PAGE + EXO_SPAN(2), 0);
	tap_ok(list_length(l, 0) && list_length(l, 1), "both CPUs have free frames");
	while ((err = lab_op(l, page_alloc(PAGE + pages * EXO_PAGE_SIZE))) == 0)
		pages++;
	tap_eq(err, EXO_E_LIMIT, "one CPU takes %u frames until the account is full", pages);
	tap_eq(list_length(l, 0) + list_length(l, 1), 0, "no frame is free then");
	for (i = 0; i < pages; i++) {
		uint32_t frame = lab_frame(l, 0, PAGE + i * EXO_PAGE_SIZE, 1).n;

		of[free_home(l->m, frame)] = PAGE + i * EXO_PAGE_SIZE;
	}
}

/* A frame goes back to where it came from, and can be had by its number from any CPU. */
static void check_named(struct lab *l)
{
	struct exo_slot_op again = page_alloc(of[1]);
	uint32_t frame = lab_frame(l, 0, of[1], 1).n;

	lab_does(l, page_clear(of[1]), "CPU 0 gives a frame of CPU 1's back");
	tap_ok(list_length(l, 0) == 0 && list_length(l, 1) == 1, "it is on CPU 1's list");
	again.argument = frame;
	lab_does(l, again, "CPU 0 asks for it by its number");
	tap_eq(lab_frame(l, 0, of[1], 1).n, frame, "and gets it");
}

/* The root of a new env: no env's lock is held meanwhile. */
static void side_create(struct sides *s, unsigned cpu)
{
	(void)cpu;
	created = side_call(s, EXO_CALL_ENV_CREATE, 0, 0, 0);
}

/* Two calls: what the first drops is free at its end. */
static void side_swap(struct sides *s, unsigned cpu)
{
	struct exo_slot_op clear = page_clear(of[1]), alloc = page_alloc(of[0]);

	(void)cpu;
	refilled = side_call_with(s, EXO_CALL_SLOTS, &clear, sizeof(clear), 0, 1);
	if (!refilled)
		refilled = side_call_with(s, EXO_CALL_SLOTS, &alloc, sizeof(alloc), 0, 1);
}

int main(void)
{
	struct lab *l = lab_open(FRAMES, CPUS);
	struct sides s;

	sides_init(&s, l, CPUS);
	check_all(l);
	check_named(l);
	lab_does(l, page_clear(of[0]), "the only free frame is on CPU 0's list");
	s.side[0].program = side_swap;
	s.side[1].program = side_create;
	s.choose = sides_hold;
	s.held = 1;
	s.hold_at = "free_list_empty";
	sides_run(&s);
	tap_ok(s.was_held, "CPU 1 finds its own list empty, and stops");
	tap_eq(refilled, 0, "CPU 0 puts a frame there, and takes the one of its own list");
	tap_eq(created, 0, "CPU 1 finds that frame");
	sides_destroy(&s);
	lab_close(l);
	return tap_done("tests/host/free_frames_are_found.tap");
}
