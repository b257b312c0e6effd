/* SPDX-License-Identifier: ISC */
/* Upcalls and resume. Touches the current vcpu's registers and page and its upcall stack. Takes
 * env, and tree if the env must end. */
#include "exo/upcall.h"

#include "exo/user.h"

/* The last place of a frame in a page; both are multiples of 16. */
#define FRAME_LAST (EXO_PAGE_SIZE - sizeof(struct exo_frame))

/* Where the frame goes: below the stack pointer if that is on the upcall stack, and in one page.
 * 0: no room. */
static uint64_t upcall_frame(const struct exo_vcpu_page *page, const struct exo_regs *regs)
{
	uint64_t base = page->stack_base, top = page->stack_top, sp = EXO_REG_SP(regs), at;

	if (sp > base && sp <= top)
		top = sp;
	at = (top - sizeof(struct exo_frame)) & ~UINT64_C(15);
	if (at % EXO_PAGE_SIZE > FRAME_LAST)
		at = (at & -EXO_PAGE_SIZE) + FRAME_LAST;
	/* Not at the base itself: a nested one would begin at the top again. */
	return at < top && at > base ? at : 0;
}

void upcall_push(struct machine *m, struct cpu *c, enum exo_upcall kind, uint64_t code,
		 uint64_t address)
{
	struct vcpu *v = &m->vcpus[c->current];
	struct exo_vcpu_page *page = vcpu_page(m, c->current);
	uint64_t entry = page->upcall_entry, at = upcall_frame(page, &v->regs);
	struct exo_frame *frame = NULL;

	env_lock(m, v->env);
	if (at)
		frame = user_window(m, v->env, (struct uaddr){ at }, sizeof(*frame), true);
	if (frame) {
		frame->kind = kind;
		frame->code = code;
		frame->address = address;
		frame->masked = page->masked & 1;
		frame->regs = v->regs;
	}
	env_unlock(m, v->env);
	arch_regs_upcall(&v->regs, entry, at, v->page_address, at);
	if (entry && at && frame && arch_regs_check(&v->regs)) {
		page->masked = 1;
		return;
	}
	tree_lock(m);
	env_kill(m, c, v->env, EXO_STATUS(entry ? EXO_DEATH_UPCALL_STACK : EXO_DEATH_NO_ENTRY, 0));
	tree_unlock(m);
}

void upcall_events(struct machine *m, struct cpu *c)
{
	struct vcpu *v = &m->vcpus[c->current];
	/* Acquire: what the events are about. pairs with: vcpu_event */
	uint32_t events = atomic_exchange_explicit(&v->pending, 0, memory_order_acq_rel);

	vcpu_page(m, c->current)->pending = 0;
	c->upcalls[EXO_UPCALL_EVENTS]++;
	trace(m, c, EXO_TRACE_UPCALL, EXO_UPCALL_EVENTS, events, 0);
	upcall_push(m, c, EXO_UPCALL_EVENTS, events, 0);
}

/* Take a frame, which the program may be changing. */
static err_t frame_load(struct machine *m, struct cpu *c, const struct exo_frame *frame)
{
	uint64_t masked = *(const volatile uint64_t *)&frame->masked;

	if (masked > 1 || !arch_regs_load(&m->vcpus[c->current].regs, &frame->regs))
		return EXO_E_ARGUMENT;
	vcpu_page(m, c->current)->masked = (uint32_t)masked;
	return EXO_OK;
}

err_t upcall_resume(struct machine *m, struct cpu *c, uint64_t frame)
{
	unsigned env = m->vcpus[c->current].env;
	const struct exo_frame *window;
	struct exo_frame copy;
	err_t err = EXO_OK;

	if (frame % 16)
		return EXO_E_ARGUMENT;
	env_lock(m, env);
	window = user_window(m, env, (struct uaddr){ frame }, sizeof(copy), false);
	if (window)
		err = frame_load(m, c, window);
	env_unlock(m, env);
	if (!window)
		err = user_read(m, env, &copy, (struct uaddr){ frame }, sizeof(copy));
	return window || err ? err : frame_load(m, c, &copy);
}
