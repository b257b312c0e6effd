# SPDX-License-Identifier: ISC
# After a death there is an account of it. Of the machine (stopped where it was): registers, a
# backtrace with places, what the env that ran has mapped, and with a trace the last entries.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
build=$(cd "${top_builddir:-.}" && pwd)
cd "$tap_scratch" || exit 1

cat >spins.c <<'END'
#include <unistd.h>

static void spin_here(void)
{
	for (;;)
		__asm__ volatile("");
}

int main(void)
{
	getppid();
	spin_here();
}
END
tap_status "chitin-cc" 0 "$build/tools/chitin-cc" -g -O0 spins.c -o spins
tap_status "a machine that hangs" 124 "$build/tools/chitin-run" --hz 1 --timeout 12 \
	--trace hang.json ./spins
tap_ok "the place of the program" grep -q "spin_here at .*spins.c:[56]" err
tap_ok "the env that ran" grep -q "CPU 0 had the tables of env 1\.1 (account 0, parent 0)" err
tap_ok "its text" grep -Eq "^  0+8[0-9a-f]+-[0-9a-f]+ r-x " err
tap_ok "its data" grep -Eq "^  0+8[0-9a-f]+-[0-9a-f]+ rw- \(at most rwx\)" err
tap_ok "its vcpu page" grep -q "00007f00003ff000-00007f0000400000 rw- (at most rw-)" err
tap_ok "the last entries of the trace" grep -Eq "us  spins +1  interrupt " err
tap_ok "and the timeline is there all the same" grep -q '"name":"SYSCALL getppid"\|"CPUs"' hang.json

cat >crash.c <<'END'
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libos/libos.h"

__attribute__((noinline)) static int deepest(const char *p)
{
	return (int)strlen(p) + 1;
}

__attribute__((noinline)) static int deeper(const char *p)
{
	return deepest(p) + 1;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "child") == 0) {
		if (fork() == 0)
			return deeper((char *)24);
		wait(NULL);
		return 7;
	}
	if (argc > 1 && strcmp(argv[1], "abort") == 0)
		abort();
	return deeper((char *)8);
}
END
tap_status "chitin-cc" 0 "$build/tools/chitin-cc" -g -O1 crash.c -o crash
crash() {	# crash OPTION... [-- ARGUMENT...]
	"$build/tools/chitin-run" --icount --timeout 60 "$@"
}
tap_status "a program that dies" 139 crash ./crash
tap_eq "is told in a line and a backtrace" "$(sed 's/0x8[0-9a-f]\{4,\}/PC/g' out | tr -d '\r' | head -n 4)" \
	"crash: page fault at 0x8 (pc PC)
#0 PC /bin/crash
#1 PC /bin/crash
#2 PC /bin/crash"
tap_ok "of which chitin-run knows the places" sh -c \
	'grep -q "#0 .* strlen" err && grep -q "#1 .* deepest at .*crash.c:10" err &&
	grep -q "#2 .* deeper at .*crash.c:15" err'
tap_ok "no more unless asked for" sh -c '! grep -q "regions:\|rip" out'
tap_status "all, if asked for" 139 crash --post-mortem ./crash
tap_ok "registers" grep -Eq "^rip +0x0000000000[0-9a-f]+  rflags " out
tap_ok "regions: the stack" grep -q "^  0x10000-0x810000 rw- stack" out
tap_ok "the text" grep -Eq "^  0x8[0-9a-f]+-0x8[0-9a-f]+ r-x file" out
tap_ok "no trace where there is none" sh -c '! grep -q "kernel.s trace" out'
tap_status "and with a trace" 139 crash --post-mortem --trace crash.json ./crash
tap_ok "the last that happened is the fault" sh -c \
	'tr -d "\r" <out | sed -n "/^last in the kernel.s trace/,\$p" | tail -n 1 |
	grep -q " UPCALL FAULT 0x0 0x8 at 0x8"'
tap_status "abort" 134 crash ./crash abort
tap_ok "has a backtrace too" grep -q "^#0 0x" out
tap_status "a child that dies" 7 crash ./crash child
tap_eq "is its parent's business" "$(cat out)" ""
tap_status "unless one asks" 7 crash --post-mortem ./crash child
tap_ok "then it is told" grep -q "^crash: page fault at 0x18 " out
tap_ok "whole" grep -q "^regions:" out

if [ -n "${QEMU_AARCH64-}" ] && [ -f "$build/aarch64/libos.elf" ]; then
	"$build/tools/chitin-cc" --arch aarch64 -g -O1 crash.c -o crash64 || exit 1
	tap_status "AArch64: all, if asked for" 139 crash --arch aarch64 --post-mortem \
		--trace crash64.json ./crash64
	tap_eq "AArch64: a line and a backtrace" "$(tr -d '\r' <out | sed -n '1s/ (pc .*//p; 2s/ 0x.* / /p')" \
		"crash64: page fault at 0x8
#0 /bin/crash64"
	tap_ok "AArch64: places" sh -c \
		'grep -q "#0 .* strlen" err && grep -q "#[12] .* deeper at .*crash.c:15" err'
	tap_ok "AArch64: registers" grep -Eq "^pc +0x0000000000[0-9a-f]+  pstate " out
	tap_ok "AArch64: regions" grep -q "^  0x10000-0x810000 rw- stack" out
	tap_ok "AArch64: the last that happened is the fault" sh -c 'tr -d "\r" <out |
		sed -n "/^last in the kernel.s trace/,\$p" | tail -n 1 |
		grep -q " UPCALL FAULT 0x0 0x8 at 0x8"'
else
	tap_skip "AArch64" "no qemu-system-aarch64, or not built for it"
fi
tap_done tests/tools/post_mortem.sh
