# SPDX-License-Identifier: ISC
# TAP for shell tests; sourced. The test ends with tap_done.
tap_count=0
# With --enable-sanitizers: a tool that ends at once leaves its memory to the system.
export ASAN_OPTIONS=detect_leaks=0
tap_failed=0
tap_scratch=$(mktemp -d)
trap 'rm -rf "$tap_scratch"' EXIT

# tap_ok NAME COMMAND...: ok if the command succeeds.
tap_ok() {
	tap_name=$1
	shift
	tap_count=$((tap_count + 1))
	if "$@"; then
		echo "ok $tap_count - $tap_name"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $tap_name"
		echo "# failed: $*"
	fi
}

# tap_eq NAME GOT WANT: ok if the two strings are equal.
tap_eq() {
	tap_ok "$1" [ "$2" = "$3" ]
}

# tap_status NAME WANT COMMAND...: ok if the command ends with that exit status. Its output is
# left in $tap_scratch/out and $tap_scratch/err.
tap_status() {
	tap_name=$1
	tap_want=$2
	shift 2
	tap_got=0
	"$@" >"$tap_scratch/out" 2>"$tap_scratch/err" </dev/null || tap_got=$?
	tap_eq "$tap_name: status $tap_want" "$tap_got" "$tap_want"
}

# tap_line NAME PATTERN: ok if what the last command of tap_status said on standard error is one
# line, and the pattern is in it.
tap_line() {
	tap_eq "$1: one line" "$(wc -l <"$tap_scratch/err")" 1
	tap_ok "$1: which says $2" grep -q -e "$2" "$tap_scratch/err"
}

tap_skip() {	# tap_skip WHAT REASON: one check that cannot be made
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# tap_skip_script NAME SCRIPT: whether the script opens what this machine has not; it is skipped then.
# (As root, a tool whose output was /dev/stdout may have put a file in the place of the link.)
tap_skip_script() {
	[ ! -h /dev/stdout ] && grep -q /dev/stdout "$2" || return 1
	tap_skip "$1" "/dev/stdout is not a link: ln -sf /proc/self/fd/1 /dev/stdout"
}

tap_skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

tap_done() {
	echo "1..$tap_count"
	[ $tap_failed = 0 ] || echo "# $tap_failed of $tap_count failed; again: make check TESTS=$1"
}
