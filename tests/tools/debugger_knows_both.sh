# SPDX-License-Identifier: ISC
# `make gdb`: a debugger that stops in the kernel and in the program, and knows the names of both.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
command -v gdb >/dev/null || tap_skip_all "no gdb"
session=$(realpath "${top_srcdir:-.}/tools/gdb-session")
hello=$(realpath "${top_srcdir:-.}/apps/hello.c")
build=$(realpath "${top_builddir:-.}")

cd "$tap_scratch" || exit 1		# gdb-console.log is left here
export GDB_OPTIONS="-batch -ex 'hbreak kernel_syscall' -ex continue -ex 'delete 1' \
	-ex 'hbreak main' -ex continue -ex bt -ex 'set confirm off' -ex detach"
knows() {	# knows ARCH PROGRAM
	tap_status "$1: a session" 0 timeout 120 sh "$session" "$build/tools/chitin-run" \
		--arch "$1" --timeout 100 "$2"
	tap_ok "$1: stops in the kernel" grep -q "Breakpoint 1, .*kernel_syscall .*syscall.c" out
	tap_ok "$1: and in the program" grep -q "Breakpoint 2, .*main .*hello.c" out
	tap_ok "$1: whose stack it shows" grep -q "^#0 .*main (argc=1" out
}
if [ -n "${QEMU_X86_64-}" ]; then
	knows x86_64 "$build/apps/hello"
else
	tap_skip "x86-64" "no qemu-system-x86_64"
fi
if [ -n "${QEMU_AARCH64-}" ] && [ -f "$build/aarch64/libos.elf" ] &&
	command -v gdb-multiarch >/dev/null; then
	"$build/tools/chitin-cc" --arch aarch64 -O2 -g "$hello" -o hello
	knows aarch64 hello
else
	tap_skip "AArch64" "no qemu-system-aarch64, not built, or no gdb-multiarch"
fi
tap_done tests/tools/debugger_knows_both.sh
