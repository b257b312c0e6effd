/* SPDX-License-Identifier: ISC */
/*
 * Makes inputs of what programs asked of the real kernel, as fuzz/seed_hook.c wrote it: the same
 * calls in the same order, on the fuzzer's tiny machine. usage: seed TARGET PREFIX <LINES; writes
 * PREFIX-0, PREFIX-1..., each of as many calls as an input can have, and prints how many.
 *
 * What is real becomes what is next to it there. Tables of 512 slots have 32 there, of which a byte
 * names eight: pages keep their place modulo 8, the tables that a program uses become those that
 * there are in the order in which they appear; one that it makes is one that is not there yet, and
 * one that is neither is made first. The first env that calls is the first there and runs on CPU 0,
 * all others on CPU 1; handles are those of the envs and vcpus in the order in which they appear or
 * are made. Addresses above the program's and those of the info slot are such there too. One
 * thread, no locks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

/* The real machine's geometry. */
enum { REAL_PAGE = 12, REAL_TABLE = 21, REAL_ROOT = 39, REAL_LEVELS = 4, REAL_USER = 256 };
enum { SEED_WORDS = 200, SEED_NAMES = 6, SEED_TABLES = 4, SEED_ROOTS = 4 };

#define SEED_NOBODY UINT64_MAX

/* Numbers of the real machine, in the order in which they appeared. */
struct seed_names {
	uint64_t real[8];
	unsigned count;
};

struct seed {
	const struct fuzz_target *target;
	const char *prefix;
	unsigned files;
	struct fuzz_record records[FUZZ_RECORDS_MAX];
	unsigned count;
	struct seed_names envs, vcpus, roots, tables[SEED_ROOTS];
	uint64_t call;   /* the last, whose result is to come */
	bool has_written;
};

/* ---- Numbers ---- */

/* The place of a number, at most `last`. One that was not there gets the first that is nobody's,
 * from `first` on: those before are of what the machine begins with. */
static unsigned names_find(struct seed_names *n, uint64_t real, unsigned first, unsigned last)
{
	unsigned i;

	for (i = 0; i < n->count; i++)
		if (n->real[i] == real)
			return i;
	for (i = first; i < n->count && n->real[i] != SEED_NOBODY; i++)
		;
	if (i > last)
		return last;
	while (n->count <= i)
		n->real[n->count++] = SEED_NOBODY;
	n->real[i] = real;
	return i;
}

/* Env 0 is who calls, 1 and 2 are there, more are made: decode_env. */
static uint8_t seed_env(struct seed *s, uint64_t caller, uint64_t handle)
{
	if (!handle || handle == caller)
		return 0;
	return (uint8_t)names_find(&s->envs, handle, 0, SEED_NAMES);
}

static uint8_t seed_vcpu(struct seed *s, uint64_t handle)
{
	return handle ? (uint8_t)names_find(&s->vcpus, handle, 0, 7) : 9;
}

/* The byte of which fuzz_address makes the place. is_new: the table there is to be made. */
static uint8_t seed_address(struct seed *s, uint64_t real, bool is_new)
{
	uint64_t root = real >> REAL_ROOT, page = real >> REAL_PAGE;
	unsigned at;

	if (root >= REAL_USER)
		return 160 + 4;
	if (root == REAL_USER - 1)
		return 160 + 2;
	if (root == REAL_USER - 3)
		return 160 + (page % (1u << (REAL_ROOT - REAL_PAGE)) != 0);
	at = names_find(&s->roots, root, 0, SEED_ROOTS - 1);
	return (uint8_t)(at << 5 | names_find(&s->tables[at], real >> REAL_TABLE,
					      is_new && at == 0 ? 2 : 0, SEED_TABLES - 1) << 3
			 | page % 8);
}

/* ---- Records ---- */

static void seed_end(struct seed *s)
{
	char path[4096];
	FILE *file;

	if (s->count) {
		snprintf(path, sizeof(path), "%s-%u", s->prefix, s->files++);
		file = fopen(path, "wb");
		if (!file || fwrite(s->records, sizeof(s->records[0]), s->count, file) != s->count
		    || fclose(file)) {
			perror(path);
			exit(1);
		}
	}
	s->has_written = false;
	s->count = s->envs.count = s->vcpus.count = s->roots.count = 0;
	memset(s->tables, 0, sizeof(s->tables));
}

/* A record of the kind, by the env. NULL: the target has none. */
static struct fuzz_record *seed_add(struct seed *s, uint64_t env, unsigned kind)
{
	struct fuzz_record *r;
	unsigned i = 0;

	while (i < s->target->kinds_count && s->target->kinds[i] != kind)
		i++;
	if (i == s->target->kinds_count)
		return NULL;
	if (s->count == FUZZ_RECORDS_MAX)
		seed_end(s);
	r = &s->records[s->count++];
	*r = (struct fuzz_record){ .kind = (uint8_t)i };
	if (names_find(&s->envs, env, 0, SEED_NAMES))
		r->where = FUZZ_CPU;
	return r;
}

/* decode_op's choices: the byte whose remainder is the operation, with or without the bit that says
 * leaf; the place of the level; that of the count. */
static uint8_t op_byte(unsigned op, bool is_leaf)
{
	unsigned byte = op;

	while (op >= EXO_OP_CLEAR && !(byte & 0x40) == is_leaf)
		byte += EXO_OPS + 1;
	return (uint8_t)byte;
}

static uint8_t op_level(unsigned level, bool is_leaf_op)
{
	static const uint8_t leaf[] = { 0, 0, 7, 7, 7 }, branch[] = { 7, 6, 0, 3, 3 };

	return (is_leaf_op ? leaf : branch)[level <= REAL_LEVELS ? level : 0];
}

static uint8_t op_count(unsigned count)
{
	static const uint16_t least[][2] = { { 512, 11 }, { 511, 10 }, { 9, 4 }, { 5, 9 }, { 4, 8 },
		{ 3, 7 }, { 2, 5 }, { 0, 0 } };
	unsigned i = 0;

	while (count < least[i][0])
		i++;
	return (uint8_t)(least[i][1] << 3);
}

/* What does not fit beside each other (all are in `wild`) is left out, the reserve last. */
static void op_more(struct seed *s, const struct exo_slot_op *op, struct fuzz_record *r)
{
	uint8_t *more = &r->byte[5];

	if (op->op == EXO_OP_TABLE) {
		*more = op->flags & EXO_OP_COMMON ? 0x20 : op->flags & EXO_OP_DOWN ? 0x10 : 0;
	} else {
		*more = (uint8_t)((op->rights & EXO_RWX) | (op->access & EXO_RWX) << 3);
		r->where |= (uint8_t)((op->flags & (EXO_OP_MASK | EXO_OP_CLEAN)) << 4);
	}
	if (r->where & FUZZ_FAR) /* the same bit: MASK's target is `wild` */
		r->wild = fuzz_address(r->byte[2]);
	if (op->soft_mask) {
		*more |= 0x40;
		r->wild |= op->soft & EXO_SOFT_MASK;
	}
	if (op->argument && op->op == EXO_OP_CLEAR) {
		*more |= 0x80;
		r->wild = op->argument;
	}
	if (op->reserve) {
		*more |= 0x80;
		r->wild = seed_address(s, op->reserve, false);
	}
}

/* A table that the program had before the input began is made first. */
static void seed_table(struct seed *s, uint64_t env, uint64_t real)
{
	unsigned roots = s->roots.count, tables[SEED_ROOTS], i;
	struct fuzz_record *r;
	uint8_t at;

	for (i = 0; i < SEED_ROOTS; i++)
		tables[i] = s->tables[i].count;
	at = seed_address(s, real, false);
	i = at >> 5;
	if (at >= 128 || s->tables[i].count == tables[i] || !(i || tables[i] > 1))
		return;
	r = seed_add(s, env, EXO_CALL_SLOTS);
	if (!r)
		return;
	r->byte[0] = EXO_OP_TABLE;
	r->byte[1] = op_level(s->roots.count > roots ? REAL_LEVELS : 2, false)
		| op_count(s->roots.count > roots ? EXO_LEVELS - 1 : 1);
	r->byte[2] = at;
	r->byte[5] = s->roots.count > roots ? 0x10 : 0;
}

static void seed_op(struct seed *s, uint64_t env, const struct exo_slot_op *op, unsigned where)
{
	bool is_leaf = op->level == 1;
	bool is_leaf_op = op->op == EXO_OP_ALLOC || op->op == EXO_OP_DUP || op->op == EXO_OP_COPY
		|| op->op == EXO_OP_PROTECT || (op->op >= EXO_OP_CLEAR && is_leaf);
	struct fuzz_record *r;
	bool is_new = op->op == EXO_OP_TABLE || op->op == EXO_OP_SHARE || op->op == EXO_OP_MOVE;
	unsigned count = op->flags & EXO_OP_DOWN && op->count > EXO_LEVELS - 1 ? EXO_LEVELS - 1
		: op->count;

	if (!op->target_env && !is_new)
		seed_table(s, env, op->target);
	if (!op->source_env && op->source)
		seed_table(s, env, op->source);
	r = seed_add(s, env, EXO_CALL_SLOTS);
	if (!r)
		return;
	r->where |= (uint8_t)where;
	r->byte[0] = op_byte(op->op, is_leaf);
	r->byte[1] = op_level(op->level, is_leaf_op) | op_count(count);
	r->byte[2] = seed_address(s, op->target, is_new && op->level == 2);
	r->byte[3] = op->source ? seed_address(s, op->source, false) : 0;
	r->byte[4] = (uint8_t)(seed_env(s, env, op->target_env)
			       | seed_env(s, env, op->source_env) << 3);
	op_more(s, op, r);
}

/* slot(): the operation in its word (exo_slot_word). */
static void seed_slot(struct seed *s, uint64_t env, const uint64_t *a)
{
	struct exo_slot_op op = { 0 };

	memcpy(&op, a, 8);
	op.soft = a[0] >> 56 & EXO_SOFT_MASK;
	op.soft_mask = (uint8_t)(a[0] >> 60);
	op.target = a[1];
	op.source = a[2];
	op.argument = a[3];
	op.reserve = a[4];
	seed_op(s, env, &op, FUZZ_REGISTERS);
}

static void seed_slots(struct seed *s, uint64_t env, const uint64_t *memory, unsigned words)
{
	struct exo_slot_op op;
	unsigned i, each = sizeof(op) / 8;

	for (i = 0; i < words / each; i++) {
		memcpy(&op, memory + i * each, sizeof(op));
		seed_op(s, env, &op, i ? FUZZ_JOINED : 0);
	}
}

/* ---- Calls ---- */

static uint8_t small(uint64_t value, uint8_t most)
{
	return value < most ? (uint8_t)value : most;
}

/* A word and what is expected there: what waits for it was right to (0), till its result says
 * otherwise. */
static void seed_word(struct seed *s, struct fuzz_record *r, uint64_t call, const uint64_t *a)
{
	r->byte[0] = seed_address(s, a[0], false);
	r->byte[1] = a[0] >> 2 & 7;
	r->byte[2] = a[2] & 3;
	if (a[0] >> REAL_ROOT == REAL_USER - 3)
		r->byte[1] |= 0x80;
	if (call == EXO_CALL_WAKE)
		r->byte[3] = small(a[1], 3);
}

static void seed_account(struct seed *s, struct fuzz_record *r, uint64_t env, const uint64_t *a)
{
	r->byte[0] = small(a[0], EXO_ACCOUNT_REPOSSESS + 1);
	r->byte[1] = seed_env(s, env, a[1]);
	r->byte[2] = (uint8_t)(small(a[2], 7) * 4);
	r->byte[3] = small(a[3], 31);
	r->byte[4] = 2;
}

/* `a`: five arguments; then what the call wants in memory. */
static void seed_arguments(struct seed *s, struct fuzz_record *r, uint64_t env, uint64_t call,
			   const uint64_t *a)
{
	const uint64_t *memory = a + 5;

	switch (call) {
	case EXO_CALL_ENV_CREATE:
		r->byte[0] = a[0] != 0;
		r->byte[1] = small(memory[EXO_RESOURCE_FRAMES], 31);
		r->byte[2] = small(memory[EXO_RESOURCE_SLICES], 3);
		r->byte[3] = small(memory[EXO_RESOURCE_ENVS], 3);
		r->byte[4] = small(memory[EXO_RESOURCE_VCPUS], 3);
		break;
	case EXO_CALL_ENV_KILL: /* by itself: 0xf8 */
		r->byte[0] = seed_env(s, env, a[0]);
		if (!r->byte[0])
			r->byte[0] = 0xf8;
		r->byte[1] = (uint8_t)a[1];
		break;
	case EXO_CALL_ENV_REAP:
		r->byte[0] = a[0] ? seed_env(s, env, a[0]) : 0;
		break;
	case EXO_CALL_VCPU_START:
		r->byte[0] = seed_env(s, env, a[0]);
		r->byte[1] = seed_address(s, memory[0], false);
		r->byte[2] = (uint8_t)(!memory[4] | (memory[7] & 1) << 1);
		break;
	case EXO_CALL_VCPU_STOP:
	case EXO_CALL_YIELD:
		r->byte[0] = seed_vcpu(s, a[0]);
		break;
	case EXO_CALL_TIMER:
		r->byte[0] = a[0] == UINT64_MAX;
		r->byte[1] = 3;
		r->wild = a[0] == UINT64_MAX ? a[0] : 0;
		break;
	case EXO_CALL_SLICE_ALLOC:
		r->byte[0] = seed_vcpu(s, a[0]);
		r->byte[1] = a[1] & 3;
		r->byte[2] = a[2] == EXO_SLICE_ANY ? 1 : (uint8_t)(small(a[2], 127) * 2);
		break;
	case EXO_CALL_SLICE_FREE:
		r->byte[0] = a[0] & 3;
		r->byte[1] = small(a[1], 7);
		break;
	case EXO_CALL_WAIT:
	case EXO_CALL_WAKE:
		seed_word(s, r, call, a);
		break;
	case EXO_CALL_ACCOUNT:
		seed_account(s, r, env, a);
		break;
	case EXO_CALL_CONSOLE_WRITE:
	case EXO_CALL_CONSOLE_READ:
		r->byte[0] = seed_address(s, a[0], false);
		r->byte[1] = (uint8_t)a[0];
		r->byte[2] = small(a[1], 255);
		break;
	}
}

static void seed_call(struct seed *s, const uint64_t *word, unsigned count)
{
	uint64_t env = word[0], call = word[1];
	struct fuzz_record *r;

	s->call = EXO_CALLS;
	if (call == EXO_CALL_ENV_KILL && !word[2] && !names_find(&s->envs, env, 0, SEED_NAMES)) {
		seed_end(s); /* the first env's end is the end of all */
		return;
	}
	if (call == EXO_CALL_CONSOLE_WRITE && s->has_written)
		return; /* tests talk all the time: once is enough */
	s->has_written |= call == EXO_CALL_CONSOLE_WRITE;
	if (call == EXO_CALL_SLOT) {
		seed_slot(s, env, word + 2);
	} else if (call == EXO_CALL_SLOTS) {
		seed_slots(s, env, word + 7, count - 7);
	} else {
		r = seed_add(s, env, (unsigned)call);
		if (!r)
			return;
		seed_arguments(s, r, env, call, word + 2);
		s->call = call;
	}
}

static void seed_result(struct seed *s, const uint64_t *word)
{
	int64_t error = (int64_t)word[0];
	struct fuzz_record *r;

	if (!s->count)
		return;
	r = &s->records[s->count - 1];
	if (s->call == EXO_CALL_ENV_CREATE && !error)
		names_find(&s->envs, word[1], 3, SEED_NAMES);
	if (s->call == EXO_CALL_VCPU_START && !error)
		names_find(&s->vcpus, word[1], 3, 7);
	if (s->call == EXO_CALL_WAIT && error == EXO_E_VALUE)
		r->byte[3] = 1, r->wild = 1;
	s->call = EXO_CALLS;
}

/* What the program met with: a fault where it read, wrote or executed; an exception; a call that is
 * not the exokernel's. */
static void seed_upcall(struct seed *s, const uint64_t *word)
{
	uint64_t code = word[2];
	unsigned kind = word[1] == EXO_UPCALL_SYSCALL ? FUZZ_FOREIGN
		: word[1] == EXO_UPCALL_EXCEPTION ? FUZZ_TRAP
		: code & EXO_FAULT_EXEC ? FUZZ_FETCH
		: code & EXO_FAULT_WRITE ? FUZZ_STORE : FUZZ_LOAD;
	struct fuzz_record *r = seed_add(s, word[0], kind);

	s->call = EXO_CALLS;
	if (!r)
		return;
	if (kind == FUZZ_FOREIGN) {
		r->wild = code;
	} else if (kind == FUZZ_TRAP) {
		r->byte[2] = (uint8_t)code;
	} else {
		r->byte[0] = seed_address(s, word[3], false);
		r->byte[1] = word[3] >> 3 & 0x1f;
		r->byte[2] = 1;
		r->wild = word[3] | 1; /* something else than fresh memory has */
	}
}

/* The numbers of a line. */
static unsigned seed_read(char *text, uint64_t *word)
{
	unsigned count = 0;
	char *part = strtok(text, " \r\n");

	memset(word, 0, SEED_WORDS * sizeof(*word));
	while ((part = strtok(NULL, " \r\n")) && count < SEED_WORDS)
		word[count++] = strtoull(part, NULL, 16);
	return count;
}

int main(int count, char **arguments)
{
	static struct seed s;
	static char line[SEED_WORDS * 20];
	uint64_t word[SEED_WORDS];
	unsigned words;

	s.target = count == 3 ? fuzz_target_find(arguments[1]) : NULL;
	if (!s.target || s.target->run) {
		fprintf(stderr, "usage: seed TARGET PREFIX <LINES\n");
		return 2;
	}
	s.prefix = arguments[2];
	while (fgets(line, sizeof(line), stdin)) {
		if (line[0] != '~')
			continue;
		words = seed_read(line, word);
		if (line[1] == 'c' && words >= 7)
			seed_call(&s, word, words);
		else if (line[1] == 'r' && words == 2)
			seed_result(&s, word);
		else if (line[1] == 'u' && words == 4)
			seed_upcall(&s, word);
	}
	seed_end(&s);
	printf("%u\n", s.files);
	return 0;
}
