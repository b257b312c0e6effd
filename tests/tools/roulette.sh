# SPDX-License-Identifier: ISC
# roulette, exit-releases-waiters: a seed that wins ends the wheel and releases both who waited for
# it; one that loses restarts the machine, which then wins; on both architectures, with 1 to 4 CPUs,
# and from a shell.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
build=${top_builddir:-.}

count() {	# count TEXT: in what was printed
	grep -c "$1" "$tap_scratch/out"
}

spin() {	# spin NAME LOST OPTION...: status 0 after so many restarts, and both are released
	name=$1
	lost=$2
	shift 2
	tap_status "$name" 0 "$build/tools/chitin-run" --timeout 100 "$@"
	tap_eq "$name: times lost" "$(count '^you lose: the machine restarts')" "$lost"
	tap_eq "$name: then won" "$(count '^you win')" 1
	tap_eq "$name: who waited for the process goes on" "$(count '^released: .* process')" 1
	tap_eq "$name: who waited at the pipe goes on" "$(count '^released: .* pipe')" 1
}

if [ -n "${QEMU_X86_64-}" ]; then
	spin "x86-64, seed 1" 0 "$build/apps/roulette" 1
	for cpus in 1 2 4; do
		spin "x86-64, $cpus CPUs, seed 2" 1 --cpus $cpus "$build/apps/roulette" 2
	done
	tap_status "no number" 2 "$build/tools/chitin-run" --timeout 100 "$build/apps/roulette" red
	tap_eq "no number: it says what it wants" "$(count '^usage: roulette \[SEED\]')" 1
	if busybox=$(command -v busybox); then
		spin "in a shell" 1 --add "$build/apps/roulette=bin/roulette" "$busybox" \
			sh -c '/bin/roulette 2; exit $?'
	fi
fi
if [ -n "${QEMU_AARCH64-}" ] && [ -n "${MUSL_AARCH64_LIB-}" ]; then
	spin "AArch64, seed 1" 0 --arch aarch64 "$build/aarch64/apps/roulette" 1
	for cpus in 1 2 4; do
		spin "AArch64, $cpus CPUs, seed 2" 1 --arch aarch64 --cpus $cpus \
			"$build/aarch64/apps/roulette" 2
	done
fi
[ $tap_count -gt 0 ] || tap_skip_all "no emulator"
tap_done tests/tools/roulette.sh
