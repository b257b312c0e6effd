# SPDX-License-Identifier: ISC
# The house rules that a machine can check; `make distcheck` runs them too.
EXTRA_DIST += build-aux/syntax-check

syntax-check:
	$(AM_V_at)CC='$(CC)' CTAGS='$(CTAGS)' DISTFILES='$(DISTFILES)' \
		$(SHELL) $(srcdir)/build-aux/syntax-check $(srcdir)
.PHONY: syntax-check

distcheck-hook: syntax-check
