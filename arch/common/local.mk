# SPDX-License-Identifier: ISC
# What the kernels of all real machines have in common: one list for X86_64_EXO_SOURCES and
# AARCH64_EXO_SOURCES.
COMMON_EXO_SOURCES = \
	arch/common/exo/console.c \
	arch/common/exo/memory.c \
	arch/common/exo/panic.c \
	arch/common/exo/string.c

EXTRA_DIST += arch/common/exo/common.h
