# SPDX-License-Identifier: ISC
# Programs that live by signals say on Chitin what they say here.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
. "${top_srcdir:-.}/tests/tools/same.sh"

for name in signals_faults signals_family signals_handlers signals_hostile signals_threads signals_waits; do
	same_program "$name"
done
tap_done tests/tools/signals_match_linux.sh
