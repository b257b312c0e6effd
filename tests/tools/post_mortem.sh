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
tap_status "a machine that hangs" 124 "$build/tools/chitin-run" --timeout 3 --trace hang.json ./spins
tap_ok "the place of the program" grep -q "spin_here at .*spins.c:[56]" err
tap_ok "the env that ran" grep -q "CPU 0 had the tables of env 1\.1 (account 0, parent 0)" err
tap_ok "its text" grep -Eq "^  0+8[0-9a-f]+-[0-9a-f]+ r-x " err
tap_ok "its data" grep -Eq "^  0+8[0-9a-f]+-[0-9a-f]+ rw- \(at most rwx\)" err
tap_ok "its vcpu page" grep -q "00007f00003ff000-00007f0000400000 rw- (at most rw-)" err
tap_ok "the last entries of the trace" grep -Eq "us  spins +1  interrupt " err
tap_ok "and the timeline is there all the same" grep -q '"name":"SYSCALL getppid"\|"CPUs"' hang.json
tap_done tests/tools/post_mortem.sh
