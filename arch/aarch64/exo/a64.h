/* SPDX-License-Identifier: ISC */
/* One function an instruction, and the bits of the CPU's registers that we set. No locks. */
#ifndef ARCH_AARCH64_EXO_A64_H
#define ARCH_AARCH64_EXO_A64_H

#include <stdint.h>

/* Read and write a system register by its name. */
#define a64_load(name) ({ \
	uint64_t a64_value; \
	__asm__ volatile("mrs %0, " #name : "=r"(a64_value) : : "memory"); \
	a64_value; \
})
#define a64_save(name, value) \
	__asm__ volatile("msr " #name ", %x0" : : "rZ"((uint64_t)(value)) : "memory")

/* Of MPIDR_EL1: which CPU it is. */
#define A64_AFFINITY UINT64_C(0xff00ffffff)

/* Of TCR_EL1: the CPU notes accesses and first writes by itself. */
#define A64_TCR_HD (UINT64_C(1) << 40)

/* A field of 4 bits, as the CPU's feature registers have them. */
static inline unsigned a64_field(uint64_t value, unsigned shift)
{
	return (unsigned)(value >> shift) & 15u;
}

static inline void a64_isb(void)
{
	__asm__ volatile("isb" : : : "memory");
}

/* A device's register. */
static inline uint32_t a64_in32(uint64_t address)
{
	return *(volatile uint32_t *)address;
}

static inline void a64_out32(uint64_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

#endif
