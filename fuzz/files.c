/* SPDX-License-Identifier: ISC */
/* Targets whose inputs are files: programs and boot archives, each read by the kernel and (in
 * files_library.c) by the library. Whatever they accept must lie inside the file, and be in memory
 * as the file says. */
#include <stdlib.h>
#include <string.h>

#include "exo/boot.h"
#include "fuzz/fuzz.h"

/* A program header, as elf(5) has it; it may lie unaligned. */
struct __attribute__((packed)) file_segment {
	uint32_t type, flags;
	uint64_t offset, address, physical, file_bytes, memory_bytes, alignment;
};

/* A byte of memory, as the program reads it. */
static void check_byte(struct machine *m, uint64_t address, uint8_t want, uint32_t flags)
{
	uint8_t byte;

	if (host_read(m, 0, address, &byte, 1))
		fuzz_fail("a byte of a segment cannot be read");
	if (byte != want)
		fuzz_fail("a byte of a segment is not the file's");
	if (!(flags & 1) && !host_fetch(m, 0, address))
		fuzz_fail("a segment can be executed that must not");
	if (!(flags & 2) && !host_write(m, 0, address, &byte, 1))
		fuzz_fail("a segment can be written that must not");
}

static void check_loaded(struct machine *m, const uint8_t *data)
{
	struct file_segment segment;
	uint64_t table, at;
	uint16_t count, i;

	memcpy(&table, data + 32, sizeof(table));
	memcpy(&count, data + 56, sizeof(count));
	arch_root_load(m, &m->cpus[0], 0);
	for (i = 0; i < count; i++) {
		memcpy(&segment, data + table + i * sizeof(segment), sizeof(segment));
		for (at = 0; segment.type == 1 && at < segment.memory_bytes; at += 61)
			check_byte(m, segment.address + at, at < segment.file_bytes
				   ? data[segment.offset + at] : 0, segment.flags);
	}
}

void files_elf(const uint8_t *data, size_t size, bool is_traced)
{
	const struct boot_member file = { .data = data, .bytes = size };
	struct fuzz_world *w = fuzz_world();
	const char *wrong = boot_check(&file);
	uint64_t entry, stack;
	err_t err;

	files_image(data, size, MACHINE_ELF);
	if (is_traced)
		printf("the kernel: %s\n", wrong ? wrong : "a program");
	if (wrong)
		return;
	fuzz_reset(w);
	err = boot_load(w->m, 0, &file, &entry, &stack);
	if (is_traced)
		printf("loaded: %d, entry %#llx, stack %#llx\n", err, (unsigned long long)entry,
		       (unsigned long long)stack);
	if (!err)
		check_loaded(w->m, data);
	fuzz_check_audit(w);
}

/* A machine that boots from the last of its frames, its trace on; put back before each boot. */
struct files_boot {
	struct machine *m, *start;
	uint32_t *scratch;
};

enum { BOOT_FRAMES = 96, BOOT_KEPT = 16 };

static struct files_boot *files_boot(void)
{
	static struct files_boot boot;

	if (!boot.m) {
		boot.m = host_create_told(BOOT_FRAMES, 1, BOOT_KEPT, "trace=32 hz=50");
		boot.start = host_snapshot(boot.m);
		boot.scratch = calloc(BOOT_FRAMES, sizeof(*boot.scratch));
	}
	return &boot;
}

static void boot_call(struct machine *m, unsigned call, uint64_t memory, uint64_t count)
{
	struct cpu *c = &m->cpus[0];
	struct exo_regs *regs = &m->vcpus[c->current].regs;

	EXO_REG_NUMBER(regs) = EXO_CALL_PREFIX | call;
	EXO_REG_ARG0(regs) = memory;
	EXO_REG_ARG1(regs) = count;
	trace_syscall(m, c);
}

/* The first program is there: calls, of which some batches cannot be read, and an interrupt, noted
 * in the trace; then its end, by a fault or a foreign call, for which it has no entry. */
static void boot_enter(struct machine *m, bool is_fault)
{
	struct cpu *c = &m->cpus[0];
	uint64_t before = c->traced, page = m->vcpus[c->current].page_address;
	unsigned call;

	for (call = EXO_CALL_SELF; call <= EXO_CALL_SLOTS; call++)
		boot_call(m, call, page, 1);
	boot_call(m, EXO_CALL_SLOTS, page, EXO_BATCH_MAX + 1);
	boot_call(m, EXO_CALL_SLOTS, page, UINT64_MAX);
	boot_call(m, EXO_CALL_SLOTS, -EXO_PAGE_SIZE, EXO_BATCH_MAX); /* 0 may be a program's */
	boot_call(m, EXO_CALLS, page, 1);
	trace_interrupt(m, c);
	if (c->traced != before + 7 * 2 + 1) /* each and what it came to; the batch's operation */
		fuzz_fail("the trace lacks what was done");
	EXO_REG_NUMBER(&m->vcpus[c->current].regs) = 1;
	if (is_fault)
		trace_trap(m, c, EXO_UPCALL_FAULT, 0, 0);
	else
		trace_syscall(m, c);
}

/* All of a boot: there is a first program, or the machine ends and says why. */
static void archive_boot(const uint8_t *data, size_t size, bool is_traced)
{
	struct files_boot *boot = files_boot();
	struct pfn archive = { BOOT_FRAMES - BOOT_KEPT };
	struct machine *m = boot->m;
	struct audit_report report;
	struct boot_member first;
	enum host_stop stop;

	if (size > BOOT_KEPT * EXO_PAGE_SIZE)
		return;
	host_restore(m, boot->start);
	host_self.index = 0;
	memcpy(arch_frame_memory(m, archive), data, size);
	stop = HOST_TRY(machine_start(m, &m->cpus[0], archive, size));
	if (is_traced)
		printf("boot: %d, status %#llx\n", stop, (unsigned long long)m->arch.power_status);
	if (stop == HOST_RUNS) {
		if (!audit(m, boot->scratch, &report))
			fuzz_fail(report.what);
		if (!boot_find(data, size, "init", &first))
			check_loaded(m, first.data);
		stop = HOST_TRY(boot_enter(m, size & 4));
	}
	if (stop == HOST_PANIC)
		fuzz_fail(host_self.what);
	if (stop != HOST_OFF)
		fuzz_fail("the machine neither runs nor ends");
}

/* The length of the first member, by its header; UINT64_MAX: that is no number. */
static uint64_t member_bytes(const uint8_t *header)
{
	enum { SIZE = 54, DIGITS = 8 };
	char text[DIGITS + 1] = "";

	memcpy(text, header + SIZE, DIGITS);
	return strspn(text, "0123456789abcdefABCDEF") == DIGITS ? strtoull(text, NULL, 16)
		: UINT64_MAX;
}

void files_archive(const uint8_t *data, size_t size, bool is_traced)
{
	struct boot_member first;
	uint64_t offset;

	files_members(data, size, is_traced);
	archive_boot(data, size, is_traced);
	if (boot_find(data, size, "init", &first))
		return;
	offset = (uint64_t)(first.data - data);
	if (offset > size || first.bytes > size - offset)
		fuzz_fail("the first member lies outside the archive");
	if (member_bytes(data) != UINT64_MAX && member_bytes(data) != first.bytes)
		fuzz_fail("the first member is not as long as its header says");
}
