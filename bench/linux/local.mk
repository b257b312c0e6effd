# SPDX-License-Identifier: ISC
# What a Linux program pays: bench/linux/costs, built by plain musl-gcc, runs on Linux in QEMU
# (bench/linux/boot) and as it is on Chitin (bench/linux/each).
COSTS_C = bench/linux/costs.c bench/linux/calls.c bench/linux/memory.c bench/linux/pages.c \
	bench/linux/fork.c bench/linux/process.c bench/linux/threads.c bench/linux/writes.c
COSTS_FOREIGN_C = $(COSTS_C) bench/linux/posix.c
COSTS_NATIVE_C = $(COSTS_C) bench/linux/native.c
COSTS_H = bench/linux/costs.h bench/linux/os.h

EXTRA_DIST += $(COSTS_FOREIGN_C) bench/linux/native.c bench/linux/native.h $(COSTS_H) \
	bench/linux/fetch bench/linux/boot bench/linux/each bench/plot
CLEANFILES += bench/linux/costs bench/linux/costs.full aarch64/bench/linux/costs.full \
	bench/linux/vmlinuz aarch64/bench/linux/vmlinuz bench.svg

# make bench-linux: what Linux costs, kept for --no-linux (bench/linux-$(ARCH).tsv).
bench-linux: $(BENCHES_$(ARCH))
	@$(BENCH_ENV) $(SHELL) $(srcdir)/bench/run --store >$(srcdir)/bench/linux.new
	@mv $(srcdir)/bench/linux.new $(srcdir)/bench/linux-$(ARCH).tsv

# make bench-plot: the cost of fork over memory size, of the last `make bench`, as bench.svg.
bench.tsv:
	@$(MAKE) $(AM_MAKEFLAGS) bench
bench-plot: bench.tsv
	@$(SHELL) $(srcdir)/bench/plot bench.tsv bench.svg
.PHONY: bench-linux bench-plot

if HAVE_MUSL_GCC
LINUX_BENCHES = bench/linux/costs
check_DATA += bench/linux/costs
endif
check_DATA += bench/native bench/linux/native

# Once more with its symbols, for bench/profile --foreign.
bench/linux/costs.full: $(COSTS_FOREIGN_C) $(COSTS_H) $(BENCH_NEEDS) $(ABI_H)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(MUSL_GCC) -std=gnu11 -static -O2 -Wall -Wextra -Werror -I$(srcdir) \
		-I$(srcdir)/arch/x86_64/include -I$(srcdir)/bench/x86_64 \
		$(addprefix $(srcdir)/,$(COSTS_FOREIGN_C)) -o $@
bench/linux/costs: bench/linux/costs.full
	$(AM_V_GEN)$(OBJCOPY) --strip-all $< $@

# The same source as a native program: calls of libc become calls of the library.
BENCHES += bench/linux/native
bench/linux/native: $(COSTS_NATIVE_C) $(COSTS_H) bench/linux/native.h $(BENCH_NEEDS) $(NATIVE_NEEDS)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC) -I$(srcdir) -I$(srcdir)/bench/x86_64 \
		-include $(srcdir)/bench/linux/native.h \
		$(addprefix $(srcdir)/,$(COSTS_NATIVE_C)) -o $@

# Both for AArch64.
aarch64/bench/linux/costs.full: $(COSTS_FOREIGN_C) $(COSTS_H) $(BENCH_NEEDS) $(ABI_H)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(AARCH64_TARGET) -std=gnu11 -O2 -Wall -Wextra -Werror -nostdlibinc \
		-isystem $(MUSL_AARCH64_INCLUDE) -I$(srcdir) -I$(srcdir)/arch/aarch64/include \
		-I$(srcdir)/bench/aarch64 --ld-path=$(LLD) -static -nostdlib \
		$(MUSL_AARCH64_LIB)/crt1.o $(MUSL_AARCH64_LIB)/crti.o \
		$(addprefix $(srcdir)/,$(COSTS_FOREIGN_C)) $(MUSL_AARCH64_LIB)/libc.a \
		$(LIBGCC_AARCH64) $(MUSL_AARCH64_LIB)/crtn.o -o $@
aarch64/bench/linux/costs: aarch64/bench/linux/costs.full
	$(AM_V_GEN)$(OBJCOPY) --strip-all $< $@
aarch64/bench/linux/native: $(COSTS_NATIVE_C) $(COSTS_H) bench/linux/native.h $(BENCH_NEEDS) \
		$(NATIVE_NEEDS_AARCH64)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC_AARCH64) -I$(srcdir) -I$(srcdir)/bench/aarch64 \
		-include $(srcdir)/bench/linux/native.h \
		$(addprefix $(srcdir)/,$(COSTS_NATIVE_C)) -o $@
