# SPDX-License-Identifier: ISC
# No call, upcall or slot operation of the kernel costs more instructions than was agreed: each row
# of bench/exo.c is within bench/limits.tsv, and each is in there. Under icount the counts are the
# same on every machine, for one compiler; builds that are not as released are not measured. What
# the firmware costs is not ours.
. "$top_srcdir/tests/tools/tap.sh"

limits=$top_srcdir/bench/limits.tsv
command -v qemu-system-x86_64 >/dev/null || tap_skip_all "no qemu-system-x86_64"
agreed=$(sed -n 's/^# compiler: //p' "$limits")
[ "$CC $CFLAGS" = "$agreed" ] || tap_skip_all "built by $CC $CFLAGS, agreed for $agreed"
[ -z "$DEBUG_CPPFLAGS" ] || tap_skip_all "a debug build"

tap_status "bench/run" 0 "$top_srcdir/bench/run" --exo --plain
cp "$tap_scratch/out" "$tap_scratch/rows"
while IFS='	' read -r name limit; do
	case $name in
	'#'*) continue ;;
	esac
	got=$(awk -F '\t' -v name="$name" '$2 == name { print $3 }' "$tap_scratch/rows")
	tap_ok "$name: ${got:-nothing} within $limit" [ "${got:-$((limit + 1))}" -le "$limit" ]
done <"$limits"
awk -F '\t' 'NR == FNR { agreed[$1] = 1; next } $2 !~ /firmware/ && !($2 in agreed) { print $2 }' \
	"$limits" "$tap_scratch/rows" >"$tap_scratch/unknown"
tap_eq "every row has a limit" "$(cat "$tap_scratch/unknown")" ""
calib=$(awk -F '\t' '$2 == "calib_loop_2000000" { print $3 }' "$tap_scratch/rows")
tap_ok "the counter counts: ${calib:-nothing} for 2000000" \
	[ $((${calib:-0} >= 2000000 && ${calib:-0} < 2000100)) = 1 ]
tap_done tests/tools/bench_within_limits.sh
