/* SPDX-License-Identifier: ISC */
/*
 * Burying a member whose env has been reaped. One that said nothing itself was killed at any
 * instruction: what it had in hand in the process table is finished here, from what it wrote before
 * each step: `owner` of an entry that it made or gave back, `burying`. Who is killed while it
 * buries leaves both to whoever buries it. Touches the family's root, reads the kernel's table of
 * envs; waits for no lock.
 */
#include <machine/call.h>

#include "libos/family/family.h"
#include "libos/fork/process.h"
#include "libos/state.h"

enum {
	BURY_SIGKILL = 9, BURY_KILLED = 9 << 8 | 137, /* an env's status */
	BURY_CLD_EXITED = 1, BURY_CLD_KILLED = 2,
	BURY_NO_VCPU = 0xffff,
};

static const struct exo_table_env *bury_env(uint64_t env)
{
	const struct exo_info *info = libos_info();
	const char *envs = exo_table(info, EXO_ARRAY_ENVS);

	return (const struct exo_table_env *)(envs + (env & 0xffff)
		* info->arrays[EXO_ARRAY_ENVS].size);
}

static bool env_is_there(uint64_t env)
{
	const struct exo_table_env *e = bury_env(env);

	return env && e->state != EXO_ENV_FREE && e->generation == env >> 16;
}

struct family_process *family_of_env(uint64_t env)
{
	struct family *f = family_root();
	unsigned place = f->by_env[env % FAMILY_PROCESSES];
	struct family_process *p = place ? &f->process[place - 1] : NULL;

	return p && p->env == env ? p : NULL;
}

/* Between ENV_CREATE and family_announce an env is known to nobody: it became this one's child.
 * (One that this program makes by the bare ABI looks the same: ARCHITECTURE.md.) */
static void bury_unnamed_envs(const struct libos *os)
{
	uint32_t i, n = libos_info()->arrays[EXO_ARRAY_ENVS].count;

	for (i = 0; i < n; i++) {
		const struct exo_table_env *e = bury_env(i);
		uint64_t env = i | e->generation << 16;
		const struct family_process *p = family_of_env(env);

		if (e->state != EXO_ENV_ALIVE || e->parent != (os->process.env & 0xffff)
		    || e->vcpus != BURY_NO_VCPU || (p && p->state >= FAMILY_ALIVE))
			continue;
		exo_call(EXO_CALL_ENV_KILL, env, BURY_KILLED, 0, 0, 0);
	}
}

/* An entry that it was making or giving back. */
static void bury_owned(struct libos *os, struct family_process *p)
{
	struct family *f = family_root();
	unsigned i;

	if (p->state == FAMILY_MAKING && p->pid)
		bury_unnamed_envs(os);
	if (p->state >= FAMILY_ALIVE && p->state != FAMILY_ZOMBIE) { /* announced */
		p->owner = 0;
		return;
	}
	if (p->pid) { /* files perhaps, too: it is forgotten with these */
		p->env = 0;
		p->status = BURY_SIGKILL;
		p->state = FAMILY_ZOMBIE;
		p->owner = 0;
		return;
	}
	for (i = 0; i < ARRAY_COUNT(f->by_pid); i++)
		if (f->by_pid[i] == family_place(p) + 1)
			f->by_pid[i] = 0;
	p->owner = os->process.pid;
	p->state = FAMILY_MAKING;
	family_release(os, p);
}

/* A child that it had announced, and that has not executed anything, does not begin. */
static void bury_unbegun(struct family_process *p)
{
	if (env_is_there(p->env)) {
		exo_call(EXO_CALL_ENV_KILL, p->env, BURY_KILLED, 0, 0, 0);
		return;
	}
	p->env = 0; /* it had been given up */
	p->status = BURY_SIGKILL;
	p->state = FAMILY_ZOMBIE;
}

static void bury_unfinished(struct libos *os, const struct family_process *dead)
{
	struct family *f = family_root();
	struct family_process *p;
	uint32_t place;

	for (place = 0; place < f->places; place++) {
		p = &f->process[place];
		if (p->owner == dead->pid)
			bury_owned(os, p);
		if (p->pid && p->parent == dead->pid && !p->vcpu && p->state == FAMILY_ALIVE)
			bury_unbegun(p);
	}
	os->family.has_buried = true;
}

/* It may have been about to wake somebody. */
static void bury_wake_all(void)
{
	struct family_process *p;
	uint32_t place = 0;

	while ((p = family_next(&place))) {
		atomic_fetch_add(&p->bell, 1);
		exo_call(EXO_CALL_WAKE, (uint64_t)&p->bell, 1, EXO_WAIT_SHARED, 0, 0);
	}
	family_lock_bury();
}

/* Whose env it has reaped and whom it has not buried; NULL: nobody. */
static struct family_process *bury_lost(const struct family_process *p)
{
	struct family_process *lost = family_find(p->burying);

	return lost && lost->state != FAMILY_ZOMBIE && !env_is_there(lost->env) ? lost : NULL;
}

static void bury_one(struct libos *os, struct family_process *p, uint32_t status, uint64_t units)
{
	bool is_killed = !p->is_reported;

	p->env = 0;
	if (is_killed) {
		p->status = status;
		bury_unfinished(os, p);
		family_disown(os, p);
	}
	p->is_borrowing = 0;
	p->units = units + p->children_units;
	os->family.has_buried |= p->files || p->parent == FAMILY_INIT;
	p->state = FAMILY_ZOMBIE;
	if (is_killed)
		bury_wake_all();
	if (p->parent == os->process.pid)
		family_tell_parent(p, p->end_signal,
				   p->status & 0x7f ? BURY_CLD_KILLED : BURY_CLD_EXITED,
				   p->status & 0x7f ? p->status & 0x7f : p->status >> 8 & 0xff);
}

void family_bury(struct libos *os, struct family_process *p, uint32_t status, uint64_t units)
{
	struct family_process *last, *next;

	while ((next = bury_lost(p))) {
		for (last = next; (next = bury_lost(last));)
			last = next;
		bury_one(os, last, BURY_SIGKILL, 0);
	}
	bury_one(os, p, status, units);
}
