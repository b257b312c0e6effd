dnl SPDX-License-Identifier: ISC
dnl CHITIN_MUSL: where Debian's musl is; chitin-cc needs its headers and its libc.a, unmodified.
AC_DEFUN([CHITIN_MUSL], [
AC_ARG_VAR([MUSL_INCLUDE], [musl's headers, default /usr/include/x86_64-linux-musl])
AC_ARG_VAR([MUSL_LIB], [musl's libc.a and crt1.o, default /usr/lib/x86_64-linux-musl])
: ${MUSL_INCLUDE=/usr/include/x86_64-linux-musl}
: ${MUSL_LIB=/usr/lib/x86_64-linux-musl}
AC_MSG_CHECKING([for musl])
AS_IF([test -f "$MUSL_LIB/libc.a" && test -f "$MUSL_INCLUDE/stdio.h"],
	[AC_MSG_RESULT([$MUSL_LIB])],
	[AC_MSG_RESULT([no])
	AC_MSG_ERROR([programs are linked with musl: install musl-dev, or set MUSL_LIB and MUSL_INCLUDE])])
])
