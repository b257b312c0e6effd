/* SPDX-License-Identifier: ISC */
/* The console's ring and the copies to and from programs. Touches the ring, the info page's
 * counter. Takes env and console locks; wait and cpu to wake readers. */
#include "exo/console.h"

#include "exo/user.h"

LOCK_PAIR(console, RANK_CONSOLE, (struct machine *m), &m->console_lock)

void console_receive(struct machine *m)
{
	unsigned size = ARRAY_COUNT(m->console_ring), taken = 0;
	int byte;

	console_lock(m);
	while (m->console_head - m->console_tail < size && (byte = arch_console_get(m)) >= 0) {
		m->console_ring[m->console_head++ % size] = (uint8_t)byte;
		taken++;
	}
	/* pairs with: wait_commit */
	atomic_store((_Atomic uint32_t *)&machine_info(m)->console_in, m->console_head);
	console_unlock(m);
	if (taken > 0)
		wait_wake_frame(m, m->info);
}

err_t console_write(struct machine *m, unsigned env, uint64_t buffer, uint64_t bytes)
{
	char copy[CONSOLE_WRITE_MAX];
	uint64_t i;

	if (bytes > CONSOLE_WRITE_MAX)
		return EXO_E_TOO_LONG;
	if (user_copy(m, env, buffer, copy, bytes, false))
		return EXO_E_POINTER;
	console_lock(m);
	for (i = 0; i < bytes; i++)
		arch_console_put(m, (uint8_t)copy[i]);
	console_unlock(m);
	return EXO_OK;
}

err_t console_read(struct machine *m, unsigned env, uint64_t buffer, uint64_t bytes,
		   uint64_t *taken)
{
	uint8_t copy[ARRAY_COUNT(m->console_ring)];
	uint32_t tail, i;
	err_t err;

	console_lock(m);
	tail = m->console_tail;
	for (i = 0; tail + i != m->console_head && i < bytes; i++)
		copy[i] = m->console_ring[(tail + i) % ARRAY_COUNT(copy)];
	console_unlock(m);
	err = user_copy(m, env, buffer, copy, i, true);
	if (err)
		return err;
	console_lock(m);
	/* Another CPU may have taken the same bytes meanwhile. */
	if ((int32_t)(tail + i - m->console_tail) > 0)
		m->console_tail = tail + i;
	console_unlock(m);
	if (i > 0)
		console_receive(m);
	*taken = i;
	return EXO_OK;
}

void console_print(struct machine *m, const char *text)
{
	console_lock(m);
	for (; *text; text++)
		arch_console_put(m, (uint8_t)*text);
	console_unlock(m);
}
