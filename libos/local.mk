# SPDX-License-Identifier: ISC
# The library OS, but for its machine-dependent part (arch/*/libos). One list for all CPUs.
LIBOS_SOURCES =

LIBOS_H =

EXTRA_DIST += $(LIBOS_H)
