# SPDX-License-Identifier: ISC
# AArch64: the kernel exo-aarch64.elf, as QEMU boots it exo-aarch64.img; the library OS,
# aarch64/libos.a and aarch64/libos.elf. The same lists and rules as for x86-64.
AARCH64_EXO_SOURCES = $(COMMON_EXO_SOURCES) \
	arch/aarch64/exo/boot.S \
	arch/aarch64/exo/console.c \
	arch/aarch64/exo/cpu.c \
	arch/aarch64/exo/fpu.c \
	arch/aarch64/exo/further.c \
	arch/aarch64/exo/init.c \
	arch/aarch64/exo/irq.c \
	arch/aarch64/exo/memory.c \
	arch/aarch64/exo/mmu.c \
	arch/aarch64/exo/panic.c \
	arch/aarch64/exo/regs.c \
	arch/aarch64/exo/string.c \
	arch/aarch64/exo/timer.c \
	arch/aarch64/exo/trap.S

AARCH64_LIBOS_SOURCES = \
	arch/aarch64/libos/native.S \
	arch/aarch64/libos/signal.c \
	arch/aarch64/libos/start.S \
	arch/aarch64/libos/upcall.S \
	libos/linux/vdso_image.S

AARCH64_MACHINE_H = arch/aarch64/include/machine/call.h arch/aarch64/include/machine/regs.h \
	arch/aarch64/include/machine/slot.h
AARCH64_H = $(AARCH64_MACHINE_H) \
	arch/aarch64/exo/a64.h \
	arch/aarch64/exo/layout.h \
	arch/aarch64/exo/local.h \
	arch/aarch64/include/machine/fpu.h \
	arch/aarch64/include/machine/inline.h \
	arch/aarch64/include/machine/linux.def \
	arch/aarch64/include/machine/linux.h \
	arch/aarch64/include/machine/machine.h \
	arch/aarch64/libos/frame.h

EXTRA_DIST += $(AARCH64_H) arch/aarch64/exo/kernel.ld

# libfdt is Debian's, for Linux; of the C library it needs what string.c has.
exo_aarch64_elf_SOURCES = $(EXO_SOURCES) $(AARCH64_EXO_SOURCES)
exo_aarch64_elf_CPPFLAGS = $(AARCH64_CPPFLAGS) -idirafter $(MUSL_AARCH64_INCLUDE) \
	-idirafter $(FDT_INCLUDE)
exo_aarch64_elf_CFLAGS = $(AARCH64_CFLAGS) -fno-pic -flto
exo_aarch64_elf_CCASFLAGS = $(AARCH64_TARGET) $(AARCH64_CPPFLAGS) -g
exo_aarch64_elf_LINK = $(LLD) -static -nostdlib -z max-page-size=4096 \
	--build-id=none -T $(srcdir)/arch/aarch64/exo/kernel.ld -o $@
exo_aarch64_elf_LDADD = $(FDT_AARCH64)
EXTRA_exo_aarch64_elf_DEPENDENCIES = arch/aarch64/exo/kernel.ld

libos_aarch64_parts_a_SOURCES = $(LIBOS_SOURCES) $(AARCH64_LIBOS_SOURCES)
libos_aarch64_parts_a_CPPFLAGS = $(AARCH64_CPPFLAGS)
libos_aarch64_parts_a_CFLAGS = $(AARCH64_CFLAGS) -fpie -fvisibility=hidden -flto \
	-include $(srcdir)/libos/hidden.h
libos_aarch64_parts_a_CCASFLAGS = $(AARCH64_TARGET) $(AARCH64_CPPFLAGS) -g \
	-DVDSO_FILE='"aarch64/vdso.so"'

aarch64/vdso.so: $(VDSO_NEEDS) $(AARCH64_H) arch/aarch64/libos/vdso.map
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(CC) $(AARCH64_CPPFLAGS) $(AARCH64_CFLAGS) -O2 -fpic -fomit-frame-pointer \
		-c $(srcdir)/libos/linux/vdso.c -o $@.o && \
		$(VDSO_LINK) --version-script=$(srcdir)/arch/aarch64/libos/vdso.map -o $@ $@.o && \
		rm $@.o
libos/linux/aarch64_parts_a-vdso_image.$(OBJEXT): aarch64/vdso.so
EXTRA_DIST += arch/aarch64/libos/vdso.map
CLEANFILES += aarch64/vdso.so

aarch64_libos_elf_SOURCES =
aarch64_libos_elf_LINK = $(LLD) -static -nostdlib -z max-page-size=4096 \
	--build-id=none -T $(srcdir)/libos/libos.ld -o $@
aarch64_libos_elf_LDADD = aarch64/libos.o
EXTRA_aarch64_libos_elf_DEPENDENCIES = libos/libos.ld

if HAVE_AARCH64
image_PROGRAMS += exo-aarch64.elf
image_DATA += exo-aarch64.img
noinst_LIBRARIES += libos-aarch64-parts.a
imageaarch64dir = $(imagedir)/aarch64
imageaarch64_PROGRAMS = aarch64/libos.elf
imageaarch64_DATA = aarch64/libos.a
machineaarch64includedir = $(chitinincludedir)/aarch64/machine
machineaarch64include_HEADERS = $(AARCH64_MACHINE_H)
CLEANFILES += exo-aarch64.img aarch64/libos.o aarch64/libos.a
endif
EXTRA_PROGRAMS += exo-aarch64.elf aarch64/libos.elf
EXTRA_LIBRARIES = libos-aarch64-parts.a

exo-aarch64.img: exo-aarch64.elf
	$(AM_V_GEN)$(OBJCOPY) -O binary exo-aarch64.elf $@

aarch64/libos.o: libos-aarch64-parts.a
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(LLD) -r --whole-archive libos-aarch64-parts.a -o $@ && \
		$(OBJCOPY) --localize-hidden $@
aarch64/libos.a: aarch64/libos.o
	$(AM_V_AR)rm -f $@ && $(AR) cr $@ aarch64/libos.o
