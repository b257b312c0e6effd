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

if LIBOS_X86_64
noinst_DATA = $(APPS)
endif
$(APPS): %: %.c $(NATIVE_NEEDS)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC) $< -o $@

# `make run` boots to a prompt with all programs and Debian's busybox in /bin; or, for example,
# `make run PROGRAM=apps/hello ARGS=world`.
PROGRAM = apps/prompt
ARGS =
RUN_FILES = $(patsubst apps/%,--add apps/%=bin/%,$(filter-out $(PROGRAM),$(APPS))) \
	$(patsubst /%,--add /%=%,$(wildcard /bin/busybox))
RUN_FLAGS =

run: all
	@echo "Ctrl-] leaves. With busybox in the archive, try: busybox seq 5"
	@tools/chitin-run $(RUN_FLAGS) $(RUN_FILES) $(PROGRAM) $(ARGS)

# The same, stopped before the first instruction, with a debugger that knows the kernel's and the
# program's names; the console goes to gdb-console.log.
gdb: all
	@$(SHELL) $(srcdir)/tools/gdb-session tools/chitin-run $(RUN_FLAGS) $(RUN_FILES) \
		$(PROGRAM) $(ARGS)
.PHONY: run gdb
