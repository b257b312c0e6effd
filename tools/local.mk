# SPDX-License-Identifier: ISC
# Host tools: chitin-cc builds programs for Chitin, chitin-run boots one in QEMU.
bin_SCRIPTS += tools/chitin-cc tools/chitin-trace
EXTRA_DIST += tools/chitin-gdb.py tools/gdb-session

NATIVE_CC = $(SHELL) tools/chitin-cc $(NATIVE_CFLAGS)
NATIVE_CFLAGS = -O2 -g -Wall -Wextra -Werror
NATIVE_NEEDS = tools/chitin-cc libos.a $(ABI_H) $(LIBOS_H)

NATIVE_CC_AARCH64 = $(SHELL) tools/chitin-cc --arch aarch64 $(NATIVE_CFLAGS)
NATIVE_NEEDS_AARCH64 = tools/chitin-cc aarch64/libos.a $(ABI_H) $(LIBOS_H)

AM_V_CHITIN_CC = $(am__v_CHITIN_CC_@AM_V@)
am__v_CHITIN_CC_ = $(am__v_CHITIN_CC_@AM_DEFAULT_V@)
am__v_CHITIN_CC_0 = @echo "  CHITIN   " $@;
am__v_CHITIN_CC_1 =

bin_PROGRAMS += tools/chitin-run
tools_chitin_run_SOURCES = tools/chitin-run.c tools/run.h \
	tools/again.c tools/again.h \
	tools/archive.c tools/archive.h \
	tools/console.c tools/console.h \
	tools/memory.c tools/memory.h \
	tools/post_mortem.c tools/post_mortem.h \
	tools/program.c tools/program.h \
	tools/qemu.c tools/qemu.h \
	tools/ring.c tools/ring.h \
	tools/hang.c tools/hang.h tools/symbolize.c tools/symbolize.h \
	tools/timeline.c \
	tools/trace.c tools/trace.h
tools_chitin_run_CPPFLAGS = $(X86_64_CPPFLAGS) -D_GNU_SOURCE \
	-DIMAGE_DIRECTORY='"$(imagedir)"'
tools_chitin_run_CFLAGS = $(HOST_CFLAGS)
tools_chitin_run_LDADD =
