/* SPDX-License-Identifier: ISC */
/* Copies between kernel and program. Touches tables (accessed and dirty bits) and the program's
 * frames. Takes the env lock. */
#include "exo/user.h"

#include "exo/slot.h"

void *user_window_keep(struct machine *m, unsigned env, struct uaddr at, uint64_t bytes)
{
	struct slot_path path;
	void *window = user_window(m, env, at, bytes, true, &path);

	if (window && !table_is_common(m, path.table)) {
		m->envs[env].window = at.a & -EXO_PAGE_SIZE;
		m->envs[env].window_frame.n = slot_pfn(slot_get(path.slot));
	}
	return window;
}

static err_t user_copy(struct machine *m, unsigned env, struct uaddr at, char *buffer,
		       uint64_t bytes, bool is_write)
{
	struct slot_path path;
	err_t err = EXO_OK;

	env_lock(m, env);
	while (bytes) {
		uint64_t room = EXO_PAGE_SIZE - at.a % EXO_PAGE_SIZE;
		uint64_t n = bytes < room ? bytes : room;
		void *window = user_window(m, env, at, n, is_write, &path);

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
