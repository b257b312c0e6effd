/* SPDX-License-Identifier: ISC */
/* System calls on the program's memory, over vm (libos/vm/vm.h), which takes spt; the family's lock
 * `file` for files. */
#include "libos/linux/linux.h"

#include "libos/fs/data.h"
#include "libos/fs/device.h"
#include "libos/linux/mapped.h"

enum {
	MEMORY_SHARED = 0x01,
	MEMORY_TYPE = 0x0f,
	MEMORY_FIXED = 0x10,
	MEMORY_ANONYMOUS = 0x20,
	MEMORY_GROWSDOWN = 0x100,
	MEMORY_POPULATE = 0x8000,
	MEMORY_FIXED_NOREPLACE = 0x100000,
};

/* Linux's protection bits are the exokernel's; whoever may write or execute may read. */
static int64_t memory_protection(uint64_t bits, unsigned *protection)
{
	if (bits & ~(uint64_t)EXO_RWX)
		return -LINUX_EINVAL;
	*protection = (unsigned)bits | (bits ? (unsigned)EXO_READ : 0u);
	return 0;
}

static bool memory_is_program(uint64_t address, uint64_t length)
{
	return length <= VM_TOP && address <= VM_TOP - length;
}

static unsigned memory_flags(uint64_t flags)
{
	unsigned vm = (flags & MEMORY_TYPE) == 2 ? 0u : (unsigned)VM_SHARED;

	if (flags & MEMORY_FIXED_NOREPLACE)
		vm |= VM_NEW;
	else if (flags & MEMORY_FIXED)
		vm |= VM_FIXED;
	if (flags & MEMORY_POPULATE)
		vm |= VM_POPULATE;
	if (flags & MEMORY_GROWSDOWN)
		vm |= VM_STACK;
	return vm;
}

static int64_t memory_map(struct linux_call *c, unsigned protection, unsigned flags,
	const struct vm_backing *backing)
{
	uint64_t hint = c->arg[0], address;
	err_t error;

	if (!(flags & (VM_FIXED | VM_NEW)))
		hint = PAGE_DOWN(hint);
	error = vm_map(c->os, hint, c->arg[1], protection, flags, backing, &address);
	return error < 0 ? errno_from(error) : (int64_t)address;
}

/* A file that is not (any more) the archive's, or that is mapped to be written. */
static int64_t memory_map_object(struct linux_call *c, struct fs_open *open, unsigned protection,
	unsigned flags, struct vm_backing *backing)
{
	int64_t address;

	backing->object = mapped_ref(c->os, open->node);
	if (backing->object == NULL)
		return -LINUX_ENOMEM;
	backing->is_read_only = !(open->flags & OPEN_WRITE);
	address = memory_map(c, protection, flags, backing);
	mapped_unref(c->os, backing->object);
	return address;
}

static int64_t memory_map_open(struct linux_call *c, unsigned protection, unsigned flags)
{
	struct fs_open *open = files_find(c->os->files, (uint32_t)c->arg[4]);
	struct vm_backing backing = { .offset = c->arg[5], .is_strict = true };
	const char *image;

	if (open == NULL)
		return -LINUX_EBADF;
	if (!(open->flags & OPEN_READ))
		return -LINUX_EACCES;
	if (flags & VM_SHARED && protection & EXO_WRITE && !(open->flags & OPEN_WRITE))
		return -LINUX_EACCES;
	if (open->node->kind == FS_DEVICE && open->node->device == DEVICE_ZERO)
		return memory_map(c, protection, flags, NULL);
	if (open->node->kind != FS_FILE)
		return -LINUX_ENODEV;
	if (backing.offset > INT64_MAX - c->arg[1])
		return -LINUX_EOVERFLOW;
	image = data_image(open->node);
	if (image == NULL || (flags & VM_SHARED && open->flags & OPEN_WRITE)
			|| backing.offset >= open->node->size)
		return memory_map_object(c, open, protection, flags, &backing);
	flags &= ~(unsigned)VM_SHARED;
	backing.archive = (uint64_t)image - EXO_INFO_ARCHIVE;
	backing.bytes = open->node->size - backing.offset;
	return memory_map(c, protection, flags, &backing);
}

static int64_t memory_map_file(struct linux_call *c, unsigned protection, unsigned flags)
{
	int64_t address;

	family_lock(c->os, FAMILY_FILE);
	address = memory_map_open(c, protection, flags);
	family_unlock(c->os, FAMILY_FILE);
	return address;
}

int64_t memory_mmap(struct linux_call *c)
{
	uint64_t type = c->arg[3] & MEMORY_TYPE;
	unsigned flags = memory_flags(c->arg[3]), protection;
	int64_t error = memory_protection(c->arg[2], &protection);

	if (error < 0)
		return error;
	if (type == 0 || type > 3 || c->arg[5] % EXO_PAGE_SIZE != 0 || c->arg[1] == 0)
		return -LINUX_EINVAL;
	if (c->arg[1] > VM_TOP)
		return -LINUX_ENOMEM;
	if (c->arg[3] & MEMORY_ANONYMOUS)
		return memory_map(c, protection, flags, NULL);
	return memory_map_file(c, protection, flags);
}

int64_t memory_munmap(struct linux_call *c)
{
	err_t error;

	if (c->arg[0] % EXO_PAGE_SIZE != 0)
		return -LINUX_EINVAL;
	error = vm_unmap(c->os, c->arg[0], c->arg[1]);
	return error == EXO_E_RANGE ? -LINUX_EINVAL : errno_from(error);
}

int64_t memory_mprotect(struct linux_call *c)
{
	unsigned protection;

	if (c->arg[0] % EXO_PAGE_SIZE != 0)
		return -LINUX_EINVAL;
	if (c->arg[1] == 0)
		return 0;
	if (!memory_is_program(c->arg[0], c->arg[1]))
		return -LINUX_ENOMEM;
	if (memory_protection(c->arg[2], &protection) < 0)
		return -LINUX_EINVAL;
	return errno_from(vm_protect(c->os, c->arg[0], c->arg[1], protection));
}

int64_t memory_brk(struct linux_call *c)
{
	return (int64_t)vm_break(c->os, c->arg[0]);
}

int64_t memory_mremap(struct linux_call *c)
{
	enum { MAY_MOVE = 1, FIXED = 2 };
	uint64_t address = c->arg[4];
	err_t error;

	if (c->arg[0] % EXO_PAGE_SIZE != 0 || c->arg[2] == 0 || c->arg[1] == 0)
		return -LINUX_EINVAL;
	if (c->arg[3] & ~(uint64_t)(MAY_MOVE | FIXED) || c->arg[3] == FIXED)
		return -LINUX_EINVAL;
	if (!memory_is_program(c->arg[0], c->arg[1]))
		return -LINUX_EFAULT;
	error = vm_remap(c->os, c->arg[0], c->arg[1], c->arg[2], (unsigned)c->arg[3], &address);
	if (error == EXO_E_RANGE)
		return -LINUX_EFAULT;
	return error < 0 ? errno_from(error) : (int64_t)address;
}

int64_t memory_madvise(struct linux_call *c)
{
	enum { DONTNEED = 4 };
	/* Those that change how fast it is and not what is there: usual, random, sequential, will
	 * be needed, may be freed, large pages, core dumps, cold. */
	const uint64_t harmless = 0x3fc10f;
	uint32_t advice = (uint32_t)c->arg[2];

	if (c->arg[0] % EXO_PAGE_SIZE != 0 || PAGE_UP(c->arg[1]) < c->arg[1])
		return -LINUX_EINVAL;
	if (advice != DONTNEED && (advice >= 64 || !(harmless >> advice & 1)))
		return -LINUX_EINVAL;
	if (advice == DONTNEED)
		return errno_from(vm_discard(c->os, c->arg[0], c->arg[1]));
	return memory_lock(c);
}

/* Nothing is ever taken away; but what is not there cannot be held. */
int64_t memory_lock(struct linux_call *c)
{
	uint64_t start = PAGE_DOWN(c->arg[0]), length = PAGE_UP(c->arg[1] + c->arg[0] - start);

	if (length == 0)
		return 0;
	if (!memory_is_program(start, length) || !vm_is_mapped(c->os, start, length, 0))
		return -LINUX_ENOMEM;
	return 0;
}

int64_t memory_lock_all(struct linux_call *c)
{
	enum { CURRENT = 1, FUTURE = 2, ON_FAULT = 4 };
	uint32_t flags = (uint32_t)c->arg[0];

	return flags == 0 || flags == ON_FAULT || flags & ~(uint32_t)(CURRENT | FUTURE | ON_FAULT)
		? -LINUX_EINVAL : 0;
}

/* A file's pages in memory are the file. */
int64_t memory_msync(struct linux_call *c)
{
	enum { ASYNC = 1, INVALIDATE = 2, SYNC = 4 };

	if (c->arg[2] & ~(uint64_t)(ASYNC | INVALIDATE | SYNC)
			|| (c->arg[2] & ASYNC && c->arg[2] & SYNC)
			|| c->arg[0] % EXO_PAGE_SIZE != 0)
		return -LINUX_EINVAL;
	if (c->arg[1] == 0)
		return 0;
	if (PAGE_UP(c->arg[1]) < c->arg[1]
			|| !vm_is_mapped(c->os, c->arg[0], PAGE_UP(c->arg[1]), 0))
		return -LINUX_ENOMEM;
	return 0;
}
