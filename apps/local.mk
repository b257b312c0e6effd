# SPDX-License-Identifier: ISC
# Native programs, each one C file built by our own chitin-cc. To add apps/NAME.c: one line here.
APPS = \
	apps/faults \
	apps/forkbench \
	apps/hello \
	apps/prompt \
	apps/threads

EXTRA_DIST += $(APPS:=.c)
CLEANFILES += $(APPS)

noinst_DATA = $(APPS)
$(APPS): %: %.c $(NATIVE_NEEDS)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC) $< -o $@

# `make run` boots to a prompt with all programs and Debian's busybox in /bin; or, for example,
# `make run PROGRAM=apps/hello ARGS=world`.
PROGRAM = apps/prompt
ARGS =
RUN_FILES = $(foreach file,$(filter-out $(PROGRAM),$(APPS)) $(wildcard /bin/busybox), \
	--add $(file)=bin/$(notdir $(file)))
RUN_FLAGS =

run: all
	@echo "Ctrl-] leaves. Try: hello; forkbench; faults; threads; busybox seq 5; help"
	@tools/chitin-run $(RUN_FLAGS) $(RUN_FILES) $(PROGRAM) $(ARGS)

# The same, stopped before the first instruction, with a debugger that knows the kernel's and the
# program's names; the console goes to gdb-console.log.
gdb: all
	@$(SHELL) $(srcdir)/tools/gdb-session tools/chitin-run $(RUN_FLAGS) $(RUN_FILES) \
		$(PROGRAM) $(ARGS)
.PHONY: run gdb
