# SPDX-License-Identifier: ISC
# LIBOS_STRACE=1: each call of each process of a family in a line of its own, with the caller's pid,
# paths, flags, signals and errors by name, on both architectures.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"

has() {	# has NAME PATTERN
	tap_ok "$arch: $1" grep -Eq -e "$2" "$tap_scratch/trace"
}

check() {	# check ARCHITECTURE BUSYBOX
	arch=$1
	# shellcheck disable=SC2016 # for the shell of the guest
	tap_status "$arch: a shell that forks" 0 "${top_builddir:-.}/tools/chitin-run" --arch "$arch" \
		--icount --timeout 120 --env LIBOS_STRACE=1 "$2" sh -c '
		echo text >/tmp/file; busybox cat /tmp/file
		busybox dd if=/dev/null bs=300000 2>/dev/null
		busybox cat /tmp/absent; (kill -TERM $(exec busybox sh -c "echo \$PPID")); true'
	tr -d '\r' <"$tap_scratch/out" >"$tap_scratch/trace"
	has "a path and the flags of open" '^\[2\] open(at)?\((AT_FDCWD, )?"/tmp/file", O_WRONLY\|O_CREAT\|O_TRUNC, 0666\) = [0-9]+$'
	has "memory: protection and flags" '^\[[0-9]+\] mmap\(.*, PROT_READ\|PROT_WRITE, MAP_PRIVATE\|MAP_ANONYMOUS, -1, 0\) = 0x'
	has "fork by clone, its flags" '^\[2\] (v?fork\(\)|clone\(CLONE_CHILD_CLEARTID\|CLONE_CHILD_SETTID\|SIGCHLD, .*\)) = [0-9]+$'
	child=$(sed -nE 's/^\[2\] (v?fork|clone)\(.*\) = ([0-9]+)$/\2/p' "$tap_scratch/trace" |
		head -n 1)
	has "the child has lines of its own: pid ${child:-none}" "^\[${child:-none}\] execve\(\""
	has "the child after exec" "^\[$child\] open(at)?\(.*\"/tmp/file\", O_RDONLY.*\) = [0-9]+\$"
	has "what it wrote" "^\[$child\] (write\(1, \"text.*\"|sendfile\(1)"
	has "its end" "^\[$child\] exit_group\(0\)"
	has "which its parent takes" "^\[2\] wait4\(.*\) = $child\$"
	has "an error by name" 'open(at)?\(.*"/tmp/absent", O_RDONLY.*\) = -1 ENOENT$'
	has "a signal that is sent" '^\[[0-9]+\] kill\([0-9]+, SIGTERM\) = '
	has "and one that comes" '--- signal 17 SIGCHLD, '
	tap_eq "$arch: no line without a pid" "$(grep -vE '^\[[0-9]+\] ' "$tap_scratch/trace" |
		grep -vE "^(text|cat: |Terminated)" | head -n 3)" ""
}

if [ -n "${QEMU_X86_64-}" ] && busybox=$(command -v busybox); then
	check x86_64 "$busybox"
fi
if [ -n "${QEMU_AARCH64-}" ] && [ -n "${BUSYBOX_AARCH64-}" ]; then
	check aarch64 "$BUSYBOX_AARCH64"
fi
[ $tap_count -gt 0 ] || tap_skip_all "no emulator or busybox"
tap_done tests/tools/strace_names_things.sh
