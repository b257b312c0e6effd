# SPDX-License-Identifier: ISC
# How a machine may end, and what chitin-run makes of it; with a kernel of our own making.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
kernel=${top_builddir:-.}/tests/tools/kernel.elf

boot() {	# boot WAY OPTION...: end in that way
	way=$1
	shift
	"${top_builddir:-.}/tools/chitin-run" --timeout 60 --kernel "$kernel" \
		"$@" --append "$way" --raw "$kernel"
}
boot_with_input() {
	echo "$1" | boot copy
}

tap_status "the program's own status" 7 boot exit
tap_eq "its console is standard output" "$(cat "$tap_scratch/out")" "hello from the test kernel"
tap_eq "and nothing else is said" "$(cat "$tap_scratch/err")" ""
tap_status "on microvm" 7 boot exit --machine microvm
tap_status "under icount" 7 boot exit --icount
tap_status "with more CPUs" 7 boot exit --cpus 2

tap_status "an abnormal death" 123 boot beyond
tap_line "an abnormal death" "an upcall found no entry"
tap_status "a panic" 125 boot panic
tap_ok "a panic says why" grep -q "kernel panic: on request" "$tap_scratch/err"
tap_ok "and its backtrace gets places" grep -q "start.*kernel.S" "$tap_scratch/err"
tap_status "a reset" 125 boot reset
tap_line "a reset" "faulted thrice"

tap_status "a hang" 124 boot hang --timeout 2
tap_ok "a hang is asked where it is" grep -q "asking the kernel" "$tap_scratch/err"
tap_ok "and answers with a backtrace" grep -q "start.*kernel.S" "$tap_scratch/err"

tap_status "a QEMU that fails" 126 boot exit --kernel /dev/null
tap_got=$(PATH=$tap_scratch boot exit 2>&1)
tap_eq "no QEMU" "$tap_got" "chitin-run: no qemu-system-x86_64: install qemu-system-x86"

tap_got=0
boot_with_input A >/dev/null || tap_got=$?
tap_eq "input reaches the machine" "$tap_got" 65
tap_done tests/tools/chitin_run_ends.sh
