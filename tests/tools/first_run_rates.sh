# SPDX-License-Identifier: ISC
# first-run-rates: fork-progress, fork-spin-stress, the same with threads, fork after exec and spawn,
# at slice rates of 1, 10, 100, 1 000 and 10 000 Hz: all pass, since a newborn runs whatever the rate;
# and those who wait for it by yielding do not make it wait for the ends of their slices.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
build=$(cd "${top_builddir:-.}" && pwd)
source=$(cd "${top_srcdir:-.}" && pwd)
cd "$tap_scratch" || exit 1

rates() {	# rates ARCH
	for test in fork_progress fork_spin_stress thread_progress fork_fresh_root; do
		"$build/tools/chitin-cc" --arch "$1" -I"$source" "$source/tests/guest/$test.c" \
			-o $test || exit 1
		for hz in 1 10 100 1000 10000; do
			status=0
			"$build/tools/chitin-run" --arch "$1" --icount --timeout 100 --hz $hz \
				--env ITERATIONS=1 --env MOST_MS=100 $test >out 2>&1 </dev/null ||
				status=$?
			[ $status -eq 0 ] || sed 's/^/# /' out
			tap_eq "$1: $test at $hz Hz" $status 0
		done
	done
}
if [ -n "${QEMU_X86_64-}" ]; then
	rates x86_64
else
	tap_skip "x86-64" "no qemu-system-x86_64"
fi
if [ -n "${QEMU_AARCH64-}" ] && [ -f "$build/aarch64/libos.elf" ]; then
	rates aarch64
else
	tap_skip "AArch64" "no qemu-system-aarch64, or not built"
fi
tap_done tests/tools/first_run_rates.sh
