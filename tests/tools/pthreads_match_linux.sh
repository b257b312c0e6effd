# SPDX-License-Identifier: ISC
# POSIX threads of every kind, fifty at once, say on Chitin what they say here.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
. "${top_srcdir:-.}/tests/tools/same.sh"

same_program pthreads_every_kind
tap_done tests/tools/pthreads_match_linux.sh
