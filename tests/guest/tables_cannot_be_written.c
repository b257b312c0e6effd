/* SPDX-License-Identifier: ISC */
/*
 * No way to write a page table, whatever one calls it by (I-3): not through the recursive view at
 * any level, not by naming that view, the vcpu page or a table's frame in a slot operation, not
 * as a reserve. Every physical frame is asked for by number: what is given is free and zero, and
 * it is never one in use (I-1, I-6). No page of the boot archive, nor the info page, nor one of the
 * kernel's own tables can be raised, however it was come by. No address of the kernel can be read,
 * written or executed.
 */
#define RAW_APART
#include "tests/guest/raw_child.h"

#define RW (EXO_READ | EXO_WRITE)
#define P  EXO_PAGE_SIZE
#define DENIED (RAW_FAULTED | EXO_FAULT_PRESENT | EXO_FAULT_WRITE)

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	raw_probe_fault(frame);
}

static void err(int64_t got, int64_t want, const char *name)
{
	raw_eq((uint64_t)got, (uint64_t)want, name);
}

static void recursive_view(void)
{
	static const char *const names[] = {
		"", "last-level tables", "tables of them", "tables of those", "the root",
	};
	uint64_t a = RAW_AREA, view;
	unsigned level;

	raw_pages(0, a, 1, RW);
	for (level = 1; level <= EXO_LEVELS; level++) {
		view = exo_slot_address(a, level);
		raw_note("level", level, names[level]);
		raw_ok(raw_probe_read(view).value == 0 && raw_probe_read(view).second & 1,
		       "can be read through the view");
		raw_eq(raw_probe_write(view, 7), DENIED, "not written");
		raw_eq(raw_probe_exec(view), RAW_FAULTED | EXO_FAULT_PRESENT | EXO_FAULT_EXEC,
		       "not executed");
		err(raw_op(RAW_OP(PROTECT, .level = 1, .count = 1, .target = view,
				  .access = RW)), EXO_E_RANGE, "PROTECT does not name it");
		err(raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target = view)), EXO_E_RANGE,
		    "nor CLEAR");
		err(raw_op(RAW_OP(DUP, .level = 1, .count = 1, .target = view, .source = view,
				  .access = RW)), EXO_E_RANGE, "nor DUP in place");
		err(raw_op(RAW_OP(DUP, .level = 1, .count = 1, .target = a + P, .source = view,
				  .access = RW)), EXO_E_RANGE, "nor DUP from it");
		err(raw_op(RAW_OP(COPY, .level = 1, .count = 1, .target = a + P, .source = view,
				  .rights = EXO_RWX, .access = RW)), EXO_E_RANGE, "nor COPY");
		err(raw_op(RAW_OP(CLAIM, .level = 1, .count = 1, .target = view)), EXO_E_RANGE,
		    "nor CLAIM");
		err(raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = 2 * RAW_AREA,
				  .reserve = view & -P)), EXO_E_NO_TABLE, "an absent table first");
		err(raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = a + EXO_SPAN(2),
				  .reserve = view & -P)), EXO_E_RESERVE, "it is no reserve");
	}
}

static void recursive_slot(void)
{
	uint64_t root = EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN;
	unsigned level;

	for (level = 2; level <= EXO_LEVELS; level++) {
		raw_note("level", level, "");
		err(raw_op(RAW_OP(CLEAR, .level = (uint8_t)level, .count = 1, .target = root)),
		    EXO_E_RANGE, "CLEAR does not name the recursive slot");
		err(raw_op(RAW_OP(TABLE, .level = (uint8_t)level, .count = 1, .target = root)),
		    EXO_E_RANGE, "nor TABLE");
		err(raw_op(RAW_OP(UNSHARE, .level = (uint8_t)level, .count = 1,
				  .target = root)), EXO_E_RANGE, "nor UNSHARE");
		err(raw_op(RAW_OP(SHARE, .level = (uint8_t)level, .count = 1,
				  .target = RAW_AREA + EXO_SPAN(level), .source = root,
				  .rights = EXO_RWX)), EXO_E_RANGE, "nor SHARE");
		err(raw_op(RAW_OP(MOVE, .level = (uint8_t)level, .count = 1,
				  .target = RAW_AREA + EXO_SPAN(level), .source = root)),
		    EXO_E_RANGE, "nor MOVE");
		err(raw_op(RAW_OP(CLEAR, .level = (uint8_t)level, .count = 1,
				  .target = root + EXO_ROOT_SPAN)), EXO_E_RANGE,
		    "nor what is beyond");
	}
	err(raw_op(RAW_OP(CLEAR, .level = 4, .count = 2, .target = root - EXO_ROOT_SPAN)),
	    EXO_E_RANGE, "no run of root slots reaches it");
	err(raw_op(RAW_OP(CLEAR, .level = 4, .count = 512, .target = 0)), EXO_E_RANGE,
	    "nor one of all");
}

static void vcpu_page(void)
{
	uint64_t a = RAW_AREA + P;

	err(raw_op(RAW_OP(COPY, .level = 1, .count = 1, .target = a, .source = RAW_PAGE,
			  .rights = EXO_RWX, .access = RW)), EXO_E_TYPE,
	    "COPY of the vcpu page");
	err(raw_op(RAW_OP(DUP, .level = 1, .count = 1, .target = a, .source = RAW_PAGE,
			  .access = RW)), EXO_E_TYPE, "DUP of it");
	err(raw_op(RAW_OP(PROTECT, .level = 1, .count = 1, .target = RAW_PAGE,
			  .access = EXO_RWX)), EXO_E_TYPE, "PROTECT of it");
	err(raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target = RAW_PAGE)), EXO_E_TYPE,
	    "CLEAR of it");
	err(raw_op(RAW_OP(CLAIM, .level = 1, .count = 1, .target = RAW_PAGE)), EXO_E_TYPE,
	    "CLAIM of it");
	err(raw_op(RAW_OP(ALLOC, .level = 1, .count = 1, .target = RAW_PAGE, .access = RW)),
	    EXO_E_USED, "ALLOC over it");
	err(raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = RAW_AREA + EXO_SPAN(2),
			  .reserve = RAW_PAGE)), EXO_E_RESERVE, "it is no reserve");
}

/* A reserve must be solely held data, on a path that is not frozen. */
static void reserves(void)
{
	uint64_t a = RAW_AREA + 8 * P, to = RAW_AREA + EXO_SPAN(2);

	raw_pages(0, a, 1, RW);
	raw_op(RAW_OP(COPY, .level = 1, .count = 1, .target = a + P, .source = a,
		      .rights = EXO_RWX, .access = EXO_READ));
	err(raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = to, .reserve = a)),
	    EXO_E_RESERVE, "a leaf held twice is no reserve");
	err(raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = to,
			  .reserve = EXO_INFO_PAGE)), EXO_E_RESERVE, "nor the info page");
	err(raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = to, .reserve = a + 2 * P)),
	    EXO_E_RESERVE, "nor an empty slot");
	err(raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = to, .reserve = a + 1)),
	    EXO_E_RESERVE, "nor what is no page");
	err(raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = to, .reserve = UINT64_MAX)),
	    EXO_E_RESERVE, "nor the end of everything");
	raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target = a + P));
	raw_probe_write(a, 0x5555);
	err(raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = to, .reserve = a)), 0,
	    "a leaf of one's own is used up");
	raw_eq((uint64_t)raw_probe_read(a).value, RAW_FAULTED, "and gone at once");
	raw_eq(raw_probe_read(exo_slot_address(to, 1)).second, 0, "the table is empty");
	raw_op(RAW_OP(CLEAR, .level = 2, .count = 1, .target = to));
}

/* Ask for every frame by its number. */
static void every_frame(void)
{
	uint64_t a = RAW_AREA + P, n = raw_info()->frames, step = n / raw_rounds(n), f;
	uint64_t given = 0, refused = 0, wrong = 0, dirty = 0, limit;
	struct raw_usage u = raw_usage(0);
	unsigned i;

	for (f = 1; f < n + 16; f += f < n ? step : 1) {
		int64_t e = raw_op(RAW_OP(ALLOC, .level = 1, .count = 1, .target = a,
					  .access = RW, .argument = f));

		if (e == EXO_OK && f < n) {
			given++;
			for (i = 0; i < P / 8; i += 8)
				dirty += ((volatile uint64_t *)a)[i] != 0;
			*(volatile uint64_t *)a = UINT64_MAX;
			raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target = a));
		} else {
			refused++;
			wrong += e != EXO_E_FRAME;
		}
	}
	limit = (given + refused) * u.used[EXO_RESOURCE_FRAMES] / n;
	raw_note("frames given", given, "");
	raw_note("frames refused", refused, "");
	raw_eq(wrong, 0, "a frame is given, or refused as not free");
	raw_eq(dirty, 0, "what is given is zero");
	raw_ok(refused > limit, "what is in use is not given");
	for (i = 1; i <= EXO_LEVELS; i++) {
		uint64_t slot = raw_slot((uint64_t)__executable_start, i);

		err(raw_op(RAW_OP(ALLOC, .level = 1, .count = 1, .target = a, .access = RW,
				  .argument = (slot & UINT64_C(0xffffffffff000)) >> 12)),
		    EXO_E_FRAME, "nor one's own image and tables");
	}
	err(raw_op(RAW_OP(ALLOC, .level = 1, .count = 1, .target = a, .access = RW,
			  .argument = UINT64_MAX)), EXO_E_FRAME, "nor the last number");
	err(raw_op(RAW_OP(ALLOC, .level = 1, .count = 1, .target = a, .access = RW,
			  .argument = (UINT64_C(1) << 32) + n - 1)), EXO_E_FRAME,
	    "nor a number with more than 32 bits");
}

/* The kernel's pages for reading: by every way that could raise them. */
static void boot_pages(uint64_t page, const char *name)
{
	uint64_t a = RAW_AREA + P;
	unsigned level;

	raw_text(name);
	raw_eq(raw_probe_write(page, 1), DENIED, "cannot be written");
	err(raw_op(RAW_OP(PROTECT, .level = 1, .count = 1, .target = page, .access = RW)),
	    EXO_E_FROZEN, "nor raised where it is");
	err(raw_op(RAW_OP(DUP, .level = 1, .count = 1, .target = page, .source = page,
			  .access = RW)), EXO_E_FROZEN, "nor by DUP in place");
	raw_op(RAW_OP(COPY, .level = 1, .count = 1, .target = a, .source = page,
		      .rights = EXO_RWX, .access = EXO_RWX));
	raw_eq(raw_probe_write(a, 1), DENIED, "a copy of the leaf cannot either");
	err(raw_op(RAW_OP(PROTECT, .level = 1, .count = 1, .target = a, .access = RW)),
	    EXO_E_RIGHTS, "nor be raised");
	err(raw_op(RAW_OP(CLAIM, .level = 1, .count = 1, .target = a)), EXO_E_TYPE,
	    "nor claimed");
	err(raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = a + EXO_SPAN(2),
			  .reserve = a)), EXO_E_RESERVE, "nor used up");
	raw_op(RAW_OP(CLEAR, .level = 1, .count = 1, .target = a));
	for (level = EXO_LEVELS; level > 1; level--)
		err(raw_op(RAW_OP(UNSHARE, .level = (uint8_t)level, .count = 1,
				  .target = page)), 0, "UNSHARE of the path to it");
	raw_eq(raw_probe_write(page, 1), DENIED, "does not make it writable");
	err(raw_op(RAW_OP(PROTECT, .level = 1, .count = 1, .target = page, .access = RW)),
	    EXO_E_RIGHTS, "nor give rights to raise it");
	err(raw_op(RAW_OP(CLAIM, .level = 1, .count = 1, .target = page)), EXO_E_TYPE,
	    "nor let it be claimed");
}

static void restore_info(const struct raw_child *keeper)
{
	raw_op(RAW_OP(CLEAR, .level = 4, .count = 1, .target = EXO_INFO_BASE));
	raw_op(RAW_OP(SHARE, .level = 4, .count = 1, .target = EXO_INFO_BASE,
		      .source_env = keeper->env, .source = EXO_INFO_BASE, .rights = EXO_RWX));
}

static void kernel_addresses(void)
{
	static const struct {
		const char *name;
		uint64_t at;
	} list[] = {
		{ "physical 0", 0 }, { "the boot's low image", 0x100000 },
		{ "the kernel's text", UINT64_C(0xffffffff80200000) },
		{ "its data and stacks", UINT64_C(0xffffffff80218000) },
		{ "the end of its image", UINT64_C(0xffffffff803ff000) },
		{ "the I/O APIC", UINT64_C(0xffffffff80400000) },
		{ "the local APIC", UINT64_C(0xffffffff80600000) },
		{ "the direct map", UINT64_C(0xffff888000000000) },
		{ "the kernel in it", UINT64_C(0xffff888000200000) },
		{ "the first address of the upper half", UINT64_C(0xffff800000000000) },
		{ "the last", UINT64_MAX - 7 },
		{ "the first that is not canonical", UINT64_C(0x800000000000) },
		{ "the last that is not", UINT64_C(0xffff7ffffffffff8) },
	};
	unsigned i;

	for (i = 0; i < RAW_COUNT(list); i++) {
		uint64_t at = list[i].at;
		bool is_closed = raw_probe_read(at).value && raw_probe_write(at, 1)
			&& raw_probe_exec(at);

		raw_ok(is_closed, list[i].name);
	}
	for (i = 256; i < 512; i++)
		if (raw_probe_read((uint64_t)i << 39 | UINT64_C(0xffff) << 48).value == 0)
			break;
	raw_eq(i, 512, "nothing in the upper half can be read");
	for (i = 256; i < 512; i++)
		if (raw_probe_read(exo_slot_address((uint64_t)i << 39, 3)).value == 0)
			break;
	raw_eq(i, 512, "and the recursive view shows none of its tables");
}

static void raw_main(void)
{
	struct raw_usage before = raw_usage(0);
	struct raw_child keeper;
	uint64_t frames;

	recursive_view();
	recursive_slot();
	vcpu_page();
	reserves();
	every_frame();
	kernel_addresses();
	err(raw_child_create(&keeper, 0, NULL), 0, "a child");
	err(raw_op(RAW_OP(SHARE, .level = 4, .count = 1, .target_env = keeper.env,
			  .target = EXO_INFO_BASE, .source = EXO_INFO_BASE, .rights = EXO_RWX)),
	    0, "that keeps the kernel's tables");
	boot_pages(EXO_INFO_PAGE, "# the info page\n");
	restore_info(&keeper);
	boot_pages(EXO_INFO_ARCHIVE, "# the boot archive\n");
	restore_info(&keeper);
	boot_pages(EXO_INFO_TABLES, "# the kernel's accounts\n");
	restore_info(&keeper);
	frames = (uint64_t)exo_table((const struct exo_info *)EXO_INFO_PAGE, EXO_ARRAY_FRAMES);
	boot_pages(frames & -P, "# the kernel's frame table\n");
	restore_info(&keeper);
	raw_child_kill(&keeper, 0);
	raw_child_end(&keeper);
	raw_op(RAW_OP(CLEAR, .level = 4, .count = 1, .target = RAW_AREA));
	raw_conserved(&before, "everything is back");
}
