# SPDX-License-Identifier: ISC
# How a machine may end, and what chitin-run makes of it; with a kernel of our own making, for each
# architecture.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"

boot() {	# boot WAY OPTION...: end in that way
	way=$1
	shift
	"${top_builddir:-.}/tools/chitin-run" --arch "$arch" --timeout 60 --kernel "$kernel" \
		"$@" --append "$way" --raw "$kernel"
}
boot_with_input() {
	echo "$1" | boot copy
}

ends() {	# ends ARCH KERNEL PACKAGE OTHER-MACHINE
	arch=$1 kernel=${top_builddir:-.}/tests/tools/$2.elf
	tap_status "$1: the program's own status" 7 boot exit
	tap_eq "$1: its console is standard output" "$(cat "$tap_scratch/out")" \
		"hello from the test kernel"
	tap_eq "$1: and nothing else is said" "$(cat "$tap_scratch/err")" ""
	tap_status "$1: on $4" 7 boot exit --machine "$4"
	tap_status "$1: under icount" 7 boot exit --icount
	tap_status "$1: with more CPUs" 7 boot exit --cpus 2

	tap_status "$1: an abnormal death" 123 boot beyond
	tap_line "$1: an abnormal death" "an upcall found no entry"
	tap_status "$1: a panic" 125 boot panic
	tap_ok "$1: a panic says why" grep -q "kernel panic: on request" "$tap_scratch/err"
	tap_ok "$1: and its backtrace gets places" grep -q "start.*$2.S" "$tap_scratch/err"
	tap_status "$1: a reset" 125 boot reset
	tap_line "$1: a reset" "the machine was reset"

	tap_status "$1: a hang" 124 boot hang --timeout 2
	tap_ok "$1: a hang is asked where it is" grep -q "asking the kernel" "$tap_scratch/err"
	tap_ok "$1: and answers with a place" grep -Eq "(start|hang).*$2.S" "$tap_scratch/err"

	tap_status "$1: a QEMU that fails" 126 boot exit --cpu nonesuch
	tap_got=$(PATH=$tap_scratch boot exit 2>&1)
	tap_eq "$1: no QEMU" "$tap_got" "chitin-run: no qemu-system-$1: install $3"

	tap_got=0
	boot_with_input A >/dev/null || tap_got=$?
	tap_eq "$1: input reaches the machine" "$tap_got" 65
}

if [ -n "${QEMU_X86_64-}" ]; then
	ends x86_64 kernel qemu-system-x86 microvm
else
	tap_skip "x86-64" "no qemu-system-x86_64"
fi
if [ -n "${QEMU_AARCH64-}" ] && [ -f "${top_builddir:-.}/tests/tools/kernel_aarch64.elf" ]; then
	ends aarch64 kernel_aarch64 qemu-system-arm virt,gic-version=3
else
	tap_skip "AArch64" "no qemu-system-aarch64, or not built"
fi
tap_done tests/tools/chitin_run_ends.sh
