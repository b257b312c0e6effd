/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --append trace=512
 * The trace as the traced program itself reads it: its foreign calls are there in order with
 * their arguments, calls of the kernel with their results, a batch with its operations; clocks
 * ascend; the ring goes round and keeps the last; nobody can write it.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <machine/call.h>

#include "tests/process.h"

static const struct exo_info *const info = (const struct exo_info *)EXO_INFO_PAGE;

static uint64_t traced(void)
{
	return ((const struct exo_table_cpu *)exo_table(info, EXO_ARRAY_CPUS))->traced;
}

static const struct exo_trace *record(uint64_t n)
{
	return (const struct exo_trace *)exo_table(info, EXO_ARRAY_TRACE)
		+ n % info->arrays[EXO_ARRAY_TRACE].count;
}

/* The next record from *n on of that kind, or NULL. */
static const struct exo_trace *find(uint64_t *n, unsigned kind, unsigned what)
{
	for (; *n < traced(); ++*n)
		if (record(*n)->kind == kind && record(*n)->what == what)
			return record((*n)++);
	return NULL;
}

static void check_calls(void)
{
	uint64_t n = traced(), i, env = exo_call(EXO_CALL_SELF, 0, 0, 0, 0, 0).second;
	const struct exo_trace *r;
	uint32_t wrong = 0;

	for (i = 0; i < 5; i++)
		syscall(SYS_getuid, (long)i * 1000);
	for (i = 0; i < 5; i++) {
		r = find(&n, EXO_TRACE_UPCALL, EXO_UPCALL_SYSCALL);
		wrong += !r || r->value[0] != SYS_getuid || r->value[1] != i * 1000
			|| r->env != env;
	}
	tap_eq(wrong, 0, "five foreign calls, in order, with number, argument and env");
	tap_ok(!memcmp(record(n - 1)->name, "trace_notes_what", 16), "and the name of who called");
	n = traced();
	exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_LIMIT, 0, EXO_RESOURCES, 0, 0);
	r = find(&n, EXO_TRACE_CALL, EXO_CALL_ACCOUNT);
	tap_ok(r && r->value[0] == EXO_ACCOUNT_LIMIT, "a call of the kernel");
	r = find(&n, EXO_TRACE_RUN, 0);
	tap_ok(r && (int64_t)r->value[0] == EXO_E_ARGUMENT, "and its result");
}

static void check_batch(void)
{
	struct exo_slot_op ops[2] = {
		{ .op = EXO_OP_PROTECT, .level = 1, .count = 1, .access = EXO_READ },
		{ .op = EXO_OP_CLEAR, .level = 1, .count = 1, .target = UINT64_MAX },
	};
	const struct exo_trace *r;
	uint64_t n = traced();

	ops[0].target = (uint64_t)process_map(4096, false);
	*(volatile char *)ops[0].target = 1;
	n = traced();
	exo_call(EXO_CALL_SLOTS, (uint64_t)ops, 2, 0, 0, 0);
	r = find(&n, EXO_TRACE_CALL, EXO_CALL_SLOTS);
	tap_ok(r && r->value[1] == 2, "a batch of two");
	r = find(&n, EXO_TRACE_SLOT, EXO_OP_PROTECT);
	tap_ok(r && r->value[1] == ops[0].target, "its first operation and whereto");
	r = find(&n, EXO_TRACE_SLOT, EXO_OP_CLEAR);
	tap_ok(r && r->value[1] == UINT64_MAX, "the second, though it is refused");
	r = find(&n, EXO_TRACE_RUN, 0);
	tap_ok(r && (int32_t)r->value[0] == EXO_E_RANGE, "as the result says");
}

static void check_ring(void)
{
	uint64_t n, first, wrong = 0, i;

	for (i = 0; i < 600; i++)
		syscall(SYS_getuid, (long)i);
	tap_ok(traced() > 2 * info->arrays[EXO_ARRAY_TRACE].count, "the ring went round");
	first = traced() - info->arrays[EXO_ARRAY_TRACE].count;
	for (n = first + 2; n < traced(); n++)
		wrong += record(n)->clock < record(n - 1)->clock || record(n)->kind >= EXO_TRACES;
	tap_eq(wrong, 0, "from the oldest to the newest time ascends");
	n = first;
	for (i = 0; find(&n, EXO_TRACE_UPCALL, EXO_UPCALL_SYSCALL);)
		if (record(n - 1)->value[0] == SYS_getuid)
			i = record(n - 1)->value[1];
	tap_eq(i, 599, "the last call is the last");
}

static void check_rights(void)
{
	volatile uint64_t *at = (volatile uint64_t *)(uintptr_t)record(0);
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		*at = 0;
		_exit(0);
	}
	waitpid(pid, &status, 0);
	tap_ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "who writes there is killed");
}

int main(void)
{
	tap_eq(info->arrays[EXO_ARRAY_TRACE].count, 512, "as many records as asked for");
	check_calls();
	check_batch();
	check_ring();
	check_rights();
	return tap_done("tests/guest/trace_notes_what_happened.guest");
}
