# SPDX-License-Identifier: ISC
# Names of files, files that processes share, sendfile, files without a name, statx and /proc say on
# Chitin what they say here.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
. "${top_srcdir:-.}/tests/tools/same.sh"

for name in files_named files_sent files_shared proc_tells; do
	same_program "$name"
done
tap_done tests/tools/files_match_linux.sh
