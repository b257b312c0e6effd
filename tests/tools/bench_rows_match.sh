# SPDX-License-Identifier: ISC
# The bench's Linux program has the rows that the table has, each name once; it runs unmodified on
# Chitin; and a row that cannot be measured there is `na` with a reason, never a number. Linux is
# not booted.
. "$top_srcdir/tests/tools/tap.sh"

source=$(cd "$top_srcdir" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
costs=$build/bench/linux/costs
[ -x "$costs" ] || tap_skip_all "no bench/linux/costs (musl-gcc builds it)"
cd "$tap_scratch" || exit 1

"$costs" -l >list
cut -f 2 list | sort >has
sed '/^#/d' "$source/bench/rows.tsv" | cut -f 2 | sed '/^-$/d' | sort -u >table
tap_eq "every name is there once" "$(uniq -d has)" ""
tap_eq "rows of the table that the program lacks" "$(comm -13 has table)" ""
tap_eq "rows of the program that the table lacks" "$(comm -23 has table)" ""
# arm64's Linux does not tell which pages are dirty, x86-64's does not start a second CPU (bench/run).
for arch in x86_64 aarch64; do
	sed '/^#/d' "$source/bench/linux-$arch.tsv" | cut -f 1 | sort >stored
	lacks=^al_dirty
	[ $arch = aarch64 ] || lacks='_2_cpus$\|_other_cpu'
	grep -v "$lacks" has >wanted
	tap_eq "$arch: stored rows that the program lacks" "$(comm -13 wanted stored)" ""
	tap_eq "$arch: rows of the program that are not stored" "$(comm -23 wanted stored)" ""
done

command -v qemu-system-x86_64 >/dev/null || { tap_done tests/tools/bench_rows_match.sh; exit; }
export top_builddir="$build"

# Groups that take no long time, one of them of what only Linux has.
groups="calls touch_one fork_small fork_exec yield_thread futex dirty"
# shellcheck disable=SC2086 # a list
tap_status "bench/linux/each foreign" 0 "$source/bench/linux/each" foreign $groups
# shellcheck disable=SC2086
"$costs" -l $groups | cut -f 2 | sort >wanted
grep -E '^(bench|na)	' out | cut -f 2 | sort >got
tap_eq "each row once" "$(cat got)" "$(cat wanted)"
for row in null_getppid clock_gettime_libc sched_yield_alone futex_wake_nobody \
	first_touch_one_page fork_call_small fork_exit_wait_small fork_exec_exit_wait \
	yield_rtt_thread futex_rtt; do
	median=$(awk -F '\t' -v row=$row '$1 == "bench" && $2 == row { print $3 }' out)
	tap_ok "$row is measured: ${median:-nothing}" [ "${median:-0}" -gt 10 ]
done
tap_ok "what is not there is na, with a reason" grep -q '^na	al_dirty	.*pagemap' out

# A program that dies loses the rows of one group only.
mkdir -p bench/linux tools
cat >bench/linux/costs <<'END'
#!/bin/sh
case "$*" in
-l*) printf 'one\tfirst\ntwo\tsecond\nthree\tthird\n' ;;
*one*) printf 'at\tone\nbench\tfirst\t5\t5\t5\t5\t5\nat\ttwo\n'; exit 139 ;;
*) printf 'at\tthree\nbench\tthird\t7\t7\t7\t7\t7\nat\tend\n' ;;
esac
END
cat >tools/chitin-run <<'END'
#!/bin/sh
while [ "${1#--}" != "$1" ]; do
	case $1 in --icount) shift ;; *) shift 2 ;; esac
done
exec "$@"
END
chmod +x bench/linux/costs tools/chitin-run
top_builddir=$tap_scratch tap_status "a program that dies" 0 "$source/bench/linux/each" foreign
tap_eq "only its group is na" "$(cut -f 1-3 out)" "$(printf '%s\n' 'bench	first	5' \
	'na	second	the program ends with status 139' 'bench	third	7')"

# The table without Linux: from what is kept, and it says so.
tap_status "bench/run --no-linux" 0 env top_srcdir="$source" "$source/bench/run" --no-linux \
	null_getppid fork_call_small
tap_ok "the columns are marked" grep -q 'lean (stored)' out
tap_ok "and the TSV's" grep -q '^null_getppid	.*	stored$' bench.tsv
tap_eq "all lines have as many fields" \
	"$(awk -F '\t' 'NR == 1 { n = NF } NF != n' bench.tsv)" ""
for side in native foreign; do
	column=$([ $side = native ] && echo 2 || echo 12)
	tap_ok "the $side cost of fork" [ "$(awk -F '\t' -v c="$column" \
		'$1 == "fork_call_small" { print $c + 0 }' bench.tsv)" -gt 100 ]
done
tap_done tests/tools/bench_rows_match.sh
