# SPDX-License-Identifier: ISC
# What things cost: instructions under icount, printed as a table.
# To add one: bench/NAME.c, a native program that prints lines `NAME INSTRUCTIONS`, and one line here.
BENCHES =

EXTRA_DIST += $(BENCHES:=.c)
CLEANFILES += $(BENCHES)
$(BENCHES): %: %.c $(NATIVE_NEEDS)
	@$(MKDIR_P) $(@D)
	$(AM_V_CHITIN_CC)$(NATIVE_CC) -I$(srcdir) $< -o $@

bench: all $(BENCHES)
	@for program in $(BENCHES); do \
		tools/chitin-run --icount --memory 1G --timeout 900 $$program || exit 1; \
	done
.PHONY: bench
