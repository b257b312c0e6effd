# SPDX-License-Identifier: ISC
# ps shows who there is and whose child, vmstat where the frames are and what happens; on both
# architectures.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
build=${top_builddir:-.}

run() {	# run PROGRAM ARGUMENT...
	"$build/tools/chitin-run" --arch "$arch" --icount --timeout 120 --add "$apps/ps=bin/ps" \
		--add "$apps/vmstat=bin/vmstat" "$@"
}

column() {	# column N NAME [FILE]: the Nth word of the line whose last is NAME
	awk -v n="$1" -v name="$2" '$NF == name { print $n }' "${3-$tap_scratch/out}" | tr -d '\r'
}

check() {	# check ARCHITECTURE APPS BUSYBOX
	arch=$1
	apps=$2
	busybox=$3
	# shellcheck disable=SC2016 # for the shell of the guest
	tap_status "$arch: ps in a shell" 0 run "$busybox" sh -c 'busybox sleep 100 & child=$!
		while ! /bin/ps | grep -q "S .*busybox"; do :; done
		i=0; while [ $i -lt 5000 ]; do i=$((i + 1)); done
		/bin/ps; echo "me $$ child $child"; kill $child; wait $child; echo then; /bin/ps'
	sed '/^then/,$d' "$tap_scratch/out" >"$tap_scratch/first"
	sed '1,/^then/d' "$tap_scratch/out" >"$tap_scratch/second"
	me=$(sed -n 's/^me \([0-9]*\) .*/\1/p' "$tap_scratch/out")
	child=$(sed -n 's/.* child \([0-9]*\).*/\1/p' "$tap_scratch/out")
	tap_eq "$arch: pid 1 is init" "$(column 1 init "$tap_scratch/first")" 1
	tap_eq "$arch: the shell is its child" \
		"$(awk -v me="$me" '$1 == me { print $2 }' "$tap_scratch/first")" 1
	tap_eq "$arch: what it runs is the shell's" "$(column 2 ps "$tap_scratch/first")" "$me"
	tap_eq "$arch: what sleeps, sleeps" \
		"$(awk -v c="$child" '$1 == c { print $2, $5 }' "$tap_scratch/first")" "$me S"
	tap_eq "$arch: its env is the child of the shell's" \
		"$(awk -v c="$child" '$1 == c { print $4 }' "$tap_scratch/first")" \
		"$(awk -v me="$me" '$1 == me { split($3, e, "."); print e[1] }' "$tap_scratch/first")"
	tap_eq "$arch: when it has ended it is not there" \
		"$(awk -v c="$child" '$1 == c' "$tap_scratch/second")" ""
	tap_ok "$arch: the shell has used time" \
		awk -v me="$me" '$1 == me && $8 > 0 { found = 1 } END { exit !found }' "$tap_scratch/first"

	tap_status "$arch: vmstat" 0 run "$apps/vmstat"
	account=$(awk '$1 == "0" && NF == 6 { print $6 }' "$tap_scratch/out" | tr -d '\r')
	tap_eq "$arch: account 0's unused frames are those that are free" "$account" \
		"$(column 1 free | grep -v account)"
	used=$(awk '$1 == "0" && NF == 6 { print $5 }' "$tap_scratch/out")
	tap_eq "$arch: what it uses are data, tables and vcpu pages" "$used" \
		"$(awk '/programs|tables\r?$|vcpu|apart/ && $1 ~ /^[0-9]+$/ && !/reading/ { n += $1 }
			END { print n }' "$tap_scratch/out")"
	tap_status "$arch: vmstat 1 3" 0 run "$apps/vmstat" 1 3
	tap_eq "$arch: a head and three lines" "$(wc -l <"$tap_scratch/out")" 4
	tap_ok "$arch: a second apart, mostly idle" \
		awk 'NR > 2 && ($7 < 1000 || $7 > 1020 || $8 < 90) { exit 1 }' "$tap_scratch/out"
	# shellcheck disable=SC2016
	tap_status "$arch: with two CPUs" 0 run --cpus 2 "$busybox" sh -c 'while :; do :; done & child=$!
		busybox sleep 1; /bin/ps; kill $child; wait $child; /bin/vmstat'
	tap_eq "$arch: ps has a CPU, what is busy the other" "$(awk '$NF ~ /^ps/ { a = $6 }
		$5 == "R" && $NF !~ /^ps/ { b = $6 } END { print a + b, a != b }' "$tap_scratch/out")" "1 1"
	tap_eq "$arch: vmstat has a line for each" "$(grep -c '^CPU [01]' "$tap_scratch/out")" 2
	tap_ok "$arch: one of which was idle much, the other little" \
		awk '/^CPU/ { sum += $NF; n += $NF > 50 } END { exit !(n == 1 && sum < 150) }' "$tap_scratch/out"
	tap_status "$arch: vmstat never" 2 run "$apps/vmstat" never
}

if [ -n "${QEMU_X86_64-}" ] && busybox=$(command -v busybox); then
	check x86_64 "$build/apps" "$busybox"
fi
if [ -n "${QEMU_AARCH64-}" ] && [ -n "${BUSYBOX_AARCH64-}" ] &&
		[ -n "${MUSL_AARCH64_LIB-}" ]; then
	check aarch64 "$build/aarch64/apps" "$BUSYBOX_AARCH64"
fi
[ $tap_count -gt 0 ] || tap_skip_all "no emulator or busybox"
tap_done tests/tools/ps_and_vmstat.sh
