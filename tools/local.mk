# SPDX-License-Identifier: ISC
# Host tools: chitin-cc builds programs for Chitin, chitin-run boots one in QEMU.
bin_SCRIPTS += tools/chitin-cc

NATIVE_CC = $(SHELL) tools/chitin-cc $(NATIVE_CFLAGS)
NATIVE_CFLAGS = -O2 -g -Wall -Wextra -Werror
NATIVE_NEEDS = tools/chitin-cc libos.a $(ABI_H) $(LIBOS_H)

AM_V_CHITIN_CC = $(am__v_CHITIN_CC_@AM_V@)
am__v_CHITIN_CC_ = $(am__v_CHITIN_CC_@AM_DEFAULT_V@)
am__v_CHITIN_CC_0 = @echo "  CHITIN   " $@;
am__v_CHITIN_CC_1 =
