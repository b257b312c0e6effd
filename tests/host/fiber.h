/* SPDX-License-Identifier: ISC */
/* Coroutines for tests and fuzz targets that simulate several CPUs with one thread: a stack and a
 * context each, and what the address sanitizer wants to know of a switch. Touches nothing but them;
 * no locks. */
#ifndef TESTS_HOST_FIBER_H
#define TESTS_HOST_FIBER_H

#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/common_interface_defs.h>
#define FIBER_START(keep, to) __sanitizer_start_switch_fiber(keep, (to)->stack, (to)->stack_bytes)
#define FIBER_FINISH(keep, from)								\
	__sanitizer_finish_switch_fiber(keep, &(from)->stack, &(from)->stack_bytes)
#else
#define FIBER_START(keep, to) ((void)(keep), (void)(to))
#define FIBER_FINISH(keep, from) ((void)(keep), (void)(from))
#endif

struct fiber {
	ucontext_t context;
	const void *stack; /* NULL: none yet, or the thread's own */
	size_t stack_bytes;
	void *fake;        /* the sanitizer's */
};

/* Let it begin in `entry`, which must call fiber_begun first and must not return. Its stack stays
 * for the next time, so `bytes` is always the same; the sanitizer clears as much at each switch. */
static inline void fiber_init(struct fiber *f, void (*entry)(void), size_t bytes)
{
	if (!f->stack)
		f->stack = malloc(bytes);
	f->stack_bytes = bytes;
	f->fake = NULL;
	getcontext(&f->context);
	f->context.uc_stack.ss_sp = (void *)(uintptr_t)f->stack;
	f->context.uc_stack.ss_size = bytes;
	makecontext(&f->context, entry, 0);
}

/* The first act of one that begins: whose turn it was. */
static inline void fiber_begun(struct fiber *f, struct fiber *former)
{
	FIBER_FINISH(f->fake, former);
	(void)f;
	(void)former;
}

/* From one to the other; *former is who ran before `from` goes on again. */
static inline void fiber_switch(struct fiber *from, struct fiber *to, struct fiber **former)
{
	*former = from;
	FIBER_START(&from->fake, to);
	swapcontext(&from->context, &to->context);
	FIBER_FINISH(from->fake, *former);
}

#endif
