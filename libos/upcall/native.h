/* SPDX-License-Identifier: ISC */
/* The calls of libos/libos.h inside the library: foreign system calls with a prefix of their
 * own. */
#ifndef LIBOS_UPCALL_NATIVE_H
#define LIBOS_UPCALL_NATIVE_H

#include "libos/base.h"

struct libos;

#define NATIVE_PREFIX UINT64_C(0x4c49424f00000000)

/* Answer the call in `frame` if it is one of these; its result register is set. False: it is
 * not. */
bool native_call(struct libos *os, struct exo_frame *frame);

#endif
