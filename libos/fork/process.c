/* SPDX-License-Identifier: ISC */
/*
 * Children, their ends, this process's own end. A child that has died is reaped when the CHILD
 * event is taken and its status kept until somebody waits for it; one that was somebody else's
 * child and became ours is reaped and forgotten. Touches struct process; takes process.
 */
#include <machine/call.h>

#include "libos/fork/fork.h"
#include "libos/state.h"

/* The status of an env: an exit code in bits 0..7, or 128 + signal there and the signal in bits
 * 8..14. The first process ends the machine, whose status is the code alone. */
static uint32_t process_env_status(const struct process *p, uint32_t status)
{
	uint32_t signal = status & 0x7f;

	if (!signal)
		return status >> 8 & 0xff;
	return p->parent ? signal << 8 | (128 + signal) : 128 + signal;
}

static uint32_t process_status(uint64_t env_status)
{
	uint32_t signal = (uint32_t)env_status >> 8 & 0x7f;

	if (EXO_STATUS_DEATH(env_status) != EXO_DEATH_EXIT)
		return PROCESS_STATUS_SIGNAL(9);
	return signal ? PROCESS_STATUS_SIGNAL(signal) : PROCESS_STATUS_EXIT(env_status);
}

struct process_child *process_child(struct process *p, uint32_t n)
{
	return n < PROCESS_CHILDREN_FIRST ? &p->child_first[n]
		: &p->child_more[n - PROCESS_CHILDREN_FIRST];
}

void process_add_child(struct libos *os, uint64_t env)
{
	struct process *p = &os->process;

	if (p->children >= PROCESS_CHILDREN_FIRST && !p->child_more)
		p->child_more = heap_alloc(os, (PROCESS_CHILDREN - PROCESS_CHILDREN_FIRST)
					   * sizeof(struct process_child));
	lock_acquire(os, RANK_PROCESS);
	assert(p->children < PROCESS_CHILDREN_FIRST || p->child_more);
	*process_child(p, p->children++) = (struct process_child){ .env = env };
	lock_release(os, RANK_PROCESS);
}

void process_set_dead(struct libos *os, uint64_t env, uint32_t status)
{
	struct process *p = &os->process;
	uint32_t i;

	for (i = 0; i < p->children; i++) {
		struct process_child *child = process_child(p, i);

		if (child->env != env)
			continue;
		child->is_dead = true;
		child->status = status;
	}
}

/* Reap one dead child of this env, whoever's it was. False: there is none. */
static bool process_reap_one(struct libos *os)
{
	struct exo_result dead = exo_call(EXO_CALL_ENV_REAP, 0, 0, 0, 0, 0), r;

	if (dead.value < 0)
		return false;
	do {
		r = exo_call(EXO_CALL_ENV_REAP, dead.second, 0, 0, 0, 0);
	} while (r.value == EXO_E_AGAIN);
	process_set_dead(os, dead.second, process_status(r.second));
	return r.value >= 0;
}

static void process_reap(struct libos *os)
{
	lock_acquire(os, RANK_PROCESS);
	while (process_reap_one(os))
		;
	lock_release(os, RANK_PROCESS);
}

void process_events(struct libos *os)
{
	process_reap(os);
	thread_wake(os, &os->process.waiters, LIBOS_THREADS);
}

/* A dead child that matches, taken off the table. EXO_E_EMPTY: no child matches; EXO_E_AGAIN: all
 * that do are alive. */
static err_t wait_take(struct libos *os, uint32_t pid, uint32_t *ended, uint32_t *status)
{
	struct process *p = &os->process;
	err_t err = EXO_E_EMPTY;
	uint32_t i;

	lock_acquire(os, RANK_PROCESS);
	for (i = 0; i < p->children; i++) {
		struct process_child *child = process_child(p, i);

		if (pid && PROCESS_PID(child->env) != pid)
			continue;
		err = EXO_E_AGAIN;
		if (!child->is_dead)
			continue;
		*ended = PROCESS_PID(child->env);
		*status = child->status;
		*child = *process_child(p, --p->children);
		err = EXO_OK;
		break;
	}
	lock_release(os, RANK_PROCESS);
	return err;
}

err_t process_wait(struct libos *os, uint32_t pid, bool is_nonblocking, uint32_t *ended,
		   uint32_t *status)
{
	err_t err, blocked;

	for (;;) {
		err = wait_take(os, pid, ended, status);
		if (err == EXO_E_AGAIN) {
			process_reap(os);
			err = wait_take(os, pid, ended, status);
		}
		if (err != EXO_E_AGAIN || is_nonblocking)
			return err;
		blocked = thread_block(os, &os->process.waiters, THREAD_NO_DEADLINE);
		/* The signal that ended the wait may be that of the child. */
		if (blocked && wait_take(os, pid, ended, status) == EXO_OK)
			return EXO_OK;
		if (blocked)
			return blocked;
	}
}

bool process_is_told(const struct libos *os)
{
	return os->process.parent == 0;
}

_Noreturn void process_exit(struct libos *os, uint32_t status)
{
	if (!os->process.is_exiting && os->hooks.exit) {
		os->process.is_exiting = true;
		os->hooks.exit(os);
	}
	for (;;)
		exo_call(EXO_CALL_ENV_KILL, 0, process_env_status(&os->process, status), 0, 0, 0);
}

/* The n-th of a list of strings in the exec state. */
static const char *process_string(const struct process_exec_state *exec, uint64_t count,
				  uint64_t offset, unsigned n)
{
	const char *s = (const char *)exec + offset;

	if (n >= count)
		return NULL;
	while (n--)
		s += strlen(s) + 1;
	return s;
}

const char *process_argument(struct libos *os, unsigned n)
{
	const struct process_exec_state *exec = os->process.exec;

	return exec ? process_string(exec, exec->argc, exec->argv, n) : NULL;
}

const char *process_environment(struct libos *os, unsigned n)
{
	const struct process_exec_state *exec = os->process.exec;

	return exec ? process_string(exec, exec->envc, exec->envp, n) : NULL;
}

const void *process_state(struct libos *os, size_t *bytes)
{
	const struct process_exec_state *exec = os->process.exec;

	*bytes = exec ? exec->state_bytes : 0;
	return exec && exec->state_bytes ? (const uint8_t *)exec + exec->state : NULL;
}
