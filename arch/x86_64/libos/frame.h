/* SPDX-License-Identifier: ISC */
/* What assembly knows of struct exo_frame, the vcpu page and their numbers, which signal.c asserts;
 * and how a function begins. */
#ifndef ARCH_X86_64_LIBOS_FRAME_H
#define ARCH_X86_64_LIBOS_FRAME_H

#define FUNCTION(name) .globl name; .hidden name; .type name, @function; name:

#define CALL_RESUME	0x4348544e00000007 /* EXO_CALL_PREFIX | EXO_CALL_RESUME */
#define CALL_SELF	0x4348544e00000000 /* EXO_CALL_PREFIX | EXO_CALL_SELF */
#define KIND_SYSCALL	2
#define KIND_EVENTS	3
#define MASKED_OWED	2 /* UPCALL_OWED */

/* struct exo_vcpu_page, where GS base points. */
#define VCPU_ENTRY	%gs:16
#define VCPU_STACK_TOP	%gs:32
#define VCPU_MASKED	%gs:40
#define VCPU_PENDING	%gs:44
#define VCPU_PC		%gs:4000 /* struct vcpu_local, restored_pc */

#define FRAME_BYTES	176
#define FRAME_MASKED	24
#define FRAME_RSP	88
#define FRAME_R10	112
#define FRAME_RIP	160
#define FRAME_RFLAGS	168
#define FLAG_TF		0x100

/* A C function's arguments, and what it keeps; the other registers but rsp. */
#define FRAME_LIST_C(F) F(rax, 32) F(rbx, 40) F(rdx, 56) F(rsi, 64) F(rdi, 72) F(rbp, 80) \
	F(r8, 96) F(r12, 128) F(r13, 136) F(r14, 144) F(r15, 152)
#define FRAME_LIST_REST(F) F(rcx, 48) F(r9, 104) F(r10, 112) F(r11, 120)

/* What a C function keeps, in struct fork_context; the stack pointer and the way back follow. */
#define FORK_LIST(F) F(rbx, 0) F(rbp, 8) F(r12, 16) F(r13, 24) F(r14, 32) F(r15, 40)

#endif
