# SPDX-License-Identifier: ISC
# What things cost: instructions under icount, printed as a table (doc/cost.md).
# bench/exo.raw measures the kernel alone, in the library's place, bench/cpus.raw several CPUs;
# bench/native a program with it.
# make bench ARCH=aarch64: the same there, in aarch64/bench.
BENCHES = bench/exo.raw bench/cpus.raw
BENCHES += bench/native
BENCHES_x86_64 = $(BENCHES) $(LINUX_BENCHES)
BENCHES_aarch64 = $(AARCH64_BENCHES) $(LINUX_BENCHES)
AARCH64_BENCHES = aarch64/bench/exo.raw aarch64/bench/cpus.raw \
	aarch64/bench/native aarch64/bench/linux/native \
	aarch64/bench/linux/costs

EXTRA_DIST += bench/x86_64/bench_cpu.h bench/aarch64/bench_cpu.h
EXTRA_DIST += bench/bench.h bench/exo.h bench/exo.c bench/cpus.c bench/native.c bench/run \
	bench/profile bench/limits-x86_64.tsv bench/limits-aarch64.tsv bench/linux-x86_64.tsv \
	bench/linux-aarch64.tsv bench/rows.tsv bench/table doc/cost.md
CLEANFILES += $(BENCHES) $(AARCH64_BENCHES) bench.tsv
BENCH_NEEDS = bench/bench.h bench/x86_64/bench_cpu.h bench/aarch64/bench_cpu.h bench/exo.h \
	tests/guest/raw.h

bench/exo.raw bench/cpus.raw: bench/%.raw: bench/%.c $(BENCH_NEEDS) $(ABI_H)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(X86_64_CPPFLAGS) -I$(srcdir)/tests/guest/x86_64 \
		-I$(srcdir)/bench/x86_64 $(X86_64_CFLAGS) \
		-fno-pic $(CFLAGS) -c $< -o $@.o && \
		$(LLD) -static -nostdlib -z max-page-size=4096 -e start -o $@ $@.o && rm $@.o
bench/native: bench/native.c $(BENCH_NEEDS) $(NATIVE_NEEDS)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC) -I$(srcdir) -I$(srcdir)/bench/x86_64 $< -o $@ && \
		$(OBJCOPY) --strip-debug $@
aarch64/bench/exo.raw aarch64/bench/cpus.raw: aarch64/bench/%.raw: bench/%.c $(BENCH_NEEDS) $(ABI_H)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(AARCH64_CPPFLAGS) -I$(srcdir)/tests/guest/aarch64 \
		-I$(srcdir)/bench/aarch64 $(AARCH64_CFLAGS) -fno-pic $(CFLAGS) -c $< -o $@.o && \
		$(LLD) -static -nostdlib -z max-page-size=4096 -e start -o $@ $@.o && rm $@.o
aarch64/bench/native: bench/native.c $(BENCH_NEEDS) $(NATIVE_NEEDS_AARCH64)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC_AARCH64) -I$(srcdir) -I$(srcdir)/bench/aarch64 $< -o $@ && \
		$(OBJCOPY) --strip-debug $@

# Of the kernel as a host library, as it is released: two threads.
EXTRA_PROGRAMS += bench/threads
CLEANFILES += bench/threads
bench_threads_SOURCES = bench/threads.c tests/host/lab.c $(EXO_SOURCES) $(HOST_EXO_SOURCES)
bench_threads_CPPFLAGS = -I$(srcdir) -I$(srcdir)/arch/host/include
bench_threads_CFLAGS = $(WARN_CFLAGS) -pthread
bench_threads_LDADD =

# make bench ROWS='fork_call_small al_trap': only these. BENCH_FLAGS=--no-linux: Linux is not
# booted. make profile ROW=al_trap: where they go; ROW="--foreign al_trap": of the Linux program;
# both with ARCH=aarch64 too.
BENCH_ENV = ARCH='$(ARCH)' top_srcdir='$(top_srcdir)' top_builddir='$(top_builddir)'
ROWS =
ROW = exo_null
BENCH_FLAGS =
bench: all $(BENCHES_$(ARCH)) bench/threads
	@$(BENCH_ENV) $(SHELL) $(srcdir)/bench/run $(BENCH_FLAGS) $(ROWS)
profile: all $(BENCHES_$(ARCH))
	@$(BENCH_ENV) $(SHELL) $(srcdir)/bench/profile $(ROW)
.PHONY: bench profile

# make limits ARCH=aarch64: agree on what the kernel's rows cost there now and 5 %
# (bench/limits-$(ARCH).tsv), by which tests/tools/bench_within_limits.sh measures a rise.
limits: all $(BENCHES_$(ARCH))
	@$(BENCH_ENV) CC='$(CC)' CFLAGS='$(CFLAGS)' $(SHELL) $(srcdir)/bench/run --exo --limits \
		>$(srcdir)/bench/limits.new
	@mv $(srcdir)/bench/limits.new $(srcdir)/bench/limits-$(ARCH).tsv
.PHONY: limits
