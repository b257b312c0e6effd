# SPDX-License-Identifier: ISC
# Each house rule speaks when it is broken, with file and line, and is silent when it is not.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
check=$(realpath "${top_srcdir:-.}/build-aux/syntax-check")
tree=$tap_scratch/tree

clean() {	# a small tree that keeps all rules
	rm -rf "$tree"
	mkdir -p "$tree/abi" "$tree/exo" "$tree/libos" "$tree/arch/host/include/machine" "$tree/tests/host" \
		"$tree/arch/x86_64/include/machine" "$tree/doc"
	for f in exo/a.h exo/a.c libos/b.c tests/host/t.c arch/x86_64/include/machine/m.h \
		arch/host/include/machine/m.h; do
		printf '/* SPDX-License-Identifier: ISC */\n/* A file. */\n' >"$tree/$f"
	done
	echo '#include <machine/m.h>' >>"$tree/exo/a.c"
	printf '# SPDX-License-Identifier: ISC\nTESTS = tests/host/t.tap\n' >"$tree/tests/local.mk"
	printf '/* SPDX-License-Identifier: ISC */\nCALL(0, SELF, self, "self")\n' >"$tree/abi/call.def"
	echo "EXO_CALL_SELF" >"$tree/doc/abi.md"
	echo "read exo/a.h, then exo/a.c" >"$tree/doc/tour.md"
}

breaks() {	# breaks RULE FILE TEXT: the text, added to FILE, breaks RULE there
	clean
	printf '%s\n' "$3" >>"$tree/$2"
	said=$(sh "$check" "$tree" "$1" 2>&1)
	case $said in
	"$1: $2:"*) tap_ok "$1 speaks of $2" true ;;
	*) tap_eq "$1 speaks of $2" "$said" "$1: $2:..." ;;
	esac
}

clean
tap_eq "a clean tree has no complaint" "$(sh "$check" "$tree" 2>&1)" ""

breaks sc_globals exo/a.c "int x;"
breaks sc_globals exo/a.c "static struct lock all = { 0 };"
breaks sc_todo libos/b.c "/* TO""DO: all of it */"
breaks sc_cond exo/a.c "#ifdef __x86_64__"
breaks sc_layers exo/a.c '#include "libos/b.h"'
breaks sc_layers libos/b.c '#include "exo/a.h"'
breaks sc_layers exo/a.c '#include <stdio.h>'
breaks sc_size exo/a.h "$(seq -f 'int f%g(void);' 500)"
breaks sc_size exo/a.c "$(seq -f 'int f%g(void); /* and a comment */' 3501)"
tap_eq "and of the kernel's budget" "$(echo "$said" | grep 'exo:1')" \
	"sc_size: exo:1: 3502 lines of code; 3500 are allowed"
breaks sc_lines exo/a.c "int   f(void); "
breaks sc_lines exo/a.c "$(printf '%0101d\n' 0)"
breaks sc_typedef exo/a.h "typedef struct a a;"
breaks sc_paths exo/a.c "/* see /ro""ot/notes */"
breaks sc_compile exo/a.h "struct a { struct b b; };"
mkdir -p "$tree/arch/host/include/machine" "$tree/doc"
echo "the call read" >"$tree/doc/linux.md"
echo "CALL(0, read, a, \"d\")" >"$tree/arch/host/include/machine/linux.def"
tap_eq "sc_linux is silent" "$(sh "$check" "$tree" sc_linux 2>/dev/null)" ""
echo "ABSENT(1, ready)" >>"$tree/arch/host/include/machine/linux.def"
tap_eq "sc_linux speaks" "$(sh "$check" "$tree" sc_linux 2>/dev/null)" \
	"sc_linux: doc/linux.md:1: does not name ready"
rm -rf "$tree/arch/host/include/machine/linux.def" "$tree/doc/linux.md"
breaks sc_abi doc/abi.md "EXO_CALL_OTHER"
echo 'CALL(1, NEW, new, "new")' >>"$tree/abi/call.def"
tap_eq "sc_abi speaks of a name that is missing" \
	"$(sh "$check" "$tree" sc_abi 2>/dev/null | head -n 1)" \
	"sc_abi: doc/abi.md:1: no EXO_CALL_NEW"
breaks sc_tour doc/tour.md "and exo/a.c again"

if [ -n "${CTAGS-}" ]; then
	breaks sc_size exo/a.c "int f(void) {
$(seq -f 'f(%g);' 60)
}"
fi

clean
echo "int f(void);" >"$tree/exo/a.h"
tap_eq "sc_spdx speaks" "$(sh "$check" "$tree" sc_spdx 2>/dev/null | cut -d: -f1-2)" \
	"sc_spdx: exo/a.h"
tap_eq "sc_header_comment speaks" \
	"$(sh "$check" "$tree" sc_header_comment 2>/dev/null | cut -d: -f1-2)" \
	"sc_header_comment: exo/a.h"
clean
cp "$tree/tests/host/t.c" "$tree/tests/host/forgotten.c"
tap_eq "sc_tests_listed speaks" \
	"$(sh "$check" "$tree" sc_tests_listed 2>/dev/null | cut -d: -f1-2)" \
	"sc_tests_listed: tests/host/forgotten.c"
rm "$tree/tests/host/forgotten.c" "$tree/arch/host/include/machine/m.h"
tap_eq "sc_machine_names speaks" \
	"$(sh "$check" "$tree" sc_machine_names 2>/dev/null | cut -d: -f1-2)" \
	"sc_machine_names: arch/host/include/machine/m.h"
clean
{ cat "$tree/exo/a.c"; echo "/* I-1 */"; } >"$tree/exo/audit.c"
tap_eq "sc_invariants speaks" \
	"$(sh "$check" "$tree" sc_invariants 2>&1 | grep -c 'exo/audit.c')" 7
tap_eq "sc_dist speaks" "$(DISTFILES="exo/a.h exo/a.c" sh "$check" "$tree" sc_dist 2>/dev/null |
	grep -c libos/b.c)" 1
tap_done tests/tools/syntax_check.sh
