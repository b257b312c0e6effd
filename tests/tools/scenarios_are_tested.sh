# SPDX-License-Identifier: ISC
# doc/scenarios.md is true: each test that it names exists, is run, and names the scenario; each
# patch that it names takes a fix out of what one of those tests looks at; no patch is missing there.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
cd "${top_srcdir:-.}" || exit 1

rows=$(grep -v '^| name ' doc/scenarios.md | grep -c '^| [a-z]')
tap_ok "there are scenarios: $rows" [ "$rows" -ge 47 ]
lists=$(cat tests/local.mk tests/host/local.mk)
wrong=
grep -v '^| name ' doc/scenarios.md | sed -n 's/^| \([a-z-]*[a-z]\) |/\1 /p' | tr -d '`' | tr '|,;' '   ' >"$tap_scratch/rows"
while read -r name row; do
	found=0
	for word in $(printf '%s\n' "$row" | tr ' ' '\n' |
		grep '^tests/.*\.\(tap\|guest\|raw\|sh\|patch\)$'); do
		found=1
		case $word in
		*.unfix.patch)
			test=$(sed -n 's/^Test: //p' "$word")
			case " $row " in
			*" $test "*) grep -q -- "$name" "$word" || wrong="$wrong $name:$word" ;;
			*) wrong="$wrong $name:$word:$test" ;;
			esac
			continue
			;;
		*.guest | *.raw) file=tests/guest/$(basename "${word%.*}").c ;;
		*.tap) file=${word%.tap}.c ;;
		*) file=$word ;;
		esac
		grep -q -- "$name" "$file" || wrong="$wrong $name:$word"
		case $lists in
		*"$word "* | *"$word"'
'*) ;;
		*) wrong="$wrong $name:$word:unlisted" ;;
		esac
	done
	case $found$row in
	1* | *"not here"*) ;;
	*) wrong="$wrong $name:nothing" ;;
	esac
done <"$tap_scratch/rows"
tap_eq "tests and patches are there and name their scenarios" "$wrong" ""
missing=
for patch in tests/race/*.unfix.patch; do
	grep -qF "$patch" doc/scenarios.md || missing="$missing $patch"
	case $lists in
	*"$patch"*) ;;
	*) missing="$missing $patch:unlisted" ;;
	esac
done
tap_eq "every patch of tests/race is in the table and in the release" "$missing" ""
tap_done tests/tools/scenarios_are_tested.sh
