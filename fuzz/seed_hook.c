/* SPDX-License-Identifier: ISC */
/*
 * The kernel that writes down what programs ask of it: each call with its arguments and what it
 * wants in memory, each fault and foreign call, as lines on the console that begin with ~, for
 * fuzz/seed.c and fuzz/seed_linux.c to read. One CPU; takes env to read memory.
 */
#include "exo/machine.h"

#include "exo/user.h"

#define HOOK_LINES 3000u /* of a boot; what comes after looks like what came before */
#define HOOK_OPS   16u   /* of a batch */

struct vcpu *__real_kernel_syscall(struct machine *m, struct cpu *c);
struct vcpu *__wrap_kernel_syscall(struct machine *m, struct cpu *c);
struct vcpu *__real_kernel_trap(struct machine *m, struct cpu *c, unsigned kind, uint64_t code,
				uint64_t address);
struct vcpu *__wrap_kernel_trap(struct machine *m, struct cpu *c, unsigned kind, uint64_t code,
				uint64_t address);

/* Is there room for another line? */
static bool hook_counts(void)
{
	static unsigned lines;

	return lines < HOOK_LINES && ++lines;
}

static void hook_text(struct machine *m, const char *text)
{
	for (; *text; text++)
		arch_console_put(m, (uint8_t)*text);
}

static void hook_number(struct machine *m, uint64_t value)
{
	int shift = 60;

	while (shift && !(value >> shift))
		shift -= 4;
	arch_console_put(m, ' ');
	for (; shift >= 0; shift -= 4)
		arch_console_put(m, (uint8_t)"0123456789abcdef"[value >> shift & 15]);
}

/* `words` that the call names in memory, if they can be read. */
static void hook_memory(struct machine *m, unsigned env, uint64_t at, uint64_t words)
{
	uint64_t buffer[HOOK_OPS * sizeof(struct exo_slot_op) / 8], i;

	if (words * 8 > sizeof(buffer) || user_copy(m, env, at, buffer, words * 8, false))
		return;
	for (i = 0; i < words; i++)
		hook_number(m, buffer[i]);
}

static uint64_t hook_words(uint64_t call, const struct exo_regs *regs)
{
	uint64_t ops = EXO_REG_ARG1(regs) < HOOK_OPS ? EXO_REG_ARG1(regs) : HOOK_OPS;

	if (call == EXO_CALL_SLOTS)
		return ops * sizeof(struct exo_slot_op) / 8;
	if (call == EXO_CALL_VCPU_START)
		return sizeof(struct exo_vcpu_start) / 8;
	return call == EXO_CALL_ENV_CREATE && EXO_REG_ARG0(regs)
		? sizeof(struct exo_limits) / 8 : 0;
}

struct vcpu *__wrap_kernel_syscall(struct machine *m, struct cpu *c)
{
	unsigned current = c->current;
	struct vcpu *v = &m->vcpus[current], *next;
	const struct exo_regs *regs = &v->regs;
	uint64_t call = EXO_REG_NUMBER(regs) ^ EXO_CALL_PREFIX, generation = v->generation;

	if (call >= EXO_CALLS || !hook_counts())
		return __real_kernel_syscall(m, c);
	hook_text(m, "\n~call");
	hook_number(m, env_handle(m, v->env));
	hook_number(m, call);
	hook_number(m, EXO_REG_ARG0(regs));
	hook_number(m, EXO_REG_ARG1(regs));
	hook_number(m, EXO_REG_ARG2(regs));
	hook_number(m, EXO_REG_ARG3(regs));
	hook_number(m, EXO_REG_ARG4(regs));
	hook_memory(m, v->env, call == EXO_CALL_VCPU_START ? EXO_REG_ARG1(regs)
		    : EXO_REG_ARG0(regs), hook_words(call, regs));
	hook_text(m, "\n");
	next = __real_kernel_syscall(m, c);
	if (c->current != current || v->generation != generation || call == EXO_CALL_RESUME)
		return next;
	hook_text(m, "\n~result");
	hook_number(m, EXO_REG_RESULT(regs));
	hook_number(m, EXO_REG_RESULT2(regs));
	hook_text(m, "\n");
	return next;
}

/* A Linux program's call: its arguments, and 32 bytes of what each of the first may point to. */
static void hook_foreign(struct machine *m, const struct vcpu *v)
{
	const struct exo_regs *regs = &v->regs;
	const uint64_t argument[] = { EXO_REG_ARG0(regs), EXO_REG_ARG1(regs), EXO_REG_ARG2(regs),
		EXO_REG_ARG3(regs), EXO_REG_ARG4(regs) };
	unsigned i, j;

	hook_text(m, "\n~linux");
	hook_number(m, env_handle(m, v->env));
	hook_number(m, EXO_REG_NUMBER(regs));
	for (i = 0; i < ARRAY_COUNT(argument); i++)
		hook_number(m, argument[i]);
	for (i = 0; i < 4; i++) {
		uint64_t text[4] = { 0 }, left = EXO_PAGE_SIZE - argument[i] % EXO_PAGE_SIZE;

		if (user_copy(m, v->env, argument[i], text,
			      left < sizeof(text) ? left : sizeof(text), false))
			text[0] = 0;
		for (j = 0; j < ARRAY_COUNT(text); j++)
			hook_number(m, text[j]);
	}
	hook_text(m, "\n");
}

struct vcpu *__wrap_kernel_trap(struct machine *m, struct cpu *c, unsigned kind, uint64_t code,
				uint64_t address)
{
	const struct vcpu *v = &m->vcpus[c->current];

	if (hook_counts()) {
		hook_text(m, "\n~upcall");
		hook_number(m, env_handle(m, v->env));
		hook_number(m, kind);
		hook_number(m, kind == EXO_UPCALL_SYSCALL ? EXO_REG_NUMBER(&v->regs) : code);
		hook_number(m, address);
		hook_text(m, "\n");
		if (kind == EXO_UPCALL_SYSCALL)
			hook_foreign(m, v);
	}
	return __real_kernel_trap(m, c, kind, code, address);
}
