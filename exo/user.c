/* SPDX-License-Identifier: ISC */
/* Copies between kernel and program. Touches tables (accessed and dirty bits) and the program's
 * frames. Takes the env lock. */
#include "exo/user.h"

#include "exo/slot.h"

void user_window_keep(struct machine *m, unsigned env, struct uaddr at, uint64_t bytes,
		      void **window)
{
	struct slot_path path;

	*window = user_window(m, env, at, bytes, true, &path);
	if (*window && !table_is_common(m, path.table)) {
		m->envs[env].window = at.a & -EXO_PAGE_SIZE;
		m->envs[env].window_frame.n = slot_pfn(slot_get(path.slot));
	}
}

err_t user_copy(struct machine *m, unsigned env, uint64_t at, void *buffer, uint64_t bytes,
		bool is_write)
{
	struct slot_path path;
	err_t err = EXO_OK;

	env_lock(m, env);
	while (bytes && !err) {
		uint64_t room = EXO_PAGE_SIZE - at % EXO_PAGE_SIZE;
		uint64_t n = bytes < room ? bytes : room;
		void *window = user_window(m, env, (struct uaddr){ at }, n, is_write, &path);

		if (window)
			__builtin_memcpy(is_write ? window : buffer, is_write ? buffer : window, n);
		else
			err = EXO_E_POINTER;
		buffer = (char *)buffer + n;
		at += n;
		bytes -= n;
	}
	env_unlock(m, env);
	return err;
}
