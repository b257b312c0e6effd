# SPDX-License-Identifier: ISC
# `make gdb`: the debugger names envs, walks their tables and shows the trace.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
command -v gdb >/dev/null || tap_skip_all "no gdb"
gdb -q -batch -ex 'python print(1)' >/dev/null 2>&1 || tap_skip_all "a gdb without Python"
session=$(realpath "${top_srcdir:-.}/tools/gdb-session")
build=$(realpath "${top_builddir:-.}")

cd "$tap_scratch" || exit 1		# gdb-console.log is left here
debug() {	# debug COMMAND...: in the program, then these, then the end
	GDB_OPTIONS="-batch -ex 'chitin envs' -ex 'hbreak main' -ex continue"
	for command; do
		GDB_OPTIONS="$GDB_OPTIONS -ex '$command'"
	done
	GDB_OPTIONS="$GDB_OPTIONS -ex 'set confirm off' -ex detach"
	export GDB_OPTIONS
	timeout 120 sh "$session" "$build/tools/chitin-run" --timeout 100 $options \
		"$build/apps/hello"
}

options="--append trace=1000"
tap_status "a session" 0 debug "chitin envs" "chitin tables 1" "chitin tables 1 &main" \
	"chitin tables 1 0x123456789000" "chitin trace 1000" "chitin tables 7" "chitin tables"
cat err >>out
tap_ok "before the kernel: says so" grep -q "the kernel has not begun yet" out
tap_ok "pid 1's env" grep -Eq "^ +0\.1 +alive +- +0 +0x.* init$" out
tap_ok "the program's, whose tables are loaded" grep -Eq "^\* +1\.1 +alive +0 +0 +0x.* hello$" out
tap_ok "its text" grep -Eq "^0000008[0-9a-f]*-0000008[0-9a-f]* +[0-9]+ pages r-x" out
tap_ok "its vcpu page" grep -q "^7f00003ff000-7f0000400000 .* rw- .* vcpu page" out
tap_eq "four levels to main" "$(grep -c '^level [1-4] .*\(table\|data\|boot\)' out)" 4
tap_ok "which may be executed" grep -Eq "^level 1 .* r-x \(at most r-x\)" out
tap_ok "nothing where nothing is" grep -Eq "^level 4 slot  36 .* empty" out
tap_ok "the trace: an upcall of the program" grep -Eq "hello +UPCALL +(SYSCALL|FAULT)" out
tap_ok "a call of the kernel" grep -Eq "hello +CALL +SLOT" out
tap_ok "no such env" grep -q "env 7 has no tables" out
tap_ok "no env" grep -q "which env? See chitin envs" out
options="--cpus 2"
tap_status "with two CPUs" 0 debug "chitin envs"
tap_ok "finds the envs" grep -Eq "^ +0\.1 +alive .* init$" out
options=
tap_status "without a trace" 0 debug "chitin trace"
cat err >>out
tap_ok "says how to have one" grep -q "the trace is off: --append trace=65536" out
tap_done tests/tools/debugger_reads_tables.sh
