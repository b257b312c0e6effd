# SPDX-License-Identifier: ISC
# x86-64: the kernel exo-x86_64.elf and the library OS, libos.a and libos.elf.
X86_64_EXO_SOURCES = $(COMMON_EXO_SOURCES) \
	arch/x86_64/exo/boot.S \
	arch/x86_64/exo/console.c \
	arch/x86_64/exo/cpu.c \
	arch/x86_64/exo/fpu.c \
	arch/x86_64/exo/further.c \
	arch/x86_64/exo/init.c \
	arch/x86_64/exo/irq.c \
	arch/x86_64/exo/memory.c \
	arch/x86_64/exo/mmu.c \
	arch/x86_64/exo/panic.c \
	arch/x86_64/exo/regs.c \
	arch/x86_64/exo/string.c \
	arch/x86_64/exo/timer.c \
	arch/x86_64/exo/trap.S

X86_64_LIBOS_SOURCES = \
	arch/x86_64/libos/native.S \
	arch/x86_64/libos/signal.c \
	arch/x86_64/libos/start.S \
	arch/x86_64/libos/upcall.S \
	libos/linux/vdso_image.S

X86_64_H = \
	arch/x86_64/exo/layout.h \
	arch/x86_64/exo/local.h \
	arch/x86_64/exo/x86.h \
	arch/x86_64/include/machine/fpu.h \
	arch/x86_64/include/machine/inline.h \
	arch/x86_64/include/machine/linux.def \
	arch/x86_64/include/machine/linux.h \
	arch/x86_64/include/machine/machine.h \
	arch/x86_64/libos/frame.h

EXTRA_DIST += $(X86_64_H)
machineincludedir = $(chitinincludedir)/machine
machineinclude_HEADERS = arch/x86_64/include/machine/call.h \
	arch/x86_64/include/machine/regs.h arch/x86_64/include/machine/slot.h

# Where chitin-run and chitin-cc look once installed.
imagedir = $(pkglibdir)
image_PROGRAMS = exo-x86_64.elf

EXTRA_DIST += arch/x86_64/exo/kernel.ld
exo_x86_64_elf_SOURCES = $(EXO_SOURCES) $(X86_64_EXO_SOURCES)
exo_x86_64_elf_CPPFLAGS = $(X86_64_CPPFLAGS)
exo_x86_64_elf_CFLAGS = $(X86_64_CFLAGS) -mcmodel=kernel -fno-pic -flto
exo_x86_64_elf_CCASFLAGS = $(X86_64_TARGET) $(X86_64_CPPFLAGS) -g
exo_x86_64_elf_LINK = $(LLD) -static -nostdlib -z max-page-size=4096 \
	--build-id=none -T $(srcdir)/arch/x86_64/exo/kernel.ld -o $@
exo_x86_64_elf_LDADD =
EXTRA_exo_x86_64_elf_DEPENDENCIES = arch/x86_64/exo/kernel.ld

# The library is linked at a fixed address far from the program, and refers to itself relative
# to the program counter only: hence -fpie with a static link. Its hidden names are made local
# (one object, libos.o), so that its memcpy and libc's never meet; what programs may call is
# declared with default visibility in libos/libos.h.
noinst_LIBRARIES += libos-x86_64-parts.a
image_DATA = libos.a
image_PROGRAMS += libos.elf
EXTRA_DIST += libos/libos.ld libos/vdso.ld libos/linux/vdso.c arch/x86_64/libos/vdso.map
dist_image_DATA = libos/native.ld
libos_x86_64_parts_a_SOURCES = $(LIBOS_SOURCES) $(X86_64_LIBOS_SOURCES)
libos_x86_64_parts_a_CPPFLAGS = $(X86_64_CPPFLAGS)
libos_x86_64_parts_a_CFLAGS = $(X86_64_CFLAGS) -fpie -fvisibility=hidden -flto \
	-include $(srcdir)/libos/hidden.h
libos_x86_64_parts_a_CCASFLAGS = $(X86_64_TARGET) $(X86_64_CPPFLAGS) -g -DVDSO_FILE='"vdso.so"'
CLEANFILES += libos.o libos.a vdso.so

# What the library shows a program as the kernel's shared object.
VDSO_LINK = $(LLD) -shared -soname linux-vdso.so.1 --hash-style=both --build-id=none \
	-z max-page-size=4096 -s -T $(srcdir)/libos/vdso.ld
VDSO_NEEDS = libos/linux/vdso.c libos/vdso.ld $(ABI_H)
vdso.so: $(VDSO_NEEDS) $(X86_64_H) arch/x86_64/libos/vdso.map
	$(AM_V_CCLD)$(CC) $(X86_64_CPPFLAGS) $(X86_64_CFLAGS) -O2 -fpic -fomit-frame-pointer \
		-c $(srcdir)/libos/linux/vdso.c -o $@.o && \
		$(VDSO_LINK) --version-script=$(srcdir)/arch/x86_64/libos/vdso.map -o $@ $@.o && \
		rm $@.o
libos/linux/x86_64_parts_a-vdso_image.$(OBJEXT): vdso.so

libos.o: libos-x86_64-parts.a
	$(AM_V_CCLD)$(LLD) -r --whole-archive libos-x86_64-parts.a -o $@ && \
		$(OBJCOPY) --localize-hidden $@
libos.a: libos.o
	$(AM_V_AR)rm -f $@ && $(AR) cr $@ libos.o

libos_elf_SOURCES =
libos_elf_LINK = $(LLD) -static -nostdlib -z max-page-size=4096 \
	--build-id=none -T $(srcdir)/libos/libos.ld -o $@
libos_elf_LDADD = libos.o
EXTRA_libos_elf_DEPENDENCIES = libos/libos.ld
