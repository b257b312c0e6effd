# SPDX-License-Identifier: ISC
# Programs that others wrote, for Linux: built by plain musl-gcc from Debian's sources, which
# tests/programs/fetch gets (bootstrap calls it). Without them their tests are skipped. `make run` has
# them in /bin once they are built.
LUA_SOURCE = $(lastword $(wildcard $(srcdir)/tests/programs/lua5.4_*.orig.tar.gz))
SQLITE_SOURCE = $(lastword $(wildcard $(srcdir)/tests/programs/sqlite3_*.orig.tar.xz))

if HAVE_MUSL_GCC
BUILT_FOR_LINUX = $(if $(LUA_SOURCE),tests/programs/lua) \
	$(if $(TCLSH),$(if $(SQLITE_SOURCE),tests/programs/sqlite3))
check_DATA += $(BUILT_FOR_LINUX)
endif

tests/programs/lua: tests/programs/build $(LUA_SOURCE)
	$(AM_V_GEN)$(SHELL) $(srcdir)/tests/programs/build lua $(LUA_SOURCE) $@
tests/programs/sqlite3: tests/programs/build $(SQLITE_SOURCE)
	$(AM_V_GEN)$(SHELL) $(srcdir)/tests/programs/build sqlite3 $(SQLITE_SOURCE) $@

CLEANFILES += tests/programs/lua tests/programs/sqlite3
EXTRA_DIST += tests/programs/build tests/programs/fetch tests/programs/everything.lua \
	tests/programs/everything.sql tests/programs/two_at_once.sh
