/* SPDX-License-Identifier: ISC */
/*
 * Trace: what a CPU does, in a ring of records of its own behind the frame table, for programs and
 * the host to read. Off unless the kernel's command line has `trace=N` (records of all CPUs).
 * Nothing that is hot looks whether it is on: the machine then enters the kernel by the three
 * functions at the end (arch/arch.h), which note, do what their namesakes do, and note again. That
 * the tables begin as abi/table.h says is asserted here too. Takes env to read a batch.
 */
#include "exo/machine.h"

#include "exo/upcall.h"
#include "exo/user.h"

#define FIELD(object, name)								\
	_Static_assert(offsetof(struct object, name)					\
		       == offsetof(struct exo_table_##object, name), "abi/table.h");
#include "abi/table.def"
#undef FIELD

void trace(struct machine *m, struct cpu *c, enum exo_trace_kind kind, unsigned what, uint64_t a,
	   uint64_t b)
{
	struct exo_trace *at;

	if (!m->trace_records)
		return;
	at = (struct exo_trace *)((char *)m + m->trace_offset)
		+ (size_t)(c - m->cpus) * m->trace_records + c->traced++ % m->trace_records;
	*at = (struct exo_trace){ .clock = arch_clock(m), .vcpu = c->current,
				  .kind = (uint16_t)kind, .what = (uint16_t)what,
				  .value = { a, b } };
	if (c->current == VCPU_NONE)
		return;
	at->env = env_handle(m, m->vcpus[c->current].env);
	at->pc = EXO_REG_PC(&m->vcpus[c->current].regs);
	__builtin_memcpy(at->name, vcpu_page(m, c->current)->name, sizeof(at->name));
}

/* The operations of a batch, as far as they can be read; the program may change them yet. */
static void trace_batch(struct machine *m, struct cpu *c, const struct exo_regs *regs)
{
	uint64_t words[EXO_BATCH_MAX][8], count = EXO_REG_ARG1(regs), i;

	if (count > EXO_BATCH_MAX || user_copy(m, m->vcpus[c->current].env, EXO_REG_ARG0(regs),
					       words, count * 64, false))
		return;
	for (i = 0; i < count; i++)
		trace(m, c, EXO_TRACE_SLOT, words[i][0] & 0xff, words[i][0], words[i][3]);
}

static struct vcpu *trace_leave(struct machine *m, struct cpu *c, struct vcpu *v)
{
	trace(m, c, EXO_TRACE_RUN, 0, EXO_REG_RESULT(&v->regs), EXO_REG_RESULT2(&v->regs));
	return v;
}

struct vcpu *trace_syscall(struct machine *m, struct cpu *c)
{
	const struct exo_regs *regs = &m->vcpus[c->current].regs;
	uint64_t number = EXO_REG_NUMBER(regs), call = number ^ EXO_CALL_PREFIX;

	if (call >> 32)
		trace(m, c, EXO_TRACE_UPCALL, EXO_UPCALL_SYSCALL, number, EXO_REG_ARG0(regs));
	else
		trace(m, c, EXO_TRACE_CALL, call < EXO_CALLS ? (unsigned)call : EXO_CALLS,
		      EXO_REG_ARG0(regs), EXO_REG_ARG1(regs));
	if (call == EXO_CALL_SLOTS)
		trace_batch(m, c, regs);
	return trace_leave(m, c, kernel_syscall(m, c));
}

struct vcpu *trace_trap(struct machine *m, struct cpu *c, unsigned kind, uint64_t code,
			uint64_t address)
{
	trace(m, c, EXO_TRACE_UPCALL, kind, code, address);
	return trace_leave(m, c, kernel_trap(m, c, kind, code, address));
}

struct vcpu *trace_interrupt(struct machine *m, struct cpu *c)
{
	trace(m, c, EXO_TRACE_INTERRUPT, 0, 0, 0);
	return trace_leave(m, c, kernel_interrupt(m, c));
}
