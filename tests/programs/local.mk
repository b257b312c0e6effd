# SPDX-License-Identifier: ISC
# Programs that others wrote, for Linux: built by plain musl-gcc, for AArch64 by clang and musl,
# from Debian's sources, which tests/programs/fetch gets (bootstrap calls it). Without them their
# tests are skipped. `make run` has them in /bin once they are built.
LUA_SOURCE = $(lastword $(wildcard $(srcdir)/tests/programs/lua5.4_*.orig.tar.gz))
SQLITE_SOURCE = $(lastword $(wildcard $(srcdir)/tests/programs/sqlite3_*.orig.tar.xz))

if HAVE_MUSL_GCC
BUILT_FOR_LINUX = $(if $(LUA_SOURCE),tests/programs/lua) \
	$(if $(TCLSH),$(if $(SQLITE_SOURCE),tests/programs/sqlite3))
check_DATA += $(BUILT_FOR_LINUX)
endif

if HAVE_AARCH64
BUILT_FOR_AARCH64 = $(if $(LUA_SOURCE),aarch64/tests/programs/lua) \
	$(if $(TCLSH),$(if $(SQLITE_SOURCE),aarch64/tests/programs/sqlite3))
check_DATA += $(BUILT_FOR_AARCH64)
endif
BUILD_FOR_AARCH64 = CC='$(CC)' MUSL_AARCH64_INCLUDE='$(MUSL_AARCH64_INCLUDE)' \
	MUSL_AARCH64_LIB='$(MUSL_AARCH64_LIB)' LIBGCC_AARCH64='$(LIBGCC_AARCH64)' \
	$(SHELL) $(srcdir)/tests/programs/build

tests/programs/lua: tests/programs/build $(LUA_SOURCE)
	$(AM_V_GEN)$(SHELL) $(srcdir)/tests/programs/build lua $(LUA_SOURCE) $@
tests/programs/sqlite3: tests/programs/build $(SQLITE_SOURCE)
	$(AM_V_GEN)$(SHELL) $(srcdir)/tests/programs/build sqlite3 $(SQLITE_SOURCE) $@
aarch64/tests/programs/lua: tests/programs/build $(LUA_SOURCE)
	$(AM_V_GEN)$(BUILD_FOR_AARCH64) lua $(LUA_SOURCE) $@ aarch64
aarch64/tests/programs/sqlite3: tests/programs/build $(SQLITE_SOURCE)
	$(AM_V_GEN)$(BUILD_FOR_AARCH64) sqlite3 $(SQLITE_SOURCE) $@ aarch64

CLEANFILES += tests/programs/lua tests/programs/sqlite3 aarch64/tests/programs/lua \
	aarch64/tests/programs/sqlite3
EXTRA_DIST += tests/programs/build tests/programs/fetch tests/programs/everything.lua \
	tests/programs/everything.sql tests/programs/two_at_once.sh
