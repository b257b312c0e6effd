/* SPDX-License-Identifier: ISC */
/* Argument strings: copied in, checked, given back. Touches program memory and the heap. */
#include "libos/fork/strings.h"

#include "libos/fs/node.h"
#include "libos/state.h"

enum { STRINGS_PATH_MAX = 4096 };

/* One NULL-ended array of strings into one allocation: the pointers, then the bytes. */
static err_t strings_list(struct libos *os, uint64_t list, const char *const **result)
{
	const char **pointers = heap_alloc(os, (STRINGS_MAX + 1) * sizeof(char *)
					   + STRINGS_BYTES_MAX);
	char *bytes = (char *)(pointers + STRINGS_MAX + 1), *at = bytes;
	unsigned n = 0;
	err_t err = EXO_OK;

	if (!pointers)
		return EXO_E_LIMIT;
	while (list && !err) {
		uint64_t string;
		size_t length;

		err = vm_read(os, &string, list + n * sizeof(string), sizeof(string));
		if (err || !string)
			break;
		if (n == STRINGS_MAX) {
			err = EXO_E_TOO_LONG;
			break;
		}
		err = vm_read_string(os, at, (size_t)(bytes + STRINGS_BYTES_MAX - at), string,
				     &length);
		pointers[n++] = at;
		at += length + 1;
	}
	pointers[n] = NULL;
	*result = (const char *const *)pointers;
	return err;
}

err_t strings_read(struct libos *os, uint64_t path, uint64_t argv, uint64_t envp,
		   struct process_image *image)
{
	char *name = heap_alloc(os, STRINGS_PATH_MAX);
	err_t err;

	*image = (struct process_image){ .path = name };
	if (!name)
		return EXO_E_LIMIT;
	err = vm_read_string(os, name, STRINGS_PATH_MAX, path, NULL);
	if (!err)
		err = strings_list(os, argv, &image->argv);
	if (!err)
		err = strings_list(os, envp, &image->envp);
	if (!err)
		err = linux_program(os, image);
	if (!err)
		image->state = linux_save(os, &image->state_bytes);
	if (err)
		strings_free(os, image);
	return err;
}

void strings_free(struct libos *os, struct process_image *image)
{
	if (image->file.node) {
		family_lock(os, FAMILY_FILE);
		node_unref(os->fs, image->file.node);
		family_unlock(os, FAMILY_FILE);
	}
	heap_free(os, (void *)(uintptr_t)image->path);
	heap_free(os, (void *)(uintptr_t)image->exe);
	heap_free(os, (void *)(uintptr_t)image->argv);
	heap_free(os, (void *)(uintptr_t)image->envp);
	heap_free(os, (void *)(uintptr_t)image->state);
	*image = (struct process_image){ 0 };
}
