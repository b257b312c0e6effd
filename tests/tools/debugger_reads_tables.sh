# SPDX-License-Identifier: ISC
# `make gdb`: the debugger names envs, walks their tables and shows the trace, on both machines.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
session=$(realpath "${top_srcdir:-.}/tools/gdb-session")
hello=$(realpath "${top_srcdir:-.}/apps/hello.c")
build=$(realpath "${top_builddir:-.}")

cd "$tap_scratch" || exit 1		# gdb-console.log is left here
debug() {	# debug ARCH COMMAND...: in the kernel, in the program, then these, then the end
	arch=$1
	shift
	GDB_OPTIONS="-batch -ex 'chitin envs' -ex 'hbreak kernel_syscall' -ex continue \
		-ex 'chitin envs' -ex 'delete 1' -ex 'hbreak main' -ex continue"
	for command; do
		GDB_OPTIONS="$GDB_OPTIONS -ex '$command'"
	done
	GDB_OPTIONS="$GDB_OPTIONS -ex 'set confirm off' -ex detach"
	export GDB_OPTIONS
	timeout 120 sh "$session" "$build/tools/chitin-run" --arch "$arch" --timeout 100 $options \
		"$arch/hello"
}
reads() {	# reads ARCH
	mkdir "$1"
	"$build/tools/chitin-cc" --arch "$1" -O2 -g "$hello" -o "$1/hello"
	options="--append trace=1000"
	tap_status "$1: a session" 0 debug "$1" "chitin envs" "chitin tables 1" \
		"chitin tables 1 &main" "chitin tables 1 0x123456789000" "chitin trace 1000" \
		"chitin tables 7" "chitin tables" "print *argv"
	cat err >>out
	tap_ok "$1: before the kernel: says so" grep -q "the kernel has not begun yet" out
	tap_ok "$1: in the kernel: pid 1's" grep -Eq "^\* +0\.1 +alive +- +0 +0x.* init$" out
	tap_ok "$1: in the program: pid 1's" grep -Eq "^ +0\.1 +alive +- +0 +0x.* init$" out
	tap_ok "$1: and its own, whose tables are loaded" \
		grep -Eq "^\* +1\.1 +alive +0 +0 +0x.* hello$" out
	tap_ok "$1: its text" grep -Eq "^0000008[0-9a-f]*-0000008[0-9a-f]* +[0-9]+ pages r-x" out
	tap_ok "$1: its vcpu page" grep -q "^7f00003ff000-7f0000400000 .* rw- .* vcpu page" out
	tap_eq "$1: four levels to main" \
		"$(grep -c '^level [1-4] .*\(table\|data\|boot\)' out)" 4
	tap_ok "$1: which may be executed" grep -Eq "^level 1 .* r-x \(at most r-x\)" out
	tap_ok "$1: nothing where nothing is" grep -Eq "^level 4 slot  36 .* empty" out
	tap_ok "$1: the trace: an upcall of the program" \
		grep -Eq "hello +UPCALL +(SYSCALL|FAULT)" out
	tap_ok "$1: a call of the kernel" grep -Eq "hello +CALL +SLOT" out
	tap_ok "$1: no such env" grep -q "env 7 has no tables" out
	tap_ok "$1: no env" grep -q "which env? See chitin envs" out
	tap_ok "$1: then the program's memory again" grep -q '^\$1 = 0x.* "/bin/hello"' out
	options="--cpus 2"
	tap_status "$1: with two CPUs" 0 debug "$1" "chitin envs"
	tap_ok "$1: finds the envs" grep -Eq "^ +0\.1 +alive .* init$" out
	options=
	tap_status "$1: without a trace" 0 debug "$1" "chitin trace"
	cat err >>out
	tap_ok "$1: says how to have one" grep -q "the trace is off: --append trace=65536" out
}
knows_python() {
	command -v "$1" >/dev/null && "$1" -q -batch -ex 'python print(1)' >/dev/null 2>&1
}
if [ -z "${QEMU_X86_64-}" ]; then
	tap_skip "x86-64" "no qemu-system-x86_64"
elif ! knows_python gdb; then
	tap_skip "x86-64" "no gdb with Python"
else
	reads x86_64
fi
if [ -z "${QEMU_AARCH64-}" ] || [ ! -f "$build/aarch64/libos.elf" ]; then
	tap_skip "AArch64" "no qemu-system-aarch64, or not built"
elif ! knows_python gdb-multiarch; then
	tap_skip "AArch64" "no gdb-multiarch with Python"
else
	reads aarch64
fi
tap_done tests/tools/debugger_reads_tables.sh
