/* SPDX-License-Identifier: ISC */
/* A family in the host's memory and the kernel's tables that it reads, for a host test of
 * libos/family and libos/fork in one file: one thread plays all members, so locks do nothing. */
#ifndef TESTS_HOST_FAMILY_MEMORY_H
#define TESTS_HOST_FAMILY_MEMORY_H

#include "libos/state.h"
#include "tests/host/family_alone.h"

static struct {
	struct libos os; /* of who is asked by functions that take no libos */
	struct family *family;
	struct exo_info info;
	uint64_t tables[1024];
} memory;

char *linux_family(void)
{
	return (char *)memory.family;
}

char *linux_info(void)
{
	return (char *)&memory.info;
}

const void *linux_table(const struct exo_info *info, unsigned which)
{
	(void)info, (void)which;
	return memory.tables;
}

struct libos *libos_state(void)
{
	return &memory.os;
}

void family_lock(struct libos *os, enum family_lock_rank rank)
{
	(void)os, (void)rank;
}

void family_unlock(struct libos *os, enum family_lock_rank rank)
{
	(void)os, (void)rank;
}

void family_unlock_all(struct libos *os)
{
	(void)os;
}

void family_lock_bury(void)
{
}

/* A new child of `os` that lives. */
static struct family_process *member(struct libos *os, uint64_t env)
{
	struct family_process *p;

	if (family_make(os, UINT64_MAX, &p))
		exit(1);
	family_announce(p, env);
	return p;
}

#endif
