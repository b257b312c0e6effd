/* SPDX-License-Identifier: ISC */
/* What assembly knows of struct exo_frame, the vcpu page and their numbers, which signal.c asserts;
 * and how a function begins. */
#ifndef ARCH_AARCH64_LIBOS_FRAME_H
#define ARCH_AARCH64_LIBOS_FRAME_H

#define FUNCTION(name) .globl name; .hidden name; .type name, %function; name:

#define CALL_RESUME	0x4348544e00000007 /* EXO_CALL_PREFIX | EXO_CALL_RESUME */
#define CALL_SELF	0x4348544e00000000 /* EXO_CALL_PREFIX | EXO_CALL_SELF */
#define KIND_SYSCALL	2

/* struct exo_vcpu_page. */
#define VCPU_ENTRY	16
#define VCPU_STACK_TOP	32
#define VCPU_MASKED	40
#define VCPU_PENDING	44

#define FRAME_BYTES	304
#define FRAME_MASKED	24
#define FRAME_X0	32
#define FRAME_X8	96
#define FRAME_X19	184
#define FRAME_X29	264
#define FRAME_SP	280
#define FRAME_PC	288

#endif
