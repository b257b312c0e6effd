# SPDX-License-Identifier: ISC
# Programs say on Chitin what they say here: for tests that source tap.sh and then this.
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
command -v musl-gcc >/dev/null || tap_skip_all "no musl-gcc"
source=$(cd "${top_srcdir:-.}" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
[ -f "$build/libos.elf" ] || tap_skip_all "no libos.elf yet"
cd "$tap_scratch" || exit 1
# The guest's clock counts instructions; empty: it is a real one.
same_clock=--icount

# same_runs NAME KIND PROGRAM [OPTION...]: it ends well on Chitin, run by chitin-run with these options,
# and its output is that of here.
same_runs() {
	same_name=$1 same_kind=$2 same_program=$3
	shift 3
	there=0
	# shellcheck disable=SC2086 # none or one
	"$build/tools/chitin-run" $same_clock --timeout 240 "$@" "$same_program" >there.out 2>there.err \
		</dev/null || there=$?
	if ! cmp -s here.out there.out; then
		diff here.out there.out | head -n 40 | sed 's/^/# /'
		sed 's/^/# /' there.err
	fi
	tap_ok "$same_name, $same_kind: the same output" cmp -s here.out there.out
	tap_eq "$same_name, $same_kind: status 0" "$there" 0
}

# Runs ./program here, alone in a session and in folder/: here.out, status in $here.
same_here() {
	(cd folder && setsid -w ../program) >here.out </dev/null || here=$?
}

# same_linux NAME: tests/guest/NAME.c, compiled unmodified for Linux with musl, runs here, where it is
# alone in a session and a folder: ./program, here.out.
same_linux() {
	musl-gcc -static -pthread -O1 -I"$source" "$source/tests/guest/$1.c" -o program 2>gcc.err ||
		{ cat gcc.err; exit 1; }
	mkdir folder
	here=0
	same_here
	rm -rf folder
	tap_ok "$1: says something here" test "$(wc -l <here.out)" -gt 4
	tap_eq "$1: status 0 here" "$here" 0
}

# same_program NAME: tests/guest/NAME.c, compiled for Linux and natively by chitin-cc, says on Chitin
# what it says here.
same_program() {
	"$build/tools/chitin-cc" -O1 -I"$source" "$source/tests/guest/$1.c" -o program.native ||
		exit 1
	same_linux "$1"
	same_runs "$1" "for Linux" ./program
	same_runs "$1" native ./program.native
}

# same_script COMMAND PROGRAM SCRIPT: a command of busybox sh, with PROGRAM of tests/programs on its
# path and SCRIPT of that folder in an otherwise empty one. It says on Chitin what it says here, where
# the same binaries run, and ends with the same status; and on AArch64 too, made for that.
same_script() {
	busybox=$(command -v busybox) || { tap_skip "$1" "no busybox"; return; }
	script=$source/tests/programs/$3
	mkdir -p bin folder
	cp "$busybox" bin/sh
	cp "$build/tests/programs/$2" bin/
	cp "$script" folder/
	here=0
	(cd folder && env -i HOME=/ PATH="$tap_scratch/bin:/usr/bin:/bin" timeout 300 sh -c "$1") \
		>here.out 2>&1 </dev/null || here=$?
	rm -rf folder
	tap_ok "$1: says something here" test "$(wc -l <here.out)" -gt 4
	same_script_there x86_64 "$busybox" "$build/tests/programs/$2" "$1"
	program=$build/aarch64/tests/programs/$2
	if [ -n "${QEMU_AARCH64-}" ] && [ -f "${BUSYBOX_AARCH64-}" ] && [ -x "$program" ]; then
		same_script_there aarch64 "$BUSYBOX_AARCH64" "$program" "$1"
	else
		tap_skip "aarch64: $1" "no qemu-system-aarch64, busybox of arm64 or $2 for it"
	fi
}

same_script_there() {	# same_script_there ARCH BUSYBOX PROGRAM COMMAND: with here.out, $here, $script
	there=0
	"$build/tools/chitin-run" --arch "$1" --timeout 300 --env HOME=/ --env PATH=/bin \
		--add "$2=bin/sh" --add "$3=bin/${3##*/}" --add "$script=work/${script##*/}" "$2" \
		sh -c "cd /work; $4" >there.out 2>there.err </dev/null || there=$?
	if ! cmp -s here.out there.out; then
		diff here.out there.out | head -n 40 | sed 's/^/# /'
		sed 's/^/# /' there.err
	fi
	tap_ok "$1: $4: the same output" cmp -s here.out there.out
	tap_eq "$1: $4: status $here" "$there" "$here"
}
