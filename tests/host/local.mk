# SPDX-License-Identifier: ISC
# Tests of the kernel on the simulated machine: tests/host/NAME.c, linked with liblab.a.
KERNEL_TESTS = \
	tests/host/audit_names_what_is_broken.tap

check_PROGRAMS += $(KERNEL_TESTS)
TESTS += $(KERNEL_TESTS)
