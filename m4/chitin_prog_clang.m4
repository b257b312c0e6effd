dnl SPDX-License-Identifier: ISC
dnl CHITIN_PROG_CLANG: the C compiler, which must be clang: 16 unless CC says otherwise (AFL++'s of
dnl Debian is clang 14).
dnl One ./configure builds for three targets, so what is asked for is --target, not a name.
AC_DEFUN([CHITIN_PROG_CLANG], [
AS_IF([test -z "$CC"], [
	AC_CHECK_PROGS([CC], [clang-16 clang])
	AS_VAR_IF([CC], [], [AC_MSG_ERROR([Chitin is built with clang: install clang-16])])
])
AC_PROG_CC
AC_CACHE_CHECK([whether $CC is a clang that builds for other targets], [chitin_cv_prog_clang], [
	echo 'int x = __clang__;' >conftest.c
	AS_IF([$CC --target=x86_64-unknown-none-elf -ffreestanding -c conftest.c -o conftest.o \
		2>/dev/null >&2], [chitin_cv_prog_clang=yes], [chitin_cv_prog_clang=no])
	rm -f conftest.c conftest.o
])
AS_VAR_IF([chitin_cv_prog_clang], [no],
	[AC_MSG_ERROR([Chitin is built with clang, and CC=$CC is not: install clang-16])])
])
