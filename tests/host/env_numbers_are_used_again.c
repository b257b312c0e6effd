/* SPDX-License-Identifier: ISC */
/*
 * env-number-reused: as soon as an env is reaped another member of the family may make one with the
 * same number, on another CPU, before the first has told its family who has ended: that one is
 * found nevertheless, and the new one in its turn. So when a fork fails, too. The library's own
 * sources on a family in the host's memory; the kernel's calls are made here. No locks.
 */
#include "tests/host/family_memory.h"
#include "tests/tap.h"

enum { PARENT = 0x10001, FIRST = 0x10005, SECOND = 0x20005, THIRD = 0x30005 };

static struct {
	struct libos other;             /* another member than the parent that reaps */
	struct family_process *newcomer; /* what that makes */
	uint64_t dead;                  /* env that the kernel will name */
	uint64_t next;                  /* that the other makes once that is reaped; 0: none */
} host;

struct exo_result exo_call(enum exo_call number, uint64_t a0, uint64_t a1, uint64_t a2,
			   uint64_t a3, uint64_t a4)
{
	(void)a1, (void)a2, (void)a3, (void)a4;
	if (number == EXO_CALL_ENV_REAP && a0 == 0)
		return (struct exo_result){ host.dead ? EXO_OK : EXO_E_EMPTY, host.dead };
	if (number == EXO_CALL_ENV_REAP) {
		host.dead = 0;
		if (host.next && !family_make(&host.other, UINT64_MAX, &host.newcomer))
			family_announce(host.newcomer, host.next);
		host.next = 0;
	}
	return (struct exo_result){ EXO_OK, 0 };
}

int main(void)
{
	struct family_process *first, *second;

	memory.family = calloc(1, sizeof(*memory.family));
	memory.os.family.self = member(&memory.os, PARENT);
	host.other.family.self = member(&memory.os, PARENT + 1);
	memory.os.process.pid = memory.os.family.self->pid;
	host.other.process.pid = host.other.family.self->pid;

	first = member(&memory.os, FIRST);
	host.dead = FIRST;
	host.next = SECOND;
	process_reap(&memory.os);
	second = host.newcomer;
	tap_eq(first->state, FAMILY_ZOMBIE, "who has ended is waited for");
	tap_eq(second->state, FAMILY_ALIVE, "who has got the number is there");
	host.dead = SECOND;
	process_reap(&memory.os);
	tap_eq(second->state, FAMILY_ZOMBIE, "and is found when it ends");

	first = member(&memory.os, SECOND);
	host.next = THIRD;
	exo_call(EXO_CALL_ENV_REAP, SECOND, 0, 0, 0, 0);
	first->state = FAMILY_ZOMBIE;
	family_release(&memory.os, first);
	tap_eq(host.newcomer->state, FAMILY_ALIVE, "the number of a failed fork is used again");
	host.dead = THIRD;
	process_reap(&memory.os);
	tap_eq(host.newcomer->state, FAMILY_ZOMBIE, "and is found when it ends");
	return tap_done("tests/host/env_numbers_are_used_again.tap");
}
