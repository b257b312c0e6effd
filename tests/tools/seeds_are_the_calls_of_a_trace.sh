#!/bin/sh
# SPDX-License-Identifier: ISC
# What the real kernel was asked becomes an input that asks the fuzzer's machine the same, call by
# call: fuzz/seed.c makes it of lines like those of fuzz/seed_hook.c, fuzz/replay says what it does.
# And a guest test's own calls, from the kernel that writes them down. The same of a Linux program's
# calls, of which fuzz/seed_linux.c makes inputs for the library.
. "${top_srcdir:-.}/tests/tools/tap.sh"
top=${top_builddir:-.}
[ -x "$top/fuzz/seed" ] || tap_skip_all "no libFuzzer, so no fuzz/seed"

# A process that maps memory, forks, and is woken by its child: numbers in hexadecimal. Words of an
# operation: op, level, count, flags, rights, access; soft mask; env, target, env, source, argument,
# reserve.
cat >"$tap_scratch/lines" <<'END'
~call 10000 0 0 0 0 0 0
~result 0 10000
~upcall 10000 0 2 400000
~call 10000 11 3000000010100 400000 0 0 0
~result 0 100000000
~call 10000 2 0 0 0 0 0
~result 0 10001
ok 1 - what a test says
~call 10000 1 7f00003e2000 4 0 0 0 800030402 0 10001 400000 0 0 0 0 3000000020100 0 10001 400000 0 0 0 0 70000010204 0 10001 600000 0 600000 0 0 105050000080103 1 10001 400000 0 400000 0 0
~result 0 400000000
~call 10000 5 10001 7f00003e2000 0 0 0 402000 400000 400000 0 400000 403000 404000 1
~result 0 10001
~call 10000 a 10001 0 ffffffffffffffff 0 0
~result 0 3
~call 10000 c 400010 5 1 0 0
~call 10001 1 7f00003e2000 1 0 0 0 10205 0 0 600000 0 0 0 0
~result 0 100000000
~call 10001 1 7f00003e2000 2 0 0 0 1000100020107 0 0 400000 0 0 0 0 20108 0 0 400000 0 0 123 0
~result 0 200000000
~call 10001 d 400010 1 1 0 0
~result 0 1
~call 10001 8 10000 0 0 0 0
~call 10000 e 4 10001 0 3 99 0
~result 0 0
~call 10000 3 10001 7 0 0 0
~result 0 0
~upcall 10000 2 27 0
~call 10000 3 0 0 0 0 0
END
tap_status "an input is made" 0 sh -c '"$1" abi "$2/seed" <"$2/lines" >"$2/made"' sh \
	"$top/fuzz/seed" "$tap_scratch"
tap_eq "of so few calls, one" "$(cat "$tap_scratch/made")" 1

# Of what replay says: the CPU, the call or what else it was, the operations with level and count.
says() {
	"$top/fuzz/replay" -t abi "$1" | sed -nE \
		-e 's/^cpu ([01])[^:]*: ([a-z]+( call)?[a-z_]*).*/\1 \2/p' \
		-e 's/^ *([A-Z]+ level=[0-9] count=[0-9]+).*/\1/p'
}
says "$tap_scratch/seed-0" >"$tap_scratch/said"
cat >"$tap_scratch/want" <<'END'
0 self
0 store
0 slot
ALLOC level=1 count=1
0 env_create
0 slots
TABLE level=3 count=2
ALLOC level=1 count=2
SHARE level=2 count=1
COPY level=1 count=8
0 vcpu_start
0 slice_alloc
0 wait
1 slots
UNSHARE level=2 count=1
1 slots
PROTECT level=1 count=2
CLEAR level=1 count=2
1 wake
1 yield
0 account
0 env_kill
0 foreign call
END
tap_ok "which makes these calls in this order" diff "$tap_scratch/want" "$tap_scratch/said"
"$top/fuzz/replay" -t abi "$tap_scratch/seed-0" >"$tap_scratch/all"
tap_ok "the child made is the child whose tables they are" \
	grep -q 'SHARE level=2 count=1 env=0x10003 .*rights=0x7' "$tap_scratch/all"
tap_ok "rights, access and soft bits are those" \
	grep -q 'COPY .* rights=0x5 access=0x5 soft=0x1' "$tap_scratch/all"
tap_ok "so are flags" grep -q 'PROTECT .* access=0x1 flags=0x1' "$tap_scratch/all"
tap_ok "and what an empty slot keeps" grep -q 'CLEAR .* argument=0x123' "$tap_scratch/all"

# open("/dev/null", O_RDWR, 0), two of mkdir("there", 0755), write(1, ...), close(3), mmap; and another
# process. Behind the arguments is what each of the first four points to.
nothing='0 0 0 0 0 0 0 0 0 0 0 0'
cat >"$tap_scratch/lines" <<END
~linux 10001 2 7fff0000 2 0 0 0 6c756e2f7665642f 6c 0 0 $nothing
~linux 10001 53 402000 1ed 0 0 0 6572656874 0 0 0 $nothing
~linux 10002 27 0 0 0 0 0 0 0 0 0 $nothing
~linux 10001 1 1 402000 8 0 0 0 0 0 0 $nothing
~upcall 10001 0 2 400000
~linux 10001 53 402800 1ed 0 0 0 6572656874 0 0 0 $nothing
~linux 10001 3 3 0 0 0 0 0 0 0 0 $nothing
~linux 10001 9 0 2000 3 22 ffffffffffffffff 0 0 0 0 $nothing
END
cat >"$tap_scratch/want" <<'END'
open "/dev/null" 0x2 0 = 3
mkdir "/tmp/a" 0x1ed = 0
mkdir "/tmp/a" 0x1ed = -17
close 0x3 = 0
mmap 0 0x2000 0x3 0x22 0xffffffffffffffff 0 = 4294967296
END
tap_eq "an input of each Linux process" \
	"$("$top/fuzz/seed-linux" "$tap_scratch/linux" <"$tap_scratch/lines")" 2
"$top/fuzz/replay" -t linux "$tap_scratch/linux-0" | grep ' = ' >"$tap_scratch/said"
tap_ok "with its calls, arguments and strings" diff "$tap_scratch/want" "$tap_scratch/said"

if ! command -v qemu-system-x86_64 >/dev/null; then
	tap_skip "a guest test's calls" "no qemu-system-x86_64"
else
	"$top/tools/chitin-run" --kernel "$top/fuzz/seeds-x86_64.elf" --timeout 200 --icount --raw \
		"$top/tests/guest/cpu_exceptions_are_upcalls.raw" </dev/null 2>&1 |
		tr -d '\r' | grep -a '^~' >"$tap_scratch/lines"
	"$top/fuzz/seed" abi "$tap_scratch/guest" <"$tap_scratch/lines" >/dev/null
	tap_eq "a guest test's first event is its input's first" \
		"$(says "$tap_scratch/guest-0" | head -n 1)" "0 exception"
	tap_ok "and all inputs replay" "$top/fuzz/replay" -q -t abi "$tap_scratch"/guest-*
fi
tap_done tests/tools/seeds_are_the_calls_of_a_trace.sh
