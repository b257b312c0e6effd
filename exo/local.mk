# SPDX-License-Identifier: ISC
# The portable kernel. EXO_SOURCES is the one list: the host library and every kernel are built
# from it, so a file that is added here is in all of them.
EXO_SOURCES =

EXO_H = exo/account.h exo/base.h exo/cpu.h exo/env.h exo/flush.h exo/frame.h exo/inline.h \
	exo/lock.h exo/machine.h exo/vcpu.h exo/wait.h

EXTRA_DIST += $(EXO_H)
