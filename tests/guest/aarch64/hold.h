/* SPDX-License-Identifier: ISC */
/*
 * For kernel tests on AArch64: a loop that holds a pattern in every register there is and looks at
 * it all the time: general registers, vectors, FPCR and FPSR, the thread pointer. (x0 has the
 * pattern; x28 and v31 are what it looks with.)
 */
#ifndef TESTS_GUEST_HOLD_H
#define TESTS_GUEST_HOLD_H

#include "tests/guest/raw.h"

enum { GENERALS = 29, VECTORS = 31 };

/* What one vcpu's registers hold. The assembly below knows the offsets. */
struct pattern {
	uint64_t general[GENERALS];  /* 0: x1 .. x27, x29, x30 */
	uint64_t rounds;             /* 232 */
	uint64_t bad;                /* 240 */
	uint64_t thread;             /* 248 */
	uint64_t control, status;    /* 256 */
	uint64_t control_end, status_end; /* 272: as found at the end */
	uint64_t vector[VECTORS][2]; /* 288 */
	uint64_t done;
};

_Static_assert(offsetof(struct pattern, rounds) == 232 && offsetof(struct pattern, bad) == 240
	       && offsetof(struct pattern, control) == 256
	       && offsetof(struct pattern, vector) == 288, "hold");

/* Load all, compare until `rounds` are over, note what is bad. The second one also has an upcall
 * and a yield in each round. */
void hold(struct pattern *pattern);
void hold_busy(struct pattern *pattern);

#define GENERAL(x) \
	x(1, 0) x(2, 8) x(3, 16) x(4, 24) x(5, 32) x(6, 40) x(7, 48) x(8, 56) x(9, 64)	\
	x(10, 72) x(11, 80) x(12, 88) x(13, 96) x(14, 104) x(15, 112) x(16, 120)	\
	x(17, 128) x(18, 136) x(19, 144) x(20, 152) x(21, 160) x(22, 168) x(23, 176)	\
	x(24, 184) x(25, 192) x(26, 200) x(27, 208) x(29, 216) x(30, 224)
#define VECTOR(x) \
	x(0, 288) x(1, 304) x(2, 320) x(3, 336) x(4, 352) x(5, 368) x(6, 384) x(7, 400)	\
	x(8, 416) x(9, 432) x(10, 448) x(11, 464) x(12, 480) x(13, 496) x(14, 512)	\
	x(15, 528) x(16, 544) x(17, 560) x(18, 576) x(19, 592) x(20, 608) x(21, 624)	\
	x(22, 640) x(23, 656) x(24, 672) x(25, 688) x(26, 704) x(27, 720) x(28, 736)	\
	x(29, 752) x(30, 768)
#define LOAD(n, at)    "	ldr x" #n ", [x0, #" #at "]\n"
#define COMPARE(n, at) "	ldr x28, [x0, #" #at "]\n	cmp x28, x" #n "\n	b.ne 2f\n"
#define LOAD_VECTOR(n, at)    "	ldr q" #n ", [x0, #" #at "]\n"
#define COMPARE_VECTOR(n, at) "	ldr q31, [x0, #" #at "]\n"			\
	"	cmeq v31.16b, v31.16b, v" #n ".16b\n	uminv b31, v31.16b\n"		\
	"	umov w28, v31.b[0]\n	cmp w28, #255\n	b.ne 2f\n"

#define HOLD_BEGIN								\
	"	.arch_extension fp\n	.arch_extension simd\n"			\
	"	stp x19, x20, [sp, #-96]!\n	stp x21, x22, [sp, #16]\n"		\
	"	stp x23, x24, [sp, #32]\n	stp x25, x26, [sp, #48]\n"		\
	"	stp x27, x28, [sp, #64]\n	stp x29, x30, [sp, #80]\n"		\
	"	ldr x28, [x0, #248]\n	msr tpidr_el0, x28\n"			\
	"	ldr x28, [x0, #256]\n	msr fpcr, x28\n"			\
	"	ldr x28, [x0, #264]\n	msr fpsr, x28\n"			\
	VECTOR(LOAD_VECTOR) GENERAL(LOAD)					\
	"1:\n" GENERAL(COMPARE) VECTOR(COMPARE_VECTOR)			\
	"	mrs x28, tpidr_el0\n	ldr x1, [x0, #248]\n"			\
	"	cmp x28, x1\n	b.ne 2f\n	ldr x1, [x0]\n"
#define HOLD_END								\
	"	ldr x28, [x0, #232]\n	subs x28, x28, #1\n"			\
	"	str x28, [x0, #232]\n	b.ne 1b\n	b 3f\n"			\
	"2:	ldr x28, [x0, #240]\n	add x28, x28, #1\n	str x28, [x0, #240]\n"	\
	"3:	mrs x28, fpcr\n	str x28, [x0, #272]\n"			\
	"	mrs x28, fpsr\n	str x28, [x0, #280]\n"			\
	"	ldp x21, x22, [sp, #16]\n"						\
	"	ldp x23, x24, [sp, #32]\n	ldp x25, x26, [sp, #48]\n"		\
	"	ldp x27, x28, [sp, #64]\n	ldp x29, x30, [sp, #80]\n"		\
	"	ldp x19, x20, [sp], #96\n"						\
	"	ret\n"

__asm__("hold:" HOLD_BEGIN HOLD_END);
__asm__("hold_busy:" HOLD_BEGIN
	"	udf #0\n"
	GENERAL(COMPARE)
	"	str x0, [sp, #-16]!\n	mov x0, xzr\n"
	"	movz x8, #8\n	movk x8, #0x544e, lsl #32\n" /* yield(0) */
	"	movk x8, #0x4348, lsl #48\n	svc #0\n"
	"	ldr x0, [sp], #16\n	ldr x1, [x0]\n	ldr x8, [x0, #56]\n"
	HOLD_END);

/* Values that differ in every register of two patterns, and how many rounds to hold them. */
static inline void pattern_fill(struct pattern *p, uint64_t seed, uint64_t rounds)
{
	uint64_t i, *word = (uint64_t *)p;

	for (i = 0; i < sizeof(*p) / 8; i++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		word[i] = seed;
	}
	p->control = seed & 1 ? 0x00800000 : 0x01400000; /* rounding; flushing to zero */
	p->status = seed & 1 ? 0x1f : 0x08000000;        /* what happened; saturation */
	p->rounds = rounds;
	p->bad = 0;
	p->done = 0;
}

/* The control word. */
static inline uint64_t pattern_control(const struct pattern *p)
{
	return p->control;
}

/* Has nothing been left in the registers that a newborn does not set: 0. */
static inline uint64_t pattern_of_newborn(void)
{
	uint64_t vector[2], control;

	__asm__ volatile(".arch_extension fp\n\tstr q7, [%1]\n\tmrs %0, fpcr"
			 : "=r"(control) : "r"(vector) : "memory");
	return machine_thread_pointer() | vector[0] | vector[1] | control;
}

/* Were they held to the end? */
static inline void pattern_check(const struct pattern *p, const char *name)
{
	raw_ok(p->bad == 0 && p->rounds == 0, name);
	raw_ok(p->control == p->control_end && p->status == p->status_end,
	       "the control words too");
}

#endif
