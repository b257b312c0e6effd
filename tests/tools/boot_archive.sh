# SPDX-License-Identifier: ISC
# The boot archive is newc cpio that others can read, in the promised order, each member's data
# on a page boundary.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
command -v cpio >/dev/null || tap_skip_all "no cpio"
kernel=${top_builddir:-.}/tests/tools/kernel.elf

echo "some text, once" >"$tap_scratch/text"
: >"$tap_scratch/empty"
head -c 4096 /dev/zero | tr '\0' p >"$tap_scratch/page"
tap_status "written" 0 "${top_builddir:-.}/tools/chitin-run" --archive "$tap_scratch/archive" \
	--libos "$kernel" --add "$tap_scratch/empty" --add "$tap_scratch/page=/deep/er/page" \
	--add "$tap_scratch/text=text" --env A=b --env C=d "$kernel" one "two words"

tap_eq "members in order" "$(cpio -it --quiet <"$tap_scratch/archive" | tr '\n' ' ')" \
	"init args bin/kernel.elf empty deep/er/page text "
mkdir "$tap_scratch/tree"
tap_ok "cpio unpacks it" sh -c "cd '$tap_scratch/tree' && cpio -id --quiet <../archive"
size=$(wc -c <"$tap_scratch/tree/init")
tap_ok "the library, as far as it is loaded" cmp -n "$size" "$kernel" "$tap_scratch/tree/init"
tap_ok "not its symbols" [ "$size" -lt "$(wc -c <"$kernel")" ]
tap_ok "the program" cmp "$kernel" "$tap_scratch/tree/bin/kernel.elf"
tap_ok "is executable" [ -x "$tap_scratch/tree/bin/kernel.elf" ]
tap_ok "a text" cmp "$tap_scratch/text" "$tap_scratch/tree/text"
tap_ok "a whole page" cmp "$tap_scratch/page" "$tap_scratch/tree/deep/er/page"
tap_ok "an empty file" cmp "$tap_scratch/empty" "$tap_scratch/tree/empty"
tap_eq "arguments and environment" "$(tr '\0' '|' <"$tap_scratch/tree/args")" \
	"/bin/kernel.elf|one|two words||A=b|C=d||"

offset() {	# offset TEXT: where it is in the archive
	grep -abo -m1 "$1" "$tap_scratch/archive" | head -n 1 | cut -d: -f1
}
tap_eq "a text begins a page" "$(($(offset 'some text, once') % 4096))" 0
tap_eq "a page is a page" "$(($(offset pppppppp) % 4096))" 0
tap_done tests/tools/boot_archive.sh
