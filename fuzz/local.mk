# SPDX-License-Identifier: ISC
# Explorers: every reachable state of the real kernel in a small scope. Each scope is a program of
# its own, built from the same sources with a tiny geometry and, for speed, without sanitizers.
EXPLORERS = \
	fuzz/explore_account.tap \
	fuzz/explore_common.tap \
	fuzz/explore_fork.tap \
	fuzz/explore_sharers.tap \
	fuzz/explore_stale.tap

check_PROGRAMS += $(EXPLORERS)
TESTS += $(EXPLORERS)
EXTRA_DIST += fuzz/explore.h

EXPLORE_SOURCES = fuzz/explore.c fuzz/explore_calls.c fuzz/explore_canon.c fuzz/explore_set.c \
	fuzz/explore_state.c $(EXO_SOURCES) $(HOST_EXO_SOURCES)
EXPLORE_CFLAGS = $(WARN_CFLAGS) -O2
EXPLORE_CPPFLAGS = $(HOST_CPPFLAGS) -DEXO_TABLE_SHIFT=2 -DEXO_ROOT_USER=4u -DEXO_ENVS=2u \
	-DEXO_VCPUS=1u -DEXO_ACCOUNTS=2u -DEXO_SLICES=64u -DEXO_BUCKETS=1u -DEXO_DROPS=4u \
	-DHOST_CONSOLE_BYTES=8u
EXPLORE_ONE_CPU = -DEXO_CPUS=1u -DHOST_TLB_ENTRIES=1u -DHOST_WALK_ENTRIES=1u
EXPLORE_TWO_CPUS = -DEXO_CPUS=2u -DHOST_TLB_ENTRIES=8u -DHOST_WALK_ENTRIES=4u

fuzz_explore_account_tap_SOURCES = fuzz/explore_account.c $(EXPLORE_SOURCES)
fuzz_explore_account_tap_CPPFLAGS = $(EXPLORE_CPPFLAGS) $(EXPLORE_ONE_CPU) -DEXO_LEVELS=2u
fuzz_explore_account_tap_CFLAGS = $(EXPLORE_CFLAGS)
fuzz_explore_account_tap_LDADD =

fuzz_explore_common_tap_SOURCES = fuzz/explore_common.c $(EXPLORE_SOURCES)
fuzz_explore_common_tap_CPPFLAGS = $(EXPLORE_CPPFLAGS) $(EXPLORE_TWO_CPUS) -DEXO_LEVELS=3u
fuzz_explore_common_tap_CFLAGS = $(EXPLORE_CFLAGS)
fuzz_explore_common_tap_LDADD =

fuzz_explore_fork_tap_SOURCES = fuzz/explore_fork.c $(EXPLORE_SOURCES)
fuzz_explore_fork_tap_CPPFLAGS = $(EXPLORE_CPPFLAGS) $(EXPLORE_ONE_CPU) -DEXO_LEVELS=3u
fuzz_explore_fork_tap_CFLAGS = $(EXPLORE_CFLAGS)
fuzz_explore_fork_tap_LDADD =

fuzz_explore_sharers_tap_SOURCES = fuzz/explore_sharers.c $(EXPLORE_SOURCES)
fuzz_explore_sharers_tap_CPPFLAGS = $(EXPLORE_CPPFLAGS) $(EXPLORE_ONE_CPU) -DEXO_LEVELS=3u
fuzz_explore_sharers_tap_CFLAGS = $(EXPLORE_CFLAGS)
fuzz_explore_sharers_tap_LDADD =

fuzz_explore_stale_tap_SOURCES = fuzz/explore_stale.c $(EXPLORE_SOURCES)
fuzz_explore_stale_tap_CPPFLAGS = $(EXPLORE_CPPFLAGS) $(EXPLORE_TWO_CPUS) -DEXO_LEVELS=2u
fuzz_explore_stale_tap_CFLAGS = $(EXPLORE_CFLAGS)
fuzz_explore_stale_tap_LDADD =
