/* SPDX-License-Identifier: ISC */
/* Error numbers of the exokernel and the file tree as Linux's (see errno.h). No state. */
#include "libos/linux/errno.h"

#include "libos/base.h"
#include "libos/fs/fs.h"

static int64_t errno_from_exo(int64_t error)
{
	switch (error) {
	case EXO_E_POINTER:
		return LINUX_EFAULT;
	case EXO_E_TOO_LONG:
		return LINUX_E2BIG;
	case EXO_E_RANGE:
	case EXO_E_LIMIT:
	case EXO_E_FULL:
	case EXO_E_COUNT:
		return LINUX_ENOMEM;
	case EXO_E_USED:
		return LINUX_EEXIST;
	case EXO_E_EMPTY:
		return LINUX_ENOENT;
	case EXO_E_TYPE:
		return LINUX_ENOEXEC;
	case EXO_E_RIGHTS:
		return LINUX_EACCES;
	case EXO_E_AGAIN:
	case EXO_E_VALUE:
		return LINUX_EAGAIN;
	case EXO_E_EARLY:
		return LINUX_ETIMEDOUT;
	case EXO_E_PENDING:
		return LINUX_EINTR;
	default:
		return LINUX_EINVAL;
	}
}

int64_t errno_from(int64_t error)
{
	if (error >= 0)
		return error;
	switch (error) {
#define FS_ERROR(number, NAME, LINUX, text) case number: return -LINUX_##LINUX;
#include "libos/fs/error.def"
#undef FS_ERROR
	default:
		return -errno_from_exo(error);
	}
}

const char *errno_name(int64_t number)
{
	switch (number) {
#define ERRNO(number, NAME) case number: return #NAME;
#include "libos/linux/errno.def"
#undef ERRNO
	default:
		return NULL;
	}
}
