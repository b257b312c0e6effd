dnl SPDX-License-Identifier: ISC
dnl CHITIN_FUZZ: what the fuzz targets are built with. LIB_FUZZING_ENGINE, if it is set, is what
dnl takes libFuzzer's place, and then CFLAGS have the instrumentation (as OSS-Fuzz does it). Without
dnl either the targets are skipped. AFL++ brings its own compiler.
AC_DEFUN([CHITIN_FUZZ], [
AC_ARG_VAR([LIB_FUZZING_ENGINE], [linked to the fuzz targets in the place of libFuzzer])
AS_IF([test -n "$LIB_FUZZING_ENGINE"], [FUZZ_SANITIZE= have_fuzzer=yes], [
	FUZZ_SANITIZE="-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all"
	FUZZ_SANITIZE="$FUZZ_SANITIZE -fsanitize-address-use-after-return=never"
	dnl Compared values help little where inputs are calls, and cost a third of the rate; where calls
	dnl through pointers lead the counters there tell.
	FUZZ_SANITIZE="$FUZZ_SANITIZE -fno-sanitize-coverage=trace-cmp,indirect-calls,stack-depth"
	LIB_FUZZING_ENGINE=-fsanitize=fuzzer
	AC_CACHE_CHECK([whether $CC has libFuzzer and the sanitizers], [chitin_cv_fuzzer], [
		echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' >conftest.c
		AS_IF([$CC $FUZZ_SANITIZE $LIB_FUZZING_ENGINE conftest.c -o conftest 2>/dev/null >&2],
			[chitin_cv_fuzzer=yes], [chitin_cv_fuzzer=no])
		rm -f conftest conftest.c
	])
	have_fuzzer=$chitin_cv_fuzzer
])
AC_SUBST([FUZZ_SANITIZE])
AM_CONDITIONAL([HAVE_FUZZER], [test "$have_fuzzer" = yes])
AC_CHECK_PROGS([AFL_CC], [afl-clang-fast])
AC_CHECK_PROGS([LLVM_PROFDATA], [llvm-profdata-16 llvm-profdata])
AC_CHECK_PROGS([LLVM_COV], [llvm-cov-16 llvm-cov])
])
