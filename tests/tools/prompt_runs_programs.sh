# SPDX-License-Identifier: ISC
# What `make run` boots to: lines are typed, programs run, their ends are told.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
build=$(cd "${top_builddir:-.}" && pwd)
[ -f "$build/apps/prompt" ] || tap_skip_all "no apps/prompt yet"
echo "not a program" >"$tap_scratch/text"

status=0
printf 'help\nhello you\nnothing\n/bin/text\nfalse\n\nhello a\177b\nexit 5\n' |
	"$build/tools/chitin-run" --timeout 60 --add "$build/apps/hello=bin/hello" \
		--add "$tap_scratch/text=bin/text" "$build/apps/prompt" >"$tap_scratch/out" || status=$?
said() {	# said NAME TEXT: a whole line, perhaps behind prompts: what is typed is echoed at once
	sed 's/^\(> \)*//' "$tap_scratch/out" >"$tap_scratch/lines"
	tap_ok "$1" grep -qxF -e "$2" "$tap_scratch/lines"
}
tap_eq "exit ends it with its status" "$status" 5
said "help lists the programs" "programs: hello prompt text"
said "a program runs with its arguments" "hello, you"
said "one that is not there is named" "nothing: no such program (help lists them)"
said "so is one that cannot run" "/bin/text: not a program that can run"
said "typing is corrected" "hello, b"
tap_ok "the end of a program is told" [ "$(grep -o '> ' "$tap_scratch/out" | wc -l)" -ge 7 ]

status=0
"$build/tools/chitin-run" --timeout 60 "$build/apps/prompt" </dev/null >"$tap_scratch/out" ||
	status=$?
tap_eq "the end of input ends it" "$status" 0
tap_done tests/tools/prompt_runs_programs.sh
