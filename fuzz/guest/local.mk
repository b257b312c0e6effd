# SPDX-License-Identifier: ISC
# Fuzzing the real kernel: the target abi in a guest, whose kernel has coverage counters that the
# host reads in the guest's RAM. Of each architecture there are, in fuzz/guest/:
#   exo-ARCH.elf     the kernel with counters, of the same sources
#   program-ARCH     what makes the calls, the guest's first program
#   ARCH.replay, ARCH.fuzz, ARCH.afl   host programs that give it inputs, and look
GUEST_FILES = fuzz/guest/agent.c fuzz/guest/supervisor.c fuzz/decode.c
GUEST_HOST_FILES = fuzz/guest/check.c fuzz/guest/back.c fuzz/guest/look.c fuzz/guest/ram.c \
	fuzz/guest/run.c fuzz/decode.c fuzz/follow.c fuzz/model/model.c fuzz/model/operations.c \
	fuzz/mutate.c fuzz/print.c tools/archive.c tools/memory.c tools/qemu.c exo/account.c \
	exo/audit.c exo/audit_count.c exo/slot.c
GUEST_H = fuzz/follow.h fuzz/fuzz.h fuzz/guest/guest.h fuzz/guest/host.h fuzz/guest/mailbox.h \
	fuzz/guest/x86_64/agent.h fuzz/guest/aarch64/agent.h fuzz/kinds.h fuzz/step.h
EXTRA_DIST += fuzz/guest/handoff.c fuzz/guest/agent.c fuzz/guest/supervisor.c fuzz/guest/ignore \
	fuzz/guest/include/machine/inline.h fuzz/kinds.h \
	fuzz/guest/guest.h fuzz/guest/host.h fuzz/guest/mailbox.h \
	fuzz/guest/x86_64/agent.h fuzz/guest/aarch64/agent.h

GUEST_COVERAGE = -fsanitize-coverage=inline-8bit-counters,pc-table \
	-fsanitize-coverage-ignorelist=$(srcdir)/fuzz/guest/ignore
# libfuzzer's and AFL++'s compilers link what they did not compile. What nobody calls of the
# kernel's files is left out, with what it calls.
GUEST_HOST_CFLAGS = $(WARN_CFLAGS) -O2 -ffunction-sections
GUEST_HOST_GC = -Wl,--gc-sections

# Little of everything: what is full is reached, and the oracles have less to look at.
GUEST_SIZES = -DEXO_ENVS=16u -DEXO_VCPUS=16u -DEXO_ACCOUNTS=8u -DEXO_CPUS=1u -DEXO_SLICES=64u \
	-DEXO_BUCKETS=4u -DEXO_DROPS=8u -DEXO_TAKEN_MAX=8u

# What fuzz/guest/hook.c comes between.
GUEST_WRAP = --wrap=arch_console_put --wrap=console_read --wrap=arch_clock_arm \
	--wrap=kernel_interrupt --wrap=machine_give_frames

EXTRA_PROGRAMS += fuzz/guest/exo-x86_64.elf fuzz/guest/exo-aarch64.elf
fuzz_guest_exo_x86_64_elf_SOURCES = $(exo_x86_64_elf_SOURCES) fuzz/guest/hook.c
fuzz_guest_exo_x86_64_elf_CPPFLAGS = $(exo_x86_64_elf_CPPFLAGS) $(GUEST_SIZES)
fuzz_guest_exo_x86_64_elf_CFLAGS = $(exo_x86_64_elf_CFLAGS) $(GUEST_COVERAGE)
fuzz_guest_exo_x86_64_elf_CCASFLAGS = $(exo_x86_64_elf_CCASFLAGS)
fuzz_guest_exo_x86_64_elf_LINK = $(exo_x86_64_elf_LINK) $(GUEST_WRAP)
fuzz_guest_exo_x86_64_elf_LDADD = $(exo_x86_64_elf_LDADD)
fuzz_guest_exo_aarch64_elf_SOURCES = $(exo_aarch64_elf_SOURCES) fuzz/guest/hook.c
fuzz_guest_exo_aarch64_elf_CPPFLAGS = $(exo_aarch64_elf_CPPFLAGS) $(GUEST_SIZES)
fuzz_guest_exo_aarch64_elf_CFLAGS = $(exo_aarch64_elf_CFLAGS) $(GUEST_COVERAGE)
fuzz_guest_exo_aarch64_elf_CCASFLAGS = $(exo_aarch64_elf_CCASFLAGS)
fuzz_guest_exo_aarch64_elf_LINK = $(exo_aarch64_elf_LINK) $(GUEST_WRAP)
fuzz_guest_exo_aarch64_elf_LDADD = $(exo_aarch64_elf_LDADD)

# As QEMU boots them.
fuzz/guest/exo-x86_64.img: fuzz/guest/exo-x86_64.elf
	$(AM_V_GEN)cp fuzz/guest/exo-x86_64.elf $@
fuzz/guest/exo-aarch64.img: fuzz/guest/exo-aarch64.elf
	$(AM_V_GEN)$(OBJCOPY) -O binary fuzz/guest/exo-aarch64.elf $@

fuzz/guest/handoff.so: fuzz/guest/handoff.c
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(WARN_CFLAGS) -O2 -fPIC -fvisibility=hidden -shared \
		$(srcdir)/fuzz/guest/handoff.c -o $@

# The compiler's calls of memset and memcpy are the program's own (tests/guest/raw.h). Data are
# apart from code: mailbox.h.
GUEST_LINK = $(LLD) -static -nostdlib -z max-page-size=4096 -e start --image-base=0x100000000000 \
	--section-start=.rodata=0x100000001000 -Ttext=0x100000010000 \
	--section-start=.bss=0x100000400000
GUEST_CFLAGS = -O2 -fpie -include $(srcdir)/libos/hidden.h
fuzz/guest/program-x86_64: $(GUEST_FILES) $(GUEST_H) $(ABI_H) $(TEST_H)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)for f in $(GUEST_FILES); do $(CC) $(X86_64_CPPFLAGS) \
		-I$(srcdir)/tests/guest/x86_64 -I$(srcdir)/fuzz/guest/x86_64 $(X86_64_CFLAGS) \
		$(GUEST_CFLAGS) -c $(srcdir)/$$f -o $@-`basename $$f`.o || exit 1; done && \
		$(GUEST_LINK) -o $@ $@-*.o && rm $@-*.o
fuzz/guest/program-aarch64: $(GUEST_FILES) $(GUEST_H) $(ABI_H) $(AARCH64_MACHINE_H) $(TEST_H)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)for f in $(GUEST_FILES); do $(CC) $(AARCH64_CPPFLAGS) \
		-I$(srcdir)/tests/guest/aarch64 -I$(srcdir)/fuzz/guest/aarch64 $(AARCH64_CFLAGS) \
		$(GUEST_CFLAGS) -c $(srcdir)/$$f -o $@-`basename $$f`.o || exit 1; done && \
		$(GUEST_LINK) -o $@ $@-*.o && rm $@-*.o

# RAM: as little as QEMU's loader finds room in, since the audit looks at every frame.
EXTRA_LIBRARIES += libguest-x86_64.a libguest-aarch64.a
GUEST_HOST_CPPFLAGS = -D_GNU_SOURCE -DFUZZ_TARGET=abi $(GUEST_SIZES) -I$(srcdir) \
	-I$(srcdir)/fuzz/guest/include
libguest_x86_64_a_SOURCES = $(GUEST_HOST_FILES)
libguest_x86_64_a_CPPFLAGS = $(GUEST_HOST_CPPFLAGS) -I$(srcdir)/arch/x86_64/include \
	-DGUEST_ARCH='"x86_64"' -DGUEST_CPU='"max,-erms,-pku"' -DGUEST_MACHINE='"q35"' \
	-DGUEST_RAM_BYTES=0x300000u
libguest_x86_64_a_CFLAGS = $(GUEST_HOST_CFLAGS)
libguest_aarch64_a_SOURCES = $(GUEST_HOST_FILES)
libguest_aarch64_a_CPPFLAGS = $(GUEST_HOST_CPPFLAGS) -I$(srcdir)/arch/aarch64/include \
	-DGUEST_ARCH='"aarch64"' -DGUEST_CPU='"max"' -DGUEST_MACHINE='"virt"' \
	-DGUEST_RAM_BYTES=0x500000u
libguest_aarch64_a_CFLAGS = $(GUEST_HOST_CFLAGS)

GUEST_FUZZERS = fuzz/guest/x86_64.fuzz
if HAVE_AARCH64
GUEST_FUZZERS += fuzz/guest/aarch64.fuzz
endif
TESTS += $(GUEST_FUZZERS)
GUEST_BUILT = $(GUEST_FUZZERS) $(GUEST_FUZZERS:.fuzz=.replay) $(GUEST_FUZZERS:.fuzz=.afl) \
	fuzz/guest/handoff.so \
	fuzz/guest/exo-x86_64.img fuzz/guest/exo-aarch64.img fuzz/guest/program-x86_64 \
	fuzz/guest/program-aarch64
CLEANFILES += $(GUEST_BUILT) libguest-x86_64.a libguest-aarch64.a fuzz/guest/exo-x86_64.elf \
	fuzz/guest/exo-aarch64.elf

GUEST_HOST_COMPILE = $(GUEST_HOST_CPPFLAGS) -I$(srcdir)/arch/$(*F)/include $(GUEST_HOST_CFLAGS)
$(GUEST_FUZZERS:.fuzz=.replay): fuzz/guest/%.replay: fuzz/replay.c libguest-%.a \
		fuzz/guest/exo-%.img fuzz/guest/program-% fuzz/guest/handoff.so
	$(AM_V_CCLD)$(CC) $(GUEST_HOST_COMPILE) $(srcdir)/fuzz/replay.c libguest-$(*F).a \
		$(GUEST_HOST_GC) -o $@

if HAVE_FUZZER
$(GUEST_FUZZERS): fuzz/guest/%.fuzz: fuzz/driver.c fuzz/guest/%.replay
	$(AM_V_CCLD)$(CC) $(GUEST_HOST_COMPILE) $(srcdir)/fuzz/driver.c libguest-$(*F).a \
		$(GUEST_HOST_GC) $(LIB_FUZZING_ENGINE) -o $@
else
$(GUEST_FUZZERS):
	@$(MKDIR_P) $(@D)
	@echo '1..0 # SKIP no libFuzzer: install libclang-rt-16-dev' >$@
endif

$(GUEST_FUZZERS:.fuzz=.afl): fuzz/guest/%.afl: fuzz/driver.c fuzz/guest/%.replay
	$(AM_V_CCLD)$(CC) $(GUEST_HOST_COMPILE) -c $(srcdir)/fuzz/driver.c -o $@.o && \
		AFL_QUIET=1 $(AFL_NEEDED) -fsanitize=fuzzer $@.o libguest-$(*F).a \
		$(GUEST_HOST_GC) -o $@ && rm $@.o

# make fuzz-guest ARCH=aarch64 ENGINE=afl TIME=seconds. libFuzzer's new inputs join the host's of
# the target abi, in fuzz/found/abi.
ENGINE = libfuzzer
$(if $(filter $(ENGINE),libfuzzer afl),,$(error ENGINE=$(ENGINE): there are libfuzzer afl))
fuzz-guest: fuzz-guest-$(ENGINE)
fuzz-guest-libfuzzer: fuzz/guest/$(ARCH).fuzz
	$(AM_V_at)$(MKDIR_P) fuzz/found/abi
	$(SHELL) $(srcdir)/fuzz/run-target fuzz/guest/$(ARCH).fuzz '$(TIME)' fuzz/found/abi
fuzz-guest-afl: fuzz/guest/$(ARCH).afl fuzz/mutator.so
	$(SHELL) $(srcdir)/fuzz/run-afl guest/$(ARCH) '$(TIME)'
.PHONY: fuzz-guest fuzz-guest-libfuzzer fuzz-guest-afl
