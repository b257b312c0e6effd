/* SPDX-License-Identifier: ISC */
/* Coroutines for tests and fuzz targets that simulate several CPUs with one thread: a stack each, a
 * place to go on, and what the address sanitizer wants to know of a switch. Touches nothing but
 * them; no locks. */
#ifndef TESTS_HOST_FIBER_H
#define TESTS_HOST_FIBER_H

#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "arch/host/host.h"

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
	jmp_buf at;          /* where it goes on */
	jmp_buf base;        /* where it is to begin, again and again */
	void (*entry)(void);
	struct fiber *maker; /* while it is made */
	const void *stack;   /* NULL: none yet, or the thread's own */
	size_t stack_bytes;
	void *fake;          /* the sanitizer's */
};

/* The bottom of its stack: back to who makes it; then, each time, begin. */
static inline void fiber_base(unsigned low, unsigned high)
{
	struct fiber *f = (struct fiber *)((uintptr_t)high << 32 | low);

	FIBER_FINISH(NULL, f->maker);
	if (!setjmp(f->base)) {
		FIBER_START(&f->fake, f->maker);
		host_jump(f->maker->at);
	}
	f->entry();
}

/* A context's making costs system calls, so it is made once; from then on all are jumps. */
static inline void fiber_make(struct fiber *f, size_t bytes)
{
	struct fiber maker = { 0 };
	ucontext_t context;

	f->stack = malloc(bytes);
	f->stack_bytes = bytes;
	f->maker = &maker;
	getcontext(&context);
	context.uc_stack.ss_sp = (void *)(uintptr_t)f->stack;
	context.uc_stack.ss_size = bytes;
	makecontext(&context, (void (*)(void))fiber_base, 2, (unsigned)(uintptr_t)f,
		    (unsigned)((uintptr_t)f >> 32));
	if (!setjmp(maker.at)) {
		FIBER_START(&maker.fake, f);
		setcontext(&context);
	}
	FIBER_FINISH(maker.fake, f);
}

/* Let it begin in `entry`, which must call fiber_begun first and must not return. Its stack stays
 * for the next time, so `bytes` is always the same, and f stays where it is. */
static inline void fiber_init(struct fiber *f, void (*entry)(void), size_t bytes)
{
	if (!f->stack)
		fiber_make(f, bytes);
	host_poison((void *)(uintptr_t)f->stack, bytes, false);
	memcpy(f->at, f->base, sizeof(f->at));
	f->entry = entry;
	f->fake = NULL;
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
	if (!setjmp(from->at))
		host_jump(to->at);
	FIBER_FINISH(from->fake, *former);
}

#endif
