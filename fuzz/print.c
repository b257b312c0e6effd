/* SPDX-License-Identifier: ISC */
/* Steps in words, for a person who looks at an input. Changes nothing. */
#include "fuzz/fuzz.h"

static const char *const call_texts[] = {
#define CALL(number, NAME, handler, text) [number] = #handler,
#include "abi/call.def"
#undef CALL
};

static const char *const op_names[] = {
#define SLOT_OP(number, NAME, handler, text) [number] = #NAME,
#include "abi/slot_op.def"
#undef SLOT_OP
};

static const char *error_name(int64_t error)
{
	switch (error) {
	case EXO_OK:
		return "ok";
#define ERROR(number, NAME, text) case number: return #NAME;
#include "abi/error.def"
#undef ERROR
	default:
		return "?";
	}
}

static void print_hex(const char *name, uint64_t value)
{
	if (value)
		printf(" %s=%#llx", name, (unsigned long long)value);
}

static void print_op(const struct exo_slot_op *op)
{
	printf("\n        %s level=%u count=%u",
	       op->op < EXO_OPS ? op_names[op->op] : "NO SUCH OPERATION", op->level, op->count);
	print_hex("env", op->target_env);
	printf(" target=%#llx", (unsigned long long)op->target);
	print_hex("source_env", op->source_env);
	print_hex("source", op->source);
	print_hex("rights", op->rights);
	print_hex("access", op->access);
	print_hex("flags", op->flags);
	print_hex("soft", op->soft);
	print_hex("argument", op->argument);
	print_hex("reserve", op->reserve);
}

static void print_call(const struct fuzz_step *step)
{
	uint64_t call = step->number ^ EXO_CALL_PREFIX;
	unsigned i;

	if (call < EXO_CALLS)
		printf("%s(", call_texts[call]);
	else
		printf("call %#llx(", (unsigned long long)step->number);
	for (i = 0; i < 5; i++)
		printf("%s%#llx", i ? ", " : "", (unsigned long long)step->argument[i]);
	printf(")");
	for (i = 0; i < step->ops_count; i++)
		print_op(&step->memory.ops[i]);
	if (step->memory_bytes && !step->ops_count)
		for (i = 0; i < step->memory_bytes / 8; i++)
			printf("%s%#llx", i ? ", " : "\n        in memory: ",
			       ((const unsigned long long *)&step->memory)[i]);
}

static void print_other(const struct fuzz_step *step)
{
	static const char *const names[FUZZ_KINDS - EXO_CALLS] = {
		[FUZZ_LOAD - EXO_CALLS] = "load", [FUZZ_STORE - EXO_CALLS] = "store",
		[FUZZ_FETCH - EXO_CALLS] = "execute", [FUZZ_TRAP - EXO_CALLS] = "exception",
		[FUZZ_FOREIGN - EXO_CALLS] = "foreign call",
		[FUZZ_ADVANCE - EXO_CALLS] = "time passes:",
		[FUZZ_INTERRUPT - EXO_CALLS] = "interrupt", [FUZZ_TYPE - EXO_CALLS] = "key",
		[FUZZ_MEMORY - EXO_CALLS] = "vcpu page word",
	};

	printf("%s %#llx %#llx", names[step->kind - EXO_CALLS],
	       (unsigned long long)step->argument[0], (unsigned long long)step->argument[1]);
}

void fuzz_print_step(const struct fuzz_world *w, const struct fuzz_step *step)
{
	const struct cpu *c = &w->m->cpus[step->cpu];

	printf("cpu %u ", step->cpu);
	if (c->current == VCPU_NONE)
		printf("idle: ");
	else
		printf("env %u vcpu %u: ", w->m->vcpus[c->current].env, c->current);
	fuzz_print_call(step);
}

void fuzz_print_call(const struct fuzz_step *step)
{
	if (step->kind < (enum fuzz_kind)EXO_CALLS || step->kind == FUZZ_ANY_CALL)
		print_call(step);
	else
		print_other(step);
	fflush(stdout);
}

void fuzz_print_result(int64_t error, uint64_t value)
{
	if (error >= EXO_OK || error < -23)
		printf(" -> %#llx, %#llx\n", (unsigned long long)error, (unsigned long long)value);
	else
		printf(" -> %s, %#llx\n", error_name(error), (unsigned long long)value);
}
