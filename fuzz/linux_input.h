/* SPDX-License-Identifier: ISC */
/*
 * The input of the target `linux`: what a record means, what the program's memory has at first,
 * what is known of calls beforehand. Knows nothing of the library's state.
 */
#ifndef FUZZ_LINUX_INPUT_H
#define FUZZ_LINUX_INPUT_H

#include "fuzz/step.h"

#define LINUX_TEXT         UINT64_C(0x400000) /* a page of strings, not to be written */
#define LINUX_DATA         UINT64_C(0x500000)
#define LINUX_DATA_BYTES   UINT64_C(0x4000)   /* behind it a page without access, then nothing */
#define LINUX_SECRET       UINT64_C(0x700000) /* a page that no argument names */
#define LINUX_STACK        UINT64_C(0x3fd00000)
#define LINUX_STACK_BYTES  UINT64_C(0x10000)
#define LINUX_DESCRIPTORS  64u                /* that are followed */
#define LINUX_FRAMES_LEAST 200u
#define LINUX_ERROR_POINTER 14                /* EFAULT */

enum linux_kind {
	LINUX_CALL,
	LINUX_POKE,    /* the program writes argument[1] at argument[0] */
	LINUX_TYPE,    /* bytes of argument[1] are typed */
	LINUX_ADVANCE, /* argument[1] nanoseconds pass */
	LINUX_TRAP,    /* the program faults at argument[1] */
};

/* What a call does to the descriptors, if it succeeds. */
enum linux_effect {
	LINUX_NONE,
	LINUX_OPENS,     /* the lowest free one from `least` on */
	LINUX_OPENS_AS,  /* argument[1] */
	LINUX_OPENS_TWO, /* stored at argument[0] */
	LINUX_CLOSES,
	LINUX_CLOSES_RANGE,
};

struct linux_step {
	enum linux_kind kind;
	const char *name, *letters; /* of the call, and of its arguments (<machine/linux.def>) */
	uint64_t number, argument[6];
	bool is_native;
	bool is_good;               /* no pointer of it can be at fault */
	bool has_descriptor;        /* argument[0] is one, which must be open */
	enum linux_effect effect;
	uint64_t least;
	unsigned opens;             /* LINUX_READS, LINUX_WRITES of what it opens; LINUX_COPIES */
	unsigned needs;             /* which of them the descriptor must have, ... */
	uint64_t descriptor;        /* ... this one */
	const char *refused;        /* why it must fail, NULL: it may succeed */
	uint64_t most;              /* its result, if it fills memory */
};

/* What may be done with a descriptor. */
enum { LINUX_READS = 1, LINUX_WRITES = 2, LINUX_COPIES = 4 };

void linux_input_decode(struct linux_step *s, const struct fuzz_record *r);
void linux_input_print(const struct linux_step *s);
/* Fill a page: of strings; of structures. */
void linux_input_text(char *page);
void linux_input_data(char *page);
/* Fill four pages with an archive; its length. */
uint64_t linux_input_archive(char *pages);
/* Could it change what is mapped at LINUX_TEXT or LINUX_SECRET, or does it name LINUX_SECRET? */
bool linux_input_maps(const struct linux_step *s);
/* Is that an error number of the library's list? */
bool linux_input_is_error(int64_t number);

#endif
