/* SPDX-License-Identifier: ISC */
/* The machine is started again: pid 1 says so to the kernel with its own end. Touches the family's
 * flag for that; takes what family_signal and thread_block take. */
#include "libos/linux/linux.h"

#define REBOOT_MAGIC   UINT32_C(0xfee1dead)
#define REBOOT_MAGIC2  UINT32_C(672274793)
#define REBOOT_RESTART UINT32_C(0x01234567)

enum { REBOOT_SIGKILL = 9 };

int64_t reboot_call(struct linux_call *c)
{
	struct family *f = family_root();

	if ((uint32_t)c->arg[0] != REBOOT_MAGIC || (uint32_t)c->arg[1] != REBOOT_MAGIC2
	    || (uint32_t)c->arg[2] != REBOOT_RESTART)
		return -LINUX_EINVAL;
	/* Relaxed: the signal orders it. pairs with: init_look_at_main */
	atomic_store_explicit(&f->is_restarting, 1, memory_order_relaxed);
	/* The program that the machine was started for ends; pid 1 sees that and does the rest. */
	if (family_signal(c->os, (int32_t)f->main, REBOOT_SIGKILL, NULL))
		return -LINUX_ESRCH;
	while (thread_block(c->os, NULL, THREAD_NO_DEADLINE) == EXO_OK)
		;
	return 0;
}
