# SPDX-License-Identifier: ISC
# On AArch64 programs say what the same programs, compiled for this machine, say on its Linux: those
# of many processes and signals, natively and for Linux; Debian's busybox of arm64, byte for byte as
# packaged, and the shell scripts that it runs.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_AARCH64-}" ] || tap_skip_all "no qemu-system-aarch64"
source=$(cd "${top_srcdir:-.}" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
[ -f "$build/aarch64/libos.elf" ] || tap_skip_all "AArch64 was not built"
command -v musl-gcc >/dev/null || tap_skip_all "no musl-gcc"
busybox=$(command -v busybox) || tap_skip_all "no busybox"
[ -f "$BUSYBOX_AARCH64" ] || tap_skip_all "no $BUSYBOX_AARCH64 (./bootstrap fetches it)"
cd "$tap_scratch" || exit 1

same() {	# same NAME: what there.out and here.out, status $there and $here, shall be
	if ! cmp -s here.out there.out; then
		diff here.out there.out | head -n 30 | sed 's/^/# /'
		sed 's/^/# /' there.err
	fi
	tap_ok "$1: the same output" cmp -s here.out there.out
	tap_eq "$1: status $here" "$there" "$here"
}

clock=--icount
run() {	# run OPTION... PROGRAM...: there
	there=0
	# shellcheck disable=SC2086 # none or one
	"$build/tools/chitin-run" --arch aarch64 $clock --timeout 240 "$@" \
		>there.out 2>there.err </dev/null || there=$?
}

# As Linux's own programs are: nothing of ours but the compiler.
for_linux() {	# for_linux C-FILE PROGRAM
	$CC --target=aarch64-linux-musl -nostdlibinc -isystem "$MUSL_AARCH64_INCLUDE" -O1 \
		-I"$source" -nostdlib -static --ld-path="$LLD" "$MUSL_AARCH64_LIB/crt1.o" \
		"$MUSL_AARCH64_LIB/crti.o" "$1" "$MUSL_AARCH64_LIB/libc.a" "$LIBGCC_AARCH64" \
		"$MUSL_AARCH64_LIB/crtn.o" -o "$2"
}

here() {	# here NAME: what the program of that name says here; $file, ./program.linux
	file=$source/tests/guest/$1.c
	here=0
	mkdir folder
	musl-gcc -static -pthread -O1 -I"$source" "$file" -o program 2>gcc.err ||
		{ cat gcc.err; exit 1; }
	(cd folder && setsid -w ../program) >here.out </dev/null || here=$?
	rm -rf folder
	tap_ok "$1: says something here" test "$(wc -l <here.out)" -gt 4
	for_linux "$file" program.linux || exit 1
}

for name in processes_end processes_execute processes_share processes_wait \
	signals_family signals_threads signals_waits clocks_agree proc_tells; do
	here $name
	run ./program.linux
	same "$name, for Linux"
	"$build/tools/chitin-cc" --arch aarch64 -O1 -I"$source" "$file" -o program.native || exit 1
	run ./program.native
	same "$name, native"
done
# Threads that spin for each other: not CPUs by turns.
here pthreads_on_several_cpus
clock=
run --cpus 2 ./program.linux
clock=--icount
same "pthreads_on_several_cpus, with 2 CPUs"

# A file of some pages, whose end is not a page's.
awk 'BEGIN { for (i = 0; i < 3000; i++) print (i * 7919) % 3001, "line", i, sprintf("%c", i % 26 + 97) }' \
	>words
applet() {	# applet NAME ARGUMENT...
	here=0
	"$busybox" "$@" >here.out 2>&1 </dev/null || here=$?
	run --add words "$BUSYBOX_AARCH64" "$@"
	same "busybox $*"
}
applet sha256sum words
applet sort words
applet sort -n -k 2 words
applet awk '{ sum += $1 * 1.5 } END { print NR, sum, sqrt(sum), length($0) }' words
applet seq 5
applet seq 1 0.25 3
applet wc words
applet od -A d -t x1z words
applet cat words
applet grep -c line words
applet cat nowhere
applet false

# The same applets here and there, as links.
mkdir applets
"$busybox" --install -s "$tap_scratch/applets" || exit 1
for script in "$source"/tests/tools/shell/*.sh; do
	name=$(basename "$script" .sh)
	tap_skip_script "$name" "$script" && continue
	mkdir folder
	here=0
	(cd folder && env -i HOME=/ PATH="$tap_scratch/applets" "$busybox" sh "$script") \
		>here.out 2>&1 </dev/null || here=$?
	rm -rf folder
	sed -i "s,$script,/script," here.out
	run --env HOME=/ --env PATH=/bin --add "$BUSYBOX_AARCH64=bin/sh" --add "$script=script" \
		"$BUSYBOX_AARCH64" \
		sh -c 'busybox --install -s /bin; mkdir /work; cd /work; exec sh /script'
	same "$name"
done

printf 'some words\n' | "$build/tools/chitin-run" --arch aarch64 --timeout 120 "$BUSYBOX_AARCH64" \
	sh -c 'read words; echo "<$words>"' >there.out
tap_ok "what is typed is read" grep -q '^<some words>' there.out
tap_done tests/tools/aarch64_matches_linux.sh
