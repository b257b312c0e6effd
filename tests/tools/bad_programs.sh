# SPDX-License-Identifier: ISC
# Programs that cannot run are refused by the library with one clear line and an error, whoever
# starts them, and nothing else is harmed: truncated, overlapping, in the kernel's or the library's
# part, for another CPU, without an entry point, not there at all.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
build=$(cd "${top_builddir:-.}" && pwd)
source=$(cd "${top_srcdir:-.}" && pwd)
cd "$tap_scratch" || exit 1

"$build/tools/chitin-cc" -I"$source" "$source/tests/tools/spawn_each.c" -o spawn_each || exit 1
printf 'int main(void) { return 9; }\n' >good.c
"$build/tools/chitin-cc" good.c -o good || exit 1

poke() {	# poke NAME OFFSET BYTES: a copy of good, changed
	[ -f "$1" ] || cp good "$1"
	# shellcheck disable=SC2059 # escapes are wanted
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# Program headers begin at 64; each has 56 bytes: flags at 4, offset 8, address 16, sizes 32, 40.
head -c 5000 good >truncated
poke magic 0 'XELF'
poke cpu 18 '\267\000'
poke entry 24 '\000\000\000\000\000\000\000\000'
poke overlap $((64 + 56 + 16)) '\000\000\100\000\000\000\000\000'
poke kernel $((64 + 16)) '\000\000\000\200\377\377\377\377'
poke library $((64 + 16)) '\000\000\040\000\000\177\000\000'
poke wraps $((64 + 2 * 56 + 40)) '\377\377\377\377\377\377\377\377'
printf 'echo a text\n' >text
printf x >byte
chmod +x truncated text byte

bad="truncated magic cpu entry overlap kernel library wraps text byte"
# shellcheck disable=SC2086 # lists of words
"$build/tools/chitin-run" --timeout 100 --add good $(printf -- '--add %s ' $bad) \
	spawn_each /good $(printf '/%s ' $bad) /absent /good >out 2>err </dev/null
tap_eq "the starter itself ends well" $? 0
sed 's/^/# /' err

for name in $bad; do
	tap_ok "$name: spawn says TYPE" grep -q "^/$name: spawn -12\$" out
	tap_ok "$name: exec says TYPE" grep -q "^/$name: exec 12\$" out
	tap_eq "$name: one clear line each time" \
		"$(grep -c "^/$name: cannot run: [a-z]" out)" 2
done
tap_ok "absent: spawn says EMPTY" grep -q '^/absent: spawn -11$' out
tap_ok "absent: exec says EMPTY" grep -q '^/absent: exec 11$' out
tap_eq "a good one runs before and after" "$(grep -c '^/good: ran, 9$' out)" 2
tap_eq "and is executed" "$(grep -c '^/good: exec 9$' out)" 2
[ $tap_failed -eq 0 ] || sed 's/^/# /' out
tap_done tests/tools/bad_programs.sh
