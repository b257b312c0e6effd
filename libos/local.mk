# SPDX-License-Identifier: ISC
# The library OS, but for its machine-dependent part (arch/*/libos). One list for all CPUs.
LIBOS_SOURCES =

LIBOS_H = \
	libos/base.h libos/layout.h libos/libos.h libos/lock.h libos/memory.h libos/state.h \
	libos/fork/process.h libos/sched/sched.h libos/thread/thread.h libos/upcall/upcall.h \
	libos/vm/slots.h libos/vm/vm.h

EXTRA_DIST += $(LIBOS_H)
if LIBOS_X86_64
nobase_chitininclude_HEADERS += libos/libos.h
endif
