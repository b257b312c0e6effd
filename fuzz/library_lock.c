/* SPDX-License-Identifier: ISC */
/* The library's locks where one thread runs parts of it: nobody takes what is held, or gives back
 * what is not. */
#include "libos/lock.h"

#include "libos/state.h"

void lock_acquire(struct libos *os, enum lock_rank rank)
{
	assert(!os->lock[rank].holder);
	os->lock[rank].holder = 1;
}

void lock_release(struct libos *os, enum lock_rank rank)
{
	assert(os->lock[rank].holder);
	os->lock[rank].holder = 0;
}

void lock_check_none(struct libos *os)
{
	unsigned rank;

	for (rank = 0; rank < RANKS; rank++)
		assert(!os->lock[rank].holder);
}
