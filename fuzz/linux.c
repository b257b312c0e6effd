/* SPDX-License-Identifier: ISC */
/*
 * The target `linux`: a program makes system calls of Linux with arguments that are mostly sensible
 * and sometimes hostile. Whatever they are, the library neither dies nor keeps a lock, and answers
 * with a number that Linux has; memory that no pointer leads to stays as it is; EFAULT only if a
 * pointer or length is at fault; descriptors are those that a plain list of them says. An input is
 * records of 16 bytes. Holds the one machine, takes the kernel's locks.
 */
#include "fuzz/linux.h"

#include <stdlib.h>
#include <string.h>

#include "exo/slot.h"
#include "fuzz/fuzz.h"
#include "fuzz/library_machine.h"
#include "fuzz/linux_input.h"
#include "libos/layout.h"

#include <machine/call.h>

struct linux_world {
	struct library_machine machine;
	uint64_t archive_bytes;
	bool is_open[LINUX_DESCRIPTORS];   /* what the list of descriptors says */
	unsigned mode[LINUX_DESCRIPTORS];  /* LINUX_READS, LINUX_WRITES */
	bool is_remapped;                  /* its strings, data and constants may be others now */
	bool is_alive, is_traced;
};

static struct linux_world *world(void)
{
	static struct linux_world w;

	return &w;
}

/* ---- What the library's side asks for ---- */

struct exo_result linux_own_call(enum exo_call number, const uint64_t argument[5]);

/* A pool page has an address in the simulated library, too. */
static uint64_t pool_address(const void *memory)
{
	unsigned n;

	for (n = 0; n < LINUX_POOL_PAGES; n++)
		if ((const char *)memory - (const char *)linux_pool(n) >= 0
		    && (const char *)memory - (const char *)linux_pool(n) < (long)EXO_PAGE_SIZE)
			return LIBOS_FAMILY + n * EXO_PAGE_SIZE;
	return (uint64_t)memory;
}

struct exo_result exo_call(enum exo_call number, uint64_t a0, uint64_t a1, uint64_t a2,
			   uint64_t a3, uint64_t a4)
{
	struct exo_slot_op ops[EXO_BATCH_MAX];
	uint64_t argument[5] = { a0, a1, a2, a3, a4 };
	uint64_t i;

	if (number != EXO_CALL_SLOTS && number != EXO_CALL_SLOT)
		return linux_own_call(number, argument);
	if (number == EXO_CALL_SLOT)
		argument[2] = pool_address((const void *)a2); /* its source */
	if (number == EXO_CALL_SLOTS && a1 <= EXO_BATCH_MAX) {
		memcpy(ops, (const void *)a0, a1 * sizeof(*ops));
		for (i = 0; i < a1; i++)
			ops[i].source = pool_address((const void *)ops[i].source);
		argument[0] = (uint64_t)ops;
	}
	return library_machine_call(&world()->machine, number, argument);
}

uint64_t memory_view(uint64_t address, unsigned level)
{
	return library_machine_view(&world()->machine, address, level);
}

/* What is behind the last byte of a file in its page. */
void *memory_set(void *to, int byte, size_t bytes)
{
	if (byte)
		fuzz_fail("the program's memory is filled with other than zeros");
	library_machine_zero(&world()->machine, (uint64_t)to, bytes);
	return to;
}

const char *linux_archive(void)
{
	return world()->machine.archive;
}

void *linux_pool(unsigned n)
{
	struct machine *m = world()->machine.m;
	static void *pool[LINUX_POOL_PAGES];
	struct pfn pfn;

	if (!pool[n]) {
		if (host_translate(m, 0, LIBOS_FAMILY + n * EXO_PAGE_SIZE, EXO_WRITE, &pfn))
			fuzz_fail("no page of the pool");
		pool[n] = arch_frame_memory(m, pfn);
	}
	return pool[n];
}

bool linux_pool_is_mapped(unsigned n)
{
	struct machine *m = world()->machine.m;
	uint64_t offset = (uint64_t)((char *)linux_pool(n) - (char *)m) - m->arch.memory;

	return frame_refs(m, (struct pfn){ (uint32_t)(offset / EXO_PAGE_SIZE) }) != 1;
}

bool linux_copy(uint64_t address, void *memory, size_t bytes, bool is_write)
{
	struct machine *m = world()->machine.m;
	size_t done, chunk;
	unsigned tries;
	int code;

	for (done = 0; done < bytes; done += chunk) {
		chunk = EXO_PAGE_SIZE - (address + done) % EXO_PAGE_SIZE;
		chunk = chunk < bytes - done ? chunk : bytes - done;
		for (tries = 0; tries < 5; tries++) {
			code = is_write
				? host_write(m, 0, address + done, (char *)memory + done, chunk)
				: host_read(m, 0, address + done, (char *)memory + done, chunk);
			if (!code)
				break;
			if (!linux_fault(address + done, (unsigned)code & ~(unsigned)HOST_FAULT))
				return false;
		}
		if (tries == 5)
			fuzz_fail("the library faults for ever on the program's memory");
	}
	return true;
}

/* ---- The machine ---- */

static void world_create(struct linux_world *w)
{
	static char archive[4 * EXO_PAGE_SIZE];
	struct exo_slot_op op = { .op = EXO_OP_ALLOC, .level = 1, .count = LINUX_POOL_PAGES,
		.access = EXO_READ | EXO_WRITE, .target = LIBOS_FAMILY };
	const uint64_t argument[5] = { (uint64_t)&op, 1 };

	w->archive_bytes = linux_input_archive(archive);
	library_machine_create(&w->machine, 4, w->archive_bytes);
	memcpy(w->machine.archive, archive, sizeof(archive));
	if (library_machine_call(&w->machine, EXO_CALL_SLOTS, argument).value)
		fuzz_fail("no pool");
	library_machine_save(&w->machine);
}

/* The program's memory; its constants and a page that nothing leads to must stay as they are. */
static void world_reset(struct linux_world *w)
{
	char data[EXO_PAGE_SIZE];

	library_machine_reset(&w->machine);
	linux_begin(w->archive_bytes);
	linux_map(LINUX_TEXT, EXO_PAGE_SIZE, EXO_READ | EXO_WRITE);
	linux_map(LINUX_DATA, LINUX_DATA_BYTES, EXO_READ | EXO_WRITE);
	linux_map(LINUX_DATA + LINUX_DATA_BYTES, EXO_PAGE_SIZE, 0);
	linux_map(LINUX_SECRET, EXO_PAGE_SIZE, EXO_READ | EXO_WRITE);
	linux_map(LINUX_STACK, LINUX_STACK_BYTES, EXO_READ | EXO_WRITE);
	linux_input_text(data);
	if (!linux_copy(LINUX_TEXT, data, sizeof(data), true)
	    || !linux_copy(LINUX_SECRET, data, sizeof(data), true))
		fuzz_fail("the program's memory is not there");
	linux_input_data(data);
	if (!linux_copy(LINUX_DATA, data, sizeof(data), true))
		fuzz_fail("the program's memory is not there");
	linux_protect(LINUX_TEXT, EXO_PAGE_SIZE, EXO_READ | EXO_EXEC);
	memset(w->is_open, 0, sizeof(w->is_open));
	w->is_open[0] = w->is_open[1] = w->is_open[2] = true;
	w->mode[0] = w->mode[1] = w->mode[2] = LINUX_READS | LINUX_WRITES;
	w->is_remapped = false;
	w->is_alive = true;
}

/* ---- What must be so ---- */

static void fail_call(const struct linux_step *s, int64_t result, const char *what)
{
	char text[160];

	snprintf(text, sizeof(text), "%s: %s answers %lld", what, s->name, (long long)result);
	fuzz_fail(text);
}

static void check_canary(struct linux_world *w)
{
	char is[EXO_PAGE_SIZE], want[EXO_PAGE_SIZE];

	if (w->is_remapped)
		return;
	linux_input_text(want);
	if (!linux_copy(LINUX_TEXT, is, sizeof(is), false) || memcmp(is, want, sizeof(is)) != 0)
		fuzz_fail("a call wrote to memory that the program may only read");
	if (!linux_copy(LINUX_SECRET, is, sizeof(is), false) || memcmp(is, want, sizeof(is)) != 0)
		fuzz_fail("a call wrote to memory that no argument names");
}

/* The lowest descriptor that is free, from `least` on. */
static int64_t lowest(const struct linux_world *w, uint64_t least)
{
	while (least < LINUX_DESCRIPTORS && w->is_open[least])
		least++;
	return (int64_t)least;
}

static void list_open(struct linux_world *w, const struct linux_step *s, int64_t result,
		      int64_t want, unsigned mode)
{
	uint32_t fd = (uint32_t)s->argument[0];

	/* Above those that are followed any may be taken. */
	if (want < LINUX_DESCRIPTORS ? result != want : result < want)
		fail_call(s, result, "a descriptor is not the lowest that is free");
	if (result >= LINUX_DESCRIPTORS)
		return;
	w->is_open[result] = true;
	if (mode & LINUX_COPIES) /* above those that are followed it may be any */
		mode = fd < LINUX_DESCRIPTORS ? w->mode[fd] : LINUX_READS | LINUX_WRITES;
	w->mode[result] = mode;
}

static void list_pipe(struct linux_world *w, const struct linux_step *s)
{
	int32_t ends[2];

	if (!linux_copy(s->argument[0], ends, sizeof(ends), false))
		return;
	list_open(w, s, ends[0], lowest(w, 0), LINUX_READS);
	list_open(w, s, ends[1], lowest(w, 0), LINUX_WRITES);
}

/* What a call did to the list of descriptors. */
static void list_follow(struct linux_world *w, const struct linux_step *s, int64_t result)
{
	uint32_t fd = (uint32_t)s->argument[0], last = (uint32_t)s->argument[1];

	if (s->effect == LINUX_CLOSES && (fd >= LINUX_DESCRIPTORS || !w->is_open[fd])
	    && fd < LINUX_DESCRIPTORS && result >= 0)
		fail_call(s, result, "what is not open was closed");
	if (result < 0)
		return;
	if (s->effect == LINUX_OPENS)
		list_open(w, s, result, lowest(w, s->least), s->opens);
	else if (s->effect == LINUX_OPENS_AS)
		list_open(w, s, result, last, s->opens);
	else if (s->effect == LINUX_OPENS_TWO)
		list_pipe(w, s);
	else if (s->effect == LINUX_CLOSES && fd < LINUX_DESCRIPTORS)
		w->is_open[fd] = false;
	for (; s->effect == LINUX_CLOSES_RANGE && fd < LINUX_DESCRIPTORS && fd <= last; fd++)
		w->is_open[fd] = false;
}

static void check_answer(struct linux_world *w, const struct linux_step *s, int64_t result)
{
	uint32_t fd = (uint32_t)s->argument[0];
	unsigned i;

	if (result < 0 && result >= -4095 && !linux_input_is_error(-result))
		fail_call(s, result, "no error that Linux has");
	if (result == -LINUX_ERROR_POINTER && s->is_good && !w->is_remapped)
		fail_call(s, result, "every pointer is good");
	if (s->has_descriptor && fd < LINUX_DESCRIPTORS && !w->is_open[fd] && result >= 0)
		fail_call(s, result, "a descriptor that is not open was used");
	if (s->needs && s->descriptor < LINUX_DESCRIPTORS && w->is_open[s->descriptor]
	    && s->needs & ~w->mode[s->descriptor] && (result >= 0 || result < -4095))
		fail_call(s, result, "a descriptor was used in a way that it was not opened for");
	if (s->refused && (result >= 0 || result < -4095))
		fail_call(s, result, s->refused);
	if (result > 0 && (uint64_t)result > s->most)
		fail_call(s, result, "more was filled than there is room");
	list_follow(w, s, result);
	for (i = 0; i < LINUX_DESCRIPTORS; i++)
		if (linux_is_open(i) != w->is_open[i])
			fail_call(s, result, "other descriptors are open than must be");
}

/* ---- Steps ---- */

static void step_call(struct linux_world *w, const struct linux_step *s)
{
	int64_t result = 0;

	w->is_alive = linux_call(s->number, s->argument, s->is_native, &result);
	if (w->is_traced)
		printf(w->is_alive ? " = %lld\n" : " ends the process\n", (long long)result);
	linux_check();
	if (!w->is_alive)
		return;
	check_answer(w, s, result);
	check_canary(w);
}

static void step(struct linux_world *w, const struct fuzz_record *r)
{
	struct linux_step s;
	char typed[8];

	linux_input_decode(&s, r);
	w->is_remapped |= linux_input_maps(&s);
	if (w->is_traced)
		linux_input_print(&s);
	switch (s.kind) {
	case LINUX_CALL:
		step_call(w, &s);
		return;
	case LINUX_POKE:
		(void)!linux_copy(s.argument[0], &s.argument[1], 8, true);
		return;
	case LINUX_TYPE:
		memcpy(typed, &s.argument[1], sizeof(typed));
		w->is_alive = linux_type(typed, 1 + s.argument[0] % 8);
		break;
	case LINUX_ADVANCE:
		w->is_alive = linux_advance(s.argument[1] & 0xffffffffff);
		break;
	case LINUX_TRAP:
		w->is_alive = linux_trap(s.argument[1], EXO_FAULT_WRITE);
		break;
	}
	linux_check();
}

/* What an input has must suffice. */
static bool has_memory(struct machine *m)
{
	return account_limit(m, 0, EXO_RESOURCE_FRAMES)
		- account_used(m, 0, EXO_RESOURCE_FRAMES) > LINUX_FRAMES_LEAST;
}

static void linux_run(const uint8_t *data, size_t size, bool is_traced)
{
	struct linux_world *w = world();
	struct fuzz_record record;
	size_t at;

	if (!w->machine.m)
		world_create(w);
	w->is_traced = is_traced;
	world_reset(w);
	for (at = 0; at + sizeof(record) <= size && at < FUZZ_RECORDS_MAX * sizeof(record)
	     && w->is_alive && has_memory(w->machine.m);
	     at += sizeof(record)) {
		memcpy(&record, data + at, sizeof(record));
		step(w, &record);
	}
	linux_check_lost();
	if (w->is_alive)
		linux_end();
	linux_check();
	linux_check_lost();
	library_machine_check(&w->machine, true);
}

/* Records, so that the record-aware mutator is used. */
static const uint8_t kinds[1];

const struct fuzz_target library_target = { "linux", kinds, 1, linux_run, false };
