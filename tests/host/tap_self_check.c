/* SPDX-License-Identifier: ISC */
/* tests/tap.h counts what it is told, and scales loops as `make check` asks. No kernel in it. */
#include "tests/tap.h"

static void check_knobs(void)
{
	setenv("ITERATIONS", "5", 1);
	tap_eq(tap_iterations(1000), 50, "a twentieth of the iterations in make check");
	tap_eq(tap_iterations(3), 1, "but never none");
	unsetenv("ITERATIONS");
	tap_eq(tap_iterations(1000), 1000, "all of them when run by hand");

	setenv("SEED", "0x2a", 1);
	tap_eq(tap_seed(7), 42, "SEED is taken from the environment");
	unsetenv("SEED");
	tap_eq(tap_seed(7), 7, "without one the test's own seed");
}

int main(void)
{
	unsigned int before;

	tap_ok(tap_ok(true, "a check that holds"), "its result can be used");
	before = tap_state.done;
	check_knobs();
	tap_eq(tap_state.done - before, 5, "every check is counted once");
	tap_eq(tap_state.failed, 0, "none of them failed");
	return tap_done("tests/host/tap_self_check.tap");
}
