# SPDX-License-Identifier: ISC
# Names of files, and files that processes share, say on Chitin what they say here.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
. "${top_srcdir:-.}/tests/tools/same.sh"

for name in files_named files_shared; do
	same_program "$name"
done
tap_done tests/tools/files_match_linux.sh
