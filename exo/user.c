/* SPDX-License-Identifier: ISC */
/* Copies between kernel and program. Touches tables (accessed and dirty bits) and the program's
 * frames. Takes the env lock. */
#include "exo/user.h"

#include "exo/slot.h"

#include <machine/slot.h>

void *user_window(struct machine *m, unsigned env, struct uaddr at, uint64_t bytes, bool is_write)
{
	uint64_t offset = at.a % EXO_PAGE_SIZE, slot, mark;
	struct slot_path path;

	if (offset + bytes > EXO_PAGE_SIZE || slot_find(m, m->envs[env].root, at.a, 1, &path))
		return NULL;
	slot = atomic_load_explicit(path.slot, memory_order_relaxed);
	if (!slot_is_present(slot) || !(slot_access(slot) & EXO_READ))
		return NULL;
	if (is_write && !(slot_access(slot) & EXO_WRITE && path.is_open))
		return NULL;
	mark = SLOT_ACCESSED | (is_write ? SLOT_DIRTY : 0);
	if ((slot & mark) != mark)
		atomic_fetch_or_explicit(path.slot, mark, memory_order_relaxed);
	return (char *)arch_frame_memory(m, (struct pfn){ slot_pfn(slot) }) + offset;
}

static err_t user_copy(struct machine *m, unsigned env, struct uaddr at, char *buffer,
		       uint64_t bytes, bool is_write)
{
	err_t err = EXO_OK;

	env_lock(m, env);
	while (bytes) {
		uint64_t room = EXO_PAGE_SIZE - at.a % EXO_PAGE_SIZE;
		uint64_t n = bytes < room ? bytes : room;
		void *window = user_window(m, env, at, n, is_write);

		if (!window) {
			err = EXO_E_POINTER;
			break;
		}
		if (is_write)
			__builtin_memcpy(window, buffer, n);
		else
			__builtin_memcpy(buffer, window, n);
		buffer += n;
		at.a += n;
		bytes -= n;
	}
	env_unlock(m, env);
	return err;
}

err_t user_read(struct machine *m, unsigned env, void *to, struct uaddr from, uint64_t bytes)
{
	return user_copy(m, env, from, to, bytes, false);
}

err_t user_write(struct machine *m, unsigned env, struct uaddr to, const void *from, uint64_t bytes)
{
	return user_copy(m, env, to, (char *)(uintptr_t)from, bytes, true);
}
