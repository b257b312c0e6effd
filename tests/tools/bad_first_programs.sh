# SPDX-License-Identifier: ISC
# A first program or boot archive that is bad: the kernel says so in one clear line and ends with
# a status. The archive is written by chitin-run, then damaged, and booted by QEMU itself, since
# chitin-run would refuse most of these.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
build=${top_builddir:-.}
kernel=$build/exo-x86_64.elf
[ -f "$kernel" ] || tap_skip_all "no kernel"

# A good program of one segment to read and run, one to write: prints a line and exits with 9.
cat >"$tap_scratch/good.c" <<'END'
#include <stdint.h>
static char memory[64] = "it runs\n";
void start(void)
{
	register uint64_t number __asm__("rax") = 0x4348544e0000000f;
	__asm__ volatile("syscall" : "+r"(number) : "D"(memory), "S"(8UL)
			 : "rcx", "rdx", "r11", "memory");
	number = 0x4348544e00000003;
	__asm__ volatile("syscall" : "+r"(number) : "D"(0UL), "S"(9UL)
			 : "rcx", "rdx", "r11", "memory");
	for (;;)
		;
}
END
$CC --target=x86_64-unknown-none-elf -ffreestanding -O1 -c "$tap_scratch/good.c" \
	-o "$tap_scratch/good.o" &&
	"$LLD" -nostdlib -static -e start -z max-page-size=4096 -z norelro --no-rosegment \
		"$tap_scratch/good.o" -o "$tap_scratch/good" || exit 1

pack() {	# pack FILE: the archive with FILE as init
	"$build/tools/chitin-run" --archive "$tap_scratch/archive" --raw "$tap_scratch/good"
	offset=$(grep -abo -m1 ELF "$tap_scratch/archive" | head -n 1 | cut -d: -f1)
	offset=$((offset - 1))
	[ "$1" = "$tap_scratch/good" ] ||
		dd if="$1" of="$tap_scratch/archive" bs=1 seek=$offset conv=notrunc status=none
}

poke() {	# poke FILE OFFSET BYTES: overwrite, bytes in octal escapes
	printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

bad() {	# bad OFFSET BYTES [OFFSET BYTES]...: the good program with other bytes
	cp "$tap_scratch/good" "$tap_scratch/bad"
	while [ $# -gt 0 ]; do
		poke "$tap_scratch/bad" "$1" "$2"
		shift 2
	done
	pack "$tap_scratch/bad"
}

boot() {	# boot [OPTION]: with the archive, or with that option in its place
	: >"$tap_scratch/words"
	timeout 60 "$QEMU_X86_64" -machine q35 -accel tcg -cpu max,-erms -m 32 -display none \
		-nodefaults -no-user-config -no-reboot -serial stdio \
		-chardev "file,id=end,path=$tap_scratch/words" \
		-device isa-debugcon,iobase=0xe9,chardev=end \
		-device isa-debug-exit,iobase=0xf4,iosize=4 \
		-kernel "$kernel" ${1--initrd "$tap_scratch/archive"} </dev/null \
		2>"$tap_scratch/err" | tr -d '\r' >"$tap_scratch/out"
}

refused() {	# refused NAME PATTERN: booting what is packed is refused with one line
	boot
	tap_eq "$1: status 126" "$(cat "$tap_scratch/words")" "exit 126"
	tap_eq "$1: one line" "$(wc -l <"$tap_scratch/out")" 1
	tap_ok "$1: which says $2" grep -q "cannot start the first program: .*$2" \
		"$tap_scratch/out"
	grep -q "$2" "$tap_scratch/out" || sed 's/^/# /' "$tap_scratch/out"
}

# Offsets in an ELF header and its program headers, which follow it at 64, 56 bytes each.
type=16 machine=18 entry=24 headers=32 header_bytes=54 count=56
headers_of() {	# the number of the first header of type 1 (LOAD) after number $1
	n=$1
	while [ "$(od -An -tu4 -j $((64 + 56 * n)) -N 4 "$tap_scratch/good" | tr -d ' ')" != 1 ]; do
		n=$((n + 1))
	done
	echo $((64 + 56 * n))
}
first=$(headers_of 0)
second=$(headers_of $((($first - 64) / 56 + 1)))
file_offset=8 address=16 file_bytes=32 memory_bytes=40

pack "$tap_scratch/good"
boot
tap_eq "a good one runs" "$(cat "$tap_scratch/out")" "it runs"
tap_eq "and ends as it wants" "$(tail -n 1 "$tap_scratch/words")" "exit 9"

bad 0 '\177ELF\001'
refused "32 bits" "not a 64-bit little-endian ELF"
bad 5 '\002'
refused "big-endian" "not a 64-bit little-endian ELF"
bad 0 '#!/bin/sh\n'
refused "a script" "not a 64-bit little-endian ELF"
bad $type '\003\000'
refused "position-independent" "not a static executable"
bad $machine '\267\000'
refused "for another machine" "another architecture"
bad $entry '\000\000\000\000\000\000\000\000'
refused "no entry" "entry point"
bad $entry '\000\000\040\200\377\377\377\377'
refused "an entry in the kernel" "entry point"
bad $entry '\000\000\000\000\200\177\000\000'
refused "an entry in the tables" "entry point"
bad $headers '\377\377\377\377\377\377\377\377'
refused "program headers nowhere" "segment table"
bad $headers '\000\000\000\020\000\000\000\000'
refused "program headers beyond the file" "segment table"
bad $header_bytes '\040\000'
refused "program headers of another size" "segment table"
bad $count '\000\000'
refused "no program headers" "segment table"
bad $count '\377\377'
refused "65535 program headers" "segment table"
bad $((second + file_offset)) '\000\000\000\000\000\001\000\000'
refused "a segment beyond the file" "beyond the end of the file"
bad $((second + file_offset)) '\000\360\377\377\377\377\377\377'
refused "a segment's offset that wraps" "beyond the end of the file"
bad $((second + file_bytes)) '\377\377\377\377\377\377\377\377'
refused "a segment's length that wraps" "beyond the end of the file"
bad $((second + memory_bytes)) '\001\000\000\000\000\000\000\000'
refused "more in the file than in memory" "longer in the file"
bad $((second + address)) '\000\000\000\200\377\377\377\377'
refused "a segment in the kernel" "outside the program's addresses"
bad $((second + address)) '\000\000\000\000\200\177\000\000'
refused "a segment in the tables" "outside the program's addresses"
bad $((second + memory_bytes)) '\000\000\000\000\200\177\000\000'
refused "a segment into the tables" "outside the program's addresses"
bad $((second + memory_bytes)) '\377\377\377\377\377\377\377\377'
refused "a segment around the end of all" "outside the program's addresses"
bad $((second + address)) '\001\000\000\000\000\000\000\000'
refused "a segment off its alignment" "not aligned"
page=$(od -An -tx1 -j $((second + file_offset)) -N 2 "$tap_scratch/good" | tr -d ' ')
low="\\$(printf %03o "0x${page%??}")\\$(printf %03o $((0x${page#??} & 15)))"
bad $((second + address)) "$low"'\000\000\200\176\000\000'
refused "a segment in the kernel's information" "information slot"
bad $((second + address)) "$low"'\040\000\000\000\000\000'
refused "segments that overlap" "overlap"
bad $((second + memory_bytes)) '\000\000\000\000\020\000\000\000'
refused "more than there is memory" "out of memory"

for size in 00000000 0000003F 00000041 00000100; do
	pack "$tap_scratch/good"
	poke "$tap_scratch/archive" 54 $size
	refused "a program of 0x$size bytes" "ELF file\|segment table\|end of the file"
done

"$build/tools/chitin-run" --archive "$tap_scratch/archive" --raw "$tap_scratch/good"
whole=$(wc -c <"$tap_scratch/archive")
truncate -s 4096 "$tap_scratch/archive"
refused "an archive that ends in its first member" "truncated"
truncate -s 60 "$tap_scratch/archive"
refused "an archive that ends in its first header" "not a newc cpio"
"$build/tools/chitin-run" --archive "$tap_scratch/archive" --raw "$tap_scratch/good"
poke "$tap_scratch/archive" 110 'tini'
refused "an archive without init" "does not begin with it"
poke "$tap_scratch/archive" 0 '070707'
refused "an archive of another kind" "not a newc cpio"
"$build/tools/chitin-run" --archive "$tap_scratch/archive" --raw "$tap_scratch/good"
poke "$tap_scratch/archive" 94 'FFFFFFFF'
refused "a name longer than the archive" "truncated"
poke "$tap_scratch/archive" 94 '0000000Z'
refused "a length that is no number" "does not begin with it"
"$build/tools/chitin-run" --archive "$tap_scratch/archive" --raw "$tap_scratch/good"
poke "$tap_scratch/archive" 54 'FFFFFFFF'
refused "a file longer than the archive" "truncated"
head -c "$whole" /dev/zero >"$tap_scratch/archive"
refused "an archive of zeros" "not a newc cpio"
boot -no-user-config
tap_ok "no archive" grep -q "panic: no boot archive" "$tap_scratch/words"
tap_eq "no archive: one line" "$(wc -l <"$tap_scratch/out")" 1
tap_done tests/tools/bad_first_programs.sh
