# SPDX-License-Identifier: ISC
# The core as a host library: simulated memory, TLBs and CPUs. Always built with EXO_DEBUG.
HOST_EXO_SOURCES =

HOST_H =

EXTRA_DIST += arch/arch.h $(HOST_H)

noinst_LIBRARIES += libexo-host.a
libexo_host_a_SOURCES = $(EXO_SOURCES) $(HOST_EXO_SOURCES)
libexo_host_a_CPPFLAGS = $(HOST_CPPFLAGS)
libexo_host_a_CFLAGS = $(HOST_CFLAGS)
