/* SPDX-License-Identifier: ISC */
/* The simulated machine's slots lie in memory as those of x86-64. */
#ifndef HOST_MACHINE_SLOT_H
#define HOST_MACHINE_SLOT_H

#include "arch/x86_64/include/machine/slot.h"

#endif
