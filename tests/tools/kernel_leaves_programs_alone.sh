# SPDX-License-Identifier: ISC
# A kernel that goes astray neither reads, writes nor executes what is a program's, where the CPU can
# keep it from that: SMAP and SMEP, PAN and PXN. A debugger leads it there, in a call that a program
# makes with all flags set that it can set itself; the CPU stops it at that address.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
session=$(realpath "${top_srcdir:-.}/tools/gdb-session")
source=$(realpath "${top_srcdir:-.}")
build=$(realpath "${top_builddir:-.}")
cd "$tap_scratch" || exit 1		# gdb-console.log is left here

cat >calls.c <<'END'
#include <machine/call.h>

int main(void)
{
	for (;;) {
		__asm__ volatile(FLAGS);
		exo_call(EXO_CALL_ENV_REAP, 1, 0, 0, 0, 0);
	}
}
END

x86_64() {	# x86_64 REGISTERS: commands of the debugger's
	cat <<-'END'
		define kernel_takes
			set $v = &((struct machine *)$rdi)->vcpus[((struct cpu *)$rsi)->current]
			set $user_sp = $v->regs.rsp & ~7
			set $user_pc = $v->regs.rip
			set $has_flags = $v->regs.rflags >> 18 & 1
		end
		define kernel_copies
			set $rdi = $arg0
			set $rsi = $arg1
			set $rdx = 8
			set $rsp = $rsp - 8
			set *(unsigned long *)$rsp = $back
		end
		define fault_is_at
			set $at = $cr2
		end
	END
}

aarch64() {
	cat <<-'END'
		define kernel_takes
			set $v = &((struct machine *)$x0)->vcpus[((struct cpu *)$x1)->current]
			set $user_sp = $v->regs.sp & ~7
			set $user_pc = $v->regs.pc
			set $has_flags = 1
		end
		define kernel_copies
			set $x0 = $arg0
			set $x1 = $arg1
			set $x2 = 8
			set $x30 = $back
		end
		define fault_is_at
			set $at = $x3
		end
	END
}

# memcpy by the kernel to $arg0 from $arg1; and a step at an address. Breakpoints: where it came
# from, and where exceptions of the kernel's end.
both() {
	cat <<-'END'
		set pagination off
		set confirm off
		hbreak main
		continue
		delete
		hbreak *kernel_syscall
		continue
		kernel_takes
		while !$has_flags
			continue
			kernel_takes
		end
		hbreak *trap_fatal
		set $back = (unsigned long)$pc
		set $stack = (unsigned long)$sp
		set $own = $stack - 4096 + ($stack & 7)
		define astray
			set $sp = $stack
			kernel_copies $arg0 $arg1
			set $pc = (unsigned long)&memcpy
			continue
			fault_is_at
			if $pc == $back
				printf "result: went through\n"
			else
				printf "result: stopped at %lx, %d\n", $pc, $at == $arg2
			end
		end
		astray $stack-256 $stack-512 0
		astray $stack-256 $user_sp $user_sp
		astray $user_sp $stack-256 $user_sp
		set $sp = $stack
		set $pc = $user_pc
		stepi
		if (long)$pc < 0
			printf "result: not executed\n"
		else
			printf "result: executed\n"
		end
		printf "traps: %lx\n", (unsigned long)&trap_fatal
		kill
	END
}

stops() {	# stops ARCH FLAGS
	{ "$1"; both; } >"$1.gdb"
	"$build/tools/chitin-cc" --arch "$1" -O2 -g -I"$source" -DFLAGS="\"$2\"" calls.c -o calls ||
		exit 1
	GDB_OPTIONS="-batch -x $PWD/$1.gdb" timeout 120 sh "$session" "$build/tools/chitin-run" \
		--arch "$1" --timeout 100 calls >out 2>err </dev/null
	stopped="stopped at $(sed -n 's/^traps: //p' out), 1"
	i=0
	for what in "its own memory is copied:went through" "a program's is not read:$stopped" \
		"nor written:$stopped" "nor executed:not executed"; do
		i=$((i + 1))
		tap_eq "$1: ${what%:*}" "$(sed -n 's/^result: //p' out | sed -n ${i}p)" "${what#*:}"
	done
}

if [ -n "${QEMU_X86_64-}" ] && command -v gdb >/dev/null; then
	stops x86_64 'pushfq; orl $0x40000, (%rsp); popfq'	# AC
else
	tap_skip "x86-64" "no qemu-system-x86_64 or gdb"
fi
if [ -n "${QEMU_AARCH64-}" ] && [ -f "$build/aarch64/libos.elf" ] &&
	command -v gdb-multiarch >/dev/null; then
	stops aarch64 nop
else
	tap_skip "AArch64" "no qemu-system-aarch64, not built, or no gdb-multiarch"
fi
tap_done tests/tools/kernel_leaves_programs_alone.sh
