/* SPDX-License-Identifier: ISC */
/* Names and reads records of the trace (see trace.h); timeline.c writes the JSON. No state, no
 * locks. */
#include "tools/trace.h"

#include <inttypes.h>
#include <string.h>

#include "tools/ring.h"

#define TRACE_NATIVE_PREFIX 0x4c49424f00000000ull	/* libos/upcall/native.def */

static const char *const trace_calls[EXO_CALLS] = {
#define CALL(number, NAME, handler, text) [number] = #handler,
#include "abi/call.def"
#undef CALL
};

static const char *const trace_ops[EXO_OPS] = {
#define SLOT_OP(number, NAME, handler, text) [number] = #NAME,
#include "abi/slot_op.def"
#undef SLOT_OP
};

static const char *const trace_upcalls[EXO_UPCALLS] = {
#define UPCALL(number, NAME, text) [number] = #NAME,
#include "abi/upcall.def"
#undef UPCALL
};

static const char *const trace_events[32] = {
#define EVENT(bit, NAME, text) [bit] = #NAME,
#include "abi/upcall.def"
#undef EVENT
};

static const char *const trace_native[] = {
#define NATIVE(number, name, arguments) [number] = "libos_" #name,
#include "libos/upcall/native.def"
#undef NATIVE
};

#define CALL(number, name, handler, arguments) [number] = #name,
#define FILE_CALL(number, name, handler, arguments) [number] = #name,
#define ABSENT(number, name) [number] = #name,
static const char *const trace_linux_x86_64[512] = {
#include "arch/x86_64/include/machine/linux.def"
};
static const char *const trace_linux_aarch64[512] = {
#include "arch/aarch64/include/machine/linux.def"
};
#undef CALL
#undef FILE_CALL
#undef ABSENT

/* An entry of a table of names, or NULL. */
#define TRACE_FIND(table, n) \
	((n) < sizeof(table) / sizeof((table)[0]) ? (table)[n] : NULL)

static void trace_name_upcall(const struct memory *memory, const struct exo_trace *record,
	char *name)
{
	const char *const *linux_calls = memory->is_aarch64 ? trace_linux_aarch64 :
		trace_linux_x86_64;
	const char *found = TRACE_FIND(trace_upcalls, record->what);
	uint64_t number = record->value[0];
	unsigned int bit;

	if (record->what == EXO_UPCALL_SYSCALL) {
		const char *call = number - TRACE_NATIVE_PREFIX < 1u << 16 ?
			TRACE_FIND(trace_native, number - TRACE_NATIVE_PREFIX) :
			number < 512 ? linux_calls[number] : NULL;

		if (call != NULL)
			snprintf(name, TRACE_NAME, "SYSCALL %s", call);
		else
			snprintf(name, TRACE_NAME, "SYSCALL %" PRIu64, number);
		return;
	}
	snprintf(name, TRACE_NAME, "%s", found != NULL ? found : "upcall");
	for (bit = 0; record->what == EXO_UPCALL_EVENTS && bit < 32; bit++)
		if (number >> bit & 1 && trace_events[bit] != NULL)
			snprintf(name + strlen(name), TRACE_NAME - strlen(name), " %s",
				trace_events[bit]);
}

void trace_name(const struct memory *memory, const struct exo_trace *record,
	char name[static TRACE_NAME])
{
	const char *found;

	switch (record->kind) {
	case EXO_TRACE_CALL:
		found = TRACE_FIND(trace_calls, record->what);
		snprintf(name, TRACE_NAME, "%s", found != NULL ? found : "unknown call");
		found = TRACE_FIND(trace_ops, record->value[0] & 0xff);
		if (record->what == EXO_CALL_SLOT && found != NULL)
			snprintf(name, TRACE_NAME, "slot %s", found);
		break;
	case EXO_TRACE_SLOT:
		found = TRACE_FIND(trace_ops, record->what);
		snprintf(name, TRACE_NAME, "%s", found != NULL ? found : "unknown operation");
		break;
	case EXO_TRACE_UPCALL:
		trace_name_upcall(memory, record, name);
		break;
	case EXO_TRACE_INTERRUPT:
		snprintf(name, TRACE_NAME, "interrupt");
		break;
	case EXO_TRACE_IDLE:
		snprintf(name, TRACE_NAME, "idle");
		break;
	default:
		snprintf(name, TRACE_NAME, "run");
		break;
	}
}

static void trace_print(const struct ring *ring, FILE *stream, const struct exo_trace *record)
{
	char name[TRACE_NAME];
	uint64_t ns = ring_ns(ring, record->clock);

	trace_name(ring->memory, record, name);
	fprintf(stream, "%10" PRIu64 ".%03u us  %-16.16s %3" PRIu64 "  %-24s 0x%-12" PRIx64
		" 0x%-12" PRIx64 " at 0x%" PRIx64 "\n", ns / 1000, (unsigned int)(ns % 1000),
		record->name, record->env & 0xffff, name, record->value[0], record->value[1],
		record->pc);
}

void trace_print_last(const struct memory *memory, FILE *stream, uint64_t env, unsigned int most)
{
	struct exo_trace record;
	struct ring ring;
	unsigned int cpu, count;

	for (cpu = 0; ring_open(memory, cpu, &ring); cpu++) {
		uint64_t first = ring.next;

		for (count = 0; ring_next(&ring, &record);)
			count += env == 0 || record.env == env;
		for (ring.next = first; ring_next(&ring, &record);)
			if ((env == 0 || record.env == env) && count-- <= most)
				trace_print(&ring, stream, &record);
	}
}
