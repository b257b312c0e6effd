# SPDX-License-Identifier: ISC
# No call, upcall or slot operation of the kernel costs more instructions than was agreed: each row
# of bench/exo.c is within bench/limits-x86_64.tsv, on AArch64 bench/limits-aarch64.tsv, and each is
# in there. Under icount the counts are the same on every machine, for one compiler; builds that are
# not as released are not measured. What the firmware costs is not ours.
. "$top_srcdir/tests/tools/tap.sh"

[ -z "$DEBUG_CPPFLAGS" ] || tap_skip_all "a debug build"

check() {	# check ARCH BENCH
	limits=$top_srcdir/bench/limits-$1.tsv
	agreed=$(sed -n 's/^# compiler: //p' "$limits")
	if ! command -v "qemu-system-$1" >/dev/null || [ ! -f "$2" ]; then
		tap_skip "$1" "no qemu-system-$1, or not built for it"
		return
	elif [ "$CC $CFLAGS" != "$agreed" ]; then
		tap_skip "$1" "built by $CC $CFLAGS, agreed for $agreed"
		return
	fi
	ARCH=$1 tap_status "$1: bench/run" 0 "$top_srcdir/bench/run" --exo --plain
	cp "$tap_scratch/out" "$tap_scratch/rows"
	while IFS='	' read -r name limit; do
		case $name in
		'#'*) continue ;;
		esac
		got=$(awk -F '\t' -v name="$name" '$2 == name { print $3 }' "$tap_scratch/rows")
		tap_ok "$1: $name: ${got:-nothing} within $limit" [ "${got:-$((limit + 1))}" -le "$limit" ]
	done <"$limits"
	awk -F '\t' 'NR == FNR { agreed[$1] = 1; next }
		$2 !~ /firmware/ && !($2 in agreed) { print $2 }' \
		"$limits" "$tap_scratch/rows" >"$tap_scratch/unknown"
	tap_eq "$1: every row has a limit" "$(cat "$tap_scratch/unknown")" ""
	calib=$(awk -F '\t' '$2 == "calib_loop_2000000" { print $3 }' "$tap_scratch/rows")
	tap_ok "$1: the counter counts: ${calib:-nothing} for 2000000" \
		[ $((${calib:-0} >= 2000000 && ${calib:-0} < 2000100)) = 1 ]
}

check x86_64 "$top_builddir/bench/exo.raw"
check aarch64 "$top_builddir/aarch64/bench/exo.raw"
tap_done tests/tools/bench_within_limits.sh
