# SPDX-License-Identifier: ISC
# The kernels that have faults planted on purpose (tests/faults/hook.c), of the same sources, with
# named points: for the tests that say `run-guest-ARCH: --kernel tests/faults/...`.
FAULTS_WRAP = --wrap=kernel_syscall --wrap=frame_alloc --wrap=frame_alloc_raw --wrap=frame_ref \
	--wrap=frame_drain --wrap=account_charge --wrap=env_create --wrap=vcpu_start \
	--wrap=slice_alloc --wrap=wait_start

EXTRA_PROGRAMS += tests/faults/exo-x86_64.elf tests/faults/exo-aarch64.elf
tests_faults_exo_x86_64_elf_SOURCES = $(exo_x86_64_elf_SOURCES) tests/faults/hook.c
tests_faults_exo_x86_64_elf_CPPFLAGS = $(exo_x86_64_elf_CPPFLAGS) -DEXO_DEBUG=1
tests_faults_exo_x86_64_elf_CFLAGS = $(exo_x86_64_elf_CFLAGS)
tests_faults_exo_x86_64_elf_CCASFLAGS = $(exo_x86_64_elf_CCASFLAGS)
tests_faults_exo_x86_64_elf_LINK = $(exo_x86_64_elf_LINK) $(FAULTS_WRAP)
tests_faults_exo_x86_64_elf_LDADD = $(exo_x86_64_elf_LDADD)
tests_faults_exo_aarch64_elf_SOURCES = $(exo_aarch64_elf_SOURCES) tests/faults/hook.c
tests_faults_exo_aarch64_elf_CPPFLAGS = $(exo_aarch64_elf_CPPFLAGS) -DEXO_DEBUG=1
tests_faults_exo_aarch64_elf_CFLAGS = $(exo_aarch64_elf_CFLAGS)
tests_faults_exo_aarch64_elf_CCASFLAGS = $(exo_aarch64_elf_CCASFLAGS)
tests_faults_exo_aarch64_elf_LINK = $(exo_aarch64_elf_LINK) $(FAULTS_WRAP)
tests_faults_exo_aarch64_elf_LDADD = $(exo_aarch64_elf_LDADD)

# As QEMU boots it.
tests/faults/exo-aarch64.img: tests/faults/exo-aarch64.elf
	$(AM_V_GEN)$(OBJCOPY) -O binary tests/faults/exo-aarch64.elf $@

check_DATA += tests/faults/exo-x86_64.elf
if HAVE_AARCH64
check_DATA += tests/faults/exo-aarch64.img
endif
CLEANFILES += tests/faults/exo-x86_64.elf tests/faults/exo-aarch64.elf tests/faults/exo-aarch64.img
