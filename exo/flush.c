/* SPDX-License-Identifier: ISC */
/* Flushes and the drops that wait for them. Touches the CPU's struct flush, TLBs and, through
 * frame_drop, frames. Takes account, free, wait and cpu locks through frame_drop. */
#include "exo/machine.h"

INLINED void flush_pages(struct machine *m, struct cpu *c, unsigned env, uint64_t address,
			 unsigned n)
{
	struct flush *f = &c->flush;

	if (m->envs[env].window - (address & -EXO_PAGE_SIZE) < n * EXO_PAGE_SIZE)
		m->envs[env].window = 0;
	if (f->env != env && f->env != ENV_NONE)
		flush_finish(m, c);
	f->env = env;
	if (f->pages_count + n > FLUSH_PAGES)
		f->pages_count = FLUSH_PAGES + 1;
	else
		for (; n > 0; n--, address += EXO_PAGE_SIZE)
			f->pages[f->pages_count++] = address;
}

void flush_all(struct machine *m, struct cpu *c, unsigned env, bool is_everywhere)
{
	m->envs[env].window = 0;
	flush_pages(m, c, env, 0, FLUSH_PAGES + 1);
	c->flush.is_everywhere |= is_everywhere;
}

void flush_drop(struct machine *m, struct cpu *c, struct pfn pfn)
{
	struct flush *f = &c->flush;

	f->drops[f->drops_count++] = pfn;
	if (f->drops_count == EXO_DROPS)
		flush_finish(m, c);
}

/* Other CPUs' part: all are asked, then all are waited for. Being in the kernel acknowledges it,
 * but not for a common table: there the kernel may be using a window of the user's. */
static NOINLINE void flush_others(struct machine *m, struct cpu *self, uint64_t cpus)
{
	bool is_everywhere = self->flush.is_everywhere;
	unsigned i;

	for (i = 0; i < m->cpu_count; i++) {
		if (!(cpus >> i & 1))
			continue;
		atomic_fetch_or(&m->cpus[i].shoot, SHOOT_FLUSH);
		if (is_everywhere || !atomic_load(&m->cpus[i].in_kernel))
			arch_cpu_interrupt(m, i);
	}
	for (i = 0; i < m->cpu_count; i++)
		while (cpus >> i & 1 && atomic_load(&m->cpus[i].shoot) & SHOOT_FLUSH
		       && (is_everywhere || !atomic_load(&m->cpus[i].in_kernel))) {
			spin_point("flush_remote_spin");
			flush_answer(m, self);
		}
}

static NOINLINE void flush_drops(struct machine *m, struct cpu *c)
{
	unsigned i, drops = c->flush.drops_count;

	c->flush.drops_count = 0;
	for (i = 0; i < drops; i++)
		frame_drop(m, c->flush.drops[i]);
}

INLINED void flush_finish(struct machine *m, struct cpu *c)
{
	struct flush *f = &c->flush;
	unsigned i, n = f->pages_count;

	if (f->env == ENV_NONE)
		return;
	if (n) {
		uint64_t self = UINT64_C(1) << arch_cpu_index();
		uint64_t cpus = f->is_everywhere ? UINT64_MAX
			: arch_tlb_is_shared(m) ? self : atomic_load(&m->envs[f->env].cpus);

		if (cpus & self && n > FLUSH_PAGES)
			arch_tlb_flush_all(m, c, f->is_everywhere ? ENV_NONE : f->env);
		else if (cpus & self)
			for (i = 0; i < n; i++)
				arch_tlb_flush_page(m, c, f->env, f->pages[i]);
		if (cpus & ~self)
			flush_others(m, c, cpus & ~self);
	}
	point("flush_done");
	f->env = ENV_NONE;
	f->pages_count = 0;
	f->is_everywhere = false;
	if (f->drops_count)
		flush_drops(m, c);
}

void flush_answer(struct machine *m, struct cpu *c)
{
	/* Before it is done: nothing is translated till then, and a new request comes again. */
	if (atomic_load(&c->shoot) & SHOOT_FLUSH) {
		atomic_fetch_and(&c->shoot, ~(unsigned)SHOOT_FLUSH);
		arch_tlb_flush_all(m, c, ENV_NONE);
	}
}
