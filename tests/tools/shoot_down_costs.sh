# SPDX-License-Identifier: ISC
# What a shoot-down costs with 1, 2, 4 and 8 CPUs, and a wake on another CPU: each CPU that has to
# answer adds its own interrupt and no more, and on AArch64, whose flushes are broadcast, none has
# to but for common tables. Under icount the counts are the same on every machine.
. "$top_srcdir/tests/tools/tap.sh"

costs() {	# costs ARCH QEMU PROGRAM OPTION...: rows as NAME COST, in $tap_scratch/ARCH
	arch=$1 program=$3
	if ! command -v "$2" >/dev/null || [ ! -f "$program" ]; then
		return 1
	fi
	shift 3
	for cpus in 1 2 4 8; do
		"$top_builddir/tools/chitin-run" --arch "$arch" "$@" --icount --raw --cpus $cpus \
			--timeout 120 "$program" </dev/null || echo "bench	failed"
	done | tr -d '\r' | sed -n 's/^bench	\([^	]*\)	\([^	]*\).*/\1 \2/p' >"$tap_scratch/$arch"
}

row() {	# row ARCH NAME
	sed -n "s/^$2 //p" "$tap_scratch/$1"
}

grows() {	# grows ARCH ROW LEAST MOST: instructions more for each CPU more
	one=$(row "$1" "$2_1_cpu")
	for cpus in 2 4 8; do
		many=$(row "$1" "$2_${cpus}_cpus")
		each=$(( (${many:-0} - ${one:-0}) / (cpus - 1) ))
		tap_ok "$1: $2_${cpus}_cpus ${many:-nothing}, one CPU ${one:-nothing}" \
			[ $((${one:-0} > 100 && each >= $3 && each <= $4)) = 1 ]
	done
}

check() {	# check ARCH: what is the same on both
	grows "$1" exo_shoot_common 100 600
	call=$(row "$1" exo_wake_other_cpu)
	runs=$(row "$1" exo_wake_other_cpu_runs)
	tap_ok "$1: a wake on an idle CPU ${call:-nothing}, until it runs ${runs:-nothing}" \
		[ $((${call:-0} > 100 && ${call:-0} < 1000 && ${runs:-0} > ${call:-0}
			&& ${runs:-0} < 10000)) = 1 ]
}

if costs x86_64 qemu-system-x86_64 "$top_builddir/bench/cpus.raw"; then
	grows x86_64 exo_shoot 100 600
	check x86_64
else
	tap_skip "x86_64" "no qemu-system-x86_64"
fi
if costs aarch64 qemu-system-aarch64 "$top_builddir/aarch64/bench/cpus.raw" \
	--cpu max,cntfrq=1000000000; then
	grows aarch64 exo_shoot -10 10
	check aarch64
else
	tap_skip "aarch64" "no qemu-system-aarch64, or not built for it"
fi
tap_done tests/tools/shoot_down_costs.sh
