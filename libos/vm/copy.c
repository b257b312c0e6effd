/* SPDX-License-Identifier: ISC */
/* Copies between library memory and the program's: a fault that level 1 refuses ends them (see
 * user_copy). Touches both; takes no lock. */
#include "libos/arch.h"
#include "libos/state.h"

static bool copy_is_program(uint64_t address, size_t n)
{
	return address <= VM_TOP && n <= VM_TOP - address;
}

err_t vm_read(struct libos *os, void *to, uint64_t from, size_t n)
{
	lock_check_none(os);
	return copy_is_program(from, n) ? user_copy(to, (const void *)from, n) : EXO_E_POINTER;
}

err_t vm_write(struct libos *os, uint64_t to, const void *from, size_t n)
{
	lock_check_none(os);
	return copy_is_program(to, n) ? user_copy((void *)to, from, n) : EXO_E_POINTER;
}

err_t vm_zero(struct libos *os, uint64_t to, size_t n)
{
	lock_check_none(os);
	return copy_is_program(to, n) ? user_zero((void *)to, n) : EXO_E_POINTER;
}

err_t vm_read_string(struct libos *os, char *to, size_t n, uint64_t from, size_t *length)
{
	size_t at = 0;

	while (at < n) {
		size_t chunk = EXO_PAGE_SIZE - (from + at) % EXO_PAGE_SIZE, i;
		err_t err;

		if (chunk > 64)
			chunk = 64;
		if (chunk > n - at)
			chunk = n - at;
		err = vm_read(os, to + at, from + at, chunk);
		if (err)
			return err;
		for (i = at; i < at + chunk; i++) {
			if (to[i])
				continue;
			if (length)
				*length = i;
			return EXO_OK;
		}
		at += chunk;
	}
	return EXO_E_TOO_LONG;
}

err_t vm_prefault(struct libos *os, uint64_t address, size_t n, bool is_write)
{
	uint64_t at = address, end = address + n;

	if (!copy_is_program(address, n))
		return EXO_E_POINTER;
	while (at < end) {
		uint8_t byte;
		err_t err = vm_read(os, &byte, at, 1);

		if (!err && is_write)
			err = vm_write(os, at, &byte, 1);
		if (err)
			return err;
		at = PAGE_DOWN(at) + EXO_PAGE_SIZE;
	}
	return EXO_OK;
}
