# SPDX-License-Identifier: ISC
# What `make install` installs is enough to build a program and to pack it, far from both trees.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
[ -f "${top_builddir:-.}/libos.a" ] || tap_skip_all "no library OS was built"

there=$tap_scratch/there
tap_status "make install" 0 env MAKEFLAGS= make -C "${top_builddir:-.}" install prefix="$there"
for file in bin/chitin-cc bin/chitin-run include/chitin/abi/exo.h include/chitin/libos/libos.h \
	include/chitin/machine/regs.h lib/chitin/exo-x86_64.elf lib/chitin/libos.a \
	lib/chitin/libos.elf lib/chitin/native.ld; do
	tap_ok "$file" [ -f "$there/$file" ]
done

cat >"$tap_scratch/hello.c" <<'END'
#include <stdio.h>
#include "abi/exo.h"
#include "libos/libos.h"

int main(void)
{
	printf("%llx\n", (unsigned long long)EXO_LIBRARY_BASE);
	return 0;
}
END
mv "$there" "$tap_scratch/elsewhere"
tap_status "chitin-cc, moved elsewhere" 0 "$tap_scratch/elsewhere/bin/chitin-cc" -Wall -Werror \
	"$tap_scratch/hello.c" -o "$tap_scratch/hello"
tap_status "chitin-cc in two steps" 0 "$tap_scratch/elsewhere/bin/chitin-cc" -Wall -Werror -c \
	"$tap_scratch/hello.c" -o "$tap_scratch/hello.o"
tap_status "and linked" 0 "$tap_scratch/elsewhere/bin/chitin-cc" -Wall -Werror \
	"$tap_scratch/hello.o" -o "$tap_scratch/hello"
tap_status "chitin-run finds its library" 0 "$tap_scratch/elsewhere/bin/chitin-run" \
	--archive "$tap_scratch/archive" "$tap_scratch/hello"
tap_done tests/tools/installed.sh
