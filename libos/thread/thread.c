/* SPDX-License-Identifier: ISC */
/* Threads: slots, their life, contexts, switching. Touches thread slots, contexts, library stacks,
 * the vcpu's record. Takes sched, and spt through vm_map. */
#include <machine/call.h>

#include "libos/arch.h"
#include "libos/state.h"
#include "libos/vm/slots.h"

enum { THREAD_USER_STACK_BYTES = 64 * 1024 };

/* Legal edges: bit `to` of edges[from]. */
static const uint8_t edges[THREAD_STATES] = {
	[THREAD_FREE] = 1u << THREAD_INITIALIZING,
	[THREAD_INITIALIZING] = 1u << THREAD_READY | 1u << THREAD_FREE,
	[THREAD_READY] = 1u << THREAD_RUNNING,
	[THREAD_RUNNING] = 1u << THREAD_READY | 1u << THREAD_BLOCKED | 1u << THREAD_TERMINATED,
	[THREAD_BLOCKED] = 1u << THREAD_READY,
	[THREAD_TERMINATED] = 1u << THREAD_FREE,
};

enum thread_state thread_state(const struct thread *t)
{
	/* Acquire: pairs with: thread_edge */
	return (enum thread_state)(atomic_load_explicit(&t->word, memory_order_acquire) & 0xff);
}

uint64_t thread_handle(const struct thread *t)
{
	return t->index | (uint64_t)thread_generation(t) << 16;
}

bool thread_edge(struct thread *t, uint32_t generation, enum thread_state from,
		 enum thread_state to)
{
	uint64_t expected = (uint64_t)generation << 8 | from;
	uint32_t next = generation + (from == THREAD_FREE);

	/* Release: the context is whole before the slot says READY; acquire: whoever takes it sees
	 * it whole. pairs with: thread_edge */
	if (edges[from] >> to & 1
	    && atomic_compare_exchange_strong_explicit(&t->word, &expected,
						       (uint64_t)next << 8 | to,
						       memory_order_acq_rel, memory_order_relaxed))
		return true;
	libos_state()->statistics.edges_refused++;
	return false;
}

struct thread *thread_self(void)
{
	return libos_vcpu()->current;
}

struct thread *thread_find(struct libos *os, uint64_t handle)
{
	struct thread *t;

	if ((handle & 0xffff) >= os->threads_used)
		return NULL;
	t = thread_at(os, handle & 0xffff);
	return thread_state(t) != THREAD_FREE && thread_generation(t) == handle >> 16 ? t : NULL;
}

static struct thread_context *thread_context(const struct thread *t)
{
	return (struct thread_context *)(LIBOS_CONTEXTS + t->index * EXO_PAGE_SIZE);
}

void thread_init(struct libos *os)
{
	struct thread *t = &os->thread0;

	t->os = os;
	t->has_stack = 1;
	t->stack_base = LIBOS_WIRED + PAGE_DOWN(sizeof(*os)) + sizeof(*os) % EXO_PAGE_SIZE;
	t->stack_base = (t->stack_base + 15) & ~UINT64_C(15);
	t->stack_top = LIBOS_WIRED_END;
	t->grace_end = THREAD_NEWBORN;
	/* The first thread needs no other's consent. */
	atomic_store_explicit(&t->word, UINT64_C(1) << 8 | THREAD_RUNNING, memory_order_relaxed);
	os->canary = LIBOS_CANARY;
	os->threads_used = 1;
}

/* Zero what the slot's occupant left, but for the stacks, which the next one uses. */
static void thread_release(struct thread *t, enum thread_state from)
{
	uint32_t generation = thread_generation(t);
	bool is_freed;

	thread_context(t)->owner = 0;
	t->next = NULL;
	t->queue = NULL;
	t->deadline = 0;
	t->grace_end = 0;
	t->charge = 0;
	t->value = 0;
	t->frame = NULL;
	t->is_detached = t->is_timed_out = t->is_interrupted = false;
	t->is_signalled = t->is_deaf = false;
	t->joiners = (struct wait_queue){ 0 };
	t->linux_thread = NULL;
	is_freed = thread_edge(t, generation, from, THREAD_FREE);
	assert(is_freed);
}

/* Claim a FREE slot: it is the caller's alone while INITIALIZING. What a detached thread left is
 * FREE first. */
static struct thread *thread_claim(struct libos *os)
{
	uint32_t i;

	if (!os->threads)
		os->threads = heap_alloc(os, LIBOS_THREAD_SLOTS * sizeof(struct thread));
	for (i = 1; os->threads && i < LIBOS_THREADS; i++) {
		struct thread *t = thread_at(os, i);

		/* Nobody joins it; another thread runs, so it has left its stack. */
		if (t->is_detached && thread_state(t) == THREAD_TERMINATED)
			thread_release(t, THREAD_TERMINATED);
		if (thread_state(t) == THREAD_FREE
		    && thread_edge(t, thread_generation(t), THREAD_FREE, THREAD_INITIALIZING)) {
			t->index = i;
			t->os = os;
			if (i >= os->threads_used)
				os->threads_used = i + 1;
			return t;
		}
	}
	return NULL;
}

/* Map the library stack of a slot, once: it stays for the next occupant. */
static err_t thread_map_stack(struct thread *t)
{
	struct exo_slot_op ops[2 * EXO_LEVELS + 1];
	unsigned n;
	err_t err;

	if (t->has_stack)
		return EXO_OK;
	t->stack_base = LIBOS_STACKS + t->index * LIBOS_STACK_STRIDE
		+ (LIBOS_STACK_STRIDE - LIBOS_STACK_BYTES);
	t->stack_top = t->stack_base + LIBOS_STACK_BYTES;
	n = slots_path_ops(ops, t->stack_base, 1);
	ops[n++] = (struct exo_slot_op){
		.op = EXO_OP_ALLOC, .level = 1, .target = t->stack_base,
		.count = LIBOS_STACK_BYTES / EXO_PAGE_SIZE, .access = EXO_READ | EXO_WRITE,
	};
	err = slots_run(ops, n, NULL);
	t->has_stack = err == EXO_OK;
	return err;
}

static err_t thread_prepare(struct libos *os, struct thread **claimed)
{
	struct thread *t = thread_claim(os);
	err_t err;

	if (!t)
		return EXO_E_FULL;
	err = thread_map_stack(t);
	if (err) {
		thread_release(t, THREAD_INITIALIZING);
		return err;
	}
	*claimed = t;
	return EXO_OK;
}

/* The registers are whole: build the context and announce the thread. */
static uint64_t thread_announce(struct libos *os, struct thread *t, const struct exo_regs *regs,
				uint64_t thread_pointer)
{
	struct exo_frame *frame = (struct exo_frame *)(t->stack_top - sizeof(*frame));
	struct thread_context *context = thread_context(t);
	const struct exo_info *info = libos_info();
	uint64_t handle = thread_handle(t);
	bool is_announced;

	*frame = (struct exo_frame){
		.kind = EXO_UPCALL_SYSCALL, .regs = *regs,
		.masked = os->vcpus.count ? UPCALL_OWED : 0,
	};
	t->frame = frame;
	t->grace_end = THREAD_NEWBORN;
	context->sp = machine_context_start(frame, context_first);
	context->thread_pointer = thread_pointer;
	/* It begins with the FPU state of its creator, whose control words it should have. */
	memset(context->fpu + 512, 0, 64);
	machine_fpu_save(context->fpu, info->fpu_bytes);
	context->owner = handle;
	lock_acquire(os, RANK_SCHED);
	is_announced = thread_edge(t, thread_generation(t), THREAD_INITIALIZING, THREAD_READY);
	assert(is_announced);
	os->sched.policy->enqueue(os, t);
	lock_release(os, RANK_SCHED);
	vcpu_begin(os);
	sched_arm(os);
	return handle;
}

err_t thread_create_regs(struct libos *os, const struct exo_regs *regs, uint64_t thread_pointer,
			 uint64_t *handle)
{
	struct thread *t;
	err_t err = thread_prepare(os, &t);

	if (err)
		return err;
	*handle = thread_announce(os, t, regs, thread_pointer);
	return EXO_OK;
}

err_t thread_make_idle(struct libos *os, uint32_t vcpu, struct thread **made)
{
	struct thread *t = thread_at(os, LIBOS_THREADS + vcpu);
	struct thread_context *context;
	err_t err;

	/* It has no life of its own: to all who look at states it has ended. */
	*t = (struct thread){
		.word = UINT64_C(1) << 8 | THREAD_TERMINATED, .os = os,
		.index = LIBOS_THREADS + vcpu, .is_idle = true,
	};
	err = thread_map_stack(t);
	if (err)
		return err;
	context = thread_context(t);
	context->sp = machine_context_start((struct exo_frame *)t->stack_top - 1, context_first);
	memset(context->fpu + 512, 0, 64);
	machine_fpu_save(context->fpu, libos_info()->fpu_bytes);
	context->owner = thread_handle(t);
	*made = t;
	return EXO_OK;
}

/* The program's stack for a thread: mapped once for each slot, kept for the next occupant. */
static err_t thread_user_stack(struct libos *os, struct thread *t, uint64_t bytes)
{
	err_t err;

	if (t->user_stack && t->user_stack_bytes >= bytes)
		return EXO_OK;
	if (t->user_stack) {
		err = vm_unmap(os, t->user_stack, t->user_stack_bytes);
		assert(err == EXO_OK);
		t->user_stack = 0;
	}
	t->user_stack_bytes = PAGE_UP(bytes);
	return vm_map(os, 0, t->user_stack_bytes, EXO_READ | EXO_WRITE, 0, NULL, &t->user_stack);
}

err_t thread_create(struct libos *os, uint64_t entry, uint64_t argument, uint64_t stack,
		    uint64_t stack_bytes, uint64_t thread_pointer, uint64_t *handle)
{
	uint64_t back = (uint64_t)native_thread_return, back_at;
	struct exo_regs regs = { 0 };
	struct thread *t;
	err_t err = thread_prepare(os, &t);

	if (err)
		return err;
	if (!stack) {
		err = thread_user_stack(os, t, stack_bytes ? stack_bytes : THREAD_USER_STACK_BYTES);
		stack = t->user_stack + t->user_stack_bytes;
	}
	EXO_REG_PC(&regs) = entry;
	EXO_REG_SP(&regs) = stack;
	EXO_REG_ARG0(&regs) = argument;
	back_at = machine_set_return(&regs, back);
	if (!err && back_at)
		err = vm_write(os, back_at, &back, sizeof(back));
	if (err) {
		thread_release(t, THREAD_INITIALIZING);
		return err;
	}
	*handle = thread_announce(os, t, &regs, thread_pointer);
	return EXO_OK;
}

_Noreturn void thread_exit(struct libos *os, uint64_t value)
{
	struct thread *self = thread_self();
	bool is_last = true, is_ended;
	uint32_t i;

	for (i = 0; i < os->threads_used && is_last; i++) {
		enum thread_state state = thread_state(thread_at(os, i));

		is_last = thread_at(os, i) == self || state == THREAD_FREE
			|| state == THREAD_TERMINATED;
	}
	if (is_last)
		process_exit(os, PROCESS_STATUS_EXIT(value));
	self->value = value;
	lock_acquire(os, RANK_SCHED);
	is_ended = thread_edge(self, thread_generation(self), THREAD_RUNNING, THREAD_TERMINATED);
	lock_release(os, RANK_SCHED);
	assert(is_ended);
	thread_wake(os, &self->joiners, LIBOS_THREADS);
	lock_acquire(os, RANK_SCHED);
	sched_switch_locked(os, self);
	libos_panic("a terminated thread ran", __FILE__, __LINE__);
}

err_t thread_join(struct libos *os, uint64_t handle, uint64_t *value)
{
	struct thread *t = thread_find(os, handle);
	err_t err;

	if (!t)
		return EXO_E_EMPTY;
	if (t == thread_self())
		return EXO_E_STATE;
	while (thread_find(os, handle) == t && thread_state(t) != THREAD_TERMINATED) {
		err = thread_block(os, &t->joiners, THREAD_NO_DEADLINE);
		if (err)
			return err;
	}
	if (thread_find(os, handle) != t)
		return EXO_E_EMPTY;
	*value = t->value;
	thread_release(t, THREAD_TERMINATED);
	return EXO_OK;
}

_Noreturn void thread_first(struct exo_frame *frame)
{
	struct thread *self = thread_self();

	if (self->is_idle)
		vcpu_idle(self->os);
	sched_begin(self->os, self);
	upcall_leave(self, frame);
	upcall_resume(frame);
}

void thread_switch(struct libos *os, struct thread *from, struct thread *to)
{
	struct thread_context *old = thread_context(from), *new = thread_context(to);
	struct exo_vcpu_page *page = libos_vcpu_page();
	const struct exo_info *info = libos_info();

	assert(new->owner == thread_handle(to));
	/* Contexts are touched here first: between the change of stack bounds and that of the stack
	 * nothing may fault. */
	old->thread_pointer = machine_thread_pointer();
	if (thread_state(from) != THREAD_TERMINATED || from->is_idle) {
		machine_fpu_save(old->fpu, info->fpu_bytes);
		old->owner = thread_handle(from);
	}
	machine_fpu_load(new->fpu, info->fpu_bytes);
	machine_set_thread_pointer(new->thread_pointer);
	new->owner = 0;
	os->sched.switches++;
	libos_vcpu()->current = to;
	page->stack_base = to->stack_base;
	page->stack_top = to->stack_top;
	context_switch(&old->sp, &new->sp);
}

void thread_fork_child(struct libos *os, struct thread *self)
{
	uint32_t i;

	for (i = 0; i < os->threads_used; i++) {
		struct thread *t = thread_at(os, i);
		uint64_t word = atomic_load_explicit(&t->word, memory_order_relaxed);

		if (t == self || (word & 0xff) == THREAD_FREE)
			continue;
		/* They exist in the parent only, with their contexts; this vcpu is alone. */
		t->has_stack = t->index == 0;
		t->next = t->sleep_next = NULL;
		t->queue = NULL;
		t->joiners = (struct wait_queue){ 0 };
		t->is_signalled = t->is_deaf = false;
		t->linux_thread = NULL;
		atomic_store_explicit(&t->word, (word & ~UINT64_C(0xff)) | THREAD_FREE,
				      memory_order_relaxed);
	}
	self->joiners = (struct wait_queue){ 0 };
	self->next = self->sleep_next = NULL;
	self->grace_end = THREAD_NEWBORN;
	self->charge = 0;
}
