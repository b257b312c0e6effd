/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 1000 --memory 64M
 * No byte of a former owner is ever seen (I-6). An env fills memory, tables' payloads, its vcpu
 * page, its registers (those that few know too) and upcall frames with a secret, and ends. Then
 * all free memory is asked for, in every way that there is to come by a frame, and searched; so is
 * each newborn's state; so are the kernel's tables, while the secret lives and after.
 */
#include <leak.h>

#include "tests/guest/raw_victim.h"

#define P  EXO_PAGE_SIZE
#define RW (EXO_READ | EXO_WRITE)
#define SECRET UINT64_C(0x5ec2e75ec2e75ec2)
/* 48 bits of it, as a payload. */
#define PAYLOAD (SECRET & EXO_PAYLOAD_MASK)
#define WORDS (P / 8)

enum { OWNER, HEIR, PAGES = 512 };

struct shared {
	volatile uint64_t is_ready, is_over, left;
};

static struct shared shared;
static uint64_t parent;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	if (page->env == parent)
		raw_probe_fault(frame);
	else if (frame->kind == EXO_UPCALL_EXCEPTION)
		EXO_REG_PC(&frame->regs) += CPU_UNDEFINED_BYTES;
}

/* Everything that it has is the secret. Then it waits for its end, with the secret in registers. */
static void owner(uint64_t secret)
{
	volatile uint64_t *at = (volatile uint64_t *)RAW_AREA;
	uint64_t i;

	for (i = 0; i < PAGES * WORDS; i++)
		at[i] = secret;
	raw_op(RAW_OP(CLEAR, .level = 1, .count = 512, .target = RAW_AREA + EXO_SPAN(2),
		      .argument = secret & EXO_PAYLOAD_MASK));
	raw_op(RAW_OP(CLEAR, .level = 2, .count = 510, .target = RAW_AREA + 2 * EXO_SPAN(2),
		      .argument = secret & EXO_PAYLOAD_MASK));
	at = (volatile uint64_t *)RAW_PAGE;
	for (i = sizeof(struct exo_vcpu_page) / 8 - 480; i < WORDS; i++)
		at[i] = secret;
	leak_fill(secret);
	cpu_undefined(secret);
	shared.is_ready = 1;
	leak_hold(secret, &shared.is_over);
	raw_exit(0);
}

static void heir(uint64_t argument)
{
	volatile uint64_t *page = (volatile uint64_t *)RAW_PAGE;
	uint64_t i, left = leak_found();

	(void)argument;
	for (i = sizeof(struct exo_vcpu_page) / 8; i < WORDS; i++)
		left += page[i] != 0;
	left += page[offsetof(struct exo_vcpu_page, name) / 8] != 0;
	for (i = 0; i < EXO_TAKEN_MAX; i++)
		left += raw_state.page->taken_list[i].address != 0;
	shared.left = left;
	raw_exit(7);
}

static bool begin_owner(struct raw_child *c)
{
	struct exo_vcpu_start how;

	shared = (struct shared){ 0 };
	if (raw_child_create(c, OWNER, NULL) || raw_pages(c->env, RAW_AREA, PAGES, RW)
	    || raw_tables(c->env, RAW_AREA + EXO_SPAN(2)))
		return false;
	how = raw_child_how(c, owner, SECRET);
	if (raw_child_go(c, &how))
		return false;
	while (!shared.is_ready)
		raw_yield();
	return true;
}

static void end_owner(const struct raw_child *c)
{
	shared.is_over = 1;
	raw_eq(raw_child_end(c), 0, "the owner of a secret ends");
	raw_settle();
}

static bool is_secret(uint64_t word)
{
	return word == SECRET || word == PAYLOAD || (uint32_t)word == (uint32_t)SECRET;
}

/* The pages of our own at RAW_AREA: words that are not zero. */
static uint64_t search(unsigned pages)
{
	const volatile uint64_t *at = (const volatile uint64_t *)RAW_AREA;
	uint64_t found = 0, i;

	for (i = 0; i < pages * WORDS; i++)
		found += at[i] != 0;
	return found;
}

static void fresh_frames(void)
{
	uint64_t found = 0, frames = 0, next = RAW_AREA + EXO_SPAN(2), r;

	/* As many as there are, in one table after another, so that none is given twice. */
	for (r = 0; r < 64; r++) {
		struct exo_result got;
		uint64_t at = next + r * EXO_SPAN(2), done, i;

		if (raw_tables(0, at))
			break;
		do {
			struct exo_slot_op op = RAW_OP(ALLOC, .level = 1, .count = 512,
						       .target = at, .access = EXO_READ);

			got = exo_call(EXO_CALL_SLOTS, (uint64_t)&op, 1, 0, 0, 0);
			done = got.value ? EXO_DONE_SLOTS(got.second) : 512;
			for (i = 0; i < done * WORDS; i++)
				found += ((volatile uint64_t *)at)[i] != 0;
			frames += done;
			raw_op(RAW_OP(CLEAR, .level = 1, .count = 512, .target = at,
				      .argument = 0));
		} while (got.value == EXO_E_AGAIN);
	}
	raw_note("frames looked at", frames, "");
	raw_eq(found, 0, "fresh frames are zero");
}

/* Many vcpu pages, roots and tables, which take the frames that the owner had. */
static void tables_and_reserves(void)
{
	uint64_t at = RAW_AREA + EXO_SPAN(2), found = 0, i;

	raw_pages(0, RAW_AREA, 2, RW);
	for (i = 0; i < 64; i++) {
		uint64_t slot, to = at + i * EXO_SPAN(2);

		raw_op(RAW_OP(CLEAR, .level = 2, .count = 1, .target = to));
		for (slot = 0; slot < 2 * WORDS; slot++)
			((volatile uint64_t *)RAW_AREA)[slot] = SECRET;
		/* A page full of the secret becomes a table; every other time a fresh frame. */
		raw_op(RAW_OP(TABLE, .level = 2, .count = 1, .target = to,
			      .reserve = i % 2 ? RAW_AREA : 0));
		for (slot = 0; slot < 512; slot++)
			found += raw_slot(to + slot * P, 1) != 0;
		if (i % 2)
			raw_op(RAW_OP(ALLOC, .level = 1, .count = 1, .target = RAW_AREA,
				      .access = RW));
	}
	raw_eq(found, 0, "fresh tables are empty, of a reserve too");
	raw_op(RAW_OP(CLEAR, .level = 1, .count = 2, .target = RAW_AREA));
	raw_op(RAW_OP(ALLOC, .level = 1, .count = 2, .target = RAW_AREA, .access = RW));
	for (i = 0; i < WORDS; i++)
		((volatile uint64_t *)(RAW_AREA + P))[i] = SECRET;
	raw_op(RAW_OP(DUP, .level = 1, .count = 1, .target = RAW_AREA + 2 * P, .source = RAW_AREA,
		      .access = RW, .reserve = RAW_AREA + P));
	raw_op(RAW_OP(COPY, .level = 1, .count = 1, .target = RAW_AREA + P,
		      .source = RAW_AREA + 2 * P, .rights = EXO_READ, .access = EXO_READ));
	raw_eq(search(3), 0, "a copy into a reserve has nothing of what the reserve held");
	raw_op(RAW_OP(CLEAR, .level = 4, .count = 1, .target = RAW_AREA));
	raw_settle();
}

static void newborns(void)
{
	struct raw_child owners, c;
	uint64_t left = 0, i;

	for (i = 0; i < 8; i++) {
		if (!raw_ok(begin_owner(&owners), "an env with a secret"))
			return;
		if (i % 2)
			end_owner(&owners);
		raw_child_run(&c, HEIR, heir, 0);
		raw_child_end(&c);
		left += shared.left;
		if (i % 2 == 0)
			end_owner(&owners);
	}
	raw_eq(left, 0, "a newborn's registers and its vcpu page are clean");
}

/* The kernel's tables, all that is mapped of them. */
static uint64_t kernel_tables(void)
{
	uint64_t at, found = 0;

	for (at = EXO_INFO_TABLES;; at += P) {
		const volatile uint64_t *page = (const volatile uint64_t *)at;
		unsigned i;

		if (raw_probe_read(at).value)
			break;
		for (i = 0; i < WORDS; i++)
			found += is_secret(page[i]);
	}
	raw_note("of the kernel's tables", at - EXO_INFO_TABLES, "bytes");
	return found + (at == EXO_INFO_TABLES);
}

static void raw_main(void)
{
	struct raw_usage before;
	struct raw_child c;

	parent = raw_state.page->env;
	raw_settle();
	before = raw_usage(0);
	if (!raw_ok(begin_owner(&c), "an env with a secret"))
		return;
	raw_eq(kernel_tables(), 0, "the kernel's tables say nothing of it while it lives");
	end_owner(&c);
	raw_eq(kernel_tables(), 0, "nor after its end");
	fresh_frames();
	raw_op(RAW_OP(CLEAR, .level = 4, .count = 1, .target = RAW_AREA));
	raw_settle();
	tables_and_reserves();
	newborns();
	raw_conserved(&before, "everything is back");
}
