# SPDX-License-Identifier: ISC
# Shell scripts (tests/tools/shell), run by Debian's busybox sh, say on Chitin what they say here.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
busybox=$(command -v busybox) || tap_skip_all "no busybox"
source=$(cd "${top_srcdir:-.}" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
[ -f "$build/libos.elf" ] || tap_skip_all "no libos.elf yet"
cd "$tap_scratch" || exit 1

# The same applets here and there, as links.
mkdir applets
"$busybox" --install -s "$tap_scratch/applets" || exit 1

for script in "$source"/tests/tools/shell/*.sh; do
	name=$(basename "$script" .sh)
	tap_skip_script "$name" "$script" && continue
	mkdir "$name"
	here=0
	there=0
	(cd "$name" && env -i HOME=/ PATH="$tap_scratch/applets" "$busybox" sh "$script") \
		>here.out 2>&1 </dev/null || here=$?
	"$build/tools/chitin-run" --icount --timeout 240 --env HOME=/ --env PATH=/bin \
		--add "$busybox=bin/sh" --add "$script=script" "$busybox" \
		sh -c 'busybox --install -s /bin; mkdir /work; cd /work; exec sh /script' >there.out 2>there.err </dev/null ||
		there=$?
	sed -i "s,$script,/script," here.out
	if ! cmp -s here.out there.out; then
		diff here.out there.out | head -n 30 | sed 's/^/# /'
		sed 's/^/# /' there.err
	fi
	tap_ok "$name: says something here" test -s here.out
	tap_ok "$name: the same output" cmp -s here.out there.out
	tap_eq "$name: status $here" "$there" "$here"
done
tap_done tests/tools/shell_matches_linux.sh
