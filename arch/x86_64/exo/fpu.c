/* SPDX-License-Identifier: ISC */
/*
 * The state of a vcpu beside its general registers: x87, SSE and AVX by XSAVE (SDM 1, 13), and the
 * bases of FS and GS. While the kernel runs, the program's GS base is in IA32_KERNEL_GS_BASE.
 * Touches the CPU's registers and what it is given; no locks. The kernel itself uses none of them.
 */
#include "arch/x86_64/exo/local.h"
#include "arch/x86_64/exo/x86.h"

enum {
	FPU_X87_SSE = 3,
	FPU_AVX = 4,
	FPU_MXCSR = 0x1f80,   /* SSE: all exceptions masked */
	FPU_MXCSR_BYTE = 24,  /* where it lies in the area */
	FPU_HEADER_BYTE = 512, /* which states the area holds: none, and they get initial values */
	FPU_ALL = FPU_X87_SSE | FPU_AVX, /* what we save, as far as it is on */
};

uint32_t fpu_init(void)
{
	bool has_avx = x86_cpuid(1, 0).c >> 28 & 1 && x86_cpuid(0xd, 0).a & FPU_AVX;
	uint32_t state = has_avx ? FPU_ALL : FPU_X87_SSE;
	uint32_t bytes;

	__asm__ volatile("xsetbv" : : "a"(state), "d"(0), "c"(0));
	bytes = x86_cpuid(0xd, 0).b;
	if (bytes > ARCH_FPU_AREA)
		boot_refuse("this CPU's FPU state is larger than was planned for");
	return bytes;
}

void arch_fpu_init(struct arch_fpu *fpu)
{
	memset(fpu, 0, sizeof(*fpu));
	*(uint32_t *)&fpu->area[FPU_MXCSR_BYTE] = FPU_MXCSR;
}

void arch_fpu_save(struct arch_fpu *fpu, bool is_dead)
{
	if (is_dead) {
		*(uint64_t *)&fpu->area[FPU_HEADER_BYTE] = 0;
		*(uint32_t *)&fpu->area[FPU_MXCSR_BYTE] = FPU_MXCSR;
	} else {
		__asm__ volatile("xsave64 %0"
				 : "+m"(fpu->area) : "a"(FPU_ALL), "d"(0) : "memory");
	}
	__asm__ volatile("rdfsbase %0" : "=r"(fpu->fs_base));
	fpu->gs_base = x86_msr_load(MSR_KERNEL_GS_BASE);
}

/* Selectors of segments are nobody's state, but what one program has loaded would stay for the next
 * to read. That of GS takes the base along: so it is loaded where the base is the program's. */
void arch_fpu_load(const struct arch_fpu *fpu)
{
	__asm__ volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%fs; swapgs; mov %0, %%gs; swapgs"
			 : : "r"(0) : "memory");
	__asm__ volatile("xrstor64 %0" : : "m"(fpu->area), "a"(FPU_ALL), "d"(0) : "memory");
	__asm__ volatile("wrfsbase %0" : : "r"(fpu->fs_base));
	x86_msr_save(MSR_KERNEL_GS_BASE, fpu->gs_base);
}
