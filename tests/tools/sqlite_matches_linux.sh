# SPDX-License-Identifier: ISC
# SQLite's shell, built by musl-gcc from Debian's source, says on Chitin what the same binary says
# here: transactions on files, alone and two at once; and on AArch64, built for that.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
. "${top_srcdir:-.}/tests/tools/same.sh"
[ -x "$build/tests/programs/sqlite3" ] ||
	tap_skip_all "no source of SQLite (tests/programs/fetch gets it) or no tclsh"

same_script 'sqlite3 <everything.sql' sqlite3 everything.sql
same_script 'sh two_at_once.sh' sqlite3 two_at_once.sh
tap_done tests/tools/sqlite_matches_linux.sh
