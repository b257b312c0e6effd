# SPDX-License-Identifier: ISC
# .clusterfuzzlite/build.sh, with the variables that OSS-Fuzz sets but without its images: all
# targets with all that belongs to them, each of which runs what its seed corpus has.
set -u
. "${top_srcdir:-.}/tests/tools/tap.sh"
command -v zip >/dev/null && command -v unzip >/dev/null || tap_skip_all "no zip or no unzip"
source=$(cd "${top_srcdir:-.}" && pwd)
SRC=$tap_scratch/src OUT=$tap_scratch/made WORK=$tap_scratch/work
LIB_FUZZING_ENGINE=-fsanitize=fuzzer
CFLAGS='-O1 -gline-tables-only -fsanitize=address,fuzzer-no-link -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION'
CXXFLAGS=$CFLAGS
export SRC OUT WORK CC CFLAGS CXXFLAGS LIB_FUZZING_ENGINE
unset MAKEFLAGS MFLAGS MAKELEVEL # of the make that runs this
mkdir -p "$SRC" "$OUT" "$WORK"

echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' >"$tap_scratch/empty.c"
# shellcheck disable=SC2086 # a list of flags
$CC $CFLAGS $LIB_FUZZING_ENGINE "$tap_scratch/empty.c" -o "$tap_scratch/empty" 2>/dev/null ||
	tap_skip_all "no libFuzzer: install libclang-rt-16-dev"

if [ ! -e "$source/config.status" ]; then
	ln -s "$source" "$SRC/chitin"
else	# built where the source is; their build needs a clean one
	mkdir "$SRC/chitin"
	(cd "$source" && git ls-files -z >"$tap_scratch/files" 2>/dev/null &&
		tar -cf - configure aclocal.m4 Makefile.in build-aux --null -T "$tap_scratch/files") |
		tar -xf - -C "$SRC/chitin" || tap_skip_all "built in the source, which is not git's"
fi

targets=$(sed -n 's/^FUZZ_TARGETS = //p' "$source/fuzz/local.mk")
for target in $targets; do
	tap_ok "$target has a corpus" test -s "$source/fuzz/corpus/$target.tar.gz"
done

tap_status "build.sh" 0 bash -eu "$SRC/chitin/.clusterfuzzlite/build.sh"
[ "$tap_got" = 0 ] || tail -n 20 "$tap_scratch/err" | sed 's/^/# /'
cd "$OUT" || exit 1
tap_eq "nothing else is there" "$(ls | sort | xargs)" "$(for target in $targets; do
	printf '%s\n' "$target" "$target.dict" "$target.options" "${target}_seed_corpus.zip"
done | sort | xargs)"
for target in $targets; do
	unzip -q "${target}_seed_corpus.zip" -d "$tap_scratch/$target"
	inputs=$(find "$tap_scratch/$target" -type f | wc -l)
	old=$(find "$source/fuzz/regressions" -name "$target-*" | wc -l)
	tap_eq "$target: as many seeds as corpus and regressions have" "$inputs" \
		$(($(tar -tzf "$source/fuzz/corpus/$target.tar.gz" | grep -vc '/$') + old))
	options=$(sed -n '/^\[libfuzzer\]/,/^$/s/^\([a-z_]*\) = /-\1=/p' $target.options)
	asan=$(sed -n '/^\[asan\]/,/^$/s/^\([a-z_]*\) = /\1=/p' $target.options)
	# shellcheck disable=SC2086 # a list of options
	tap_status "$target runs them" 0 env ASAN_OPTIONS="detect_leaks=0:$asan" "./$target" \
		$options -runs=0 -dict=$target.dict "$tap_scratch/$target"
	tap_ok "$target: all of them" grep -q "seed corpus: files: $inputs " "$tap_scratch/err"
	tap_eq "$target: with options that there are" "$(grep 'unrecognized' "$tap_scratch/err")" ""
done
tap_done tests/tools/oss_fuzz_builds.sh
