/* SPDX-License-Identifier: ISC */
/*
 * Fork: a child env, filled by fork_memory, and a vcpu that returns from the same fork_save.
 * Touches struct libos, the program's slots, the child's. Takes all locks.
 */
#include <machine/call.h>

#include "libos/arch.h"
#include "libos/fork/fork.h"
#include "libos/fs/open.h"
#include "libos/state.h"

/* The child's first steps: its own identity, then nothing but itself is left. */
static void fork_begin_child(struct libos *os, struct thread *self)
{
	struct vcpu_local *vcpu = vcpu_local((struct exo_vcpu_page *)LIBOS_VCPU_PAGE);
	struct process *p = &os->process;

	machine_set_vcpu(LIBOS_VCPU_PAGE);
	vcpu->os = os;
	vcpu->current = self;
	vcpu->locks = (UINT64_C(1) << RANKS) - 1; /* the parent's, copied */
	lock_release_all(os);
	p->env = libos_vcpu_page()->env;
	process_show_name(os);
	family_fork_child(os, p->made);
	os->sched.ready = (struct wait_queue){ 0 };
	os->sched.ready_count = 0;
	os->sched.sleepers = NULL;
	os->sched.alarm = 0;
	os->vcpus = (struct vcpus){ 0 };
	os->wired.reserve_missing = LIBOS_RESERVE_ALL;
	os->wired.reserve_after = VM_RESERVE_AFTER;
	thread_fork_child(os, self);
	sched_begin(os, self);
}

err_t fork_start_vcpu(struct libos *os, uint64_t env, const struct exo_vcpu_start *start)
{
	uint64_t cpus = os->sched.policy->cpus(os), vcpu;
	struct exo_result r;

	do {
		r = exo_call(EXO_CALL_VCPU_START, env, (uint64_t)start, 0, 0, 0);
	} while (r.value == EXO_E_AGAIN);
	vcpu = r.second;
	if (r.value < 0)
		return (err_t)r.value;
	r = exo_call(EXO_CALL_SLICE_ALLOC, vcpu, (uint64_t)__builtin_ctzll(cpus), EXO_SLICE_ANY,
		     0, 0);
	/* It has time from here on, may run elsewhere and end: then it gets no more. */
	while (r.value == 0 && (cpus &= cpus - 1))
		exo_call(EXO_CALL_SLICE_ALLOC, vcpu, (uint64_t)__builtin_ctzll(cpus),
			 EXO_SLICE_ANY, 0, 0);
	return (err_t)r.value;
}

err_t fork_create_env(uint64_t *env)
{
	struct exo_result r;

	do {
		r = exo_call(EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0);
	} while (r.value == EXO_E_AGAIN);
	*env = r.second;
	return r.value < 0 ? (err_t)r.value : EXO_OK;
}

void fork_abandon(uint64_t env)
{
	struct exo_result r = exo_call(EXO_CALL_ENV_KILL, env, 0, 0, 0, 0);

	do {
		r = exo_call(EXO_CALL_ENV_REAP, env, 0, 0, 0, 0);
	} while (r.value == EXO_E_AGAIN || r.value == EXO_E_STATE);
}

err_t fork_make_entry(struct libos *os, bool is_spawn, uint64_t most, struct family_process **made)
{
	err_t err = family_make(os, most, made);

	if (err)
		return err;
	family_lock(os, FAMILY_FILE);
	(*made)->files = files_copy(os->fs, os->family.self->files, is_spawn);
	family_unlock(os, FAMILY_FILE);
	if ((*made)->files)
		return EXO_OK;
	family_release(os, *made);
	return EXO_E_LIMIT;
}

void fork_drop_entry(struct libos *os, struct family_process *made)
{
	family_lock(os, FAMILY_FILE);
	files_destroy(os->fs, &made->files);
	family_unlock(os, FAMILY_FILE);
	made->state = FAMILY_ZOMBIE; /* announced or not */
	family_release(os, made);
}

/* The parent's part: everything that the child needs, then the child. */
static err_t fork_make_child(struct libos *os, struct thread *self, struct fork_context *context)
{
	struct exo_vcpu_start start = {
		.page = LIBOS_VCPU_PAGE, .entry = (uint64_t)fork_child,
		.stack = (uint64_t)context, .argument = (uint64_t)context,
		.upcall_entry = (uint64_t)upcall_entry, .stack_base = self->stack_base,
		.stack_top = self->stack_top, .masked = 1,
	};
	uint64_t env;
	err_t err;

	err = fork_create_env(&env);
	if (err)
		return err;
	family_announce(os->process.made, env);
	os->vm.is_forked = true;
	err = fork_memory(os, self, env);
	if (!err)
		err = fork_start_vcpu(os, env, &start);
	if (err)
		fork_abandon(env);
	return err;
}

err_t process_fork(struct libos *os, const struct process_fork_how *how, uint32_t *pid)
{
	uint32_t fpu_bytes = libos_info()->fpu_bytes;
	uint8_t *area = __builtin_alloca(fpu_bytes + 64 + 64);
	uint8_t *fpu = (uint8_t *)(((uint64_t)area + 63) & ~UINT64_C(63));
	uint64_t thread_pointer = machine_thread_pointer();
	struct thread *self = thread_self();
	struct fork_context context;
	err_t err;

	memset(fpu + 512, 0, 64);
	machine_fpu_save(fpu, fpu_bytes);
	err = fork_make_entry(os, false, how->most, &os->process.made);
	if (err)
		return err;
	if (how->is_called && how->is_called(self)) {
		fork_drop_entry(os, os->process.made);
		return EXO_E_PENDING;
	}
	os->process.made->is_borrowing = how->is_borrowing;
	os->process.made->end_signal = how->signal;
	lock_acquire_all(os);
	if (fork_save(&context)) {
		/* The child. Locals are as they were before fork_save. */
		machine_fpu_load(fpu, fpu_bytes);
		machine_set_thread_pointer(thread_pointer);
		fork_begin_child(os, self);
		if (os->hooks.fork_child)
			os->hooks.fork_child(self);
		*pid = 0;
		return EXO_OK;
	}
	err = fork_make_child(os, self, &context);
	lock_release_all(os);
	if (err) {
		fork_drop_entry(os, os->process.made);
		return err;
	}
	os->process.forks++;
	*pid = os->process.made->pid;
	return EXO_OK;
}
