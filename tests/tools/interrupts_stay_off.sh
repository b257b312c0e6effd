# SPDX-License-Identifier: ISC
# lock-irq: no timer fires while the kernel holds a lock, since nothing in its machine code, for both
# CPUs, lets interrupts in but the wait of a CPU that has nothing to do; that one holds no lock
# (arch/host says so of every run). For optimised code: else constants are put together elsewhere.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
objdump=
for name in llvm-objdump-16 llvm-objdump; do
	[ -n "$objdump" ] || ! command -v $name >/dev/null || objdump=$name
done
case $CFLAGS in *-O2*) ;; *) objdump= ;; esac
if [ -z "$objdump" ] || ! command -v python3 >/dev/null; then
	tap_skip_all "no llvm-objdump or python3, or not -O2"
fi

for arch in x86_64 aarch64; do
	kernel=${top_builddir:-.}/exo-$arch.elf
	[ -f "$kernel" ] || continue
	$objdump -d --no-show-raw-insn "$kernel" >"$tap_scratch/$arch"
	tap_ok "$arch: interrupts stay off" \
		python3 "${top_srcdir:-.}/tests/tools/interrupts_stay_off.py" $arch "$tap_scratch/$arch"
done
tap_done tests/tools/interrupts_stay_off.sh
