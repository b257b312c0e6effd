# SPDX-License-Identifier: ISC
# The library OS, but for its machine-dependent part (arch/*/libos). One list for all CPUs.
LIBOS_SOURCES =

LIBOS_H =

EXTRA_DIST += $(LIBOS_H)
if LIBOS_X86_64
nobase_chitininclude_HEADERS += libos/libos.h
endif
