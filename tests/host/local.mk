# SPDX-License-Identifier: ISC
# Tests of the kernel on the simulated machine: tests/host/NAME.c, linked with liblab.a.
KERNEL_TESTS = \
	tests/host/audit_names_what_is_broken.tap \
	tests/host/boot_pages_stay_read_only.tap \
	tests/host/charge_follows_claim.tap \
	tests/host/drops_wait_for_the_flush.tap \
	tests/host/freed_table_leaves_the_view.tap \
	tests/host/payload_is_never_a_leaf.tap \
	tests/host/two_unshares_at_once.tap

check_PROGRAMS += $(KERNEL_TESTS)
TESTS += $(KERNEL_TESTS)
