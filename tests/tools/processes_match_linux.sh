# SPDX-License-Identifier: ISC
# Programs of many processes say on Chitin what they say here.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
. "${top_srcdir:-.}/tests/tools/same.sh"

for name in clocks_agree processes_clone processes_end processes_execute processes_futex \
	processes_limits processes_pipes processes_poll processes_share processes_wait threads_futex; do
	same_program "$name"
done
tap_done tests/tools/processes_match_linux.sh
