# SPDX-License-Identifier: ISC
# ps shows who there is and whose child, vmstat where the frames are and what happens.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
busybox=$(command -v busybox) || tap_skip_all "no busybox"
build=${top_builddir:-.}

run() {	# run PROGRAM ARGUMENT...
	"$build/tools/chitin-run" --icount --timeout 120 --add "$build/apps/ps=bin/ps" \
		--add "$build/apps/vmstat=bin/vmstat" "$@"
}

column() {	# column N NAME [FILE]: the Nth word of the line whose last is NAME
	awk -v n="$1" -v name="$2" '$NF == name { print $n }' "${3-$tap_scratch/out}" | tr -d '\r'
}

# shellcheck disable=SC2016 # for the shell of the guest
tap_status "ps in a shell" 0 run "$busybox" sh -c 'busybox sleep 100 & child=$!
	while ! /bin/ps | grep -q "S .*busybox"; do :; done
	i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done
	/bin/ps; echo "me $$ child $child"; kill $child; wait $child; echo then; /bin/ps'
sed '/^then/,$d' "$tap_scratch/out" >"$tap_scratch/first"
sed '1,/^then/d' "$tap_scratch/out" >"$tap_scratch/second"
me=$(sed -n 's/^me \([0-9]*\) .*/\1/p' "$tap_scratch/out")
child=$(sed -n 's/.* child \([0-9]*\).*/\1/p' "$tap_scratch/out")
tap_eq "pid 1 is init" "$(column 1 init "$tap_scratch/first")" 1
tap_eq "the shell is its child" "$(awk -v me="$me" '$1 == me { print $2 }' "$tap_scratch/first")" 1
tap_eq "what it runs is the shell's" "$(column 2 ps "$tap_scratch/first")" "$me"
tap_eq "what sleeps, sleeps" \
	"$(awk -v c="$child" '$1 == c { print $2, $5 }' "$tap_scratch/first")" "$me S"
tap_eq "its env is the child of the shell's" \
	"$(awk -v c="$child" '$1 == c { print $4 }' "$tap_scratch/first")" \
	"$(awk -v me="$me" '$1 == me { split($3, e, "."); print e[1] }' "$tap_scratch/first")"
tap_eq "when it has ended it is not there" \
	"$(awk -v c="$child" '$1 == c' "$tap_scratch/second")" ""
tap_ok "the shell has used time" \
	awk -v me="$me" '$1 == me && $8 > 0 { found = 1 } END { exit !found }' "$tap_scratch/first"

tap_status "vmstat" 0 run "$build/apps/vmstat"
account=$(awk '$1 == "0" && NF == 6 { print $6 }' "$tap_scratch/out" | tr -d '\r')
tap_eq "account 0's unused frames are those that are free" "$account" \
	"$(column 1 free | grep -v account)"
used=$(awk '$1 == "0" && NF == 6 { print $5 }' "$tap_scratch/out")
tap_eq "what it uses are data, tables and vcpu pages" "$used" \
	"$(awk '/programs|tables\r?$|vcpu|apart/ && $1 ~ /^[0-9]+$/ && !/reading/ { n += $1 }
		END { print n }' "$tap_scratch/out")"
tap_status "vmstat 1 3" 0 run "$build/apps/vmstat" 1 3
tap_eq "a head and three lines" "$(wc -l <"$tap_scratch/out")" 4
tap_ok "a second apart, mostly idle" \
	awk 'NR > 2 && ($7 < 1000 || $7 > 1020 || $8 < 90) { exit 1 }' "$tap_scratch/out"
# shellcheck disable=SC2016
tap_status "with two CPUs" 0 run --cpus 2 "$busybox" sh -c 'while :; do :; done & child=$!
	busybox sleep 1; /bin/ps; kill $child; wait $child; /bin/vmstat'
tap_eq "ps has a CPU, what is busy the other" "$(awk '$NF ~ /^ps/ { a = $6 }
	$5 == "R" && $NF !~ /^ps/ { b = $6 } END { print a + b, a != b }' "$tap_scratch/out")" "1 1"
tap_eq "vmstat has a line for each" "$(grep -c '^CPU [01]' "$tap_scratch/out")" 2
tap_ok "one of which was idle much, the other little" awk '/^CPU/ { sum += $NF; n += $NF > 50 }
	END { exit !(n == 1 && sum < 150) }' "$tap_scratch/out"
tap_status "vmstat never" 2 run "$build/apps/vmstat" never
tap_done tests/tools/ps_and_vmstat.sh
