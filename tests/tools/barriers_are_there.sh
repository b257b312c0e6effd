# SPDX-License-Identifier: ISC
# release-barrier, as far as an emulator on a strongly ordered host cannot show it: the barriers of
# AArch64 are in the machine code of the kernel. For how it is built here and released; other
# options may put functions elsewhere.
objdump=
for name in llvm-objdump-16 llvm-objdump; do
	[ -n "$objdump" ] || ! command -v $name >/dev/null || objdump=$name
done
case $CFLAGS in *-O2*) ;; *) objdump= ;; esac
if [ -z "$objdump" ] || [ -n "$DEBUG_CPPFLAGS" ] || [ ! -f "$top_builddir/exo-aarch64.elf" ] ||
		! command -v python3 >/dev/null; then
	echo "1..0 # SKIP no llvm-objdump, python3 or kernel for AArch64 as released"
	exit 0
fi
$objdump -d --no-show-raw-insn "$top_builddir/exo-aarch64.elf" |
	python3 "$top_srcdir/tests/tools/barriers_are_there.py"
