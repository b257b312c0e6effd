# SPDX-License-Identifier: ISC
# Programs of many processes say on Chitin what they say here.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
. "${top_srcdir:-.}/tests/tools/same.sh"

for name in processes_end processes_share; do
	same_program "$name"
done
tap_done tests/tools/processes_match_linux.sh
