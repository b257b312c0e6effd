/* SPDX-License-Identifier: ISC */
/* Making and joining the family, sleeping in it (see family.h). Touches the family's root, slots of
 * this process and of a child; takes file through family_sleep. */
#include "libos/family/family.h"

#include <machine/call.h>

#include "libos/fork/process.h"
#include "libos/state.h"
#include "libos/vm/slots.h"

_Static_assert(FAMILY_PROCESSES % 64 == 0, "whole words of used entries");
_Static_assert(sizeof(struct family) < LIBOS_FAMILY_BYTES / 2, "room for the arena");

static err_t family_create_tables(void)
{
	struct exo_slot_op op = {
		.op = EXO_OP_TABLE, .level = 2, .count = LIBOS_FAMILY_TABLES,
		.flags = EXO_OP_COMMON, .target = LIBOS_FAMILY,
	};

	return slots_run(&op, 1, NULL);
}

err_t family_create(struct libos *os)
{
	struct family *f = family_root();
	struct family_process *self;
	err_t err = family_create_tables();

	if (err)
		return err;
	f->version = FAMILY_VERSION;
	f->bytes = sizeof(*f);
	arena_init(&f->arena, LIBOS_FAMILY + PAGE_UP(sizeof(*f)));
	err = family_make(os, UINT64_MAX, &self);
	if (err)
		return err;
	memcpy(self->name, "init", 5);
	family_announce(self, os->process.env);
	os->family.self = self;
	os->process.pid = self->pid;
	return EXO_OK;
}

err_t family_attach(struct libos *os, uint32_t pid)
{
	struct family *f = family_root();

	if (f->version != FAMILY_VERSION || f->bytes != sizeof(*f))
		return EXO_E_TYPE;
	os->family.self = family_find(pid);
	if (!os->family.self)
		return EXO_E_TYPE;
	os->process.pid = pid;
	os->family.self->vcpu = libos_vcpu_page()->vcpu;
	sched_set_bell(os, &os->family.self->bell, &os->family.self->is_waiting);
	return EXO_OK;
}

void family_fork_child(struct libos *os, struct family_process *self)
{
	os->family.self = self;
	os->family.held = 0;
	os->family.sleepers = (struct wait_queue){ 0 };
	os->process.pid = self->pid;
	self->vcpu = libos_vcpu_page()->vcpu;
	sched_set_bell(os, &self->bell, &self->is_waiting);
}

struct exo_slot_op family_share_op(uint64_t env)
{
	return (struct exo_slot_op){
		.op = EXO_OP_SHARE, .level = 2, .count = LIBOS_FAMILY_TABLES, .target_env = env,
		.target = LIBOS_FAMILY, .source = LIBOS_FAMILY, .rights = EXO_RWX,
	};
}

/* The only thread sleeps: it idles itself. */
static err_t sleep_alone(struct libos *os)
{
	struct thread *self = thread_self();

	os->family.is_woken = false;
	while (!os->family.is_woken) {
		if (self->is_signalled && !self->is_deaf)
			return EXO_E_PENDING;
		sched_idle(os);
	}
	return EXO_OK;
}

err_t family_block(struct libos *os, uint64_t deadline)
{
	if (os->threads_used == 1 && deadline == THREAD_NO_DEADLINE)
		return sleep_alone(os);
	return thread_block(os, &os->family.sleepers, deadline);
}

err_t family_sleep(struct libos *os, uint64_t deadline)
{
	err_t err;

	family_unlock(os, FAMILY_FILE);
	err = family_block(os, deadline);
	family_lock(os, FAMILY_FILE);
	return err;
}

void family_wake(struct libos *os)
{
	os->family.is_woken = true;
	thread_wake(os, &os->family.sleepers, LIBOS_THREADS);
}
