# SPDX-License-Identifier: ISC
# Native programs, each one C file built by our own chitin-cc. To add apps/NAME.c: one line here.
APPS = \
	apps/faults \
	apps/forkbench \
	apps/hello \
	apps/ps \
	apps/roulette \
	apps/threads \
	apps/vmstat

EXTRA_DIST += $(APPS:=.c)
CLEANFILES += $(APPS)

noinst_DATA = $(APPS)
$(APPS): %: %.c $(NATIVE_NEEDS)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC) $< -o $@

# The same for AArch64, built when they are run.
AARCH64_APPS = $(APPS:%=aarch64/%)
CLEANFILES += $(AARCH64_APPS)
$(AARCH64_APPS): aarch64/%: %.c $(NATIVE_NEEDS_AARCH64)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC_AARCH64) $< -o $@

if HAVE_AARCH64
ARCHES = x86_64 aarch64
NO_AARCH64 =
else
ARCHES = x86_64
NO_AARCH64 = ; for aarch64 ./bootstrap installs what is missing, then ./configure again
endif
$(if $(filter $(ARCH),$(ARCHES)),,$(error ARCH=$(ARCH): there are $(ARCHES)$(NO_AARCH64)))

# `make run` boots to Debian's busybox sh, with all programs in /bin; or, for example, `make run
# PROGRAM=apps/hello ARGS=world`; with ARCH=aarch64 there.
ARCH = x86_64
RUN_APPS = $(RUN_APPS_$(ARCH))
RUN_APPS_x86_64 = $(APPS)
RUN_APPS_aarch64 = $(AARCH64_APPS)
# Of tests/programs, what is built.
RUN_BUILT = $(RUN_BUILT_$(ARCH))
RUN_BUILT_x86_64 = $(wildcard $(BUILT_FOR_LINUX))
RUN_BUILT_aarch64 = $(wildcard $(BUILT_FOR_AARCH64))
SHELL_PROGRAM = $(SHELL_PROGRAM_$(ARCH))
SHELL_PROGRAM_x86_64 = $(firstword $(wildcard /bin/busybox /usr/bin/busybox))
SHELL_PROGRAM_aarch64 = $(wildcard $(BUSYBOX_AARCH64))
SHELL_FILES = apps/shell/profile apps/shell/passwd apps/shell/group
EXTRA_DIST += $(SHELL_FILES)
PROGRAM = $(SHELL_PROGRAM)
ARGS = $(if $(filter-out $(SHELL_PROGRAM),$(PROGRAM)),,sh -l)
RUN_FILES = $(foreach file,$(filter-out $(PROGRAM), \
		$(RUN_APPS) $(RUN_BUILT) $(SHELL_PROGRAM)), \
		--add $(file)=bin/$(notdir $(file))) \
	$(foreach file,$(SHELL_FILES),--add $(srcdir)/$(file)=etc/$(notdir $(file)))
RUN_FLAGS =

run: all $(RUN_APPS)
	@test -n "$(PROGRAM)" || { echo "make run: no busybox: install busybox-static"; exit 1; }
	@set -- $$(stty size 2>/dev/null || echo 24 80); echo "Ctrl-] leaves."; \
		tools/chitin-run --arch $(ARCH) --env TERM="$${TERM:-vt100}" --env LINES=$$1 --env COLUMNS=$$2 \
		$(RUN_FLAGS) $(RUN_FILES) $(PROGRAM) $(ARGS)

# The same, stopped before the first instruction, with a debugger that knows the kernel's and the
# program's names; the console goes to gdb-console.log.
gdb: all $(RUN_APPS)
	@$(SHELL) $(srcdir)/tools/gdb-session tools/chitin-run --arch $(ARCH) $(RUN_FLAGS) $(RUN_FILES) \
		$(PROGRAM) $(ARGS)
.PHONY: run gdb
