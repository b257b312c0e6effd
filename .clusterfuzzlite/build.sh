#!/bin/bash -eu
# SPDX-License-Identifier: ISC
# The fuzz targets as OSS-Fuzz and ClusterFuzzLite want them: each in $OUT with its seed corpus (the
# corpus and the findings of the past), dictionary and options. They set SRC, OUT, WORK, CC, CFLAGS,
# CXXFLAGS and LIB_FUZZING_ENGINE; the source is $SRC/chitin, which is left as it is but for what
# bootstrap makes.
source=$SRC/chitin
[ -x "$source/configure" ] || "$source/bootstrap"
read -ra targets <<<"$(sed -n 's/^FUZZ_TARGETS = //p' "$source/fuzz/local.mk")"

# Engines are written in C++; with their own library they need it named.
case ${CXXFLAGS-} in
*-stdlib=libc++*) LIB_FUZZING_ENGINE="$LIB_FUZZING_ENGINE -stdlib=libc++ -lc++" ;;
esac
mkdir -p "$WORK/build"
cd "$WORK/build"
"$source/configure" CC="$CC" CFLAGS="$CFLAGS" LIB_FUZZING_ENGINE="$LIB_FUZZING_ENGINE"
fuzzers=("${targets[@]/#/fuzz/}")
# Their compiler may be newer than ours and warn of more.
make -j"$(nproc)" WARN_CFLAGS=-std=gnu11 "${fuzzers[@]/%/.fuzz}"

for target in "${targets[@]}"; do
	cp "fuzz/$target.fuzz" "$OUT/$target"
	cp "$source/.clusterfuzzlite/options" "$OUT/$target.options"
	dictionary=$source/fuzz/$target.dict
	[ -f "$dictionary" ] || dictionary=$source/fuzz/records.dict
	cp "$dictionary" "$OUT/$target.dict"
	seeds=$WORK/seeds/$target
	mkdir -p "$seeds"
	tar -xzf "$source/fuzz/corpus/$target.tar.gz" -C "$seeds"
	find "$source/fuzz/regressions" -name "$target-*" -exec cp -t "$seeds" {} +
	rm -f "$OUT/${target}_seed_corpus.zip"
	(cd "$seeds" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
done
