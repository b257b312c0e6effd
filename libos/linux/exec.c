/* SPDX-License-Identifier: ISC */
/* execve: the program by its path, its arguments copied into library memory. No locks held. */
#include "libos/linux/linux.h"

enum { EXEC_STRINGS = 4096, EXEC_BYTES = 1 << 20, EXEC_STRING = 1 << 17 };

/* Strings being copied: pointers grow from the start of the block, characters behind them. */
struct exec_strings {
	const char **pointers;
	uint64_t count;
	uint64_t bytes;
};

/* How many strings a vector of the program has, and the bytes of all. */
static int64_t exec_measure(struct linux_call *c, uint64_t vector, struct exec_strings *strings,
	char *scratch)
{
	uint64_t address;
	size_t length;
	err_t error;

	for (strings->count = 0;; strings->count++, vector += sizeof(address)) {
		if (linux_in(c, &address, vector, sizeof(address)) < 0)
			return -LINUX_EFAULT;
		if (address == 0)
			return 0;
		error = vm_read_string(c->os, scratch, EXEC_STRING, address, &length);
		if (error < 0)
			return errno_from(error);
		strings->bytes += length + 1;
		if (strings->count == EXEC_STRINGS || strings->bytes > EXEC_BYTES)
			return -LINUX_E2BIG;
	}
}

/* Copy a vector of the program; free strings->pointers afterwards. NULL stands for none. */
static int64_t exec_copy(struct linux_call *c, uint64_t vector, struct exec_strings *strings,
	char *scratch)
{
	uint64_t address, i, left;
	int64_t error = 0;
	char *text;
	size_t length;

	*strings = (struct exec_strings){ NULL, 0, 0 };
	if (vector != 0)
		error = exec_measure(c, vector, strings, scratch);
	if (error < 0)
		return error;
	strings->pointers = heap_alloc(c->os, (strings->count + 1) * sizeof(*strings->pointers)
		+ strings->bytes);
	if (strings->pointers == NULL)
		return -LINUX_ENOMEM;
	text = (char *)(strings->pointers + strings->count + 1);
	left = strings->bytes;
	for (i = 0; i < strings->count; i++) {
		/* Another thread may have changed the strings since they were measured. */
		if (linux_in(c, &address, vector + i * sizeof(address), sizeof(address)) < 0
				|| vm_read_string(c->os, text, left, address, &length) < 0) {
			heap_free(c->os, strings->pointers);
			return -LINUX_EFAULT;
		}
		strings->pointers[i] = text;
		text += length + 1;
		left -= length + 1;
	}
	return 0;
}

static int64_t exec_run(struct linux_call *c, struct process_image *image)
{
	size_t bytes = 0;
	void *state = linux_save(c->os, &bytes);
	err_t error;

	image->state = state;
	image->state_bytes = bytes;
	error = process_exec(c->os, image);
	heap_free(c->os, state);
	return errno_from(error);
}

int64_t exec_call(struct linux_call *c)
{
	int64_t error = linux_in_path(c, 0, c->arg[0]);
	struct process_image image = { .path = c->linux->path[0] };
	struct exec_strings argv, envp;
	char *scratch;

	if (error < 0)
		return error;
	error = linux_program(c->os, c->linux->path[0], &image.archive, &image.bytes);
	if (error < 0)
		return error == EXO_E_TYPE ? -LINUX_EACCES : errno_from(error);
	scratch = heap_alloc(c->os, EXEC_STRING);
	if (scratch == NULL)
		return -LINUX_ENOMEM;
	error = exec_copy(c, c->arg[1], &argv, scratch);
	if (error >= 0) {
		error = exec_copy(c, c->arg[2], &envp, scratch);
		if (error >= 0) {
			image.argv = argv.pointers;
			image.envp = envp.pointers;
			heap_free(c->os, scratch);
			scratch = NULL;
			error = exec_run(c, &image);
			heap_free(c->os, envp.pointers);
		}
		heap_free(c->os, argv.pointers);
	}
	heap_free(c->os, scratch);
	return error;
}
