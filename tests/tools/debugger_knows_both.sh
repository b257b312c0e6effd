# SPDX-License-Identifier: ISC
# `make gdb`: a debugger that stops in the kernel and in the program, and knows the names of both.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
command -v gdb >/dev/null || tap_skip_all "no gdb"
session=$(realpath "${top_srcdir:-.}/tools/gdb-session")
build=$(realpath "${top_builddir:-.}")

cd "$tap_scratch" || exit 1		# gdb-console.log is left here
export GDB_OPTIONS="-batch -ex 'hbreak kernel_syscall' -ex continue -ex 'delete 1' \
	-ex 'hbreak main' -ex continue -ex bt -ex 'set confirm off' -ex detach"
tap_status "a session" 0 timeout 120 sh "$session" "$build/tools/chitin-run" --timeout 100 \
	"$build/apps/hello"
tap_ok "stops in the kernel" grep -q "Breakpoint 1, kernel_syscall .*syscall.c" out
tap_ok "and in the program" grep -q "Breakpoint 2, main .*hello.c" out
tap_ok "whose stack it shows" grep -q "^#0 .*main (argc=1" out
tap_done tests/tools/debugger_knows_both.sh
