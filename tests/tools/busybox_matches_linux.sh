# SPDX-License-Identifier: ISC
# Debian's busybox, byte for byte as packaged, says on Chitin what it says here; with LIBOS_STRACE
# it shows how; and what it does not find it reports as it does here.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
busybox=$(command -v busybox) || tap_skip_all "no busybox"
build=$(cd "${top_builddir:-.}" && pwd)
[ -f "$build/libos.elf" ] || tap_skip_all "no libos.elf yet"

# A file of some pages, whose end is not a page's.
cd "$tap_scratch" || exit 1
awk 'BEGIN { for (i = 0; i < 3000; i++) print (i * 7919) % 3001, "line", i, sprintf("%c", i % 26 + 97) }' \
	>words

matches() {	# matches APPLET ARGUMENT...: the same output and status as here
	here=0
	there=0
	"$busybox" "$@" >here.out 2>here.err </dev/null || here=$?
	"$build/tools/chitin-run" --timeout 120 --add words "$busybox" "$@" \
		>there.out 2>there.err </dev/null || there=$?
	cat here.out here.err >here.all
	if ! cmp -s here.all there.out; then
		diff here.all there.out | head -n 20 | sed 's/^/# /'
		sed 's/^/# /' there.err
	fi
	tap_ok "busybox $*: the same output" cmp -s here.all there.out
	tap_eq "busybox $*: status $here" "$there" "$here"
}

matches sha256sum words
matches sort words
matches sort -n -k 2 words
matches awk '{ sum += $1 * 1.5 } END { print NR, sum, sqrt(sum), length($0) }' words
matches seq 5
matches seq 1 0.25 3
matches wc words
matches od -A d -t x1z words
matches cat words
matches grep -c line words
matches cat nowhere
matches false

"$build/tools/chitin-run" --timeout 120 --env LIBOS_STRACE=1 --add words "$busybox" wc -l words \
	>trace </dev/null
tap_ok "LIBOS_STRACE names calls, arguments and results" \
	grep -q '^\[[0-9]*\] openat(AT_FDCWD, "words", .*) = 3$' trace
tap_ok "errors by name" grep -q ' = -1 E[A-Z]*$' trace
tap_ok "and the end" grep -q 'exit_group(0)' trace
tap_done tests/tools/busybox_matches_linux.sh
