dnl SPDX-License-Identifier: ISC
dnl CHITIN_PROG_LLVM: what belongs to clang: the linker, the archiver, the symbolizer.
AC_DEFUN([CHITIN_PROG_LLVM], [
AC_PATH_PROGS([LLD], [ld.lld-16 ld.lld])
AS_VAR_IF([LLD], [], [AC_MSG_ERROR([Chitin is linked with lld: install lld-16])])
AC_CHECK_PROGS([AR], [llvm-ar-16 llvm-ar ar])
AC_CHECK_PROGS([RANLIB], [llvm-ranlib-16 llvm-ranlib ranlib])
AC_CHECK_PROGS([OBJCOPY], [llvm-objcopy-16 llvm-objcopy])
AS_VAR_IF([OBJCOPY], [], [AC_MSG_ERROR([no llvm-objcopy: install llvm-16])])
AC_CHECK_PROGS([NM], [llvm-nm-16 llvm-nm nm])
AM_PROG_AR
AC_PROG_RANLIB
])
