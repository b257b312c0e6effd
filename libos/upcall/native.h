/* SPDX-License-Identifier: ISC */
/* The calls of libos/libos.h inside the library: foreign system calls with a prefix of their
 * own, or, where no frame is needed, calls of a function. */
#ifndef LIBOS_UPCALL_NATIVE_H
#define LIBOS_UPCALL_NATIVE_H

#include "libos/base.h"

struct libos;

#define NATIVE_PREFIX UINT64_C(0x4c49424f00000000)

/* Answer the call in `frame` if it is one of these; its result register is set. False: it is
 * not. */
bool native_call(struct libos *os, struct exo_frame *frame);

/* libos_protect and libos_thread_yield as native_at_once (upcall.S) calls them: masked, on the
 * running thread's library stack, with one vcpu and no frame. More than 0: the number of the call
 * without arguments that shall be made by a frame instead. */
int64_t native_protect_at_once(uint64_t address, uint64_t length, uint64_t access);
int64_t native_thread_yield_at_once(void);

#endif
