# SPDX-License-Identifier: ISC
# The core as a host library: simulated memory, TLBs and CPUs. Always built with EXO_DEBUG.
HOST_EXO_SOURCES = \
	arch/host/exo/audit_tlb.c \
	arch/host/exo/create.c \
	arch/host/exo/device.c \
	arch/host/exo/mmu.c \
	arch/host/exo/unwatched.c

HOST_H = arch/host/host.h arch/host/include/machine/call.h arch/host/include/machine/fpu.h \
	arch/host/include/machine/inline.h arch/host/include/machine/linux.def \
	arch/host/include/machine/linux.h arch/host/include/machine/machine.h \
	arch/host/include/machine/regs.h arch/host/include/machine/slot.h

EXTRA_DIST += arch/arch.h $(HOST_H)

noinst_LIBRARIES += libexo-host.a
libexo_host_a_SOURCES = $(EXO_SOURCES) $(HOST_EXO_SOURCES)
libexo_host_a_CPPFLAGS = $(HOST_CPPFLAGS)
libexo_host_a_CFLAGS = $(HOST_CFLAGS)
