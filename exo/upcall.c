/* SPDX-License-Identifier: ISC */
/* Upcalls and resume. Touches the current vcpu's registers and page and its upcall stack. Takes
 * env, and tree if the env must end. */
#include "exo/upcall.h"

#include "exo/user.h"

/* Where the frame goes: below the stack pointer if that is on the upcall stack. 0: no room. */
static uint64_t upcall_frame(const struct exo_vcpu_page *page, const struct exo_regs *regs)
{
	uint64_t base = page->stack_base, top = page->stack_top, sp = EXO_REG_SP(regs);

	if (sp > base && sp <= top)
		top = sp;
	if (top < sizeof(struct exo_frame) + 16 || top - sizeof(struct exo_frame) - 16 < base)
		return 0;
	return (top - sizeof(struct exo_frame)) & ~UINT64_C(15);
}

/* Write the frame straight into the stack's page; by way of a copy if it spans two. */
static err_t frame_push(struct machine *m, const struct vcpu *v, uint64_t at, enum exo_upcall kind,
			uint64_t code, uint64_t address, uint64_t masked)
{
	struct exo_frame copy, *window, *frame;

	env_lock(m, v->env);
	window = user_window(m, v->env, (struct uaddr){ at }, sizeof(copy), true);
	frame = window ? window : &copy;
	frame->kind = kind;
	frame->code = code;
	frame->address = address;
	frame->masked = masked;
	frame->regs = v->regs;
	env_unlock(m, v->env);
	return window ? EXO_OK : user_write(m, v->env, (struct uaddr){ at }, &copy, sizeof(copy));
}

void upcall_push(struct machine *m, struct cpu *c, enum exo_upcall kind, uint64_t code,
		 uint64_t address)
{
	struct vcpu *v = &m->vcpus[c->current];
	struct exo_vcpu_page *page = vcpu_page(m, c->current);
	uint64_t entry = page->upcall_entry, at = upcall_frame(page, &v->regs);

	if (entry && at && !frame_push(m, v, at, kind, code, address, page->masked & 1)) {
		arch_regs_upcall(&v->regs, entry, at, v->page_address, at);
		if (arch_regs_check(&v->regs)) {
			page->masked = 1;
			return;
		}
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
	if (window)
		return err;
	err = user_read(m, env, &copy, (struct uaddr){ frame }, sizeof(copy));
	return err ? err : frame_load(m, c, &copy);
}
