/* SPDX-License-Identifier: ISC */
/*
 * edges-refused, of the library's threads: a slot's state changes by the edges of its
 * drawing (libos/thread/thread.h) and by no other, from the state and in the life that was meant;
 * what is refused changes nothing and is counted. In a forked child nobody lives but who forked.
 */
#include <string.h>

#include "libos/state.h"
#include "tests/tap.h"

enum { SLOTS = 4 };

static struct libos os;
static struct thread slots[SLOTS];

struct libos *libos_state(void)
{
	return &os;
}

_Noreturn void libos_panic(const char *what, const char *file, unsigned line)
{
	printf("Bail out! %s:%u: %s\n", file, line, what);
	exit(1);
}

static const char drawing[] =
	"FREE INITIALIZING, INITIALIZING READY, INITIALIZING FREE, READY RUNNING, RUNNING READY, "
	"RUNNING BLOCKED, RUNNING TERMINATED, BLOCKED READY, TERMINATED FREE, ";

static bool is_drawn(enum thread_state from, enum thread_state to)
{
	static const char *const name[THREAD_STATES] = { "FREE", "INITIALIZING", "READY", "RUNNING",
							 "BLOCKED", "TERMINATED" };
	char edge[40];
	const char *at;

	snprintf(edge, sizeof(edge), "%s %s, ", name[from], name[to]);
	at = strstr(drawing, edge);
	return at && (at == drawing || at[-1] == ' ') && (at == drawing || at[-2] == ',');
}

static void set(struct thread *t, uint32_t generation, enum thread_state state)
{
	atomic_store(&t->word, (uint64_t)generation << 8 | state);
}

/* One try. Does it end as the drawing says? */
static bool is_right(enum thread_state is, enum thread_state from, enum thread_state to,
		     uint32_t is_life, uint32_t life)
{
	bool is_legal = is == from && is_life == life && is_drawn(from, to);
	uint64_t refused = os.statistics.edges_refused;
	struct thread *t = &slots[1];

	set(t, is_life, is);
	if (thread_edge(t, life, from, to) != is_legal)
		return false;
	if (!is_legal)
		return thread_state(t) == is && thread_generation(t) == is_life
			&& os.statistics.edges_refused == refused + 1;
	return thread_state(t) == to && thread_generation(t) == life + (from == THREAD_FREE)
		&& os.statistics.edges_refused == refused;
}

static void check_edges(void)
{
	unsigned is, from, to, life, tried = 0, wrong = 0, legal = 0;

	for (is = 0; is < THREAD_STATES; is++)
		for (from = 0; from < THREAD_STATES; from++)
			for (to = 0; to < THREAD_STATES; to++)
				for (life = 6; life <= 8; life++, tried++) {
					wrong += !is_right(is, from, to, 7, life);
					legal += is == from && life == 7 && is_drawn(from, to);
				}
	tap_eq(legal, 9, "nine edges are drawn");
	tap_eq(wrong, 0, "each of %u is taken, or refused, counted and changes nothing", tried);
}

static void check_names(void)
{
	struct thread *t = &slots[2];
	uint64_t name;

	os.threads = slots;
	os.threads_used = 1 + SLOTS;
	t->index = 3;
	set(t, 4, THREAD_FREE);
	name = thread_handle(t);
	tap_ok(!thread_find(&os, name), "who is gone is not found");
	tap_ok(thread_edge(t, 4, THREAD_FREE, THREAD_INITIALIZING), "the slot is claimed");
	tap_ok(!thread_find(&os, name) && thread_find(&os, thread_handle(t)) == t,
	       "the new one has another name");
	tap_ok(!thread_edge(t, 4, THREAD_FREE, THREAD_INITIALIZING), "nobody else claims it");
	tap_ok(!thread_find(&os, 5 | 5 << 16), "nor is there one in no slot");
}

static void check_child(void)
{
	struct thread *self = &slots[0];
	unsigned i, alive = 0;

	for (i = 0; i < SLOTS; i++) {
		slots[i].index = i + 1;
		set(&slots[i], 3, i == 0 ? THREAD_RUNNING : i == 1 ? THREAD_BLOCKED : THREAD_READY);
		slots[i].has_stack = 1;
		slots[i].is_signalled = true;
	}
	set(&os.thread0, 1, THREAD_TERMINATED);
	thread_fork_child(&os, self);
	tap_ok(thread_state(self) == THREAD_RUNNING && thread_generation(self) == 3,
	       "who forked runs in the child");
	for (i = 0; i <= SLOTS; i++)
		alive += thread_at(&os, i) != self
			&& (thread_state(thread_at(&os, i)) != THREAD_FREE
			    || thread_at(&os, i)->is_signalled);
	tap_eq(alive, 0, "all others' slots are free");
	tap_ok(!thread_find(&os, 2 | 3 << 16), "and their names say nothing");
	tap_ok(thread_edge(&slots[1], 3, THREAD_FREE, THREAD_INITIALIZING)
	       && thread_generation(&slots[1]) == 4, "a slot serves again, in a life of its own");
}

int main(void)
{
	check_edges();
	check_names();
	check_child();
	return tap_done("tests/host/threads_take_legal_edges_only.tap");
}
