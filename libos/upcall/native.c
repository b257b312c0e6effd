/* SPDX-License-Identifier: ISC */
/* What a native program's calls do. Touches what the modules behind them touch; takes no lock. */
#include "libos/upcall/native.h"

#include <machine/call.h>

#include "libos/fork/strings.h"
#include "libos/libos.h"
#include "libos/state.h"

_Static_assert(NATIVE_PREFIX == UINT64_C(0x4c49424f00000000), "native.S");

enum {
#define NATIVE(number, name, arguments) NATIVE_##name = number,
#include "libos/upcall/native.def"
#undef NATIVE
};

/* Arguments in order, and the frame they came by. */
struct native {
	struct libos *os;
	struct exo_frame *frame;
	uint64_t a0, a1, a2, a3, a4;
};

enum { NATIVE_SIGCHLD = 17 };

static int64_t native_fork(struct native *n)
{
	const struct process_fork_how how = { .signal = NATIVE_SIGCHLD, .most = UINT64_MAX };
	uint32_t pid;
	err_t err = process_fork(n->os, &how, &pid);

	return err ? (int64_t)err : (int64_t)pid;
}

/* A shell tries what is no program as a script; a native program is told why. */
static err_t native_refuse(struct native *n, err_t err)
{
	char path[128];

	if (err == EXO_E_TYPE && !vm_read_string(n->os, path, sizeof(path), n->a0, NULL))
		print("%s: cannot run: not an ELF file\n", path);
	return err;
}

static int64_t native_start(struct native *n, bool is_spawn)
{
	struct process_exec_state *state;
	uint32_t pid = 0;
	err_t err = strings_read(n->os, n->a0, n->a1, n->a2, &state);

	if (err)
		return native_refuse(n, err);
	err = is_spawn ? process_spawn(n->os, state, &pid) : process_exec(n->os, state);
	strings_drop(n->os, state);
	return err ? (int64_t)err : (int64_t)pid;
}

static int64_t native_exec(struct native *n)
{
	return native_start(n, false);
}

static int64_t native_spawn(struct native *n)
{
	return native_start(n, true);
}

static int64_t native_exit(struct native *n)
{
	process_exit(n->os, PROCESS_STATUS_EXIT(n->a0));
}

static int64_t native_wait(struct native *n)
{
	struct process_ended ended;
	err_t err;

	if (n->a0 > INT32_MAX)
		return EXO_E_EMPTY;
	err = process_wait(n->os, n->a0 ? (int32_t)n->a0 : -1, PROCESS_WAIT_ENDED, &ended);
	if (!err && n->a1)
		err = vm_write(n->os, n->a1, &ended.status, sizeof(ended.status));
	return err ? (int64_t)err : (int64_t)ended.pid;
}

static int64_t native_self(struct native *n)
{
	return n->os->process.pid;
}

static int64_t native_thread_create(struct native *n)
{
	uint64_t handle;
	err_t err = thread_create(n->os, n->a0, n->a1, 0, 0, machine_thread_pointer(), &handle);

	return err ? (int64_t)err : (int64_t)handle;
}

static int64_t native_thread_join(struct native *n)
{
	uint64_t value;
	err_t err = thread_join(n->os, n->a0, &value);

	if (!err && n->a1)
		err = vm_write(n->os, n->a1, &value, sizeof(value));
	return err;
}

static int64_t native_thread_yield(struct native *n)
{
	thread_yield(n->os);
	return 0;
}

int64_t native_thread_yield_at_once(void)
{
	/* Another thread may make this one of several vcpus', or signal it: it needs a frame. */
	if (libos_state()->sched.ready_count)
		return (int64_t)NATIVE_PREFIX + NATIVE_thread_yield;
	exo_call(EXO_CALL_YIELD, 0, 0, 0, 0, 0);
	return 0;
}

static int64_t native_thread_exit(struct native *n)
{
	thread_exit(n->os, n->a0);
}

static int64_t native_thread_self(struct native *n)
{
	(void)n;
	return (int64_t)thread_handle(thread_self());
}

static int64_t native_sleep(struct native *n)
{
	err_t err = thread_block(n->os, NULL, n->a0);

	return err == EXO_E_EARLY ? EXO_OK : err;
}

static int64_t native_map(struct native *n)
{
	uint64_t address;
	err_t err = vm_read(n->os, &address, n->a0, sizeof(address));

	if (!err)
		err = vm_map(n->os, address, n->a1, (unsigned)n->a2,
			     (address ? VM_NEW : 0) | (n->a3 & 1 ? VM_SHARED : 0), NULL, &address);
	return err ? err : vm_write(n->os, n->a0, &address, sizeof(address));
}

static int64_t native_unmap(struct native *n)
{
	return vm_unmap(n->os, n->a0, n->a1);
}

static int64_t native_protect(struct native *n)
{
	return vm_protect(n->os, n->a0, n->a1, (unsigned)n->a2);
}

int64_t native_protect_at_once(uint64_t address, uint64_t length, uint64_t access)
{
	return vm_protect(libos_state(), address, length, (unsigned)access);
}

static int64_t native_protect_pages(struct native *n)
{
	uint64_t i, page;
	err_t err = EXO_OK;

	for (i = 0; i < n->a1 && !err; i++) {
		err = vm_read(n->os, &page, n->a0 + i * sizeof(page), sizeof(page));
		if (!err)
			err = vm_protect(n->os, page, EXO_PAGE_SIZE, (unsigned)n->a2);
	}
	return err;
}

static int64_t native_dirty(struct native *n)
{
	return vm_dirty(n->os, n->a0, n->a1, n->a2);
}

static int64_t native_clean(struct native *n)
{
	return vm_clean(n->os, n->a0, n->a1);
}

static int64_t native_set_fault_handler(struct native *n)
{
	n->os->fault_handler = (libos_fault_handler *)n->a0;
	n->os->fault_argument = (void *)n->a1;
	n->os->fault_start = n->a2;
	n->os->fault_end = n->a3;
	return 0;
}

static int64_t native_console_write(struct native *n)
{
	char buffer[256];
	uint64_t at, chunk;
	err_t err;

	for (at = 0; at < n->a1; at += chunk) {
		chunk = n->a1 - at < sizeof(buffer) ? n->a1 - at : sizeof(buffer);
		err = vm_read(n->os, buffer, n->a0 + at, chunk);
		if (err)
			return err;
		exo_call(EXO_CALL_CONSOLE_WRITE, (uint64_t)buffer, chunk, 0, 0, 0);
	}
	return (int64_t)at;
}

static int64_t native_switch(struct native *n)
{
	struct sched *s = &n->os->sched;
	uint64_t *which, old;

	switch (n->a0) {
	case LIBOS_SWITCH_DIE_LOCKED:
		if (n->a1 >= FAMILY_LOCKS)
			return EXO_E_ARGUMENT;
		family_lock(n->os, (enum family_lock_rank)n->a1);
		for (;;)
			exo_call(EXO_CALL_ENV_KILL, 0, 9u << 8 | 137u, 0, 0, 0);
	case LIBOS_SWITCH_GRACE: which = &s->grace_units; break;
	case LIBOS_SWITCH_TICK: which = &s->tick_units; break;
	case LIBOS_SWITCH_TICKS_MAX: which = &s->ticks_max; break;
	default: return EXO_E_ARGUMENT;
	}
	old = *which;
	*which = n->a1;
	libos_vcpu()->clock.next_tick = 0;
	sched_arm(n->os);
	return (int64_t)old;
}

static int64_t native_statistics(struct native *n)
{
	struct libos *os = n->os;
	struct libos_statistics s = {
		.faults0 = os->wired.faults0,
		.faults1 = os->vm.faults,
		.forks = os->process.forks,
		.ticks = os->sched.ticks,
		.thread_switches = os->sched.switches,
		.edges_refused = os->statistics.edges_refused,
		.frames_used = exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_USED, 0,
					EXO_RESOURCE_FRAMES, 0, 0).second,
		.frames_limit = exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_LIMIT, 0,
					 EXO_RESOURCE_FRAMES, 0, 0).second,
	};

	return vm_write(os, n->a0, &s, sizeof(s));
}

static int64_t native_processes(struct native *n)
{
	const struct family_process *p;
	uint64_t count = 0;
	uint32_t place = 0;

	while ((p = family_next(&place))) {
		struct libos_process q = {
			.env = p->env, .start_clock = p->start_clock, .pid = p->pid,
			.parent = p->parent, .group = p->group, .session = p->session,
			.state = p->state == FAMILY_STOPPED ? 'T'
				: p->state == FAMILY_ZOMBIE ? 'Z'
				: p->is_waiting || p->pid == FAMILY_INIT ? 'S' : 'R',
		};

		memcpy(q.name, p->name, sizeof(q.name));
		if (count < n->a1 && vm_write(n->os, n->a0 + count * sizeof(q), &q, sizeof(q)))
			return EXO_E_POINTER;
		count++;
	}
	return (int64_t)count;
}

static int64_t native_linux(struct native *n)
{
	const uint64_t argument[] = { n->a1, n->a2, n->a3, n->a4 };

	if (!n->os->hooks.linux_call)
		return EXO_E_CALL;
	return n->os->hooks.linux_call(thread_self(), n->frame, n->a0, argument);
}

static int64_t (*const calls[])(struct native *) = {
#define NATIVE(number, name, arguments) [number] = native_##name,
#include "libos/upcall/native.def"
#undef NATIVE
};

bool native_call(struct libos *os, struct exo_frame *frame)
{
	struct exo_regs *r = &frame->regs;
	uint64_t number = EXO_REG_NUMBER(r) - NATIVE_PREFIX;
	struct native n;

	if (number >= ARRAY_COUNT(calls))
		return false;
	n = (struct native){
		.os = os, .frame = frame, .a0 = EXO_REG_ARG0(r), .a1 = EXO_REG_ARG1(r),
		.a2 = EXO_REG_ARG2(r), .a3 = EXO_REG_ARG3(r), .a4 = EXO_REG_ARG4(r),
	};
	EXO_REG_RESULT(r) = (uint64_t)calls[number](&n);
	return true;
}

uint64_t libos_clock(void)
{
	return machine_clock();
}

uint64_t libos_clock_hz(void)
{
	return libos_info()->clock_hz;
}

long libos_handler_protect(void *address, size_t length, unsigned access)
{
	return vm_protect(libos_state(), (uint64_t)address, length, access);
}
