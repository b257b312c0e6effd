# SPDX-License-Identifier: ISC
# Programs that live by signals, compiled unmodified for Linux with musl and natively by chitin-cc,
# say on Chitin what they say here.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
command -v musl-gcc >/dev/null || tap_skip_all "no musl-gcc"
source=$(cd "${top_srcdir:-.}" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
[ -f "$build/libos.elf" ] || tap_skip_all "no libos.elf yet"
cd "$tap_scratch" || exit 1

runs() {	# runs KIND PROGRAM: it ends well on Chitin, and its output is that of here
	there=0
	"$build/tools/chitin-run" --timeout 240 "$2" >there.out 2>there.err </dev/null || there=$?
	if ! cmp -s here.out there.out; then
		diff here.out there.out | head -n 20 | sed 's/^/# /'
		sed 's/^/# /' there.err
	fi
	tap_ok "$name, $1: the same output" cmp -s here.out there.out
	tap_eq "$name, $1: status 0" "$there" 0
}

for name in signals_faults signals_family signals_handlers signals_hostile signals_threads signals_waits; do
	file=$source/tests/guest/$name.c
	musl-gcc -static -pthread -O1 "$file" -o "$name" || exit 1
	"$build/tools/chitin-cc" -O1 "$file" -o "$name.native" || exit 1
	"./$name" >here.out </dev/null
	tap_ok "$name: says something here" test -s here.out
	runs "for Linux" "./$name"
	runs native "./$name.native"
done
tap_done tests/tools/signals_match_linux.sh
