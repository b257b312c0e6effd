# SPDX-License-Identifier: ISC
# Native programs, each one C file built by our own chitin-cc. To add apps/NAME.c: one line here.
APPS = \
	apps/faults \
	apps/forkbench \
	apps/hello \
	apps/ps \
	apps/threads \
	apps/vmstat

EXTRA_DIST += $(APPS:=.c)
CLEANFILES += $(APPS)

noinst_DATA = $(APPS)
$(APPS): %: %.c $(NATIVE_NEEDS)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC) $< -o $@

# `make run` boots to Debian's busybox sh, with all programs in /bin; or, for example, `make run
# PROGRAM=apps/hello ARGS=world`.
SHELL_PROGRAM = $(firstword $(wildcard /bin/busybox /usr/bin/busybox))
SHELL_FILES = apps/shell/profile apps/shell/passwd apps/shell/group
EXTRA_DIST += $(SHELL_FILES)
PROGRAM = $(SHELL_PROGRAM)
ARGS = $(if $(filter-out $(SHELL_PROGRAM),$(PROGRAM)),,sh -l)
RUN_FILES = $(foreach file,$(filter-out $(PROGRAM),$(APPS) $(SHELL_PROGRAM)), \
		--add $(file)=bin/$(notdir $(file))) \
	$(foreach file,$(SHELL_FILES),--add $(srcdir)/$(file)=etc/$(notdir $(file)))
RUN_FLAGS =

run: all
	@test -n "$(PROGRAM)" || { echo "make run: no busybox: install busybox-static"; exit 1; }
	@set -- $$(stty size 2>/dev/null || echo 24 80); echo "Ctrl-] leaves."; \
		tools/chitin-run --env TERM="$${TERM:-vt100}" --env LINES=$$1 --env COLUMNS=$$2 \
		$(RUN_FLAGS) $(RUN_FILES) $(PROGRAM) $(ARGS)

# The same, stopped before the first instruction, with a debugger that knows the kernel's and the
# program's names; the console goes to gdb-console.log.
gdb: all
	@$(SHELL) $(srcdir)/tools/gdb-session tools/chitin-run $(RUN_FLAGS) $(RUN_FILES) \
		$(PROGRAM) $(ARGS)
.PHONY: run gdb
