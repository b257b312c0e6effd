# SPDX-License-Identifier: ISC
# Native programs, each one C file built by our own chitin-cc. To add apps/NAME.c: one line here.
APPS =

EXTRA_DIST += $(APPS:=.c)
CLEANFILES += $(APPS)

if LIBOS_X86_64
noinst_DATA = $(APPS)
endif
$(APPS): %: %.c $(NATIVE_NEEDS)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC) $< -o $@
