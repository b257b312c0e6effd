# SPDX-License-Identifier: ISC
# Explorers: every reachable state of the real kernel in a small scope. Each scope is a program of
# its own, built from the same sources with a tiny geometry and, for speed, without sanitizers.
EXPLORERS = \
	fuzz/explore_account.tap \
	fuzz/explore_common.tap \
	fuzz/explore_fork.tap \
	fuzz/explore_revoke.tap \
	fuzz/explore_sharers.tap \
	fuzz/explore_stale.tap \
	fuzz/explore_taken.tap

check_PROGRAMS += $(EXPLORERS)
TESTS += $(EXPLORERS)
EXTRA_DIST += fuzz/explore.h

EXPLORE_SOURCES = fuzz/explore.c fuzz/explore_calls.c fuzz/explore_canon.c fuzz/explore_set.c \
	fuzz/explore_state.c $(EXO_SOURCES) $(HOST_EXO_SOURCES)
EXPLORE_CFLAGS = $(WARN_CFLAGS) -O2
EXPLORE_CPPFLAGS = $(HOST_CPPFLAGS) -DEXO_TABLE_SHIFT=2 -DEXO_ROOT_USER=4u -DEXO_ENVS=2u \
	-DEXO_VCPUS=1u -DEXO_ACCOUNTS=2u -DEXO_SLICES=64u -DEXO_BUCKETS=1u -DEXO_DROPS=4u \
	-DHOST_CONSOLE_BYTES=8u
EXPLORE_ONE_CPU = -DEXO_CPUS=1u -DHOST_TLB_ENTRIES=1u -DHOST_WALK_ENTRIES=1u
EXPLORE_TWO_CPUS = -DEXO_CPUS=2u -DHOST_TLB_ENTRIES=8u -DHOST_WALK_ENTRIES=4u

fuzz_explore_account_tap_SOURCES = fuzz/explore_account.c $(EXPLORE_SOURCES)
fuzz_explore_account_tap_CPPFLAGS = $(EXPLORE_CPPFLAGS) $(EXPLORE_ONE_CPU) -DEXO_LEVELS=2u
fuzz_explore_account_tap_CFLAGS = $(EXPLORE_CFLAGS)
fuzz_explore_account_tap_LDADD =

fuzz_explore_common_tap_SOURCES = fuzz/explore_common.c $(EXPLORE_SOURCES)
fuzz_explore_common_tap_CPPFLAGS = $(EXPLORE_CPPFLAGS) $(EXPLORE_TWO_CPUS) -DEXO_LEVELS=3u
fuzz_explore_common_tap_CFLAGS = $(EXPLORE_CFLAGS)
fuzz_explore_common_tap_LDADD =

fuzz_explore_fork_tap_SOURCES = fuzz/explore_fork.c $(EXPLORE_SOURCES)
fuzz_explore_fork_tap_CPPFLAGS = $(EXPLORE_CPPFLAGS) $(EXPLORE_ONE_CPU) -DEXO_LEVELS=3u
fuzz_explore_fork_tap_CFLAGS = $(EXPLORE_CFLAGS)
fuzz_explore_fork_tap_LDADD =

fuzz_explore_revoke_tap_SOURCES = fuzz/explore_revoke.c $(EXPLORE_SOURCES)
fuzz_explore_revoke_tap_CPPFLAGS = $(EXPLORE_CPPFLAGS) $(EXPLORE_ONE_CPU) -DEXO_LEVELS=2u
fuzz_explore_revoke_tap_CFLAGS = $(EXPLORE_CFLAGS)
fuzz_explore_revoke_tap_LDADD =

fuzz_explore_sharers_tap_SOURCES = fuzz/explore_sharers.c $(EXPLORE_SOURCES)
fuzz_explore_sharers_tap_CPPFLAGS = $(EXPLORE_CPPFLAGS) $(EXPLORE_ONE_CPU) -DEXO_LEVELS=3u
fuzz_explore_sharers_tap_CFLAGS = $(EXPLORE_CFLAGS)
fuzz_explore_sharers_tap_LDADD =

fuzz_explore_stale_tap_SOURCES = fuzz/explore_stale.c $(EXPLORE_SOURCES)
fuzz_explore_stale_tap_CPPFLAGS = $(EXPLORE_CPPFLAGS) $(EXPLORE_TWO_CPUS) -DEXO_LEVELS=2u
fuzz_explore_stale_tap_CFLAGS = $(EXPLORE_CFLAGS)
fuzz_explore_stale_tap_LDADD =

fuzz_explore_taken_tap_SOURCES = fuzz/explore_taken.c $(EXPLORE_SOURCES)
fuzz_explore_taken_tap_CPPFLAGS = $(EXPLORE_CPPFLAGS) $(EXPLORE_TWO_CPUS) -DEXO_LEVELS=3u
fuzz_explore_taken_tap_CFLAGS = $(EXPLORE_CFLAGS)
fuzz_explore_taken_tap_LDADD =

# Fuzz targets: fuzz/NAME.fuzz for libFuzzer or what LIB_FUZZING_ENGINE says, fuzz/NAME.afl for
# AFL++, fuzz/replay for any input of any target; all from the same sources. The geometry is tiny,
# so that an input costs some microseconds.
FUZZ_TARGETS = abi slots accounts wait schedules elf archive memory linux
FUZZERS_TINY = fuzz/abi.fuzz fuzz/slots.fuzz fuzz/accounts.fuzz fuzz/wait.fuzz \
	fuzz/schedules.fuzz fuzz/elf.fuzz fuzz/archive.fuzz
FUZZERS = $(FUZZERS_TINY) fuzz/memory.fuzz fuzz/linux.fuzz

HOST_WATCHED_SOURCES = arch/host/exo/create.c arch/host/exo/device.c arch/host/exo/unwatched.c
FUZZ_WATCHED_SOURCES = fuzz/files.c fuzz/files_library.c fuzz/schedule.c libos/fork/image.c \
	libos/fs/cpio.c $(EXO_KERNEL_SOURCES) $(HOST_WATCHED_SOURCES)
FUZZ_WATCHING_SOURCES = fuzz/answer.c fuzz/answer_cpu.c fuzz/answer_slot.c fuzz/check.c \
	fuzz/decode.c fuzz/follow.c fuzz/model/model.c fuzz/model/operations.c fuzz/mutate.c \
	fuzz/print.c fuzz/targets.c fuzz/world.c tests/host/lab.c $(EXO_AUDIT_SOURCES) \
	arch/host/exo/audit_tlb.c arch/host/exo/mmu.c
FUZZ_FILES = $(FUZZ_WATCHED_SOURCES) $(FUZZ_WATCHING_SOURCES)
EXTRA_DIST += fuzz/answer.h fuzz/answer_cpu.h fuzz/answer_slot.h fuzz/files.h fuzz/follow.h \
	fuzz/fuzz.h fuzz/step.h fuzz/model/model.h fuzz/mutate.h fuzz/schedule.h fuzz/mutate_afl.c \
	fuzz/ignore fuzz/archive.dict fuzz/elf.dict fuzz/linux.dict fuzz/records.dict \
	fuzz/run-target fuzz/run-all fuzz/run-afl fuzz/run-coverage fuzz/run-mutants fuzz/driver.c \
	.clusterfuzzlite/Dockerfile .clusterfuzzlite/build.sh .clusterfuzzlite/options \
	.clusterfuzzlite/project.yaml $(FUZZ_TARGETS:%=fuzz/corpus/%.tar.gz)

FUZZ_IGNORE = -fsanitize-ignorelist=$(srcdir)/fuzz/ignore \
	-fsanitize-coverage-ignorelist=$(srcdir)/fuzz/ignore
FUZZ_CPPFLAGS = $(HOST_CPPFLAGS) -DEXO_TABLE_SHIFT=5 -DEXO_LEVELS=3u -DEXO_ROOT_USER=8u \
	-DEXO_TAKEN_MAX=8u -DEXO_ENVS=8u -DEXO_VCPUS=8u -DEXO_ACCOUNTS=6u -DEXO_CPUS=3u \
	-DEXO_SLICES=64u -DEXO_BUCKETS=2u -DEXO_DROPS=8u -DHOST_CONSOLE_BYTES=16u \
	-DHOST_TLB_ENTRIES=16u -DHOST_WALK_ENTRIES=8u
FUZZ_CFLAGS = $(WARN_CFLAGS) -O2 $(FUZZ_SANITIZE) $(FUZZ_IGNORE)
FUZZ_LINK = $(CC) $(FUZZ_SANITIZE) $(CFLAGS) $(LDFLAGS)

# What watches the kernel is not watched itself, or it would be three times as slow: the inline
# functions of headers, too, are compiled without sanitizers there.
FUZZ_LIBS = libexo-fuzz.a libexo-watch.a
EXTRA_LIBRARIES += $(FUZZ_LIBS)
CLEANFILES += $(FUZZ_LIBS)
libexo_fuzz_a_SOURCES = $(FUZZ_WATCHED_SOURCES)
libexo_fuzz_a_CPPFLAGS = $(FUZZ_CPPFLAGS)
libexo_fuzz_a_CFLAGS = $(FUZZ_CFLAGS)
libexo_watch_a_SOURCES = $(FUZZ_WATCHING_SOURCES)
libexo_watch_a_CPPFLAGS = $(FUZZ_CPPFLAGS)
libexo_watch_a_CFLAGS = $(WARN_CFLAGS) -O2
FUZZ_LDADD = libexo-fuzz.a libexo-watch.a libexo-fuzz.a

# Both names stand on the path of an input: what replays it, and where findings are kept.
EXTRA_PROGRAMS += fuzz/replay
fuzz_replay_SOURCES = fuzz/replay.c
fuzz_replay_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_replay_CFLAGS = $(FUZZ_CFLAGS)
fuzz_replay_LINK = $(FUZZ_LINK) -o $@
fuzz_replay_LDADD = $(FUZZ_LDADD)

# The target memory: libos/vm and libos/fork on the simulated machine, as large as the real ones.
MEMORY_WATCHED_SOURCES = $(EXO_KERNEL_SOURCES) $(HOST_WATCHED_SOURCES)
MEMORY_WATCHING_SOURCES = fuzz/library_machine.c fuzz/memory.c fuzz/memory_model.c fuzz/mutate.c \
	$(EXO_AUDIT_SOURCES) \
	arch/host/exo/audit_tlb.c arch/host/exo/mmu.c
MEMORY_VM_SOURCES = libos/vm/fault.c libos/vm/fault0.c libos/vm/map.c libos/vm/protect.c \
	libos/vm/region.c libos/vm/slots.c
MEMORY_LIBOS_SOURCES = fuzz/library_lock.c fuzz/memory_library.c libos/fork/fork_memory.c \
	$(MEMORY_VM_SOURCES)
MEMORY_CPPFLAGS = $(HOST_CPPFLAGS) -DEXO_ENVS=8u -DEXO_VCPUS=8u -DEXO_ACCOUNTS=2u -DEXO_CPUS=1u \
	-DEXO_SLICES=64u -DEXO_BUCKETS=1u -DEXO_DROPS=64u -DHOST_TLB_ENTRIES=64u \
	-DHOST_WALK_ENTRIES=16u -DHOST_CONSOLE_BYTES=16u
MEMORY_LIBOS_CPPFLAGS = $(MEMORY_CPPFLAGS) -Ulinux -include $(srcdir)/fuzz/memory_names.h
MEMORY_LIBS = libmemory-watch.a libmemory-libos.a libmemory-exo.a
MEMORY_LDADD = $(MEMORY_LIBS) libmemory-watch.a libmemory-exo.a
EXTRA_DIST += fuzz/library_machine.h fuzz/memory.h fuzz/memory_model.h fuzz/memory_names.h
EXTRA_LIBRARIES += $(MEMORY_LIBS)
CLEANFILES += $(MEMORY_LIBS) fuzz/replay-memory
libmemory_exo_a_SOURCES = $(MEMORY_WATCHED_SOURCES)
libmemory_exo_a_CPPFLAGS = $(MEMORY_CPPFLAGS)
libmemory_exo_a_CFLAGS = $(FUZZ_CFLAGS)
libmemory_libos_a_SOURCES = $(MEMORY_LIBOS_SOURCES)
libmemory_libos_a_CPPFLAGS = $(MEMORY_LIBOS_CPPFLAGS)
libmemory_libos_a_CFLAGS = $(FUZZ_CFLAGS)
libmemory_watch_a_SOURCES = $(MEMORY_WATCHING_SOURCES)
libmemory_watch_a_CPPFLAGS = $(MEMORY_CPPFLAGS)
libmemory_watch_a_CFLAGS = $(WARN_CFLAGS) -O2

EXTRA_PROGRAMS += fuzz/replay-memory
fuzz_replay_memory_SOURCES = fuzz/replay.c
fuzz_replay_memory_CPPFLAGS = $(MEMORY_CPPFLAGS)
fuzz_replay_memory_CFLAGS = $(FUZZ_CFLAGS)
fuzz_replay_memory_LINK = $(FUZZ_LINK) -o $@
fuzz_replay_memory_LDADD = $(MEMORY_LDADD)

# The target linux: the Linux layer, the file tree and libos/vm on the same machine. The library's
# own memory is the host's, so vm sees other names than the rest.
LINUX_WATCHING_SOURCES = fuzz/library_machine.c fuzz/linux.c fuzz/linux_input.c fuzz/mutate.c \
	$(EXO_AUDIT_SOURCES) arch/host/exo/audit_tlb.c arch/host/exo/mmu.c
LINUX_LIBOS_SOURCES = fuzz/library_lock.c fuzz/linux_library.c fuzz/linux_process.c libos/print.c \
	libos/family/bury.c libos/family/family.c libos/family/lock.c libos/family/process_table.c \
	libos/fork/image.c libos/fork/process.c libos/fork/strings.c \
	$(LIBOS_FS_SOURCES) $(LIBOS_LINUX_SOURCES)
LINUX_VM_SOURCES = $(MEMORY_VM_SOURCES) libos/vm/dirty.c libos/vm/fill.c
LINUX_LIBOS_CPPFLAGS = $(MEMORY_CPPFLAGS) -Ulinux -include $(srcdir)/fuzz/linux_names.h
LINUX_LIBS = liblinux-watch.a liblinux-libos.a liblinux-vm.a libmemory-exo.a
LINUX_LDADD = $(LINUX_LIBS) liblinux-watch.a liblinux-libos.a libmemory-exo.a
EXTRA_DIST += fuzz/linux.h fuzz/linux_input.h fuzz/linux_library.h fuzz/linux_names.h
EXTRA_LIBRARIES += liblinux-watch.a liblinux-libos.a liblinux-vm.a
CLEANFILES += $(LINUX_LIBS) fuzz/replay-linux
liblinux_vm_a_SOURCES = $(LINUX_VM_SOURCES)
liblinux_vm_a_CPPFLAGS = $(MEMORY_LIBOS_CPPFLAGS)
liblinux_vm_a_CFLAGS = $(FUZZ_CFLAGS)
liblinux_libos_a_SOURCES = $(LINUX_LIBOS_SOURCES)
liblinux_libos_a_CPPFLAGS = $(LINUX_LIBOS_CPPFLAGS)
liblinux_libos_a_CFLAGS = $(FUZZ_CFLAGS)
liblinux_watch_a_SOURCES = $(LINUX_WATCHING_SOURCES)
liblinux_watch_a_CPPFLAGS = $(MEMORY_CPPFLAGS) -Ulinux
liblinux_watch_a_CFLAGS = $(WARN_CFLAGS) -O2

EXTRA_PROGRAMS += fuzz/replay-linux
fuzz_replay_linux_SOURCES = fuzz/replay.c
fuzz_replay_linux_CPPFLAGS = $(MEMORY_CPPFLAGS)
fuzz_replay_linux_CFLAGS = $(FUZZ_CFLAGS)
fuzz_replay_linux_LINK = $(FUZZ_LINK) -o $@
fuzz_replay_linux_LDADD = $(LINUX_LDADD)

TESTS += $(FUZZERS)
FUZZ_LOG_DRIVER = $(TAP_LOG_DRIVER)
FUZZ_LOG_COMPILER = $(SHELL) $(top_srcdir)/fuzz/run-target
CLEANFILES += $(FUZZERS) $(FUZZ_TARGETS:%=fuzz/%.afl) fuzz/mutator.so fuzz/replay

if HAVE_FUZZER
$(FUZZERS_TINY): %.fuzz: $(srcdir)/fuzz/driver.c fuzz/replay $(FUZZ_LIBS)
	$(AM_V_CCLD)$(FUZZ_LINK) $(FUZZ_CPPFLAGS) $(FUZZ_CFLAGS) -DFUZZ_TARGET=$(*F) \
		$(srcdir)/fuzz/driver.c $(FUZZ_LDADD) $(LIB_FUZZING_ENGINE) -o $@

fuzz/memory.fuzz: $(srcdir)/fuzz/driver.c fuzz/replay-memory $(MEMORY_LIBS)
	$(AM_V_CCLD)$(FUZZ_LINK) $(MEMORY_CPPFLAGS) $(FUZZ_CFLAGS) -DFUZZ_TARGET=memory \
		$(srcdir)/fuzz/driver.c $(MEMORY_LDADD) $(LIB_FUZZING_ENGINE) -o $@

fuzz/linux.fuzz: $(srcdir)/fuzz/driver.c fuzz/replay-linux $(LINUX_LIBS)
	$(AM_V_CCLD)$(FUZZ_LINK) $(MEMORY_CPPFLAGS) $(FUZZ_CFLAGS) -Ulinux -DFUZZ_TARGET=linux \
		$(srcdir)/fuzz/driver.c $(LINUX_LDADD) $(LIB_FUZZING_ENGINE) -o $@
else
$(FUZZERS):
	@$(MKDIR_P) $(@D)
	@echo '1..0 # SKIP no libFuzzer: install libclang-rt-16-dev' >$@
endif

# make fuzz TARGET=... TIME=seconds; make fuzz-afl likewise; make fuzz-all TIME=seconds of all CPUs
# together. What is found lies in fuzz/found/, new inputs too; make fuzz-corpus puts them into the
# corpus of the source tree, minimised.
TARGET = abi
TIME = 60
$(if $(filter $(TARGET),$(FUZZ_TARGETS)),,$(error TARGET=$(TARGET): there are $(FUZZ_TARGETS)))
FUZZ_FOUND = fuzz/found/$(TARGET)
fuzz: fuzz/$(TARGET).fuzz
	$(AM_V_at)$(MKDIR_P) $(FUZZ_FOUND)
	$(SHELL) $(srcdir)/fuzz/run-target fuzz/$(TARGET).fuzz '$(TIME)' $(FUZZ_FOUND)

fuzz-all: $(FUZZERS) $(GUEST_FUZZERS)
	$(SHELL) $(srcdir)/fuzz/run-all '$(TIME)' $(FUZZERS) $(GUEST_FUZZERS)

fuzz-afl: fuzz/$(TARGET).afl fuzz/mutator.so
	$(SHELL) $(srcdir)/fuzz/run-afl $(TARGET) '$(TIME)'

AFL_NEEDED = $(or $(AFL_CC),$(error no afl-clang-fast: install afl++, then ./configure again))
fuzz/%.afl: $(FUZZ_FILES) fuzz/driver.c
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)AFL_QUIET=1 AFL_LLVM_DENYLIST=$(srcdir)/fuzz/ignore \
		$(AFL_NEEDED) $(FUZZ_CPPFLAGS) $(WARN_CFLAGS) -O2 -fsanitize=fuzzer \
		-DFUZZ_TARGET=$* $(FUZZ_FILES:%=$(srcdir)/%) $(srcdir)/fuzz/driver.c -o $@

# The library's objects, each with its own names: afl_objects FOLDER FLAGS SOURCES.
afl_objects = rm -rf fuzz/$(1) && $(MKDIR_P) fuzz/$(1) && for source in $(3); do \
	AFL_QUIET=1 AFL_LLVM_DENYLIST=$(abs_srcdir)/fuzz/ignore $(AFL_NEEDED) $(2) $(WARN_CFLAGS) \
		-O2 -c $(srcdir)/$$source -o fuzz/$(1)/$$(echo $$source | tr / _).o || exit 1; done
AFL_LINK = $(AM_V_CC)AFL_QUIET=1 AFL_LLVM_DENYLIST=$(srcdir)/fuzz/ignore $(AFL_NEEDED) \
	$(MEMORY_CPPFLAGS) -Ulinux $(WARN_CFLAGS) -O2 -fsanitize=fuzzer -DFUZZ_TARGET=$(*F)

fuzz/memory.afl: fuzz/%.afl: $(MEMORY_WATCHED_SOURCES) $(MEMORY_WATCHING_SOURCES) \
		$(MEMORY_LIBOS_SOURCES) fuzz/driver.c
	$(AM_V_at)$(call afl_objects,memory-afl,$(MEMORY_LIBOS_CPPFLAGS),$(MEMORY_LIBOS_SOURCES))
	$(AFL_LINK) $(MEMORY_WATCHED_SOURCES:%=$(srcdir)/%) \
		$(MEMORY_WATCHING_SOURCES:%=$(srcdir)/%) \
		$(srcdir)/fuzz/driver.c fuzz/memory-afl/*.o -o $@

fuzz/linux.afl: fuzz/%.afl: $(MEMORY_WATCHED_SOURCES) $(LINUX_WATCHING_SOURCES) \
		$(LINUX_LIBOS_SOURCES) $(LINUX_VM_SOURCES) fuzz/driver.c
	$(AM_V_at)$(call afl_objects,linux-afl,$(LINUX_LIBOS_CPPFLAGS),$(LINUX_LIBOS_SOURCES))
	$(AM_V_at)$(call afl_objects,linux-afl/vm,$(MEMORY_LIBOS_CPPFLAGS),$(LINUX_VM_SOURCES))
	$(AFL_LINK) $(MEMORY_WATCHED_SOURCES:%=$(srcdir)/%) \
		$(LINUX_WATCHING_SOURCES:%=$(srcdir)/%) \
		$(srcdir)/fuzz/driver.c fuzz/linux-afl/*.o fuzz/linux-afl/vm/*.o -o $@

fuzz/mutator.so: fuzz/mutate.c fuzz/mutate_afl.c fuzz/mutate.h
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(WARN_CFLAGS) -I$(srcdir) -O2 -fPIC -shared $(srcdir)/fuzz/mutate.c \
		$(srcdir)/fuzz/mutate_afl.c -o $@

fuzz-corpus: fuzz/$(TARGET).fuzz fuzz/$(TARGET).afl
	$(SHELL) $(srcdir)/fuzz/run-target -m fuzz/$(TARGET).fuzz

# An HTML report of what the corpora reach, in fuzz/coverage/; what they do not is in
# doc/coverage.md.
fuzz/coverage/replay: $(FUZZ_FILES) fuzz/replay.c
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(FUZZ_CPPFLAGS) $(WARN_CFLAGS) -O1 -fprofile-instr-generate \
		-fcoverage-mapping $(FUZZ_FILES:%=$(srcdir)/%) $(srcdir)/fuzz/replay.c -o $@

fuzz-coverage: fuzz/coverage/replay
	LLVM_PROFDATA='$(LLVM_PROFDATA)' \
		LLVM_COV='$(or $(LLVM_COV),$(error no llvm-cov: install llvm-16, then ./configure again))' \
		$(SHELL) $(srcdir)/fuzz/run-coverage
.PHONY: fuzz fuzz-all fuzz-afl fuzz-corpus fuzz-coverage

# Findings of the past.
EXTRA_DIST += fuzz/regressions/abi-claims-the-agents-own-table \
	fuzz/regressions/abi-clears-the-mailbox \
	fuzz/regressions/abi-idle-drain-wakes-who-waits \
	fuzz/regressions/abi-note-cut-off-by-an-event \
	fuzz/regressions/abi-page-in-the-agents-common-table \
	fuzz/regressions/abi-preempted-amid-a-note \
	fuzz/regressions/abi-repossessed-without-an-answer \
	fuzz/regressions/abi-resumed-where-data-is-code \
	fuzz/regressions/abi-share-where-branches-were-taken fuzz/regressions/abi-slice-on-no-cpu \
	fuzz/regressions/abi-slots-that-nobody-decoded \
	fuzz/regressions/abi-store-through-a-copy-elsewhere \
	fuzz/regressions/abi-structure-over-the-mailbox \
	fuzz/regressions/abi-upcall-without-a-note \
	fuzz/regressions/abi-upcalls-nest-without-end \
	fuzz/regressions/abi-upcalls-on-the-programs-stack \
	fuzz/regressions/abi-used-in-the-agents-own-table \
	fuzz/regressions/abi-vcpu-page-where-reserve-was \
	fuzz/regressions/accounts-common-table-from-a-frozen-path \
	fuzz/regressions/accounts-dup-of-what-may-be-shared \
	fuzz/regressions/accounts-repossessed-by-the-dead \
	fuzz/regressions/accounts-structure-over-the-vcpu-page \
	fuzz/regressions/archive-program-at-address-zero \
	fuzz/regressions/elf-segment-ends-behind-its-file \
	fuzz/regressions/linux-argument-names-the-secret \
	fuzz/regressions/linux-descriptors-above-those-followed \
	fuzz/regressions/linux-file-sent-to-itself \
	fuzz/regressions/linux-file-whose-pages-fill-a-page \
	fuzz/regressions/linux-kill-of-the-least-number \
	fuzz/regressions/linux-mandatory-flock-of-any-number \
	fuzz/regressions/linux-memfd-is-a-descriptor \
	fuzz/regressions/linux-native-calls-have-four-arguments \
	fuzz/regressions/linux-no-such-process \
	fuzz/regressions/linux-restarts-another-calls-pointers \
	fuzz/regressions/linux-second-page-of-a-mapped-file \
	fuzz/regressions/linux-strings-are-unmapped \
	fuzz/regressions/linux-zero-mapped-to-be-written \
	fuzz/regressions/memory-more-pages-to-see-than-frames \
	fuzz/regressions/memory-stack-page-without-access \
	fuzz/regressions/schedules-cut-off-amid-a-free \
	fuzz/regressions/schedules-tables-made-at-one-place \
	fuzz/regressions/slots-claim-needs-the-right \
	fuzz/regressions/slots-drops-flushed-as-they-come \
	fuzz/regressions/slots-protect-flushes-every-page \
	fuzz/regressions/slots-reserve-flushed-before-use \
	fuzz/regressions/slots-share-within-the-path \
	fuzz/regressions/wait-death-told-to-who-stops \
	fuzz/regressions/wait-woken-before-an-event \
	fuzz/regressions/wait-word-where-a-page-was-moved

# make fuzz-seeds: what the guest tests ask of the kernel, and Linux programs of the library, as
# inputs, in fuzz/found/ with those that fuzzers found; make fuzz-corpus TARGET=... takes of them
# what reaches more into the corpus.
SEED_TARGETS = abi slots accounts wait schedules
if HAVE_MUSL_GCC
SEED_LINUX = bad_pointers bad_values clocks_agree files_named files_sent files_shared proc_tells \
	processes_clone processes_end processes_execute processes_futex processes_limits \
	processes_pipes processes_poll processes_share processes_wait signals_faults \
	signals_family signals_handlers signals_threads signals_waits threads_futex
else
SEED_LINUX =
endif
EXTRA_DIST += fuzz/seed_hook.c fuzz/run-seeds
CLEANFILES += $(SEED_LINUX:%=fuzz/seed-programs/%)
if HAVE_FUZZER
check_PROGRAMS += fuzz/seed fuzz/seed-linux
check_DATA += fuzz/seeds-x86_64.elf tests/guest/cpu_exceptions_are_upcalls.raw
endif
fuzz_seed_SOURCES = fuzz/seed.c
fuzz_seed_CPPFLAGS = $(FUZZ_CPPFLAGS)
fuzz_seed_CFLAGS = $(WARN_CFLAGS) -O2
fuzz_seed_LINK = $(FUZZ_LINK) -o $@
fuzz_seed_LDADD = $(FUZZ_LDADD)
EXTRA_fuzz_seed_DEPENDENCIES = fuzz/replay
fuzz_seed_linux_SOURCES = fuzz/seed_linux.c fuzz/linux_input.c
fuzz_seed_linux_CPPFLAGS = $(MEMORY_CPPFLAGS) -Ulinux
fuzz_seed_linux_CFLAGS = $(WARN_CFLAGS) -O2
EXTRA_fuzz_seed_linux_DEPENDENCIES = fuzz/replay fuzz/replay-linux
CLEANFILES += fuzz/seeds-x86_64.elf fuzz/seed_hook.o

# The kernel that is shipped, and who writes down what it is asked.
fuzz/seeds-x86_64.elf: exo-x86_64.elf $(srcdir)/fuzz/seed_hook.c
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(exo_x86_64_elf_CPPFLAGS) $(exo_x86_64_elf_CFLAGS) $(CFLAGS) \
		-c $(srcdir)/fuzz/seed_hook.c -o fuzz/seed_hook.o
	$(AM_V_CCLD)$(exo_x86_64_elf_LINK) --wrap=kernel_syscall --wrap=kernel_trap \
		$(exo_x86_64_elf_OBJECTS) fuzz/seed_hook.o

fuzz/seed-programs/%: $(srcdir)/tests/guest/%.c
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(MUSL_GCC) -static -pthread -O1 -w -I$(srcdir) $< -o $@

fuzz-seeds: fuzz/seed fuzz/seed-linux fuzz/seeds-x86_64.elf tools/chitin-run libos.elf \
		$(GUEST_TESTS) $(RAW_TESTS) $(SEED_LINUX:%=fuzz/seed-programs/%)
	$(SHELL) $(srcdir)/fuzz/run-seeds '$(SEED_TARGETS)' $(GUEST_TESTS) $(RAW_TESTS) \
		$(SEED_LINUX:%=fuzz/seed-programs/%)
.PHONY: fuzz-seeds

# make mutants: every planted bug against every layer; doc/mutants.md has the table.
MUTANTS =
MUTANT_SECONDS = 60
JOBS = 1
mutants: $(KERNEL_TESTS) $(EXPLORERS) $(FUZZERS) $(STRESSES) fuzz/replay fuzz/guest/x86_64.fuzz
	@CC='$(CC)' CFLAGS='$(CFLAGS)' MUTANT_HOST='$(HOST_CPPFLAGS) $(HOST_CFLAGS)' \
		MUTANT_FUZZ='$(FUZZ_CPPFLAGS) $(FUZZ_CFLAGS)' \
		$(foreach e,$(EXPLORERS:fuzz/explore_%.tap=%),MUTANT_EXPLORE_$(e)='$(fuzz_explore_$(e)_tap_CPPFLAGS) \
			$(fuzz_explore_$(e)_tap_CFLAGS)') \
		MUTANT_FUZZ_LIBRARIES='$(FUZZ_LDADD)' \
		MUTANT_STRESS='$(STRESS_CPPFLAGS) $(STRESS_CFLAGS)' \
		MUTANT_TESTS='$(KERNEL_TESTS)' MUTANT_ENGINE='$(LIB_FUZZING_ENGINE)' \
		MUTANT_GUEST="$(fuzz_guest_exo_x86_64_elf_CPPFLAGS) \
			$(fuzz_guest_exo_x86_64_elf_CFLAGS)" \
		MUTANT_GUEST_LINK='$(fuzz_guest_exo_x86_64_elf_LINK)' \
		$(SHELL) $(srcdir)/fuzz/run-mutants -s $(MUTANT_SECONDS) -j $(JOBS) $(MUTANTS)
.PHONY: mutants

FUZZ_PLANTED = \
	fuzz/planted/account_move_creates.patch \
	fuzz/planted/account_over_limit.patch \
	fuzz/planted/alloc_unzeroed.patch \
	fuzz/planted/archive_name_unchecked.patch \
	fuzz/planted/charge_lost.patch \
	fuzz/planted/child_event_lost.patch \
	fuzz/planted/claim_charges_both.patch \
	fuzz/planted/claim_without_right.patch \
	fuzz/planted/clear_drops_at_once.patch \
	fuzz/planted/clear_loses_payload.patch \
	fuzz/planted/clear_miscounts_used.patch \
	fuzz/planted/clear_of_vcpu_page.patch \
	fuzz/planted/clear_without_flush.patch \
	fuzz/planted/copy_of_vcpu_page.patch \
	fuzz/planted/copy_over_used_slot.patch \
	fuzz/planted/copy_raises_rights.patch \
	fuzz/planted/deadline_takes_the_later.patch \
	fuzz/planted/double_grant.patch \
	fuzz/planted/down_index_one_level.patch \
	fuzz/planted/drop_list_overflows.patch \
	fuzz/planted/dup_keeps_old_reference.patch \
	fuzz/planted/dup_uncopied.patch \
	fuzz/planted/dup_without_flush.patch \
	fuzz/planted/elf_reads_behind_file.patch \
	fuzz/planted/elf_segment_wraps.patch \
	fuzz/planted/event_ends_with_vcpu.patch \
	fuzz/planted/event_while_masked.patch \
	fuzz/planted/flush_forgets_other_cpus.patch \
	fuzz/planted/foreign_env_named.patch \
	fuzz/planted/frozen_not_checked.patch \
	fuzz/planted/groups_forgotten.patch \
	fuzz/planted/lock_missing.patch \
	fuzz/planted/move_from_frozen.patch \
	fuzz/planted/move_miscounts_used.patch \
	fuzz/planted/move_without_flush.patch \
	fuzz/planted/overrun_unmeasured.patch \
	fuzz/planted/protect_counts_two_as_sole.patch \
	fuzz/planted/protect_flushes_one_too_few.patch \
	fuzz/planted/protect_without_flush.patch \
	fuzz/planted/raise_forgets_dirty.patch \
	fuzz/planted/recursive_slot_named.patch \
	fuzz/planted/reserve_not_flushed.patch \
	fuzz/planted/revoke_ask_forgets.patch \
	fuzz/planted/revoke_early.patch \
	fuzz/planted/revoke_without_count.patch \
	fuzz/planted/root_kept.patch \
	fuzz/planted/root_left_dirty.patch \
	fuzz/planted/run_leaves_table.patch \
	fuzz/planted/share_keeps_source_writable.patch \
	fuzz/planted/share_raises_rights.patch \
	fuzz/planted/share_target_writable.patch \
	fuzz/planted/share_without_flush.patch \
	fuzz/planted/slices_unpaid.patch \
	fuzz/planted/stale_handle.patch \
	fuzz/planted/stop_foreign_vcpu.patch \
	fuzz/planted/table_left_full.patch \
	fuzz/planted/unshare_adopts_unswept.patch \
	fuzz/planted/unshare_double_drop.patch \
	fuzz/planted/unshare_keeps_branches.patch \
	fuzz/planted/unshare_keeps_leaves.patch \
	fuzz/planted/unshare_uncounted.patch \
	fuzz/planted/unshare_without_flush.patch \
	fuzz/planted/unused_fields_unchecked.patch \
	fuzz/planted/wait_value_unchecked.patch \
	fuzz/planted/wait_without_reference.patch \
	fuzz/planted/wake_of_another_word.patch \
	fuzz/planted/wake_one_too_many.patch \
	fuzz/planted/wrong_account_pays.patch
EXTRA_DIST += $(FUZZ_PLANTED)

# Host stress: each simulated CPU is a thread, the programs are random; once for each sanitizer.
# Where there are no sanitizers there is no libFuzzer either.
STRESSES = \
	fuzz/stress_races.tap \
	fuzz/stress_memory.tap

if HAVE_FUZZER
check_PROGRAMS += $(STRESSES)
TESTS += $(STRESSES)
endif
EXTRA_DIST += fuzz/stress.h

STRESS_SOURCES = fuzz/stress.c fuzz/stress_program.c tests/host/lab.c $(EXO_SOURCES) \
	$(HOST_EXO_SOURCES)
STRESS_CFLAGS = $(WARN_CFLAGS) -g -O1 -pthread -fno-sanitize-recover=all
STRESS_CPPFLAGS = $(HOST_CPPFLAGS) -DEXO_ENVS=48u -DEXO_VCPUS=48u -DEXO_ACCOUNTS=8u -DEXO_CPUS=8u \
	-DEXO_SLICES=64u -DEXO_BUCKETS=4u -DEXO_DROPS=16u

fuzz_stress_races_tap_SOURCES = $(STRESS_SOURCES)
fuzz_stress_races_tap_CPPFLAGS = $(STRESS_CPPFLAGS)
fuzz_stress_races_tap_CFLAGS = $(STRESS_CFLAGS) -fsanitize=thread
fuzz_stress_races_tap_LDADD =

fuzz_stress_memory_tap_SOURCES = $(STRESS_SOURCES)
fuzz_stress_memory_tap_CPPFLAGS = $(STRESS_CPPFLAGS)
fuzz_stress_memory_tap_CFLAGS = $(STRESS_CFLAGS) -fsanitize=address,undefined
fuzz_stress_memory_tap_LDADD =
