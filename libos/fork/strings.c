/* SPDX-License-Identifier: ISC */
/* Argument strings: copied in, checked. Touches program memory and LIBOS_EXEC; takes the family's
 * lock `file`. */
#include "libos/fork/strings.h"

#include "libos/fs/open.h"
#include "libos/state.h"

enum { STRINGS_PATH_MAX = 4096 };

_Static_assert(2 * STRINGS_BYTES_MAX + 8 * STRINGS_PATH_MAX < LIBOS_EXEC_BYTES,
	       "room for two lists, a path and what scripts add");

struct process_exec_state *strings_begin(struct libos *os)
{
	struct process_exec_state *state = (struct process_exec_state *)LIBOS_EXEC;

	memset(state, 0, offsetof(struct process_exec_state, image));
	state->version = PROCESS_EXEC_VERSION;
	state->bytes = sizeof(*state);
	state->grace_units = os->sched.grace_units;
	state->tick_units = os->sched.tick_units;
	if (os->linux)
		linux_save(os, state);
	return state;
}

err_t strings_put(struct process_exec_state *state, const void *from, size_t n, uint64_t *offset)
{
	if (n > LIBOS_EXEC_BYTES - state->bytes)
		return EXO_E_TOO_LONG;
	if (offset)
		*offset = state->bytes;
	memcpy((uint8_t *)state + state->bytes, from, n);
	state->bytes += n;
	return EXO_OK;
}

/* One string of the program's, at most `most` bytes with its end. */
static err_t strings_take(struct libos *os, struct process_exec_state *state, uint64_t string,
			  size_t most)
{
	size_t length;
	err_t err = vm_read_string(os, (char *)state + state->bytes, most, string, &length);

	if (!err)
		state->bytes += length + 1;
	return err;
}

/* A NULL-ended array of strings, from its string number `first` on, behind `count` that are
 * there. */
static err_t strings_list(struct libos *os, struct process_exec_state *state, uint64_t list,
			  unsigned first, uint64_t *count)
{
	uint64_t end = state->bytes + STRINGS_BYTES_MAX, string;
	unsigned n;

	for (n = 0; list; n++) {
		err_t err = vm_read(os, &string, list + n * sizeof(string), sizeof(string));

		if (err || !string)
			return err;
		if (n == STRINGS_MAX)
			return EXO_E_TOO_LONG;
		if (n < first)
			continue;
		err = strings_take(os, state, string, end - state->bytes);
		if (err)
			return err;
		++*count;
	}
	return EXO_OK;
}

err_t strings_read(struct libos *os, uint64_t path, uint64_t argv, uint64_t envp,
		   struct process_exec_state **result)
{
	struct process_exec_state *state = strings_begin(os);
	err_t err;

	*result = state;
	state->path = state->bytes;
	err = strings_take(os, state, path, STRINGS_PATH_MAX);
	if (!err)
		err = linux_program(os, state);
	if (err)
		return err;
	/* A script's path is there already, in the place of its first argument. */
	err = strings_list(os, state, argv, state->argc != 0, &state->argc);
	state->envp = state->bytes;
	if (!err)
		err = strings_list(os, state, envp, 0, &state->envc);
	if (err)
		strings_drop(os, state);
	return err;
}

void strings_drop(struct libos *os, struct process_exec_state *state)
{
	if (!state->file.node)
		return;
	family_lock(os, FAMILY_FILE);
	files_set_node(os->fs, &os->family.self->files->program, NULL);
	family_unlock(os, FAMILY_FILE);
}
