# SPDX-License-Identifier: ISC
# Lua, built by musl-gcc from Debian's source, says on Chitin what the same binary says here; and
# on AArch64, built for that.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
. "${top_srcdir:-.}/tests/tools/same.sh"
[ -x "$build/tests/programs/lua" ] || tap_skip_all "no source of Lua (tests/programs/fetch gets it)"

same_script 'seq 2 | lua everything.lua' lua everything.lua
tap_done tests/tools/lua_matches_linux.sh
