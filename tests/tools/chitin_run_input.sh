# SPDX-License-Identifier: ISC
# Bad usage and bad input of chitin-run, and of make where it calls that: one clear line each, status
# 2, and nothing is booted.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
run=${top_builddir:-.}/tools/chitin-run
kernel=${top_builddir:-.}/tests/tools/kernel.elf

refused() {	# refused NAME PATTERN ARGUMENT...
	name=$1
	pattern=$2
	shift 2
	tap_status "$name" 2 "$run" "$@"
	tap_line "$name" "$pattern"
}

refused "no program" "no program given"
refused "no such program" "no such program" --raw "$tap_scratch/none"
refused "a directory" "not a regular file" --raw "$tap_scratch"

echo "#!/bin/sh" >"$tap_scratch/script"
refused "a script" "not an ELF file" --raw "$tap_scratch/script"
: >"$tap_scratch/empty"
refused "an empty file" "not an ELF file" --raw "$tap_scratch/empty"
head -c 70 "$kernel" >"$tap_scratch/cut"
refused "a truncated program" "truncated" --raw "$tap_scratch/cut"

cp "$kernel" "$tap_scratch/foreign"	# e_machine, at byte 18: 183 is AArch64
printf '\267\000' | dd of="$tap_scratch/foreign" bs=1 seek=18 conv=notrunc 2>/dev/null
refused "wrong architecture" "wrong architecture: for AArch64" --raw "$tap_scratch/foreign"
cp "$kernel" "$tap_scratch/object"	# e_type, at byte 16: 1 is a relocatable object
printf '\001' | dd of="$tap_scratch/object" bs=1 seek=16 conv=notrunc 2>/dev/null
refused "an object file" "not a program" --raw "$tap_scratch/object"
refused "a dynamic program" "dynamically linked" --raw /bin/sh

refused "too little memory" "too little memory" --memory 15M --raw "$kernel"
head -c 12000000 /dev/zero >"$tap_scratch/large"
refused "memory that the files fill" "too little memory" \
	--memory 16M --kernel "$kernel" --add "$tap_scratch/large" --raw "$kernel"
refused "a size without sense" "a size like" --memory lots --raw "$kernel"
refused "no such kernel" "no such kernel" --kernel "$tap_scratch/none" --raw "$kernel"
refused "no such library" "no such program" --kernel "$kernel" --libos "$tap_scratch/none" "$kernel"
refused "no such file to add" "No such file" --kernel "$kernel" \
	--add "$tap_scratch/none" --raw "$kernel"
refused "no such architecture" "there are x86_64 and aarch64" --arch vax --raw "$kernel"
refused "no such machine" "q35 and microvm" --machine pc --raw "$kernel"
refused "no CPU" "from 1 to" --cpus 0 --raw "$kernel"
refused "too many ticks" "from 1 to 10000" --hz 10001 --raw "$kernel"
refused "a variable without value" "NAME=VALUE" --env NAME --raw "$kernel"
tap_status "an unknown option" 2 "$run" --nonsense "$kernel"

build=$(cd "${top_builddir:-.}" && pwd)
made() {	# made NAME PATTERN ARGUMENT...: make says it
	name=$1
	pattern=$2
	shift 2
	tap_status "make $name" 2 env MAKEFLAGS= MFLAGS= make -s -C "$build" "$@"
	grep -v '^make[][0-9]*: \*\*\* .* Error' "$tap_scratch/err" >"$tap_scratch/line"
	mv "$tap_scratch/line" "$tap_scratch/err"
	tap_line "make $name" "$pattern"
}
made "for no architecture" "ARCH=vax: there are x86_64" run ARCH=vax
made "run without the program" "nothing: no such program" run PROGRAM=nothing
made "bench of no row" "no such row: nothing" bench ROWS=nothing BENCH_FLAGS=--no-linux

tap_status "help" 0 "$run" --help
tap_ok "help names every exit status" grep -q "126 QEMU failed" "$tap_scratch/out"
tap_done tests/tools/chitin_run_input.sh
