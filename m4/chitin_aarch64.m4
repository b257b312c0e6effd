dnl SPDX-License-Identifier: ISC
dnl CHITIN_AARCH64: what AArch64 needs beside clang, from Debian's packages of that architecture:
dnl musl, libfdt (for the kernel, unmodified), libgcc (long double). Without it only x86-64 is built.
AC_DEFUN([CHITIN_AARCH64], [
AC_ARG_VAR([MUSL_AARCH64_INCLUDE],
	[musl's headers for AArch64, default /usr/include/aarch64-linux-musl])
AC_ARG_VAR([MUSL_AARCH64_LIB], [its libc.a and crt1.o, default /usr/lib/aarch64-linux-musl])
AC_ARG_VAR([FDT_INCLUDE], [the folder of libfdt.h, default /usr/include])
AC_ARG_VAR([FDT_AARCH64], [libfdt.a for AArch64, default /usr/lib/aarch64-linux-gnu/libfdt.a])
AC_ARG_VAR([LIBGCC_AARCH64], [libgcc.a for AArch64, default that of gcc-aarch64-linux-gnu])
: ${MUSL_AARCH64_INCLUDE=/usr/include/aarch64-linux-musl}
: ${MUSL_AARCH64_LIB=/usr/lib/aarch64-linux-musl}
: ${FDT_INCLUDE=/usr/include}
: ${FDT_AARCH64=/usr/lib/aarch64-linux-gnu/libfdt.a}
: ${LIBGCC_AARCH64=`ls /usr/lib/gcc-cross/aarch64-linux-gnu/*/libgcc.a 2>/dev/null | tail -n 1`}
AC_ARG_VAR([BUSYBOX_AARCH64], [Debian's static busybox of arm64, for the tests and make run,
	default where bootstrap puts it: /usr/local/aarch64-linux-gnu/bin/busybox])
: ${BUSYBOX_AARCH64=/usr/local/aarch64-linux-gnu/bin/busybox}
AC_MSG_CHECKING([for musl, libfdt and libgcc for AArch64])
chitin_aarch64=
for chitin_file in "$MUSL_AARCH64_LIB/libc.a" "$MUSL_AARCH64_INCLUDE/stdio.h" \
	"$FDT_INCLUDE/libfdt.h" "$FDT_AARCH64" "${LIBGCC_AARCH64:-libgcc.a}"; do
	test -f "$chitin_file" || chitin_aarch64="$chitin_aarch64 $chitin_file"
done
AS_IF([test -z "$chitin_aarch64"], [AC_MSG_RESULT([yes])],
	[AC_MSG_RESULT([no])
	AC_MSG_WARN([missing:$chitin_aarch64 (packages musl-dev:arm64, libfdt-dev:arm64)])
	AC_MSG_WARN([AArch64 is not built, and its tests are skipped])])
AM_CONDITIONAL([HAVE_AARCH64], [test -z "$chitin_aarch64"])
])
