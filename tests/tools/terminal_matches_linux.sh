# SPDX-License-Identifier: ISC
# Programs that lead the session of a terminal say on Chitin, on its console, what they say here on a
# terminal of their own.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
. "${top_srcdir:-.}/tests/tools/same.sh"
command -v script >/dev/null || tap_skip_all "no script"

# The program leads its session, and so may not be the child of whatever shell SHELL names.
same_here() {
	(cd folder && SHELL=/bin/sh script -qec "exec ../program" /dev/null) \
		>terminal.out </dev/null || here=$?
	tr -d '\r' <terminal.out >here.out
}

same_program terminal_jobs
tap_done tests/tools/terminal_matches_linux.sh
