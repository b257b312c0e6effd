# SPDX-License-Identifier: ISC
# doc/hostile.md is true: each test that it names exists and is run, each error that it names is
# one, each attack has a test; and each test that attacks is named there.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
cd "${top_srcdir:-.}" || exit 1

grep '^| [a-zA-Z]' doc/hostile.md | grep -v '^| attack ' >"$tap_scratch/rows"
rows=$(wc -l <"$tap_scratch/rows")
tap_ok "there are attacks: $rows" [ "$rows" -ge 40 ]
lists=$(cat tests/local.mk tests/host/local.mk)
wrong=
while read -r row; do
	tests=$(printf '%s\n' "$row" | tr ' ,' '\n\n' | grep '^tests/')
	[ -n "$tests" ] || wrong="$wrong no-test:$row"
	for test in $tests; do
		case $test in
		*.raw) file=tests/guest/$(basename "$test" .raw).c ;;
		*) file=${test%.tap}.c ;;
		esac
		[ -f "$file" ] || wrong="$wrong $file"
		case $lists in
		*"$test "* | *"$test"'
'*) ;;
		*) wrong="$wrong $test:unlisted" ;;
		esac
	done
done <"$tap_scratch/rows"
tap_eq "each has tests, which are there and run" "$wrong" ""
wrong=
for error in $(grep -o 'EXO_E_[A-Z_]*' doc/hostile.md | sort -u); do
	grep -q "^ERROR(-[0-9]*, *${error#EXO_E_}," abi/error.def || wrong="$wrong $error"
done
tap_eq "what the kernel answers are errors of its" "$wrong" ""
wrong=
for file in tests/guest/hostile_*.c tests/guest/random_ca*.c $(grep -l raw_victim.h tests/guest/*.c); do
	grep -q "$(basename "$file" .c).raw" doc/hostile.md || wrong="$wrong $file"
done
tap_eq "tests that attack are in the table" "$wrong" ""
tap_done tests/tools/hostile_is_tested.sh
