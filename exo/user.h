/* SPDX-License-Identifier: ISC */
/*
 * User memory: a type of its own that only these functions open. They walk the env's tables as the
 * CPU would (so what the program may not read or write, they refuse) and go through the kernel's
 * own address of the frame; the kernel never uses a user translation and never faults.
 */
#ifndef EXO_USER_H
#define EXO_USER_H

#include "exo/slot.h"

/* An address in the program's space. */
struct uaddr {
	uint64_t a;
};

/* The kernel's address of [at, at + bytes), all in one page, if the program may read it (and write
 * it, if so asked: then the page is marked dirty); NULL otherwise. Valid until the env lock is
 * given up, or as long as only the current env could change the slot and runs on this CPU alone.
 * Requires the env lock. */
static inline void *user_window(struct machine *m, unsigned env, struct uaddr at, uint64_t bytes,
				bool is_write, struct slot_path *path) REQUIRES(env_class)
{
	uint64_t offset = at.a % EXO_PAGE_SIZE, slot;

	if (offset + bytes > EXO_PAGE_SIZE || slot_find(m, m->envs[env].root, at.a, 1, path))
		return NULL;
	slot = atomic_load_explicit(path->slot, memory_order_acquire); /* pairs with: slot_set */
	if (!slot_is_present(slot) || !(slot_access(slot) & EXO_READ))
		return NULL;
	if (is_write && !(slot_access(slot) & EXO_WRITE && path->is_open))
		return NULL;
	slot_mark(path->slot, slot, is_write);
	return (char *)arch_frame_memory(m, (struct pfn){ slot_pfn(slot) }) + offset;
}

/* user_window_kept, when another page is wanted. A call that costs the usual way no registers. */
void user_window_keep(struct machine *m, unsigned env, struct uaddr at, uint64_t bytes,
		      void **window) REQUIRES(env_class) __attribute__((preserve_most));

/* As user_window for writing, and the page is remembered until its translation changes: that of the
 * upcall stack. Pages of common tables are not: others change them. */
static inline void *user_window_kept(struct machine *m, unsigned env, struct uaddr at,
				     uint64_t bytes) REQUIRES(env_class)
{
	const struct env *e = &m->envs[env];
	void *window;

	if (__builtin_expect(e->window && e->window == (at.a & -EXO_PAGE_SIZE), true))
		return (char *)arch_frame_memory(m, e->window_frame) + at.a % EXO_PAGE_SIZE;
	user_window_keep(m, env, at, bytes, &window);
	return window;
}

/* Copy to the address from the buffer (is_write), or from there into it: any alignment and length.
 * EXO_E_POINTER: part of it is not accessible (what came before may have been copied). Takes
 * env. */
err_t user_copy(struct machine *m, unsigned env, uint64_t at, void *buffer, uint64_t bytes,
		bool is_write) MUST_USE;

#endif
