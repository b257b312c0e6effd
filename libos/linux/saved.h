/* SPDX-License-Identifier: ISC */
/*
 * What a program hands to the one that it becomes, beside its place in the family: the masks of its
 * signals, its limits.
 */
#ifndef LIBOS_LINUX_SAVED_H
#define LIBOS_LINUX_SAVED_H

#include <stdint.h>

enum { SAVED_VERSION = 4, LINUX_LIMITS = 16 };

struct linux_limit {
	uint64_t soft, hard;
};

struct saved {
	uint32_t version;
	uint32_t zero;
	uint64_t ignored;        /* bit n: signal n + 1 is ignored */
	uint64_t blocked;
	uint64_t pending;        /* not what came along; a new process: 0, as alarm */
	uint64_t alarm, alarm_every;
	struct linux_limit limit[LINUX_LIMITS];
};

struct libos;

/* Take what the process was started with. */
void saved_load(struct libos *os);

#endif
