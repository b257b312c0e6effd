/* SPDX-License-Identifier: ISC */
/*
 * Each invariant is broken by hand, and the audit names it: I-1, I-2, I-3, I-4, I-5, I-6, I-7 and
 * I-8, each in several ways. After each the machine is put back.
 */
#include "tests/host/lab.h"

#define A EXO_ROOT_SPAN
#define B (2 * EXO_ROOT_SPAN)
#define P(n) (A + (n) * EXO_PAGE_SIZE)

static struct machine *whole;

/* The slot itself, to be broken. */
static _Atomic uint64_t *at(struct lab *l, uint64_t address, unsigned level)
{
	struct pfn table = l->m->envs[0].root;
	unsigned up;

	for (up = EXO_LEVELS; up > level; up--)
		table.n = slot_pfn(table_slots(l->m, table)[address / EXO_SPAN(up)
							    % EXO_TABLE_SLOTS]);
	return &table_slots(l->m, table)[address / EXO_SPAN(level) % EXO_TABLE_SLOTS];
}

static struct frame *frame_at(struct lab *l, uint64_t address, unsigned level)
{
	return frame_of(l->m, lab_frame(l, 0, address, level));
}

/* The machine has just been broken: which invariant is named? */
static void names(struct lab *l, unsigned invariant, const char *how)
{
	struct audit_report r;
	bool is_sound = audit(l->m, l->scratch, &r) && host_audit_tlb(l->m, &r);

	tap_ok(!is_sound && r.invariant == invariant, "I-%u: %s", invariant, how);
	if (is_sound || r.invariant != invariant)
		printf("# named I-%u: %s\n", is_sound ? 0 : r.invariant, is_sound ? "" : r.what);
	host_restore(l->m, whole);
}

static UNCHECKED void check_i1(struct lab *l)
{
	uint32_t free = l->m->frames[free_ends(l->m, 0)].refs;

	*at(l, P(5), 1) = slot_leaf(l->m->frame_count, 7, 1, 0);
	names(l, 1, "a leaf on a frame that there is not");
	*at(l, P(5), 1) = slot_leaf(free, 7, 1, 0);
	names(l, 1, "a leaf on a free frame");
	*at(l, P(5), 1) = slot_leaf(0, 7, 1, 0);
	names(l, 1, "a leaf on a frame of the kernel's own");
	*at(l, P(5), 1) = slot_leaf(l->m->vcpus[0].page.n, 3, 3, 0);
	names(l, 1, "a vcpu page where its vcpu has it not");
}

static UNCHECKED void check_i2(struct lab *l)
{
	*at(l, P(0), 1) = slot_leaf(lab_frame(l, 0, P(0), 1).n, 1, 1, 0) | SLOT_W;
	names(l, 2, "a leaf that writes without the right");
	*at(l, A, 2) = slot_branch(lab_frame(l, 0, A, 2).n, 1, true);
	names(l, 2, "a branch with write access without the right");
}

static UNCHECKED void check_i3(struct lab *l)
{
	*at(l, P(5), 1) = slot_leaf(lab_frame(l, 0, A, 2).n, 1, 1, 0);
	names(l, 3, "a leaf on a table");
	*at(l, B, 4) = slot_branch(lab_frame(l, 0, P(0), 1).n, 7, true);
	names(l, 3, "a branch to data");
	*at(l, A + EXO_SPAN(3), 3) = slot_branch(lab_frame(l, 0, A, 4).n, 7, true);
	names(l, 3, "a cycle");
	*at(l, EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN, 4) |= SLOT_W;
	names(l, 3, "a writable recursive slot");
	*at(l, EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN, 4) = 0;
	names(l, 3, "no recursive slot");
	*at(l, EXO_ROOT_RECURSIVE * EXO_ROOT_SPAN, 4) =
		slot_branch(lab_frame(l, 0, A, 4).n, 1, false);
	names(l, 3, "a recursive slot on another table");
	l->m->envs[0].root = lab_frame(l, 0, A, 4);
	names(l, 3, "a root that is no root table");
}

static UNCHECKED void check_i4(struct lab *l)
{
	unsigned level;

	for (level = 2; level <= EXO_LEVELS; level++) {
		frame_at(l, A, level)->refs++;
		names(l, 4, "a writable path through a table with two holders");
	}
	frame_of(l->m, l->m->envs[0].root)->refs++;
	names(l, 4, "a root with two holders");
}

static UNCHECKED void check_i5(struct lab *l)
{
	*at(l, EXO_INFO_PAGE, 1) |= SLOT_RIGHT_W;
	names(l, 5, "a raised info page");
}

static UNCHECKED void check_i6(struct lab *l)
{
	struct pfn pfn = { 0 };

	*at(l, P(5), 1) = UINT64_C(0xdbdbdbdbdbdbdbda);
	names(l, 6, "a former owner's bytes in a table");
	*at(l, P(5), 1) = UINT64_C(1) << 60;
	names(l, 6, "bits that no payload has");
	*at(l, P(0), 1) |= UINT64_C(1) << 57;
	names(l, 6, "bits that no leaf has");
	*at(l, P(EXO_TABLE_SLOTS - 1), 1) = slot_empty(1);
	names(l, 6, "a payload where the table is said to be zero");
	if (!frame_alloc(l->m, 0, FRAME_DATA, 0, 0, &pfn)) {
		account_discharge(l->m, 0, EXO_RESOURCE_FRAMES, 1);
		frame_free(l->m, pfn, true);
	}
	table_slots(l->m, pfn)[7] = 1;
	names(l, 6, "a free frame that is said to be zero and is not");
}

static UNCHECKED void check_i7(struct lab *l)
{
	uint64_t value;

	l->m->cpus[0].flush.drops_count = 1;
	names(l, 7, "a drop pending outside a call");
	l->m->cpus[0].flush.env = 0;
	names(l, 7, "a flush pending outside a call");
	l->m->envs[0].cpus = 0;
	names(l, 7, "a CPU that its env does not know");
	l->m->cpus[0].root_env = 3;
	names(l, 7, "a CPU on the root of a dead env");
	host_store(l->m, 0, P(0), 1);
	*at(l, P(0), 1) = slot_leaf(lab_frame(l, 0, P(0), 1).n, 7, 1, 0);
	names(l, 7, "a cached translation that still writes");
	host_load(l->m, 0, P(0), &value);
	*at(l, P(5), 1) = *at(l, P(0), 1);
	*at(l, P(0), 1) = 0;
	names(l, 7, "a cached translation of a slot that moved away");
	host_load(l->m, 0, P(0), &value);
	arch_tlb_flush_page(l->m, &l->m->cpus[0], 0, P(0));
	*at(l, A + EXO_SPAN(2), 2) = *at(l, A, 2);
	*at(l, A, 2) = 0;
	names(l, 7, "a cached walk of a table that moved away");
}

static UNCHECKED void check_i8_frames(struct lab *l)
{
	frame_at(l, P(0), 1)->refs++;
	names(l, 8, "a reference too many");
	frame_at(l, P(0), 1)->refs--;
	names(l, 8, "a reference too few");
	*at(l, P(5), 1) = *at(l, P(0), 1);
	names(l, 8, "a slot more");
	*at(l, P(0), 1) = 0;
	names(l, 8, "a slot less");
	frame_at(l, A, 2)->meta += 1u << 6;
	names(l, 8, "a used slot too many");
	l->m->accounts[0].quota[EXO_RESOURCE_FRAMES]++;
	names(l, 8, "a frame charged twice");
	frame_at(l, P(0), 1)->meta |= 5u << 24;
	names(l, 8, "a frame charged to another account");
	l->m->accounts[0].quota[EXO_RESOURCE_FRAMES] += UINT64_C(1) << 32;
	names(l, 8, "a limit without a frame");
	l->m->accounts[1].quota[EXO_RESOURCE_ENVS] += UINT64_C(1) << 32;
	names(l, 8, "a limit in a free account");
	l->m->accounts[0].quota[EXO_RESOURCE_VCPUS]--;
	names(l, 8, "a vcpu that nobody pays for");
}

static UNCHECKED void check_i8_lists(struct lab *l)
{
	struct frame *ends = &l->m->frames[free_ends(l->m, 0)];
	struct frame *others = &l->m->frames[free_ends(l->m, 1)];
	uint32_t head = ends->refs, next = l->m->frames[head].refs;

	l->m->frames[next].refs = head;
	names(l, 8, "a free list in a circle");
	l->m->frames[next].meta = FRAME_FREE | next << 4;
	names(l, 8, "a free list with a wrong way back");
	ends->refs = next;
	names(l, 8, "a free frame on no list");
	ends->meta = FRAME_KERNEL | head << 4;
	names(l, 8, "a free list whose end is another");
	l->m->frames[head].refs = others->refs;
	l->m->frames[head].meta = others->meta & ~7u;
	others->refs = head;
	others->meta = FRAME_KERNEL | head << 4;
	ends->refs = next;
	l->m->frames[next].meta = FRAME_FREE | free_ends(l->m, 0) << 4;
	names(l, 8, "a free frame on another CPU's list");
	l->m->frames[head].meta = FRAME_DYING;
	arch_frame_poison(l->m, (struct pfn){ head }, false);
	arch_frame_zero(l->m, (struct pfn){ head });
	ends->refs = next;
	l->m->frames[next].meta = FRAME_FREE | free_ends(l->m, 0) << 4;
	names(l, 8, "a dying table on no list");
}

static UNCHECKED void check_i8_tree(struct lab *l)
{
	l->m->envs[0].children++;
	names(l, 8, "a child too many");
	l->m->envs[1].parent = 5;
	names(l, 8, "a parent that is gone");
	l->m->envs[0].vcpus = VCPU_NONE;
	names(l, 8, "a vcpu in no list");
	l->m->accounts[0].envs--;
	names(l, 8, "an env that its account does not know");
	l->m->vcpus[0].state = VCPU_RUNNABLE;
	names(l, 8, "a running vcpu that does not say so");
	l->m->cpus[0].current = VCPU_NONE;
	names(l, 8, "a vcpu that says so and does not run");
	l->m->vcpus[0].is_sleeping = true;
	names(l, 8, "a sleeper on no list");
	l->m->cpus[0].slices_used[0] ^= 1;
	names(l, 8, "a slice's bit");
	l->m->cpus[0].slices[l->m->cpus[0].position] = VCPU_NONE;
	names(l, 8, "a slice that was lost");
	l->m->vcpus[0].wait_mode = WAIT_BELL;
	names(l, 8, "a wait in no bucket");
	l->m->buckets[3].head = 0;
	names(l, 8, "a bucket with one that does not wait");
}

int main(void)
{
	struct lab *l = lab_open(128, 2);

	lab_map(l, 0, A, 3);
	lab_child(l, 0);
	whole = host_snapshot(l->m);
	check_i1(l);
	check_i2(l);
	check_i3(l);
	check_i4(l);
	check_i5(l);
	check_i6(l);
	check_i7(l);
	check_i8_frames(l);
	check_i8_lists(l);
	check_i8_tree(l);
	free(whole);
	lab_close(l);
	return tap_done("tests/host/audit_names_what_is_broken.tap");
}
