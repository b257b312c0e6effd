/* SPDX-License-Identifier: ISC */
/*
 * The host's side of the guest fuzzer: a machine in QEMU whose RAM is mapped here, inputs given to
 * it, and what came of them. One thread.
 */
#ifndef FUZZ_GUEST_HOST_H
#define FUZZ_GUEST_HOST_H

#include <sys/types.h>

#include "exo/machine.h"
#include "fuzz/guest/mailbox.h"
#include "fuzz/model/model.h"

/* The kernel's coverage counters. */
struct guest_image {
	uint64_t counters;          /* physical address */
	uint32_t count;
	const uint64_t *pcs;        /* address and flags of each, from the image */
	uint64_t handoff;           /* address of hook_wait (hook.c) */
};

#define GUEST_PARTS 256u
#define GUEST_WORDS 32u

/* Memory that is put back, and as what. */
struct guest_part {
	uint8_t *memory, *start;
	size_t bytes;
	uint32_t frame; /* index, if it can be free meanwhile; else FRAME_NONE */
	uint32_t words_count;
	uint16_t words[GUEST_WORDS]; /* that are not zero, unless there are more */
};

struct guest {
	pid_t pid;                  /* QEMU; 0: no machine */
	int handoff;                /* a byte each way: hook.c, handoff.c */
	int serial;                 /* what the kernel prints when it panics */
	int monitor;                /* QEMU's */
	uint8_t *ram;
	size_t ram_bytes;
	struct guest_image image;
	struct machine *m;          /* in ram */
	struct guest_mailbox *box;  /* its pages, in a row */
	uint8_t *counters;          /* in ram */
	uint32_t *scratch;          /* of the audit */
	char said[256];             /* the last that the guest printed */
	struct guest_part parts[GUEST_PARTS]; /* the first: struct machine */
	uint32_t parts_count;
	struct model model, model_start;
};

/* ram.c: the guest, booted if there is none. Ends the process if it does not boot. */
struct guest *guest_get(void);
/* The counters of the kernel's image, before it is booted. */
const struct guest_image *guest_image(void);
/* Give it an order and wait until it is carried out. NULL, or what is wrong. */
const char *guest_order(struct guest *g, unsigned order);
/* Print where its CPU is, as far as QEMU still answers. */
void guest_print_cpu(struct guest *g);
/* End it. */
void guest_stop(struct guest *g);

/* look.c: the page that an env's tables give at an address, NULL: a fault. need: EXO_READ and so
 * on. */
const void *guest_look(struct guest *g, unsigned env, uint64_t address, unsigned need);
/* The model of a world in which nothing has happened yet. */
void guest_model_init(struct guest *g);

/* check.c: what the guest noted is what the model says; every invariant holds; memory is what the
 * model says. A finding ends the process by fuzz_fail. */
void guest_check_steps(struct guest *g, bool is_traced);
void guest_check_audit(struct guest *g);
/* Print the last notes. */
void guest_print_last(const struct guest *g);
void guest_check_model(struct guest *g);
/* No env but the first is left, nothing is held by another. */
void guest_check_back(struct guest *g);

/* back.c: note what is free before there is a world; then remember all memory that anybody in the
 * guest can change; and put it back. */
void guest_note_free(struct guest *g);
void guest_save(struct guest *g);
void guest_put_back(struct guest *g);

#endif
