# SPDX-License-Identifier: ISC
# Programs that give system calls bad arguments get on Chitin the errors that they get here.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
. "${top_srcdir:-.}/tests/tools/same.sh"

for name in bad_pointers bad_values; do
	same_program "$name"
done
tap_done tests/tools/arguments_match_linux.sh
