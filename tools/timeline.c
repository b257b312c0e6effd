/* SPDX-License-Identifier: ISC */
/*
 * The trace as a timeline: the trace event format that Perfetto and chrome://tracing read. A
 * process "CPUs" with a thread for each CPU, and a process for each env with a thread for each
 * vcpu; a slice for each stay in the kernel and each run in user mode. No state, no locks.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "tools/ring.h"
#include "tools/trace.h"

#define TIMELINE_CPUS 1u	/* the number of the process "CPUs"; those of envs are larger */

enum { TIMELINE_ENVS = 512, TIMELINE_OPS = 64 };

/* What happens on a CPU now. */
struct timeline {
	FILE *stream;
	const struct ring *ring;
	unsigned int cpu;
	bool is_first;			/* no event has been written */
	bool in_kernel, in_user, is_idle;	/* since entry.clock, run.clock, idle_clock */
	uint64_t idle_clock;
	struct exo_trace entry, run;
	struct exo_trace op[TIMELINE_OPS];	/* of the batch of `entry` */
	unsigned int ops;
	/* by index of the env: the generation and name last announced */
	uint64_t known[TIMELINE_ENVS];
	char name[TIMELINE_ENVS][16];
};

/* The number that an env has as a process: each generation is another. */
static uint64_t timeline_pid(uint64_t env)
{
	return (env >> 16) * TIMELINE_ENVS + (env & 0xffff);
}

static void timeline_text(const struct timeline *t, const char *text, size_t most)
{
	size_t i;

	for (i = 0; i < most && text[i] != '\0'; i++)
		fputc(isprint((unsigned char)text[i]) && text[i] != '"' && text[i] != '\\' ?
			text[i] : '?', t->stream);
}

static void timeline_begin(struct timeline *t)
{
	fputs(t->is_first ? "\n" : ",\n", t->stream);
	t->is_first = false;
}

/* Say once what an env is called; again when it has become another program. */
static void timeline_announce(struct timeline *t, const struct exo_trace *r)
{
	unsigned int index = r->env & 0xffff;

	if (r->env == 0 || index >= TIMELINE_ENVS ||
	    (t->known[index] == r->env && memcmp(t->name[index], r->name, 16) == 0))
		return;
	t->known[index] = r->env;
	memcpy(t->name[index], r->name, 16);
	timeline_begin(t);
	fprintf(t->stream, "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%" PRIu64
		",\"tid\":%u,\"args\":{\"name\":\"", timeline_pid(r->env), r->vcpu);
	timeline_text(t, r->name, 16);
	fprintf(t->stream, " (env %u.%" PRIu64 ")\"}}", index, r->env >> 16);
	timeline_begin(t);
	fprintf(t->stream, "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%" PRIu64
		",\"tid\":%u,\"args\":{\"name\":\"vcpu %u\"}}", timeline_pid(r->env), r->vcpu,
		r->vcpu);
}

/* A slice or (ph 'i') a moment, up to its arguments. */
static void timeline_event(struct timeline *t, char ph, uint64_t pid, uint64_t tid,
	uint64_t from, uint64_t to)
{
	uint64_t ns = ring_ns(t->ring, from), length = ring_ns(t->ring, to) - ns;

	timeline_begin(t);
	fprintf(t->stream, "{\"ph\":\"%c\",\"pid\":%" PRIu64 ",\"tid\":%" PRIu64
		",\"ts\":%" PRIu64 ".%03u,", ph, pid, tid, ns / 1000, (unsigned int)(ns % 1000));
	if (ph == 'X')
		fprintf(t->stream, "\"dur\":%" PRIu64 ".%03u,", length / 1000,
			(unsigned int)(length % 1000));
	else
		fputs("\"s\":\"t\",", t->stream);
}

static void timeline_hex(const struct timeline *t, const char *name, uint64_t value)
{
	fprintf(t->stream, "\"%s\":\"0x%" PRIx64 "\"", name, value);
}

static void timeline_arguments(const struct timeline *t, const struct exo_trace *r)
{
	bool is_fault = r->kind == EXO_TRACE_UPCALL && r->what != EXO_UPCALL_SYSCALL;

	timeline_hex(t, r->kind == EXO_TRACE_UPCALL && !is_fault ? "number" :
		is_fault ? "code" : "argument 0", r->value[0]);
	fputc(',', t->stream);
	timeline_hex(t, is_fault ? "address" : "argument 1", r->value[1]);
	fputc(',', t->stream);
	timeline_hex(t, "pc", r->pc);
}

/* A stay in the kernel, on one of its two tracks. */
static void timeline_kernel(struct timeline *t, uint64_t pid, uint64_t tid,
	const struct exo_trace *leave)
{
	char name[TRACE_NAME];
	unsigned int i;

	timeline_event(t, 'X', pid, tid, t->entry.clock, leave->clock);
	trace_name(t->ring->memory, &t->entry, name);
	fprintf(t->stream, "\"cat\":\"kernel\",\"name\":\"%s\",\"args\":{", name);
	timeline_arguments(t, &t->entry);
	if (t->entry.kind == EXO_TRACE_CALL && leave->env == t->entry.env) {
		fputc(',', t->stream);
		fprintf(t->stream, "\"result\":%" PRId64 ",", (int64_t)leave->value[0]);
		timeline_hex(t, "value", leave->value[1]);
	}
	for (i = 0; i < t->ops; i++) {
		trace_name(t->ring->memory, &t->op[i], name);
		fprintf(t->stream, ",\"op %02u\":\"%s level %u x%u at 0x%" PRIx64 "\"", i, name,
			(unsigned int)(t->op[i].value[0] >> 8 & 0xff),
			(unsigned int)(t->op[i].value[0] >> 16 & 0xffff), t->op[i].value[1]);
	}
	fputs("}}", t->stream);
}

static void timeline_enter(struct timeline *t, const struct exo_trace *r)
{
	if (t->in_user) {
		timeline_event(t, 'X', TIMELINE_CPUS, t->cpu, t->run.clock, r->clock);
		fputs("\"cat\":\"user\",\"name\":\"", t->stream);
		timeline_text(t, t->run.name[0] != '\0' ? t->run.name : "no name yet", 16);
		fprintf(t->stream, "\",\"args\":{\"env\":%" PRIu64 "}}", t->run.env & 0xffff);
		timeline_event(t, 'X', timeline_pid(t->run.env), t->run.vcpu, t->run.clock,
			r->clock);
		fputs("\"cat\":\"user\",\"name\":\"run\",\"args\":{", t->stream);
		timeline_hex(t, "pc", t->run.pc);
		fputs("}}", t->stream);
	}
	t->in_user = false;
	t->in_kernel = true;
	t->entry = *r;
	t->ops = 0;
}

static void timeline_run(struct timeline *t, const struct exo_trace *r)
{
	if (t->in_kernel) {
		timeline_kernel(t, TIMELINE_CPUS, t->cpu, r);
		timeline_kernel(t, timeline_pid(t->entry.env), t->entry.vcpu, r);
	}
	t->in_kernel = false;
	t->in_user = true;
	t->run = *r;
}

/* Events delivered on the way out: a moment within a stay in the kernel. */
static void timeline_moment(struct timeline *t, const struct exo_trace *r)
{
	char name[TRACE_NAME];

	trace_name(t->ring->memory, r, name);
	timeline_event(t, 'i', timeline_pid(r->env), r->vcpu, r->clock, r->clock);
	fprintf(t->stream, "\"cat\":\"kernel\",\"name\":\"%s\",\"args\":{", name);
	timeline_arguments(t, r);
	fputs("}}", t->stream);
}

static void timeline_record(struct timeline *t, const struct exo_trace *r)
{
	timeline_announce(t, r);
	if (t->is_idle) {
		timeline_event(t, 'X', TIMELINE_CPUS, t->cpu, t->idle_clock, r->clock);
		fputs("\"cat\":\"idle\",\"name\":\"idle\",\"args\":{}}", t->stream);
	}
	t->is_idle = r->kind == EXO_TRACE_IDLE;
	switch (r->kind) {
	case EXO_TRACE_UPCALL:
		if (r->what == EXO_UPCALL_EVENTS) {
			timeline_moment(t, r);
			break;
		}
		timeline_enter(t, r);
		break;
	case EXO_TRACE_CALL:
	case EXO_TRACE_INTERRUPT:
		timeline_enter(t, r);
		break;
	case EXO_TRACE_SLOT:
		if (t->in_kernel && t->ops < TIMELINE_OPS)
			t->op[t->ops++] = *r;
		break;
	case EXO_TRACE_IDLE:
		t->idle_clock = r->clock;
		break;
	case EXO_TRACE_RUN:
		timeline_run(t, r);
		break;
	}
}

int64_t trace_write(const struct memory *memory, FILE *stream)
{
	struct timeline t = { .stream = stream, .is_first = true };
	struct exo_trace record;
	struct ring ring;
	int64_t lost = 0;

	if (!ring_open(memory, 0, &ring))
		return -1;
	t.ring = &ring;
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", stream);
	timeline_begin(&t);
	fprintf(stream, "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%u,\"tid\":0,"
		"\"args\":{\"name\":\"CPUs\"}}", TIMELINE_CPUS);
	for (t.cpu = 0; ring_open(memory, t.cpu, &ring); t.cpu++) {
		timeline_begin(&t);
		fprintf(stream, "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%u,\"tid\":%u,"
			"\"args\":{\"name\":\"CPU %u\"}}", TIMELINE_CPUS, t.cpu, t.cpu);
		lost += (int64_t)ring.next;
		t.in_kernel = t.in_user = false;
		while (ring_next(&ring, &record))
			timeline_record(&t, &record);
		if (t.in_kernel) /* the machine's end */
			timeline_run(&t, &t.entry);
	}
	fputs("\n]}\n", stream);
	return lost;
}
