# SPDX-License-Identifier: ISC
# What `make run` boots to, with somebody at the keyboard: a line is edited, keys interrupt, stop and
# end, jobs go to the background and back, programs and applets are found, the end has a status.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -n "${QEMU_X86_64-}" ] || tap_skip_all "no qemu-system-x86_64"
command -v busybox >/dev/null || tap_skip_all "no busybox"
source=$(cd "${top_srcdir:-.}" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
"${CC:-clang}" -std=gnu11 -Wall -Wextra -Werror "$source/tests/tools/terminal.c" \
	-o "$tap_scratch/terminal" || exit 1

session() {	# session NAME STATUS <LINES: of $arch; lines as terminal.c wants them; it ends with that status
	got=0
	MAKEFLAGS= MFLAGS= "$tap_scratch/terminal" 240 make -s -C "$build" run ARCH=$arch \
		>"$tap_scratch/out" 2>"$tap_scratch/err" || got=$?
	if [ "$got" != "$2" ]; then
		tail -n 30 "$tap_scratch/out" | cat -v | sed 's/^/# /'
		sed 's/^/# /' "$tap_scratch/err"
	fi
	tap_eq "$arch: $1" "$got" "$2"
}

sessions() {	# sessions ARCH
arch=$1
# make says 2 for whatever status a command of its has.
session "a line is edited with arrows, backspace, end and tab; the one before comes back" 0 <<'END'
> ~ #
< echo acd\x1b[D\x1b[D\x08\x1b[Cb\x1b[Fe\r
> \ncbde\r
> ~ #
< echo again\r
> \nagain\r
> ~ #
< \x1b[A\x1b[A\r
> \ncbde\r
> ~ #
< ls /b\thel\t\r
> \n/bin/hello\r
> ~ #
< \x04
END

session "our programs and applets as files; the shell's status is that of make run" 2 <<'END'
> ~ #
< hello you; echo "status $?"\r
> hello, you\r\nstatus 0\r
> ~ #
< test -L /bin/seq && /bin/seq 3 | tr '\\n' +; echo\r
> \n1+2+3+\r
> ~ #
< printf '#!/bin/sh\\necho $1; exit 3\\n' >/tmp/x; chmod +x /tmp/x; /tmp/x script; echo $?\r
> \nscript\r\n3\r
> ~ #
< exit 5\r
> Error 5
END

session "Ctrl-C ends a sleep and a loop; Ctrl-D is the end of input, then of the shell" 0 <<'END'
> ~ #
< sh -c 'echo sleeps; exec sleep 1000'\r
> \nsleeps\r
< \x03
> ~ #
< echo "status $?"\r
> \nstatus 130\r
> ~ #
< echo loops; while :; do :; done\r
> \nloops\r
< \x03
> ~ #
< echo "status $?"\r
> \nstatus 130\r
> ~ #
< echo reads; cat\r
> \nreads\r
< abx\x7fc\r
> abx
> \nabc\r
< \x04
> ~ #
< \x04
END

session "Ctrl-Z stops, jobs tells, bg and fg go on, Ctrl-C ends it then" 0 <<'END'
> ~ #
< sh -c 'trap "echo goes on" CONT; echo runs; while :; do :; done'\r
> \nruns\r
< \x1a
> Stopped
> ~ #
< jobs\r
> [1]+  Stopped
> ~ #
< bg\r
> goes on
< jobs\r
> [1]+  Running
> ~ #
< fg\r
> goes on
< \x03
> ~ #
< jobs; echo none\r
> \nnone\r
> ~ #
< sleep 1000 &\r
> ~ #
< kill %1; wait; echo "gone $?"\r
> gone 0\r
> ~ #
< \x04
END

session "a here-document, a monitor of processes, a function over several lines" 0 <<'END'
> ~ #
< cat <<E >/tmp/text\r
> >
< one $((1 + 1))\r
> >
< E\r
> ~ #
< cat /tmp/te*\r
> \none 2\r
> ~ #
< top\r
> COMMAND
< q
> ~ #
< twice() {\r
> >
< echo $1$1; }\r
> ~ #
< twice ab; sleep 1000 | cat &\r
> \nabab\r
> ~ #
< killall sleep; wait; jobs; echo none\r
> \nnone\r
> ~ #
< \x04
END
}

sessions x86_64
if [ -n "${QEMU_AARCH64-}" ] && [ -f "$build/aarch64/libos.elf" ] && [ -f "${BUSYBOX_AARCH64-}" ]; then
	sessions aarch64
else
	tap_skip "aarch64" "no qemu-system-aarch64, not built, or no busybox of arm64"
fi
tap_done tests/tools/shell_on_a_terminal.sh
