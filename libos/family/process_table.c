/* SPDX-License-Identifier: ISC */
/* The process table (see process_table.h): entries, signals, bells. Touches the family's root; all
 * fields are atomic words. Takes the lock `table`. */
#include "libos/family/process_table.h"

#include <machine/call.h>

#include "libos/family/family.h"
#include "libos/fork/process.h"
#include "libos/state.h"
#include "libos/vm/slots.h"

enum {
	TABLE_PID_MAX = 32768,
	TABLE_SI_KERNEL = 0x80, TABLE_SIGHUP = 1,
	TABLE_SIGCHLD = 17, TABLE_SIGCONT = 18, TABLE_SIGSTOP = 19, TABLE_SIGTTOU = 22,
	TABLE_CLD_STOPPED = 5, TABLE_CLD_CONTINUED = 6,
};

#define TABLE_BIT(number) (UINT64_C(1) << ((number) - 1))
#define TABLE_STOPS (TABLE_BIT(19) | TABLE_BIT(20) | TABLE_BIT(21) | TABLE_BIT(22))

unsigned family_place(const struct family_process *p)
{
	return (unsigned)(p - family_root()->process);
}

struct family_process *family_find(uint32_t pid)
{
	struct family *f = family_root();
	unsigned place = f->by_pid[pid % ARRAY_COUNT(f->by_pid)];
	struct family_process *p = place ? &f->process[place - 1] : NULL;

	return p && pid && p->pid == pid && p->state >= FAMILY_ALIVE ? p : NULL;
}

struct family_process *family_self(const struct libos *os)
{
	return os->family.self;
}

struct family_process *family_next(uint32_t *place)
{
	struct family *f = family_root();

	while (*place < f->places) {
		uint64_t word = f->used[*place / 64] >> *place % 64;

		if (!word) {
			*place = (*place / 64 + 1) * 64;
			continue;
		}
		*place += (unsigned)__builtin_ctzll(word);
		return &f->process[(*place)++];
	}
	return NULL;
}

static void table_fill(struct family_process *p, uint32_t pid, const struct family_process *parent)
{
	p->parent = parent ? parent->pid : 0;
	p->group = parent ? parent->group : pid;
	p->session = parent ? parent->session : pid;
	p->is_waiting = p->status = p->change = p->burying = 0;
	p->pending = 0;
	p->has_executed = p->is_reported = p->is_borrowing = 0;
	p->loan_bytes = 0;
	p->end_signal = TABLE_SIGCHLD;
	p->nice = parent ? parent->nice : 0;
	p->env = p->vcpu = 0;
	p->units = p->children_units = 0;
	p->start_clock = machine_clock();
	p->files = NULL;
	p->pid = pid; /* whose child it is has been said. pairs with: bury_owned */
	if (parent) {
		memcpy(p->name, parent->name, sizeof(p->name));
		memcpy(p->command, parent->command, sizeof(p->command));
		p->command_bytes = parent->command_bytes;
	}
}

/* The entry's own pages are had now, or refused: later whoever writes to them would die. Those of
 * what comes with a signal, too: they are written by who sends it. */
static err_t table_have(struct family *f, const struct family_process *p)
{
	uint64_t entry = (uint64_t)p, info = (uint64_t)f->info[p - f->process];
	err_t err = slots_fill(PAGE_DOWN(entry), PAGE_UP(entry + sizeof(*p)));

	return err ? err : slots_fill(PAGE_DOWN(info), PAGE_UP(info + sizeof(f->info[0])));
}

/* Claim a FREE entry of one word of `used`. FULL: none is. LIMIT. */
static err_t table_claim_in(struct family *f, unsigned word, uint32_t owner,
			    struct family_process **claimed)
{
	uint64_t free = ~atomic_load(&f->used[word]);

	for (; free; free &= free - 1) {
		unsigned bit = (unsigned)__builtin_ctzll(free);
		struct family_process *p = &f->process[word * 64 + bit];
		uint32_t expected = 0;
		err_t err = table_have(f, p);

		if (err)
			return err;
		if (f->places < word * 64 + bit + 1)
			f->places = word * 64 + bit + 1;
		/* Who gives it back may not be through. pairs with: family_release */
		if (p->state != FAMILY_FREE
		    || !atomic_compare_exchange_strong(&p->owner, &expected, owner))
			continue;
		p->state = FAMILY_MAKING;
		atomic_fetch_or(&f->used[word], UINT64_C(1) << bit);
		*claimed = p;
		return EXO_OK;
	}
	return EXO_E_FULL;
}

/* The first entry that is FREE becomes MAKING. FULL: none is. LIMIT. */
static err_t table_claim(struct family *f, uint32_t owner, struct family_process **claimed)
{
	err_t err = EXO_E_FULL;
	unsigned word;

	for (word = 0; word < ARRAY_COUNT(f->used) && err == EXO_E_FULL; word++)
		err = table_claim_in(f, word, owner, claimed);
	return err;
}

/* A number that none has, nor any with the same place in by_pid. */
static uint32_t table_number(struct family *f, unsigned place)
{
	for (;;) {
		uint32_t pid = atomic_fetch_add_explicit(&f->last_pid, 1, memory_order_relaxed)
			% (TABLE_PID_MAX - 1) + 1;
		uint16_t expected = 0;

		if (atomic_compare_exchange_strong(&f->by_pid[pid % ARRAY_COUNT(f->by_pid)],
						   &expected, (uint16_t)(place + 1)))
			return pid;
	}
}

/* May there be one more? */
static bool table_has_room(uint64_t most)
{
	const struct family_process *p;
	uint64_t count = 0;
	uint32_t place = 0;

	if (most > FAMILY_PROCESSES)
		return true;
	while ((p = family_next(&place)))
		count += p->pid != FAMILY_INIT;
	return count < most;
}

err_t family_make(struct libos *os, uint64_t most, struct family_process **made)
{
	struct family *f = family_root();
	err_t err = EXO_E_FULL;

	family_lock(os, FAMILY_TABLE);
	if (table_has_room(most))
		err = table_claim(f, os->process.pid, made);
	if (!err)
		table_fill(*made, table_number(f, family_place(*made)), os->family.self);
	family_unlock(os, FAMILY_TABLE);
	return err;
}

void family_announce(struct family_process *p, uint64_t env)
{
	p->env = env;
	family_root()->by_env[env % FAMILY_PROCESSES] = (uint16_t)(family_place(p) + 1);
	p->state = FAMILY_ALIVE;
	p->owner = 0;
}

void family_release(struct libos *os, struct family_process *p)
{
	unsigned place = family_place(p);
	uint16_t named = (uint16_t)(place + 1);
	struct family *f = family_root();
	uint32_t owner = 0;

	if (!atomic_compare_exchange_strong(&p->owner, &owner, os->process.pid)
	    && owner != os->process.pid)
		return;
	if (p->state != FAMILY_ZOMBIE && p->state != FAMILY_MAKING) {
		p->owner = 0;
		return;
	}
	atomic_compare_exchange_strong(&f->by_pid[p->pid % ARRAY_COUNT(f->by_pid)], &named, 0);
	p->pid = 0;
	atomic_fetch_and(&f->used[place / 64], ~(UINT64_C(1) << place % 64));
	p->state = FAMILY_FREE;
	p->owner = 0; /* pairs with: table_claim_in */
}

void family_ring(struct family_process *p)
{
	/* seq_cst: either this sees that the process is about to sleep, or the kernel sees the new
	 * value of the bell. pairs with: sched_wait_bell */
	atomic_fetch_add(&p->bell, 1);
	libos_state()->sched.partner = p->vcpu;
	if (atomic_load(&p->is_waiting) && atomic_exchange(&p->is_waiting, 0))
		exo_call(EXO_CALL_WAKE, (uint64_t)&p->bell, 1, EXO_WAIT_SHARED, 0, 0);
}

void family_post(struct family_process *p, unsigned number, const struct family_siginfo *info)
{
	if (p->state == FAMILY_ZOMBIE || p->pid == FAMILY_INIT)
		return;
	if (TABLE_STOPS & TABLE_BIT(number))
		atomic_fetch_and(&p->pending, ~TABLE_BIT(TABLE_SIGCONT));
	if (number == TABLE_SIGCONT)
		atomic_fetch_and(&p->pending, ~TABLE_STOPS);
	family_root()->info[family_place(p)][number - 1] = *info;
	/* The information before the bit. pairs with: whoever takes bits off `pending` */
	atomic_fetch_or(&p->pending, TABLE_BIT(number));
	family_ring(p);
}

struct family_siginfo family_signal_info(const struct libos *os, unsigned number)
{
	return family_root()->info[family_place(os->family.self)][number - 1];
}

static bool signal_is_for(const struct libos *os, const struct family_process *p, int32_t pid)
{
	if (p->state == FAMILY_FREE)
		return false;
	if (pid == -1)
		return p->pid != FAMILY_INIT && p != os->family.self;
	return p->group == (pid ? -(uint32_t)pid : os->family.self->group);
}

/* To several at once: a child that is being made has an entry and gets it with the others, or its
 * parent has it first (struct process_fork_how). */
static err_t signal_group(struct libos *os, int32_t pid, unsigned number,
			  const struct family_siginfo *info)
{
	struct family_process *p;
	err_t err = EXO_E_EMPTY;
	uint32_t place = 0;

	family_lock(os, FAMILY_TABLE);
	while ((p = family_next(&place))) {
		if (!signal_is_for(os, p, pid))
			continue;
		err = EXO_OK;
		if (number)
			family_post(p, number, info);
	}
	family_unlock(os, FAMILY_TABLE);
	return err;
}

err_t family_signal(struct libos *os, int32_t pid, unsigned number,
		    const struct family_siginfo *info)
{
	struct family_siginfo plain = { .pid = os->process.pid };
	struct family_process *p;

	if (number > FAMILY_SIGNALS)
		return EXO_E_ARGUMENT;
	info = info ? info : &plain;
	if (pid <= 0)
		return signal_group(os, pid, number, info);
	p = family_find((uint32_t)pid);
	if (p && number)
		family_post(p, number, info);
	return p ? EXO_OK : EXO_E_EMPTY;
}

void family_tell_parent(const struct family_process *p, unsigned signal, int32_t code,
			uint32_t value)
{
	struct family_siginfo info = { .code = code, .pid = p->pid, .value = value };
	struct family_process *to = family_find(p->parent);

	if (to && signal)
		family_post(to, signal, &info);
}

void family_set_stopped(struct libos *os, unsigned number)
{
	struct family_process *p = os->family.self;

	p->change = number ? number << 8 | 0x7f : 0xffff;
	p->state = number ? FAMILY_STOPPED : FAMILY_ALIVE;
	family_tell_parent(p, TABLE_SIGCHLD, number ? TABLE_CLD_STOPPED : TABLE_CLD_CONTINUED,
			   number ? number : TABLE_SIGCONT);
}

/* Is a process the one through which its group has a shell: is its parent in another group of the
 * session? */
static bool table_is_job(const struct family_process *p)
{
	const struct family_process *parent = p->parent == FAMILY_INIT ? NULL
		: family_find(p->parent);

	return parent && parent->group != p->group && parent->session == p->session;
}

/* A group without such a member, but for `leaving` and its children. */
static bool table_is_orphaned(uint32_t group, const struct family_process *leaving)
{
	const struct family_process *p;
	uint32_t place = 0;

	while ((p = family_next(&place))) {
		if (p->group != group || p->state < FAMILY_ALIVE || p->state == FAMILY_ZOMBIE)
			continue;
		if (p != leaving && !(leaving && p->parent == leaving->pid) && table_is_job(p))
			return false;
	}
	return true;
}

bool family_is_orphaned(const struct libos *os)
{
	return table_is_orphaned(os->family.self->group, NULL);
}

/* ---- The end ---- */

/* Nobody will continue what is stopped in that group when `leaving` has gone: it is told, and goes
 * on. */
static void table_release_group(uint32_t group, const struct family_process *leaving)
{
	const struct family_siginfo info = { .code = TABLE_SI_KERNEL };
	struct family_process *p;
	bool is_stopped = false;
	uint32_t place = 0;

	while ((p = family_next(&place)))
		is_stopped |= p->group == group && p->state == FAMILY_STOPPED;
	if (!is_stopped || !table_is_orphaned(group, leaving))
		return;
	for (place = 0; (p = family_next(&place));) {
		if (p->group != group || p == leaving || p->state < FAMILY_ALIVE)
			continue;
		family_post(p, TABLE_SIGHUP, &info);
		family_post(p, TABLE_SIGCONT, &info);
	}
}

/* The groups of a process that ends and of its children, if that made them jobs of a shell. */
static void table_release_groups(const struct family_process *leaving)
{
	const struct family_process *p;
	uint32_t place = 0;

	while ((p = family_next(&place)))
		if (p == leaving || p->parent == leaving->pid)
			if (table_is_job(p))
				table_release_group(p->group, leaving);
}

void family_disown(struct libos *os, const struct family_process *parent)
{
	struct family_process *p;
	bool has_children = false, is_stopped = false;
	uint32_t place = 0;

	while ((p = family_next(&place))) {
		is_stopped |= p->state == FAMILY_STOPPED;
		has_children |= p->parent == parent->pid;
	}
	if (is_stopped)
		table_release_groups(parent);
	for (place = 0; has_children && (p = family_next(&place));) {
		if (p->parent != parent->pid)
			continue;
		p->parent = FAMILY_INIT;
		p->end_signal = TABLE_SIGCHLD;
		if (p->state == FAMILY_ZOMBIE && !p->files)
			family_release(os, p);
	}
}

void family_exit(struct libos *os, uint32_t status)
{
	struct family_process *p = os->family.self, *parent;

	if (!p)
		return;
	family_disown(os, p);
	p->status = status;
	if (p->is_borrowing) {
		p->is_borrowing = 0;
		parent = family_find(p->parent);
		if (parent)
			family_ring(parent);
	}
	family_unlock_all(os);
	p->is_reported = 1; /* nothing is left for family_bury to do */
}
