/* SPDX-License-Identifier: ISC */
/*
 * Pid 1: starts the program, then serves the terminal and reaps until the program has ended; ends
 * with its status. It sleeps on the counter of console input. Takes the family's lock `file`.
 */
#include <machine/call.h>

#include "libos/family/family.h"
#include "libos/fork/process.h"
#include "libos/fs/device.h"
#include "libos/state.h"

enum { INIT_NO_MEMORY = 126 };

/* What was typed goes to the terminal, and its keys to whoever they concern. */
static void init_serve(struct libos *os)
{
	unsigned signal;

	do {
		family_lock(os, FAMILY_FILE);
		signal = device_pump(os->fs);
		family_unlock(os, FAMILY_FILE);
		if (signal && family_signal(os, -(int32_t)family_root()->foreground, signal,
					    &(struct family_siginfo){ .code = 0x80 }))
			continue; /* nobody is there any more */
	} while (signal);
}

/* The program ended: so does all that it left, and the machine, perhaps to begin again. */
static void init_look_at_main(struct libos *os)
{
	struct family_process *p = family_find(family_root()->main);

	if (p && p->state != FAMILY_ZOMBIE)
		return;
	process_exit(os, family_root()->is_restarting ? PROCESS_STATUS_RESTART
		     : p ? p->status : PROCESS_STATUS_EXIT(INIT_NO_MEMORY));
}

/* The program becomes a session of its own, with the terminal. */
static void init_adopt(uint32_t pid)
{
	struct family *f = family_root();
	struct family_process *p = family_find(pid);

	f->main = pid;
	f->foreground = f->session = pid;
	if (p)
		p->group = p->session = pid;
}

static const char *init_error(err_t err)
{
	return err == EXO_E_LIMIT ? "out of memory" : "no room for a process";
}

_Noreturn void family_init(struct libos *os, struct process_exec_state *state)
{
	uint64_t full_units = libos_info()->clock_hz / 100;
	uint32_t pid;
	err_t err = process_spawn(os, state, &pid);

	if (err && err != EXO_E_TYPE)
		print("%s: cannot start: %s\n", process_text(state, state->path),
		      init_error(err));
	if (err)
		process_exit(os, PROCESS_STATUS_EXIT(INIT_NO_MEMORY));
	init_adopt(pid);
	sched_set_bell(os, (const _Atomic uint32_t *)&libos_info()->console_in, NULL);
	for (;;) {
		uint64_t deadline = THREAD_NO_DEADLINE;

		init_serve(os);
		init_look_at_main(os);
		/* Nobody need tell when there is room again; it may be said too early. */
		if (device_is_full(os->fs))
			deadline = machine_clock() + full_units;
		err = thread_block(os, &os->family.sleepers, deadline);
		os->thread0.is_signalled = false;
	}
}
