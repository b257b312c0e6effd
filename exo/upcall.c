/* SPDX-License-Identifier: ISC */
/* Upcalls and resume. Touches the current vcpu's registers and page and its upcall stack. Takes
 * env, and tree if the env must end. */
#include "exo/upcall.h"

#include "exo/user.h"

/* The last place of a frame in a page; both are multiples of 16. */
#define FRAME_LAST (EXO_PAGE_SIZE - sizeof(struct exo_frame))

/* Where the frame goes: below the stack pointer if that is on the upcall stack, and in one page.
 * False: no room. */
static ALWAYS_INLINE bool upcall_frame(const struct exo_vcpu_page *page, uint64_t sp, uint64_t *at)
{
	uint64_t base = page->stack_base, top = page->stack_top;

	if (__builtin_expect(sp > base && sp <= top, false)) /* it is the library's own */
		top = sp;
	*at = (top - sizeof(struct exo_frame)) & ~UINT64_C(15);
	if (__builtin_expect(*at % EXO_PAGE_SIZE > FRAME_LAST, false))
		*at = (*at & -EXO_PAGE_SIZE) + FRAME_LAST;
	/* Not at the base itself: a nested one would begin at the top again. */
	return *at < top && *at > base;
}

INLINED bool upcall_push(struct machine *m, struct cpu *c, struct vcpu *v, enum exo_upcall kind,
			 uint64_t code, uint64_t address)
{
	struct exo_vcpu_page *page = arch_frame_memory(m, v->page);
	uint64_t entry = page->upcall_entry, at;
	struct exo_frame *frame;
	unsigned env = v->env;

	if (!upcall_frame(page, EXO_REG_SP(&v->regs), &at)
	    || entry - 1 >= EXO_ROOT_USER * EXO_ROOT_SPAN - EXO_PAGE_SIZE - 1)
		return false; /* or there is no entry, or the CPU refuses it */
	c->upcalls[kind]++;
	env_lock(m, env);
	frame = user_window_kept(m, env, (struct uaddr){ at }, sizeof(*frame));
	if (frame) {
		frame->kind = kind;
		frame->code = code;
		frame->address = address;
		frame->masked = page->masked & 1;
		page->masked = 1;
		arch_regs_upcall(&v->regs, &frame->regs, entry, at, v->page_address);
	}
	env_unlock(m, env);
	return frame;
}

void upcall_end(struct machine *m, struct cpu *c, const struct vcpu *v)
{
	tree_lock(m);
	env_kill(m, c, v->env, EXO_STATUS(vcpu_page(m, c->current)->upcall_entry
					  ? EXO_DEATH_UPCALL_STACK : EXO_DEATH_NO_ENTRY, 0));
	tree_unlock(m);
}

void upcall_events(struct machine *m, struct cpu *c)
{
	struct vcpu *v = &m->vcpus[c->current];
	uint32_t events;

	/* The page first: what comes after the exchange sets it again. */
	atomic_store_explicit((_Atomic uint32_t *)&vcpu_page(m, c->current)->pending, 0,
			      memory_order_relaxed);
	events = atomic_exchange(&v->pending, 0); /* pairs with: vcpu_pend */
	trace(m, c, EXO_TRACE_UPCALL, EXO_UPCALL_EVENTS, events, 0);
	if (!upcall_push(m, c, v, EXO_UPCALL_EVENTS, events, 0))
		upcall_end(m, c, v);
}

err_t upcall_resume(struct machine *m, struct cpu *c, uint64_t at)
{
	struct vcpu *v = &m->vcpus[c->current];
	const struct exo_frame *frame;
	struct slot_path path;
	uint64_t masked;
	err_t err = EXO_OK;

	if (at % 16 || at % EXO_PAGE_SIZE > FRAME_LAST)
		return EXO_E_ARGUMENT;
	env_lock(m, v->env);
	frame = user_window(m, v->env, (struct uaddr){ at }, sizeof(*frame), false, &path);
	masked = frame ? *(const volatile uint64_t *)&frame->masked : 0; /* it may change */
	if (!frame)
		err = EXO_E_POINTER;
	else if (masked > 1 || !arch_regs_load(&v->regs, &frame->regs))
		err = EXO_E_ARGUMENT;
	else
		vcpu_page(m, c->current)->masked = (uint32_t)masked;
	env_unlock(m, v->env);
	return err;
}
