# SPDX-License-Identifier: ISC
# The portable kernel. EXO_SOURCES is the one list: the host library and every kernel are built
# from it, so a file that is added here is in all of them.
EXO_AUDIT_SOURCES = exo/audit.c exo/audit_count.c
EXO_SOURCES = $(EXO_AUDIT_SOURCES) $(EXO_KERNEL_SOURCES)
EXO_KERNEL_SOURCES = \
	exo/account.c \
	exo/archive.c \
	exo/batch.c \
	exo/branch.c \
	exo/console.c \
	exo/cpu.c \
	exo/elf.c \
	exo/env.c \
	exo/flush.c \
	exo/frame.c \
	exo/lock.c \
	exo/main.c \
	exo/revoke.c \
	exo/slot.c \
	exo/syscall.c \
	exo/trace.c \
	exo/upcall.c \
	exo/user.c \
	exo/vcpu.c \
	exo/wait.c

EXO_H = exo/account.h exo/audit.h exo/audit_slot.h exo/base.h exo/boot.h exo/console.h exo/cpu.h \
	exo/env.h exo/flush.h exo/frame.h exo/inline.h exo/lock.h exo/machine.h exo/revoke.h \
	exo/slot.h exo/slot_batch.h exo/upcall.h exo/user.h exo/vcpu.h exo/wait.h

EXTRA_DIST += $(EXO_H)
