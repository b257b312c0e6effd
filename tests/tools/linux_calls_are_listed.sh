# SPDX-License-Identifier: ISC
# doc/linux.md says of every call of Linux what the tables of calls say: answered or absent; the table
# of x86-64 has every call that Linux's own header has.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
source=$(cd "${top_srcdir:-.}" && pwd)
header=/usr/include/x86_64-linux-gnu/asm/unistd_64.h
cd "$tap_scratch" || exit 1

table() {	# table CPU KIND: the calls of that kind in the table
	sed -n "s/^$2([0-9]*, \([a-z0-9_]*\)[,)].*/\1/p" \
		"$source/arch/$1/include/machine/linux.def" | sort
}
# The first column of each row below "## Whole" and "## Partial"; the words below "## Absent".
awk '/^## / { inside = $2 ~ /^(Whole|Partial)/ } inside && /^\| [a-z]/ && !/^\| calls/' \
	"$source/doc/linux.md" | cut -d '|' -f 2 | tr ', ' '\n\n' | grep . | sort >listed
awk 'inside; /^## / { inside = $2 == "Absent" }' "$source/doc/linux.md" | tr -d '.' |
	tr ', ' '\n\n' | grep . | sort >listed.absent

sed -n 's/^\(FILE_\)\{0,1\}CALL([0-9]*, \([a-z0-9_]*\),.*/\2/p' \
	"$source/arch/x86_64/include/machine/linux.def" | sort >there
table x86_64 ABSENT >absent

same() {	# same NAME FILE FILE: equal, or what is in one only is shown
	comm -3 "$2" "$3" | sed 's/^/# in one only: /'
	tap_ok "$1" cmp -s "$2" "$3"
}
tap_ok "some hundred calls are answered" test "$(wc -l <there)" -gt 100
same "each call that is answered is listed once, and no other" listed there
same "each that is absent is listed once, and no other" listed.absent absent
if [ -f $header ]; then
	sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9]*\)$/\2 \1/p' $header | awk '$1 <= 450' |
		cut -d ' ' -f 2 | sort >linux
	sort there absent >known
	same "every call of Linux's header is known" linux known
fi
table aarch64 ABSENT >absent.aarch64
comm -12 absent.aarch64 there >missing
same "what x86-64 answers AArch64 does too" missing /dev/null
tap_done tests/tools/linux_calls_are_listed.sh
