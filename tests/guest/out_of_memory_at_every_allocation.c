/* SPDX-License-Identifier: ISC */
/*
 * run-guest: --icount --hz 10000
 * A fork-like birth of a grandchild is run inside an account with room for n frames, for each n
 * from none until it succeeds; then with n slices, vcpus and envs. Until then each try is an
 * error with a name, nothing panics, the child that meets it is told and goes on, and nothing is
 * leaked. The same for a child whose fault path lives from a reserve when memory is gone.
 */
#define RAW_APART
#include "tests/guest/raw_child.h"

#define RW (EXO_READ | EXO_WRITE)
#define P  EXO_PAGE_SIZE
#define FRAMES_MOST 400

struct shared {
	volatile int64_t err, err_child;
	volatile uint64_t written;
};

static struct shared shared;

void raw_upcall(struct exo_vcpu_page *page, struct exo_frame *frame)
{
	(void)page;
	if (frame->kind != EXO_UPCALL_EVENTS && !raw_probe_fault(frame))
		raw_exit(99);
}

static void grandchild(uint64_t argument)
{
	shared.written = argument;
	raw_exit(7);
}

/* What fork does: an env with copies of the image, memory of its own, a shared tree, a vcpu, a
 * slice. Runs in the child, in its account; leaves nothing behind. */
static int64_t give_birth(void)
{
	struct raw_child c;
	struct exo_vcpu_start how;
	int64_t err = raw_pages(0, RAW_AREA, 3, RW);

	if (!err)
		err = raw_child_create(&c, 2, NULL);
	if (err)
		return err;
	how = raw_child_how(&c, grandchild, 42);
	err = raw_tables(c.env, 2 * RAW_AREA);
	if (!err)
		err = raw_op(RAW_OP(DUP, .level = 1, .count = 3, .target_env = c.env,
				    .target = 2 * RAW_AREA, .source = RAW_AREA, .access = RW));
	if (!err)
		err = raw_op(RAW_OP(SHARE, .level = 4, .count = 1, .target_env = c.env,
				    .target = RAW_AREA, .source = RAW_AREA, .rights = EXO_RWX));
	if (!err)
		err = raw_op(RAW_OP(UNSHARE, .level = 4, .count = 1, .target_env = c.env,
				    .target = RAW_AREA));
	if (!err)
		err = raw_child_go(&c, &how);
	if (err)
		raw_child_kill(&c, 0);
	if (raw_child_end(&c) != EXO_STATUS(EXO_DEATH_EXIT, err ? 0 : 7))
		err = err ? err : 1;
	return err;
}

static void child(uint64_t argument)
{
	(void)argument;
	shared.err_child = give_birth();
	raw_op(RAW_OP(CLEAR, .level = 4, .count = 1, .target = RAW_AREA));
	raw_exit(shared.err_child != 0);
}

/* One try with that much. True if it is to be tried with more. */
static bool try(const struct exo_limits *limits)
{
	struct raw_child c;
	struct exo_vcpu_start how;

	shared = (struct shared){ .err = raw_child_create(&c, 1, limits) };
	if (shared.err)
		return true;
	how = raw_child_how(&c, child, 0);
	shared.err = raw_child_go(&c, &how);
	if (shared.err)
		raw_child_kill(&c, 0);
	raw_child_end(&c);
	return shared.err || shared.err_child;
}

static bool is_named(int64_t err)
{
	return err == EXO_E_LIMIT || err == EXO_E_AGAIN;
}

/* More and more of one resource, all else plenty. */
static void grow(enum exo_resource resource, const char *name)
{
	struct exo_limits limits = { { FRAMES_MOST, 8, 8, 8, 0 } };
	struct raw_usage before;
	uint64_t n, unnamed = 0, leaks = 0;

	raw_settle();
	before = raw_usage(0);
	for (n = 0; n <= FRAMES_MOST; n++) {
		limits.limit[resource] = n;
		if (!try(&limits))
			break;
		if (!is_named(shared.err ? shared.err : shared.err_child))
			unnamed++;
		raw_settle();
		leaks += !raw_usage_is(&before);
	}
	raw_note(name, n, "are enough");
	raw_ok(n > 0 && n < FRAMES_MOST, "less is not, and all are never needed");
	raw_eq(unnamed, 0, "each failure is that of a limit");
	raw_eq(leaks, 0, "none leaks");
	raw_eq(shared.written, 42, "the last try did its work");
	raw_conserved(&before, "and leaks nothing");
}

/* In a child with no frame to spare: the copies and tables of the fault path, from reserves. */
static void child_reserve(uint64_t argument)
{
	uint64_t a = RAW_AREA, i, slack;
	int64_t err;

	(void)argument;
	if (raw_pages(0, a, 8, RW) || raw_op(RAW_OP(COPY, .level = 1, .count = 1,
						     .target = a + 8 * P, .source = a,
						     .rights = EXO_READ, .access = EXO_READ)))
		raw_exit(90);
	raw_probe_write(a, 0x1234);
	do {
		slack = exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_LIMIT, 0, EXO_RESOURCE_FRAMES, 0,
				 0).second
			- exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_USED, 0, EXO_RESOURCE_FRAMES, 0,
				   0).second;
		err = !slack;
		if (slack)
			err = exo_call(EXO_CALL_ACCOUNT, EXO_ACCOUNT_RETURN, 0,
				       EXO_RESOURCE_FRAMES, slack, 0).value;
	} while (!err);
	if (raw_op(RAW_OP(DUP, .level = 1, .count = 1, .target = a + 8 * P, .source = a + 8 * P,
			  .access = RW)) != EXO_E_LIMIT)
		raw_exit(91);
	if (raw_op(RAW_OP(DUP, .level = 1, .count = 1, .target = a + 8 * P, .source = a + 8 * P,
			  .access = RW, .reserve = a + P)))
		raw_exit(92);
	if (raw_probe_write(a + 8 * P, 1) || raw_probe_read(a).second != 0x1234)
		raw_exit(93);
	for (i = 2; i <= EXO_LEVELS; i++) {
		uint64_t at = i == EXO_LEVELS ? 2 * RAW_AREA : a + EXO_SPAN(i);

		if (raw_op(RAW_OP(TABLE, .level = (uint8_t)i, .count = 1, .target = at))
		    != EXO_E_LIMIT)
			raw_exit(94);
		if (raw_op(RAW_OP(TABLE, .level = (uint8_t)i, .count = 1, .target = at,
				  .reserve = a + i * P)))
			raw_exit(95);
		if (!raw_probe_read(a + i * P).value)
			raw_exit(96);
	}
	raw_exit(0);
}

static void reserve(void)
{
	static const struct exo_limits limits = { { 60, 1, 1, 1, 0 } };
	struct raw_usage before = raw_usage(0);
	struct raw_child c;
	struct exo_vcpu_start how;

	raw_eq((uint64_t)raw_child_create(&c, 1, &limits), 0, "a child with an account");
	how = raw_child_how(&c, child_reserve, 0);
	raw_eq((uint64_t)raw_child_go(&c, &how), 0, "is started");
	raw_eq(raw_child_end(&c), 0, "it copies and makes tables from its reserve alone");
	raw_conserved(&before, "everything is back");
}

/* The kernel's own tables are as finite: envs until there are no more. */
static void all_envs(void)
{
	struct raw_usage before = raw_usage(0);
	static uint64_t envs[600];
	uint64_t n = 0, i;
	struct exo_result r;

	while ((r = exo_call(EXO_CALL_ENV_CREATE, 0, 0, 0, 0, 0)).value == EXO_OK && n < 600)
		envs[n++] = r.second;
	raw_note("envs", n, "at once");
	raw_ok(r.value == EXO_E_FULL || r.value == EXO_E_LIMIT, "then there are no more");
	for (i = 0; i < n; i++) {
		struct raw_child c = { .env = envs[i] };

		raw_child_kill(&c, 0);
		raw_child_end(&c);
	}
	raw_conserved(&before, "everything is back");
}

/* Carved accounts likewise. */
static void all_accounts(void)
{
	static const struct exo_limits limits = { { 1, 0, 1, 0, 0 } };
	struct raw_usage before = raw_usage(0);
	static uint64_t envs[600];
	uint64_t n = 0, i;
	struct exo_result r;

	while ((r = exo_call(EXO_CALL_ENV_CREATE, (uint64_t)&limits, 0, 0, 0, 0)).value == EXO_OK
	       && n < 600)
		envs[n++] = r.second;
	raw_note("accounts", n, "at once");
	raw_eq((uint64_t)r.value, (uint64_t)EXO_E_FULL, "then there are no more");
	for (i = 0; i < n; i++) {
		struct raw_child c = { .env = envs[i] };

		raw_child_kill(&c, 0);
		raw_child_end(&c);
	}
	raw_conserved(&before, "everything is back");
}

static void raw_main(void)
{
	raw_state.page->masked = 0;
	grow(EXO_RESOURCE_FRAMES, "frames");
	grow(EXO_RESOURCE_ENVS, "envs");
	grow(EXO_RESOURCE_VCPUS, "vcpus");
	grow(EXO_RESOURCE_SLICES, "slices");
	reserve();
	all_envs();
	all_accounts();
}
