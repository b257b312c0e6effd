# SPDX-License-Identifier: ISC
# layout-independent: tests that boot pass with a kernel and a library whose functions and data the
# linker has put in another order (tests/local.mk). `make check-layout` runs all, in more orders, with
# padded structures too.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
build=${top_builddir:-.}
layout=$build/tests/tools/layout

boots() {	# boots ARCH TESTS-FOLDER KERNEL LIBOS
	for file in "exo-$1.elf" "$4"; do
		tap_ok "$1: $file is another" sh -c '! cmp -s "$0" "$1"' "$build/$file" \
			"$layout/$file"
	done
	for name in child_ends_first cow_two_addresses faults_reach_their_handler fork_inherits; do
		tap_status "$1: $name" 0 "$build/tools/chitin-run" --arch "$1" --icount --cpus 2 \
			--timeout 300 --append audit --env ITERATIONS=5 --kernel "$layout/$3" \
			--libos "$layout/$4" "$build/$2/$name.guest"
		tap_ok "$1: which says so" grep -q "^1\.\.[1-9]" "$tap_scratch/out"
	done
}
if [ -n "${QEMU_X86_64-}" ]; then
	boots x86_64 tests/guest exo-x86_64.elf libos.elf
else
	tap_skip "x86-64" "no qemu-system-x86_64"
fi
if [ -n "${QEMU_AARCH64-}" ] && [ -f "$layout/exo-aarch64.img" ]; then
	boots aarch64 tests/aarch64 exo-aarch64.img aarch64/libos.elf
else
	tap_skip "AArch64" "no qemu-system-aarch64, or not built"
fi
tap_done tests/tools/layout_independent.sh
