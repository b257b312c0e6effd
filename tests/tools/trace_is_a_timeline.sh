# SPDX-License-Identifier: ISC
# chitin-trace: what a known program asked of the kernel is in the timeline, in order, on a track of
# its own and on the CPU's, without gaps; a full ring keeps what came last.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
source=$(cd "${top_srcdir:-.}" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
cd "$tap_scratch" || exit 1

if command -v python3 >/dev/null; then
	parse() { python3 "$source/tests/tools/trace_is_a_timeline.py"; }
elif command -v gdb >/dev/null; then
	parse() { gdb -q -batch -x "$source/tests/tools/trace_is_a_timeline.py"; }
else
	tap_skip_all "no python3, no gdb: nothing that parses JSON"
fi
export TRACE=trace.json CONSOLE=console

tap_status "chitin-cc" 0 "$build/tools/chitin-cc" -O1 "$source/tests/tools/traced.c" -o traced
tap_status "chitin-trace gives the program's status" 5 "$build/tools/chitin-trace" --icount \
	--timeout 100 ./traced
mv out console
tap_eq "and says nothing" "$(cat err)" ""
tap_status "a parser reads it" 0 parse
sed 's/^/# /' err
cp out facts
expect() {	# expect NAME LINE
	tap_ok "$1" grep -qx -e "$2" facts || sed 's/^/# /' facts
}
expect "the program's story" \
	"story: getuid, fault on page, getgid, fault on other, geteuid, fork, getegid"
expect "it and its child" "processes: 2"
expect "the CPU is always somewhere" "gaps on the CPU: 0"
expect "in the kernel and out of it by turns" "turns: True"
expect "batches show their operations" "batches show their operations: True"
expect "fork's among them" "operations: COPY.* SHARE"
expect "the machine's end is the last" "the last call: env_kill"

if [ -f "$build/aarch64/libos.a" ] && command -v qemu-system-aarch64 >/dev/null; then
	"$build/tools/chitin-cc" --arch aarch64 -O1 "$source/tests/tools/traced.c" -o traced64 &&
		mkdir a64 && mv traced64 a64/traced
	tap_status "AArch64" 5 "$build/tools/chitin-trace" --arch aarch64 --icount --timeout 100 \
		a64/traced
	mv out console
	tap_status "its timeline" 0 parse
	cp out facts
	expect "tells the same story" \
		"story: getuid, fault on page, getgid, fault on other, geteuid, fork, getegid"
	expect "without gaps" "gaps on the CPU: 0"
fi

tap_status "a small ring" 5 "$build/tools/chitin-trace" -o small.json --icount --timeout 100 \
	--append trace=64 ./traced
mv out console
tap_ok "says how much it lost" grep -q "small.json: the first [0-9]* records were overw" err
lost=$(sed -n 's/.* the first \([0-9]*\) records.*/\1/p' err)
TRACE=small.json tap_status "it is read as well" 0 parse
cp out facts
expect "it has the end" "the last call: env_kill"
tap_ok "and not the beginning" sh -c '! grep -q "story: getuid" facts'
tap_ok "about as many are lost as there were" [ "${lost:-0}" -gt 64 ]
tap_status "no trace unless asked for" 5 "$build/tools/chitin-run" --icount --timeout 100 ./traced
tap_eq "so no file" "$(ls -- *.json)" "small.json
trace.json"
tap_done tests/tools/trace_is_a_timeline.sh
