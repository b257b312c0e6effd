/* SPDX-License-Identifier: ISC */
/*
 * The first stack of a program, as the System V ABI for x86-64 (3.4.1) and every Linux has it:
 *
 *   sp: argc, argv[0..argc-1], 0, envp..., 0, auxiliary pairs, 0, 0, strings, random bytes
 *
 * Made in place, which is made present first. No locks held.
 */
#include "libos/linux/linux.h"

#include <machine/linux.h>

enum {
	STACK_AT_NULL = 0, STACK_AT_PHDR = 3, STACK_AT_PHENT = 4, STACK_AT_PHNUM = 5,
	STACK_AT_PAGESZ = 6, STACK_AT_BASE = 7, STACK_AT_FLAGS = 8, STACK_AT_ENTRY = 9,
	STACK_AT_UID = 11, STACK_AT_EUID = 12, STACK_AT_GID = 13, STACK_AT_EGID = 14,
	STACK_AT_PLATFORM = 15, STACK_AT_HWCAP = 16, STACK_AT_CLKTCK = 17, STACK_AT_SECURE = 23,
	STACK_AT_RANDOM = 25, STACK_AT_EXECFN = 31, STACK_AT_SYSINFO_EHDR = 33,
};

enum { STACK_AUX_PAIRS = 20, STACK_RANDOM = 16 };

/* The block and where in it things go; addresses are offsets + base. */
struct stack_block {
	char *bytes;
	uint64_t base;      /* address that the block will have */
	uint64_t word;      /* offset of the next word */
	uint64_t text;      /* offset of the next string */
};

/* Strings and the program's facts. */
struct stack_plan {
	unsigned argc, envc;
	uint64_t text_bytes;
	const char *path;
};

static void stack_add_word(struct stack_block *block, uint64_t value)
{
	memcpy(block->bytes + block->word, &value, sizeof(value));
	block->word += sizeof(value);
}

static uint64_t stack_add_bytes(struct stack_block *block, const void *from, size_t bytes)
{
	uint64_t at = block->text;

	memcpy(block->bytes + at, from, bytes);
	block->text += bytes;
	return block->base + at;
}

static uint64_t stack_add_text(struct stack_block *block, const char *text)
{
	return stack_add_bytes(block, text, strlen(text) + 1);
}

static void stack_add_aux(struct stack_block *block, uint64_t key, uint64_t value)
{
	stack_add_word(block, key);
	stack_add_word(block, value);
}

static struct stack_plan stack_measure(struct libos *os)
{
	struct stack_plan plan = { .path = "" };
	const char *text;

	if (os->process.exec != NULL)
		plan.path = (const char *)os->process.exec + os->process.exec->path;
	for (; (text = process_argument(os, plan.argc)) != NULL; plan.argc++)
		plan.text_bytes += strlen(text) + 1;
	for (; (text = process_environment(os, plan.envc)) != NULL; plan.envc++)
		plan.text_bytes += strlen(text) + 1;
	plan.text_bytes += STACK_RANDOM + strlen(plan.path) + 1 + sizeof(LINUX_MACHINE);
	return plan;
}

static void stack_add_auxiliary(struct libos *os, struct stack_block *block,
	const struct stack_plan *plan, const struct program_image *image)
{
	uint8_t random[STACK_RANDOM];

	info_random(os->linux, random, sizeof(random));
	stack_add_aux(block, STACK_AT_RANDOM, stack_add_bytes(block, random, sizeof(random)));
	stack_add_aux(block, STACK_AT_EXECFN, stack_add_text(block, plan->path));
	stack_add_aux(block, STACK_AT_PLATFORM, stack_add_text(block, LINUX_MACHINE));
	stack_add_aux(block, STACK_AT_PHDR, image->headers);
	stack_add_aux(block, STACK_AT_PHENT, image->header_bytes);
	stack_add_aux(block, STACK_AT_PHNUM, image->header_count);
	stack_add_aux(block, STACK_AT_ENTRY, image->entry);
	stack_add_aux(block, STACK_AT_PAGESZ, EXO_PAGE_SIZE);
	stack_add_aux(block, STACK_AT_HWCAP, machine_hwcap());
	stack_add_aux(block, STACK_AT_CLKTCK, 100);
	stack_add_aux(block, STACK_AT_BASE, 0);
	stack_add_aux(block, STACK_AT_FLAGS, 0);
	stack_add_aux(block, STACK_AT_SECURE, 0);
	stack_add_aux(block, STACK_AT_UID, 0);
	stack_add_aux(block, STACK_AT_EUID, 0);
	stack_add_aux(block, STACK_AT_GID, 0);
	stack_add_aux(block, STACK_AT_EGID, 0);
	stack_add_aux(block, STACK_AT_SYSINFO_EHDR, machine_vdso());
	stack_add_aux(block, STACK_AT_NULL, 0);
}

static void stack_fill(struct libos *os, struct stack_block *block,
	const struct stack_plan *plan, const struct program_image *image)
{
	unsigned i;

	stack_add_word(block, plan->argc);
	for (i = 0; i < plan->argc; i++)
		stack_add_word(block, stack_add_text(block, process_argument(os, i)));
	stack_add_word(block, 0);
	for (i = 0; i < plan->envc; i++)
		stack_add_word(block, stack_add_text(block, process_environment(os, i)));
	stack_add_word(block, 0);
	stack_add_auxiliary(os, block, plan, image);
}

err_t linux_stack(struct libos *os, const struct program_image *image, uint64_t top,
	uint64_t *sp)
{
	struct stack_plan plan = stack_measure(os);
	uint64_t words = 3 + plan.argc + plan.envc + 2 * STACK_AUX_PAIRS;
	uint64_t bytes = words * sizeof(uint64_t) + plan.text_bytes;
	struct stack_block block = { .text = words * sizeof(uint64_t) };
	err_t error;

	if (bytes > VM_STACK_BYTES / 4)
		return EXO_E_TOO_LONG;
	block.base = (top - bytes) & ~UINT64_C(15);
	block.bytes = (char *)block.base;
	error = vm_prefault(os, block.base, bytes, true);
	if (error < 0)
		return EXO_E_LIMIT;
	stack_fill(os, &block, &plan, image);
	*sp = block.base;
	return EXO_OK;
}
