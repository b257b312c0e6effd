/* SPDX-License-Identifier: ISC */
/* One function an instruction: ports, model-specific and control registers, CPUID. No locks. */
#ifndef ARCH_X86_64_EXO_X86_H
#define ARCH_X86_64_EXO_X86_H

#include <stdint.h>

enum x86_msr {
	MSR_APIC_BASE = 0x1b,
	MSR_EFER = 0xc0000080,
	MSR_STAR = 0xc0000081,
	MSR_LSTAR = 0xc0000082,
	MSR_FMASK = 0xc0000084,
	MSR_GS_BASE = 0xc0000101,
	MSR_KERNEL_GS_BASE = 0xc0000102, /* the program's, while the kernel runs */
};

struct x86_cpuid {
	uint32_t a, b, c, d;
};

static inline void x86_out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline void x86_out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t x86_in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline uint64_t x86_msr_load(enum x86_msr msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"((uint32_t)msr));
	return (uint64_t)high << 32 | low;
}

static inline void x86_msr_save(enum x86_msr msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"((uint32_t)msr), "a"((uint32_t)value),
			 "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t x86_cr2(void)
{
	uint64_t value;

	__asm__ volatile("movq %%cr2, %0" : "=r"(value));
	return value;
}

/* Loading a root drops all translations but global ones. */
static inline uint64_t x86_cr3(void)
{
	uint64_t value;

	__asm__ volatile("movq %%cr3, %0" : "=r"(value));
	return value;
}

static inline void x86_cr3_load(uint64_t value)
{
	__asm__ volatile("movq %0, %%cr3" : : "r"(value) : "memory");
}

/* Leaf `a`, subleaf `c`; all zeros if the CPU does not know the leaf. */
static inline struct x86_cpuid x86_cpuid(uint32_t a, uint32_t c)
{
	struct x86_cpuid r = { a & 0x80000000u, 0, 0, 0 };

	__asm__ volatile("cpuid" : "+a"(r.a), "=b"(r.b), "+c"(r.c), "=d"(r.d));
	if (r.a < a)
		return (struct x86_cpuid){ 0, 0, 0, 0 };
	r.a = a;
	r.c = c;
	__asm__ volatile("cpuid" : "+a"(r.a), "=b"(r.b), "+c"(r.c), "=d"(r.d));
	return r;
}

#endif
