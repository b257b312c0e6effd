/* SPDX-License-Identifier: ISC */
/*
 * What is told of a process that a fault or signal has ended, on the console: a backtrace by frame
 * pointers, whose lines chitin-run turns into places; and if LIBOS_POSTMORTEM=1 is in its
 * environment registers, regions, and its last records in the kernel's trace. Reads the process's
 * memory; nothing of it runs any more, so what a lock guards is read without.
 */
#include "libos/linux/linux.h"

enum { POST_MORTEM_DEPTH = 24, POST_MORTEM_REGIONS = 64, POST_MORTEM_RECORDS = 16 };

static void post_mortem_place(struct libos *os, unsigned depth, uint64_t address)
{
	bool is_library = address >= EXO_LIBRARY_BASE && !os->process.is_native;

	print("#%u 0x%lx %s\n", depth, (unsigned long)address,
		is_library ? "libos" : os->linux->exe);
}

static bool post_mortem_is_code(struct libos *os, uint64_t address)
{
	const struct vm_region *r = os->vm.region;
	uint32_t i;

	for (i = 0; i < os->vm.count; i++)
		if (address >= r[i].start && address < r[i].end)
			return r[i].protection & EXO_EXEC;
	return false;
}

static void post_mortem_backtrace(struct libos *os, const struct exo_regs *regs)
{
	uint64_t fp = EXO_REG_FP(regs), pair[2], word;
	unsigned depth = 0;

	post_mortem_place(os, depth++, EXO_REG_PC(regs));
	/* libc keeps no frame pointer: its small functions have whereto on top of the stack. */
	if (vm_read(os, &word, EXO_REG_SP(regs), sizeof(word)) == 0
	    && post_mortem_is_code(os, word))
		post_mortem_place(os, depth++, word);
	while (depth < POST_MORTEM_DEPTH && vm_read(os, pair, fp, sizeof(pair)) == 0
	       && post_mortem_is_code(os, pair[1])) {
		post_mortem_place(os, depth++, pair[1]);
		if (pair[0] <= fp)
			break;
		fp = pair[0];
	}
}

/* The library's own fault: its stack, which is there. */
static void post_mortem_library(struct libos *os, const struct exo_frame *frame)
{
	const struct thread *t = thread_self();
	uint64_t fp = EXO_REG_FP(&frame->regs);
	unsigned depth = 0;

	post_mortem_place(os, depth++, EXO_REG_PC(&frame->regs));
	while (depth < POST_MORTEM_DEPTH && fp % 8 == 0 && fp >= t->stack_base
	       && fp <= t->stack_top - 16) {
		const uint64_t *pair = (const uint64_t *)fp;

		post_mortem_place(os, depth++, pair[1]);
		if (pair[0] <= fp)
			break;
		fp = pair[0];
	}
}

static void post_mortem_registers(const struct exo_regs *regs)
{
	static const char *const names[] = { EXO_REG_NAMES };
	const uint64_t *word = (const uint64_t *)regs;
	unsigned i;

	_Static_assert(sizeof(names) / sizeof(names[0]) == sizeof(*regs) / 8, "a name a word");
	for (i = 0; i < ARRAY_COUNT(names); i++)
		print("%-6s 0x%016lx%s", names[i], (unsigned long)word[i],
			i % 4 == 3 || i + 1 == ARRAY_COUNT(names) ? "\n" : "  ");
}

static void post_mortem_regions(const struct libos *os)
{
	uint32_t i;

	print("regions:\n");
	for (i = 0; i < os->vm.count && i < POST_MORTEM_REGIONS; i++) {
		const struct vm_region *r = &os->vm.region[i];

		print("  0x%lx-0x%lx %c%c%c%s%s%s%s\n", (unsigned long)r->start,
			(unsigned long)r->end, r->protection & EXO_READ ? 'r' : '-',
			r->protection & EXO_WRITE ? 'w' : '-',
			r->protection & EXO_EXEC ? 'x' : '-',
			r->flags & VM_SHARED ? " shared" : "", r->flags & VM_STACK ? " stack" : "",
			r->flags & VM_BREAK ? " break" : "", r->backing.bytes != 0 ? " file" : "");
	}
	if (i < os->vm.count)
		print("  and %u more\n", os->vm.count - i);
}

/* A call, upcall or operation by name; "" for what is neither. */
static const char *post_mortem_what(const struct exo_trace *r)
{
	static const char *const calls[] = {
#define CALL(number, NAME, handler, text) [number] = #handler,
#include "abi/call.def"
#undef CALL
	};
	static const char *const ops[] = {
#define SLOT_OP(number, NAME, handler, text) [number] = #NAME,
#include "abi/slot_op.def"
#undef SLOT_OP
	};
	static const char *const upcalls[] = {
#define UPCALL(number, NAME, text) [number] = #NAME,
#include "abi/upcall.def"
#undef UPCALL
	};

	if (r->kind == EXO_TRACE_CALL && r->what < ARRAY_COUNT(calls))
		return calls[r->what];
	if (r->kind == EXO_TRACE_SLOT && r->what < ARRAY_COUNT(ops))
		return ops[r->what];
	if (r->kind == EXO_TRACE_UPCALL && r->what < ARRAY_COUNT(upcalls))
		return upcalls[r->what];
	return "";
}

/* Of one CPU: its ring is `records` long and begins at `ring`; as many as `traced` there were. Up
 * to the upcall by which the process ended: what follows is this report. */
static void post_mortem_ring(const struct libos *os, const struct exo_trace *ring,
	uint32_t records, uint64_t traced)
{
	static const char *const kinds[] = {
#define TRACE(number, NAME, text) [number] = #NAME,
#include "abi/trace.def"
#undef TRACE
	};
	uint64_t first = traced > records ? traced - records : 0, n;
	unsigned own = 0;

	while (traced > first && (ring[(traced - 1) % records].env != os->process.env
				  || ring[(traced - 1) % records].kind != EXO_TRACE_UPCALL))
		traced--;
	for (n = traced; n > first && own < POST_MORTEM_RECORDS; n--)
		own += ring[(n - 1) % records].env == os->process.env;
	for (; n < traced; n++) {
		const struct exo_trace *r = &ring[n % records];

		if (r->env == os->process.env)
			print("  %lu %s %s 0x%lx 0x%lx at 0x%lx\n", (unsigned long)r->clock,
				r->kind < ARRAY_COUNT(kinds) ? kinds[r->kind] : "?",
				post_mortem_what(r), (unsigned long)r->value[0],
				(unsigned long)r->value[1], (unsigned long)r->pc);
	}
}

static void post_mortem_trace(const struct libos *os)
{
	const struct exo_info *info = libos_info();
	const struct exo_array *cpus = &info->arrays[EXO_ARRAY_CPUS];
	const char *table = exo_table(info, EXO_ARRAY_CPUS);
	const struct exo_trace *ring = exo_table(info, EXO_ARRAY_TRACE);
	uint32_t records = info->arrays[EXO_ARRAY_TRACE].count / cpus->count, i;

	if (records == 0)
		return;
	print("last in the kernel's trace:\n");
	for (i = 0; i < cpus->count; i++) {
		const struct exo_table_cpu *cpu =
			(const struct exo_table_cpu *)(table + (size_t)i * cpus->size);

		post_mortem_ring(os, ring + (size_t)i * records, records, cpu->traced);
	}
}

void post_mortem(struct libos *os, const struct exo_frame *frame)
{
	bool is_whole = os->process.is_examined;

	if (!is_whole && !(process_is_told(os) && os->process.is_native) && !frame->masked)
		return;
	if (frame->masked)
		post_mortem_library(os, frame);
	else
		post_mortem_backtrace(os, &frame->regs);
	if (!is_whole)
		return;
	post_mortem_registers(&frame->regs);
	if (os->vm.region != NULL)
		post_mortem_regions(os);
	post_mortem_trace(os);
}
