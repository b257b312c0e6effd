/* SPDX-License-Identifier: ISC */
/*
 * TAP for tests that have a libc: host tests, and guest tests built by chitin-cc. Header only.
 * One test program is one claim; each check in it is one TAP line. A failed check says where it
 * stands and which command replays it. The counters are the test's own: no lock is needed, so
 * checks are made from one thread.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

struct tap {
	unsigned int done;	/* checks made */
	unsigned int failed;	/* of which not ok */
	unsigned long seed;	/* what the replay command must repeat, or 0 */
};

static struct tap tap_state;

/*
 * Report one check, named by a printf format. Returns ok, so that a test can stop early.
 * Use the macros below, which add the place.
 */
__attribute__((format(printf, 4, 5)))
static inline bool tap_report(bool ok, const char *file, int line, const char *format, ...)
{
	va_list arguments;

	printf("%sok %u - ", ok ? "" : "not ", ++tap_state.done);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	if (!ok) {
		tap_state.failed++;
		printf("# failed at %s:%d\n", file, line);
	}
	fflush(stdout);
	return ok;
}

/* tap_ok(condition, "name %d", n): one check. */
#define tap_ok(condition, ...) tap_report((condition), __FILE__, __LINE__, __VA_ARGS__)

/* tap_eq(got, want, "name"): one check that two integers are equal; a failure shows both. */
#define tap_eq(got, want, ...) ({						\
	long long tap_got = (long long)(got), tap_want = (long long)(want);	\
	bool tap_same = tap_ok(tap_got == tap_want, __VA_ARGS__);		\
	if (!tap_same)								\
		printf("# got %lld (0x%llx), want %lld (0x%llx)\n",		\
			tap_got, tap_got, tap_want, tap_want);			\
	tap_same;								\
})

/* Leave the whole test out, with the reason: prints a plan of nothing and ends the program. */
__attribute__((noreturn))
static inline void tap_skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	exit(0);
}

/* A number from the environment (SEED, ITERATIONS), or its default. */
static inline unsigned long tap_knob(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text != NULL && *text != '\0' ? strtoul(text, NULL, 0) : otherwise;
}

/*
 * The seed of a test with random steps: SEED from the environment, else the given one. It is
 * printed, and repeated in the replay command.
 */
static inline unsigned long tap_seed(unsigned long otherwise)
{
	tap_state.seed = tap_knob("SEED", otherwise);
	printf("# SEED=%lu\n", tap_state.seed);
	return tap_state.seed;
}

/*
 * How often a loop runs: its full count scaled by ITERATIONS percent (5 in `make check`, 100 in
 * `make check-long`, 100 when run by hand), at least once.
 */
static inline unsigned long tap_iterations(unsigned long full)
{
	unsigned long scaled = full * tap_knob("ITERATIONS", 100) / 100;

	return scaled > 0 ? scaled : 1;
}

/*
 * The end of main: `return tap_done("tests/host/name.tap");`. Prints the plan, and after a
 * failure the one command that runs this test again. Returns the exit status.
 */
static inline int tap_done(const char *test)
{
	printf("1..%u\n", tap_state.done);
	if (tap_state.failed > 0)
		printf("# %u of %u failed; again: make check TESTS=%s SEED=%lu\n",
			tap_state.failed, tap_state.done, test, tap_state.seed);
	return tap_state.failed > 0;
}

#endif
