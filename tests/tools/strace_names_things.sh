# SPDX-License-Identifier: ISC
# LIBOS_STRACE=1: each call of each process of a family in a line of its own, with the caller's pid,
# paths, flags, signals and errors by name.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
busybox=$(command -v busybox) || tap_skip_all "no busybox"
build=${top_builddir:-.}

# shellcheck disable=SC2016 # for the shell of the guest
tap_status "a shell that forks" 0 "$build/tools/chitin-run" --icount --timeout 120 \
	--env LIBOS_STRACE=1 "$busybox" sh -c 'echo text >/tmp/file; busybox cat /tmp/file
	busybox dd if=/dev/null bs=300000 2>/dev/null
	busybox cat /tmp/absent; (kill -TERM $(exec busybox sh -c "echo \$PPID")); true'
tr -d '\r' <"$tap_scratch/out" >"$tap_scratch/trace"
has() {	# has NAME PATTERN
	tap_ok "$1" grep -Eq -e "$2" "$tap_scratch/trace"
}
has "a path and the flags of open" \
	'^\[2\] open(at)?\((AT_FDCWD, )?"/tmp/file", O_WRONLY\|O_CREAT\|O_TRUNC, 0666\) = [0-9]+$'
has "memory: protection and flags" \
	'^\[[0-9]+\] mmap\(.*, PROT_READ\|PROT_WRITE, MAP_PRIVATE\|MAP_ANONYMOUS, -1, 0\) = 0x'
has "fork by clone, its flags" '^\[2\] (v?fork\(\)|clone\(CLONE_CHILD_CLEARTID\|CLONE_CHILD_SETTID\|SIGCHLD, .*\)) = [0-9]+$'
child=$(sed -nE 's/^\[2\] (v?fork|clone)\(.*\) = ([0-9]+)$/\2/p' "$tap_scratch/trace" | head -n 1)
tap_ok "the child has lines of its own: pid ${child:-none}" \
	grep -q "^\[${child:-none}\] execve(\"" "$tap_scratch/trace"
has "the child after exec" "^\[$child\] open(at)?\(.*\"/tmp/file\", O_RDONLY.*\) = [0-9]+\$"
has "what it wrote" "^\[$child\] (write\(1, \"text.*\"|sendfile\(1)"
has "its end" "^\[$child\] exit_group\(0\)"
has "which its parent takes" "^\[2\] wait4\(.*\) = $child\$"
has "an error by name" 'open(at)?\(.*"/tmp/absent", O_RDONLY.*\) = -1 ENOENT$'
has "a signal that is sent" '^\[[0-9]+\] kill\([0-9]+, SIGTERM\) = '
has "and one that comes" '--- signal 17 SIGCHLD, '
tap_eq "no line without a pid" \
	"$(grep -vE '^\[[0-9]+\] ' "$tap_scratch/trace" | grep -vE "^(text|cat: |Terminated)" | head -n 3)" ""
tap_done tests/tools/strace_names_things.sh
