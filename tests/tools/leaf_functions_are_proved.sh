# SPDX-License-Identifier: ISC
# Leaf functions of the kernel do what their contracts say (comments that begin with @) for all
# inputs: Frama-C's WP with the solver CVC4 proves every goal, and not all any more where a mistake
# is planted. One CPU: an atomic operation is what it does when nobody interferes.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
for tool in frama-c why3 cvc4; do
	command -v $tool >/dev/null || tap_skip_all "no $tool"
done
source=$(cd "${top_srcdir:-.}" && pwd)
export HOME="$tap_scratch" # where why3 keeps what provers there are
why3 config detect >"$tap_scratch/why3" 2>&1 || tap_skip_all "why3 finds no prover"

# What Frama-C does not know of C11 or of clang.
cat >"$tap_scratch/proofs.h" <<'END'
#define _Alignas(bytes)
#define _Atomic
#define _Static_assert(...)
#define _Thread_local
#define __has_feature(name) 0
#define __builtin_expect(value, expected) (value)
#include <stdatomic.h>
#undef atomic_load_explicit
#undef atomic_compare_exchange_weak_explicit
#define atomic_load_explicit(at, order) (*(at))
#define atomic_compare_exchange_weak_explicit(at, expected, value, success, failure) \
	(*(at) = (value), 1)
END

# Goals that are not proved, or all that was said if it did not come to goals.
unproved() {	# unproved FILE FUNCTION OPTION...: of the tree in the current folder
	file=$1 function=$2
	shift 2
	frama-c -c11 -machdep gcc_x86_64 -cpp-extra-args="-I. -I$source -I$source/arch/host/include \
		-include $tap_scratch/proofs.h" -wp -wp-prover cvc4 -wp-timeout 10 -wp-par 1 \
		-wp-fct "$function" "$@" "$file" >"$tap_scratch/log" 2>&1
	if grep -q '^\[wp\] Proved goals: *\([0-9]*\) / \1$' "$tap_scratch/log"; then
		return
	fi
	grep -E 'Goal .*: (Unknown|Timeout|Failed)' "$tap_scratch/log" || cat "$tap_scratch/log"
}

proved() {	# proved FILE FUNCTION OPTION...: as it is, not with $mistake in the file $in
	cd "$source" || exit 1
	tap_eq "$2: every goal is proved" "$(unproved "$@")" ""
	rm -rf "$tap_scratch/tree"
	mkdir -p "$tap_scratch/tree/exo"
	cd "$tap_scratch/tree" || exit 1
	cp "$source/$1" "$source"/exo/*.h exo
	sed "$mistake" "$source/$in" >"$in"
	tap_ok "$2: with a mistake not all is proved" grep -q Goal <<END
$(unproved "$@")
END
}

in=exo/account.c mistake='s/new_used > new_limit)/new_used > new_limit + 1)/'
proved exo/account.c quota_change -wp-rte
in=exo/batch.c mistake='s/count && index + count <=/count \&\& (uint8_t)index + count <=/'
proved exo/batch.c run_fits
in=exo/elf.c mistake='s/file_bytes > file->bytes - segment->offset/offset + segment->file_bytes > file->bytes/'
proved exo/elf.c elf_check_segment -wp-rte -warn-unsigned-overflow
in=exo/inline.h mistake='s/pfn - MACHINE_FIRST_FRAME < m->/pfn - MACHINE_FIRST_FRAME <= m->/'
proved exo/frame.c frame_exists -wp-rte -warn-unsigned-overflow
tap_done tests/tools/leaf_functions_are_proved.sh
