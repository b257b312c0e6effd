/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 1000
 * An env whose upcall stack is missing, unmapped, read-only, in a frozen table, too small, or not
 * its own memory at all, or whose upcall entry is none, dies with that as its status at its next
 * upcall of any kind. Nobody else notices: not a bystander that counts all the while, nor the
 * parent.
 */
#include "tests/guest/raw_child.h"

enum trigger { UNDEFINED, FOREIGN, FAULT, TIMER, TRIGGERS };

/* What the child has at RAW_AREA: [0] nothing in a table, [1] a page, [2] one for reading,
 * [3] one without access, [4] nothing; and in the next 2 MiB a table shared with the parent. */
#define AREA(page)   (RAW_AREA + (page) * EXO_PAGE_SIZE)
#define AREA_FROZEN  (RAW_AREA + EXO_SPAN(2))
#define PAGE_END     EXO_PAGE_SIZE
#define DIRECT_MAP   UINT64_C(0xffff888000200000)
#define KERNEL_DATA  UINT64_C(0xffffffff80210000)
#define NOT_AN_ADDRESS UINT64_C(0x8000000000000000)
#define LAST_PAGE    UINT64_C(0x7ffffffff000)

struct way {
	const char *name;
	uint64_t base, top;
};

static const struct way stacks[] = {
	{ "none", 0, 0 },
	{ "no table", 2 * RAW_AREA, 2 * RAW_AREA + PAGE_END },
	{ "an empty slot", AREA(0), AREA(0) + PAGE_END },
	{ "a page for reading", AREA(2), AREA(2) + PAGE_END },
	{ "a page without access", AREA(3), AREA(3) + PAGE_END },
	{ "a frozen table", AREA_FROZEN, AREA_FROZEN + PAGE_END },
	{ "a byte too small", AREA(1), AREA(1) + sizeof(struct exo_frame) + 15 },
	{ "the frame's first bytes in an empty slot", AREA(0), AREA(1) + 88 },
	{ "the frame's last bytes in an empty slot", AREA(3), AREA(4) + 88 },
	{ "room but across the end of a page", AREA(2) - 88, AREA(2) + 160 },
	{ "base above top", AREA(1) + PAGE_END, AREA(1) },
	{ "top is the end of everything", KERNEL_DATA, UINT64_MAX },
	{ "all of it", UINT64_MAX, UINT64_MAX },
	{ "the kernel's data", KERNEL_DATA, KERNEL_DATA + PAGE_END },
	{ "the direct map", DIRECT_MAP, DIRECT_MAP + PAGE_END },
	{ "no canonical address", NOT_AN_ADDRESS, NOT_AN_ADDRESS + PAGE_END },
	{ "across the end of user addresses", LAST_PAGE, LAST_PAGE + PAGE_END + 88 },
	{ "the last page", LAST_PAGE, LAST_PAGE + PAGE_END },
	{ "its own root table", LAST_PAGE - EXO_SPAN(4), LAST_PAGE },
	{ "the info page", EXO_INFO_PAGE, EXO_INFO_PAGE + PAGE_END },
	{ "the boot archive", EXO_INFO_ARCHIVE, EXO_INFO_ARCHIVE + PAGE_END },
};

struct entry {
	const char *name;
	uint64_t entry;
	enum exo_death death;
};

static const struct entry entries[] = {
	{ "no entry", 0, EXO_DEATH_NO_ENTRY },
	{ "an entry in the kernel", UINT64_C(0xffffffff80200000), EXO_DEATH_UPCALL_STACK },
	{ "a non-canonical entry", NOT_AN_ADDRESS, EXO_DEATH_UPCALL_STACK },
	{ "an entry beyond everything", UINT64_MAX, EXO_DEATH_UPCALL_STACK },
	{ "an entry beyond user addresses", LAST_PAGE + PAGE_END, EXO_DEATH_UPCALL_STACK },
	{ "an entry where nothing is", 2 * RAW_AREA, EXO_DEATH_UPCALL_STACK },
	{ "an entry in data", (uint64_t)&raw_family, EXO_DEATH_UPCALL_STACK },
	{ "an entry in a table", LAST_PAGE - EXO_SPAN(4), EXO_DEATH_UPCALL_STACK },
};

struct shared {
	volatile uint64_t bystander;
	volatile bool is_over;
	volatile uint64_t upcalls, parents_own;
};

static struct shared shared;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	if (frame->kind == EXO_UPCALL_EVENTS && !(frame->code & EXO_EVENT_TIMER))
		return;
	if (CPU_KEPT(&frame->regs) == 0x1234)
		shared.parents_own++;
	else
		shared.upcalls++;
	EXO_REG_PC(&frame->regs) += CPU_UNDEFINED_BYTES;
}

static void bystander(uint64_t argument)
{
	(void)argument;
	while (!shared.is_over)
		shared.bystander++;
	raw_exit(77);
}

static void child(uint64_t trigger)
{
	switch (trigger) {
	case UNDEFINED:
		cpu_undefined(0);
		break;
	case FOREIGN:
		cpu_call(39);
		break;
	case FAULT:
		*(volatile uint32_t *)UINT64_C(0x1000) = 0;
		break;
	default:
		raw_call(EXO_CALL_TIMER, 1, 0, 0);
		while (!shared.is_over)
			machine_relax();
	}
	raw_exit(1);
}

static int64_t child_memory(uint64_t env)
{
	int64_t err = raw_pages(env, AREA(1), 1, EXO_READ | EXO_WRITE);

	if (!err)
		err = raw_pages(env, AREA(2), 1, EXO_READ);
	if (!err)
		err = raw_pages(env, AREA(3), 1, 0);
	if (!err)
		err = raw_op(RAW_OP(SHARE, .level = 2, .count = 1, .target_env = env,
				    .target = AREA_FROZEN, .source = AREA_FROZEN,
				    .rights = EXO_RWX));
	return err;
}

/* Run one child to its death. */
static uint64_t die(const struct exo_vcpu_start *bad, enum trigger trigger)
{
	struct raw_child c;
	struct exo_vcpu_start how;

	if (raw_child_create(&c, 0, NULL) || child_memory(c.env))
		return UINT64_MAX;
	how = raw_child_how(&c, child, trigger);
	how.stack_base = bad->stack_base;
	how.stack_top = bad->stack_top;
	how.upcall_entry = bad->upcall_entry;
	if (raw_child_go(&c, &how)) {
		raw_child_kill(&c, 0);
		return raw_child_end(&c) - 1;
	}
	return raw_child_end(&c);
}

static void all_triggers(const char *name, const struct exo_vcpu_start *bad,
			 enum exo_death death)
{
	uint64_t want = EXO_STATUS(death, 0), got = want, counted = shared.bystander;
	unsigned trigger;

	for (trigger = 0; trigger < TRIGGERS && got == want; trigger++)
		got = die(bad, trigger);
	raw_eq(got, want, name);
	cpu_undefined(0x1234);
	raw_yield();
	raw_ok(shared.bystander > counted, "  the bystander counts on");
}

/* A stack in the vcpu page itself is a strange wish, but nobody else's business. */
static void page_as_stack(void)
{
	struct raw_child c;
	struct exo_vcpu_start how;
	uint64_t upcalls = shared.upcalls;

	raw_eq((uint64_t)raw_child_create(&c, 0, NULL), 0, "a child");
	how = raw_child_how(&c, child, UNDEFINED);
	how.stack_base = RAW_PAGE;
	how.stack_top = RAW_PAGE + EXO_PAGE_SIZE;
	raw_eq((uint64_t)raw_child_go(&c, &how), 0, "with its vcpu page as upcall stack");
	raw_eq(raw_child_end(&c), EXO_STATUS(EXO_DEATH_EXIT, 1), "ends as it wants");
	raw_eq(shared.upcalls, upcalls + 1, "after an upcall");
}

static void raw_main(void)
{
	struct raw_usage before;
	struct raw_child by;
	unsigned i;

	raw_eq((uint64_t)raw_pages(0, AREA_FROZEN, 1, EXO_READ | EXO_WRITE), 0, "memory");
	before = raw_usage(0);
	raw_eq((uint64_t)raw_child_run(&by, 1, bystander, 0), 0, "a bystander");
	for (i = 0; i < RAW_COUNT(stacks); i++)
		all_triggers(stacks[i].name, &(struct exo_vcpu_start){
			.stack_base = stacks[i].base, .stack_top = stacks[i].top,
			.upcall_entry = (uint64_t)raw_upcall_entry }, EXO_DEATH_UPCALL_STACK);
	raw_eq(shared.upcalls, 0, "none of them has seen an upcall");
	for (i = 0; i < RAW_COUNT(entries); i++)
		all_triggers(entries[i].name, &(struct exo_vcpu_start){
			.stack_base = (uint64_t)raw_family.upcall_stack[0],
			.stack_top = (uint64_t)raw_family.upcall_stack[0] + RAW_CHILD_STACK,
			.upcall_entry = entries[i].entry }, entries[i].death);
	page_as_stack();
	raw_eq(shared.parents_own, RAW_COUNT(stacks) + RAW_COUNT(entries),
	       "the parent's own upcalls came and went");
	shared.is_over = true;
	raw_eq(raw_child_end(&by), EXO_STATUS(EXO_DEATH_EXIT, 77), "the bystander ends well");
	raw_conserved(&before, "everything is back");
}
