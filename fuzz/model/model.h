/* SPDX-License-Identifier: ISC */
/*
 * The reference model of memory: a map from (env, address) to a page of bytes and what may be done
 * with it. It knows of no tables, no frames and no counts: only what the operations promise to who
 * reads and writes. It holds the kernel to
 *   - what can be read: exactly (a page is there and READ is given, or not), with exact bytes;
 *   - what can be written and executed: at most what was ever granted, and not while shared;
 *   - who alone holds a page: only then is a right raised, or write access back after UNSHARE.
 * A *region* is an address range of memory that stays shared (a common table): its pages live in
 * a space of their own, which all who share it see. Eviction and swap will be a third place where
 * a page's bytes can be: struct model_object has them, wherever they are.
 */
#ifndef FUZZ_MODEL_MODEL_H
#define FUZZ_MODEL_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/exo.h"

#define MODEL_PAGES   768u
#define MODEL_OBJECTS 256u
#define MODEL_REGIONS 64u
#define MODEL_SHARED  0x100u /* spaces from here on are of regions, below it of envs */

/* A page of bytes. */
struct model_object {
	bool is_used;
	bool is_loose; /* the kernel writes it too: bytes are not compared */
	uint8_t bytes[EXO_PAGE_SIZE];
};

/* Where it is seen. */
struct model_page {
	uint32_t space;
	uint32_t object;
	uint64_t address;
	uint8_t rights;    /* at most */
	uint8_t access;    /* READ exactly; others at most */
	bool is_suspended; /* not writable before an UNSHARE of its table */
	bool is_maybe;     /* it may be gone */
	bool is_fixed;     /* a vcpu page: UNSHARE leaves it out of a copy */
};

struct model_region {
	uint32_t space;
	uint32_t shared;   /* the space where its pages live */
	uint64_t address;
	uint8_t rights;
	bool is_suspended;
	bool is_maybe;
};

struct model {
	const char *wrong; /* what the kernel did that it must not, in words; NULL: nothing */
	uint64_t wrong_at; /* about that address */
	bool is_lost;      /* more than fits: nothing is compared any more */
	uint32_t pages_count, regions_count, objects_count, next_shared;
	struct model_page pages[MODEL_PAGES];
	struct model_region regions[MODEL_REGIONS];
	struct model_object objects[MODEL_OBJECTS];
};

/* What a program sees at an address. */
struct model_view {
	const struct model_object *object; /* NULL: nothing */
	unsigned access; /* READ exactly; WRITE, EXEC at most */
	bool is_maybe;
};

/* The same model again, cheaply. */
void model_copy(struct model *to, const struct model *from);
/* A page that is there from the start or comes by other ways than operations: a vcpu page is fixed
 * and loose. bytes NULL: zero. */
void model_add(struct model *d, unsigned env, uint64_t address, unsigned rights, unsigned access,
	       const void *bytes, bool is_fixed);
/* The page at an address becomes loose. */
void model_loosen(struct model *d, unsigned env, uint64_t address);
/* The page at an address may be gone. */
void model_doubt(struct model *d, unsigned env, uint64_t address);
/* Any page may be gone: repossession takes what it likes. */
void model_doubt_all(struct model *d);
/* An env is no more; the kernel may have written its pages at last. */
void model_forget(struct model *d, unsigned env, bool is_written);
/* May anybody execute a page? */
bool model_executes(const struct model *d);
struct model_view model_look(struct model *d, unsigned env, uint64_t address);
/* The program stored a word where it could. */
void model_store(struct model *d, unsigned env, uint64_t address, uint64_t value);

/* operations.c: the kernel did `slots` slots of an operation (all of them: op->count), then said
 * `error` of the next. caller, target, source: envs. */
void model_operation(struct model *d, const struct exo_slot_op *op, unsigned caller,
		     unsigned target, unsigned source, unsigned slots, int64_t error);

/* For operations.c. A place is where an address leads: an env's space or that of a region. */
struct model_place {
	uint32_t space;
	uint64_t address;
	const struct model_region *region;
};

struct model_place model_place(struct model *d, unsigned env, uint64_t address);
struct model_page *model_find(struct model *d, struct model_place place);
struct model_page *model_page_add(struct model *d, struct model_place place, uint32_t object);
uint32_t model_object_add(struct model *d, const struct model_object *from);
void model_page_remove(struct model *d, struct model_page *page);
void model_span_remove(struct model *d, unsigned env, uint64_t from, uint64_t bytes);
/* Nobody else is certain to see the page's object. */
bool model_is_sole(const struct model *d, const struct model_page *page);
/* It is wrong unless it is so. */
void model_want(struct model *d, bool is_so, const char *wrong, uint64_t address);

#endif
