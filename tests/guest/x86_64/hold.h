/* SPDX-License-Identifier: ISC */
/*
 * For kernel tests on x86-64: a loop that holds a pattern in every register there is and looks at
 * it all the time: general registers, x87, AVX, their control words, the bases of FS and GS.
 */
#ifndef TESTS_GUEST_HOLD_H
#define TESTS_GUEST_HOLD_H

#include "tests/guest/raw.h"

enum { X87 = 8, YMM = 15 };

/* What one vcpu's registers hold. The assembly below knows the offsets. */
struct pattern {
	uint64_t general[14];       /* 0: rax rbx rcx rdx rsi rbp r8 .. r15 */
	uint64_t rounds;            /* 112 */
	uint64_t bad;               /* 120 */
	uint64_t fs, gs;            /* 128: bases; each points to the address itself */
	uint64_t x87[X87];          /* 144 */
	uint32_t mxcsr, fcw;        /* 208 */
	uint32_t mxcsr_end, fcw_end; /* 216: as found at the end */
	uint64_t x87_end[X87];      /* 224 */
	uint64_t ymm[YMM][4];       /* 288 */
	uint64_t done;
};

/* Load all, compare until `rounds` are over, note what is bad. The second one also has an upcall
 * and a yield in each round. */
void hold(struct pattern *pattern);
void hold_busy(struct pattern *pattern);

#define GENERAL(x) x(rax, 0) x(rbx, 8) x(rcx, 16) x(rdx, 24) x(rsi, 32) x(rbp, 40) x(r8, 48)	\
	x(r9, 56) x(r10, 64) x(r11, 72) x(r12, 80) x(r13, 88) x(r14, 96) x(r15, 104)
#define VECTOR(x) x(0, 288) x(1, 320) x(2, 352) x(3, 384) x(4, 416) x(5, 448) x(6, 480)	\
	x(7, 512) x(8, 544) x(9, 576) x(10, 608) x(11, 640) x(12, 672) x(13, 704) x(14, 736)
#define LOAD(name, at)    "	mov " #at "(%rdi), %" #name "\n"
#define COMPARE(name, at) "	cmp " #at "(%rdi), %" #name "\n	jne 2f\n"
#define LOAD_VECTOR(n, at)    "	vmovdqu " #at "(%rdi), %ymm" #n "\n"
#define COMPARE_VECTOR(n, at) "	vpxor " #at "(%rdi), %ymm" #n ", %ymm15\n"	\
	"	vptest %ymm15, %ymm15\n	jnz 2f\n"
#define LOAD_X87(at)  "	fldl " #at "(%rdi)\n"
#define STORE_X87(at) "	fstpl " #at "(%rdi)\n"

#define HOLD_BEGIN								\
	"	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n"		\
	"	push %r14\n	push %r15\n"						\
	"	mov 128(%rdi), %rax\n	wrfsbase %rax\n"			\
	"	mov 136(%rdi), %rax\n	wrgsbase %rax\n"			\
	"	ldmxcsr 208(%rdi)\n	fninit\n	fldcw 212(%rdi)\n"		\
	LOAD_X87(144) LOAD_X87(152) LOAD_X87(160) LOAD_X87(168)		\
	LOAD_X87(176) LOAD_X87(184) LOAD_X87(192) LOAD_X87(200)		\
	VECTOR(LOAD_VECTOR) GENERAL(LOAD)					\
	"1:\n" GENERAL(COMPARE) VECTOR(COMPARE_VECTOR)			\
	"	cmp %rax, %fs:0\n	jne 2f\n"					\
	"	cmp %rbx, %gs:0\n	jne 2f\n"
#define HOLD_END								\
	"	decq 112(%rdi)\n	jnz 1b\n	jmp 3f\n"				\
	"2:	incq 120(%rdi)\n"						\
	"3:	stmxcsr 216(%rdi)\n	fnstcw 220(%rdi)\n"			\
	STORE_X87(280) STORE_X87(272) STORE_X87(264) STORE_X87(256)		\
	STORE_X87(248) STORE_X87(240) STORE_X87(232) STORE_X87(224)		\
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n"		\
	"	pop %rbp\n	pop %rbx\n"						\
	"	ret\n"

__asm__("hold:" HOLD_BEGIN HOLD_END);
__asm__("hold_busy:" HOLD_BEGIN
	"	ud2\n"
	GENERAL(COMPARE)
	"	push %rdi\n	xor %edi, %edi\n"
	"	movabs $0x4348544e00000008, %rax\n	syscall\n" /* yield(0) */
	"	pop %rdi\n"
	"	mov 0(%rdi), %rax\n	mov 16(%rdi), %rcx\n"
	"	mov 24(%rdi), %rdx\n	mov 72(%rdi), %r11\n"
	HOLD_END);

/* Values that differ in every register of two patterns, and how many rounds to hold them. */
static inline void pattern_fill(struct pattern *p, uint64_t seed, uint64_t rounds)
{
	uint64_t i, *word = (uint64_t *)p;

	for (i = 0; i < sizeof(*p) / 8; i++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		word[i] = seed >> 12 | UINT64_C(0x3ff0000000000000); /* as a double, in [1, 2) */
	}
	p->fs = (uint64_t)&p->general[0];
	p->gs = (uint64_t)&p->general[1];
	p->mxcsr = seed & 1 ? 0x1f80 : 0x7f80;
	p->fcw = seed & 1 ? 0x37f : 0xf7f;
	p->rounds = rounds;
	p->bad = 0;
	p->done = 0;
}

/* The control word of SSE. */
static inline uint64_t pattern_control(const struct pattern *p)
{
	return p->mxcsr;
}

/* Has nothing been left in the registers that a newborn does not set: 0. */
static inline uint64_t pattern_of_newborn(void)
{
	uint64_t vector[4];

	__asm__ volatile("vmovdqu %%ymm7, (%0)" : : "r"(vector) : "memory");
	return machine_thread_pointer() | machine_vcpu() | vector[0] | vector[1] | vector[2]
		| vector[3];
}

/* Were they held to the end? */
static inline void pattern_check(const struct pattern *p, const char *name)
{
	bool is_same = p->mxcsr == p->mxcsr_end && (p->fcw & 0xffff) == (p->fcw_end & 0xffff);
	unsigned i;

	for (i = 0; i < X87; i++)
		is_same &= p->x87[i] == p->x87_end[i];
	raw_ok(p->bad == 0 && p->rounds == 0, name);
	raw_ok(is_same, "x87 and the control words too");
}

#endif
