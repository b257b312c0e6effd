/* SPDX-License-Identifier: ISC */
/*
 * Children, their ends, this process's own end. A child that has died is reaped when the CHILD
 * event is taken and its status kept in the process table until somebody waits for it; the env of
 * somebody else's child may have become ours. Touches the process table; takes file.
 */
#include <machine/call.h>

#include "libos/fork/fork.h"
#include "libos/fs/open.h"
#include "libos/state.h"

enum { PROCESS_SIGCHLD = 17 };

/* The status of an env: an exit code in bits 0..7, or 128 + signal there and the signal in bits
 * 8..14. The first process ends the machine, whose status is the code alone. */
static uint32_t process_env_status(const struct process *p, uint32_t status)
{
	uint32_t signal = status & 0x7f;

	if (!signal)
		return status == PROCESS_STATUS_RESTART ? status >> 8 : status >> 8 & 0xff;
	return p->pid != FAMILY_INIT ? signal << 8 | (128 + signal) : 128 + signal;
}

static uint32_t process_status(uint64_t env_status)
{
	uint32_t signal = (uint32_t)env_status >> 8 & 0x7f;

	if (EXO_STATUS_DEATH(env_status) != EXO_DEATH_EXIT)
		return PROCESS_STATUS_SIGNAL(9);
	return signal ? PROCESS_STATUS_SIGNAL(signal) : PROCESS_STATUS_EXIT(env_status);
}

uint64_t process_units(uint64_t env)
{
	const struct exo_info *info = libos_info();
	const char *envs = exo_table(info, EXO_ARRAY_ENVS);

	return ((const struct exo_table_env *)(envs + (env & 0xffff)
		* info->arrays[EXO_ARRAY_ENVS].size))->units;
}

/* Reap one dead child of this env, whoever's it was. False: there is none. */
static bool process_reap_one(struct libos *os)
{
	struct exo_result dead = exo_call(EXO_CALL_ENV_REAP, 0, 0, 0, 0, 0), r;
	uint32_t outer = os->family.self->burying;
	struct family_process *p;
	uint64_t units;

	if (dead.value < 0)
		return false;
	units = process_units(dead.second);
	p = family_of_env(dead.second);
	/* Whoever buries this process does it if this cannot. pairs with: bury_lost */
	os->family.self->burying = p ? p->pid : outer;
	do {
		r = exo_call(EXO_CALL_ENV_REAP, dead.second, 0, 0, 0, 0);
	} while (r.value == EXO_E_AGAIN);
	if (p)
		family_bury(os, p, process_status(r.second), units);
	os->family.self->burying = outer;
	return r.value >= 0;
}

void process_reap(struct libos *os)
{
	while (process_reap_one(os))
		;
}

/* Close what a process left open that was killed. */
static void process_close(struct libos *os, struct family_process *p)
{
	if (!p->files)
		return;
	family_lock(os, FAMILY_FILE);
	/* Another member may have been first. */
	if (p->files && p->state == FAMILY_ZOMBIE)
		files_destroy(os->fs, &p->files);
	family_unlock(os, FAMILY_FILE);
}

/* Of ended processes: close what one left open that was killed, and forget those that nobody will
 * wait for. */
static void process_forget(struct libos *os)
{
	struct family *f = family_root();
	struct family_process *p;
	uint32_t place = 0;

	while ((p = family_next(&place))) {
		if (p->state != FAMILY_ZOMBIE)
			continue;
		process_close(os, p);
		if ((p->parent == FAMILY_INIT && p->pid != f->main)
		    || (p->parent == os->process.pid && os->process.is_childless))
			family_release(os, p);
	}
}

/* Those too that are reaped while that waits for a lock. */
static void process_forget_all(struct libos *os)
{
	do {
		os->family.has_buried = false;
		process_forget(os);
	} while (os->family.has_buried);
}

void process_events(struct libos *os)
{
	process_reap(os);
	if (os->family.has_buried || os->process.is_childless)
		process_forget_all(os);
	family_wake(os);
}

static bool wait_is_for(const struct libos *os, const struct family_process *p, int32_t who,
			unsigned how)
{
	if (p->parent != os->process.pid || p->state < FAMILY_ALIVE)
		return false;
	if (!(how & PROCESS_WAIT_ALL)
	    && (p->end_signal == PROCESS_SIGCHLD) == !!(how & PROCESS_WAIT_CLONE))
		return false;
	if (who > 0)
		return p->pid == (uint32_t)who;
	return who == -1 || p->group == (who ? (uint32_t)-who : os->family.self->group);
}

/* What a child has to tell, taken off it. */
static bool wait_take_from(struct libos *os, struct family_process *p, unsigned how,
			   struct process_ended *ended)
{
	uint32_t change = p->change;

	if (p->state == FAMILY_ZOMBIE) {
		if (!(how & PROCESS_WAIT_ENDED))
			return false;
		*ended = (struct process_ended){ p->pid, p->status, p->units };
		if (!(how & PROCESS_WAIT_KEEP)) {
			os->family.self->children_units += p->units;
			process_close(os, p);
			family_release(os, p);
		}
		return true;
	}
	if (!change || !(how & (change == 0xffff ? PROCESS_WAIT_CONTINUED : PROCESS_WAIT_STOPPED)))
		return false;
	*ended = (struct process_ended){ .pid = p->pid, .status = change };
	if (!(how & PROCESS_WAIT_KEEP))
		p->change = 0;
	return true;
}

/* EXO_E_EMPTY: no child matches; EXO_E_AGAIN: none that does has something to tell. */
static err_t wait_take(struct libos *os, int32_t who, unsigned how, struct process_ended *ended)
{
	struct family_process *p;
	err_t err = EXO_E_EMPTY;
	uint32_t place = 0;

	while ((p = family_next(&place))) {
		if (!wait_is_for(os, p, who, how))
			continue;
		err = EXO_E_AGAIN;
		if (wait_take_from(os, p, how, ended))
			return EXO_OK;
	}
	return err;
}

err_t process_wait(struct libos *os, int32_t who, unsigned how, struct process_ended *ended)
{
	err_t err, blocked = EXO_OK;

	for (;;) {
		err = wait_take(os, who, how, ended);
		/* One whose end has not yet come through as an event. */
		if (err == EXO_E_AGAIN && libos_vcpu_page()->pending & EXO_EVENT_CHILD) {
			process_reap(os);
			err = wait_take(os, who, how, ended);
		}
		if (err != EXO_E_AGAIN || how & PROCESS_WAIT_NO_HANG)
			return err;
		/* The signal that ended the wait may have been that of the child. */
		if (blocked)
			return blocked;
		blocked = family_block(os, THREAD_NO_DEADLINE);
	}
}

void process_show_name(const struct libos *os)
{
	struct exo_vcpu_page *page = libos_vcpu_page();

	memcpy(page->name, os->process.name, sizeof(page->name));
}

bool process_is_told(const struct libos *os)
{
	return os->process.pid == family_root()->main || os->process.pid == FAMILY_INIT;
}

void process_wait_borrower(struct libos *os, uint32_t pid)
{
	struct thread *self = thread_self();
	struct family_process *p;

	self->is_deaf = true;
	while ((p = family_find(pid)) && p->is_borrowing)
		if (family_block(os, THREAD_NO_DEADLINE))
			break;
	self->is_deaf = false;
}

_Noreturn void process_exit(struct libos *os, uint32_t status)
{
	if (!os->process.is_exiting) {
		os->process.is_exiting = true;
		family_unlock_all(os);
		if (os->hooks.exit)
			os->hooks.exit(os);
		/* Of whom this has buried nobody else hears, nor closes what they left open. */
		process_forget_all(os);
		family_exit(os, status);
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
