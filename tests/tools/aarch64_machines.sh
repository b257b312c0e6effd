# SPDX-License-Identifier: ISC
# What differs between AArch64's machines does not matter: a CPU without hardware management of
# accessed and dirty bits, without PAN and with a fixed set of the rest (cortex-a72), and version 3
# of the interrupt controller; several CPUs, all of which must come to the end.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_AARCH64-}" ] || tap_skip_all "no qemu-system-aarch64"
build=$(cd "${top_builddir:-.}" && pwd)
[ -f "$build/aarch64/libos.elf" ] || tap_skip_all "AArch64 was not built"

boots() {	# boots NAME OPTION...: a test of the kernel or of the library
	name=$1
	shift
	case $name in
	*.raw) set -- "$@" --raw ;;
	esac
	tap_status "$* $name" 0 "$build/tools/chitin-run" --arch aarch64 --icount --timeout 240 \
		--append audit --env ITERATIONS="${ITERATIONS-5}" "$@" "$build/tests/aarch64/$name"
	grep -E '^(not ok|panic)' "$tap_scratch/out" | sed 's/^/# /'
	tap_ok "$* $name: all of it" grep -q '^1\.\.' "$tap_scratch/out"
}

for name in tables_cannot_be_written.raw translations_are_never_stale.raw \
	hostile_frames_are_refused.raw registers_survive_between_envs.raw \
	cow_two_addresses.guest dirty_pages_are_told.guest fork_random_tree.guest \
	signal_on_cow_stack.guest threads_mixed_kinds.guest; do
	boots "$name" --hz 10000 --cpu cortex-a72
done
for name in waits_end_by_wake_or_event.raw registers_survive_preemption.raw \
	threads_mixed_kinds.guest; do
	boots "$name" --hz 10000 --machine virt,gic-version=3
	boots "$name" --hz 10000 --machine virt,gic-version=3 --cpu cortex-a72
done
for machine in virt virt,gic-version=3; do
	boots waits_end_by_wake_or_event.raw --machine "$machine" --cpus 2
	boots threads_mixed_kinds.guest --machine "$machine" --cpus 8
	boots threads_mixed_kinds.guest --machine "$machine" --cpus 2 --cpu cortex-a72
done

# A CPU that does nothing and one that does not end: where they are is asked from outside.
printf 'int main(void)\n{\n\tfor (;;)\n\t\t;\n}\n' >"$tap_scratch/spin.c"
"$build/tools/chitin-cc" --arch aarch64 -g "$tap_scratch/spin.c" -o "$tap_scratch/spin"
tap_status "a hang" 124 "$build/tools/chitin-run" --arch aarch64 --cpus 2 --timeout 5 \
	"$tap_scratch/spin"
tap_ok "of two CPUs" grep -q '^CPU 1, in ' "$tap_scratch/err"
tap_ok "the one that waits says where" grep -q 'arch_idle at .*irq\.c:' "$tap_scratch/err"
tap_ok "and how it came there" grep -Eq '^#[0-9]+ .*(start_further|start_return|high|user_irq|user_sync) ' \
	"$tap_scratch/err"
tap_done tests/tools/aarch64_machines.sh
