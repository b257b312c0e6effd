/* SPDX-License-Identifier: ISC */
/* The archive without a tree (see archive.h). */
#include "libos/fs/archive.h"

#include "libos/fs/cpio.h"

static const char *archive_strip(const char *name, const char *end)
{
	while (name < end && *name == '/')
		name++;
	return name;
}

static bool archive_is_named(const struct cpio_member *member, const char *path, size_t bytes)
{
	const char *end = member->name + member->name_bytes;
	const char *name = archive_strip(member->name, end);

	return (size_t)(end - name) == bytes && __builtin_memcmp(name, path, bytes) == 0;
}

err_t archive_find(const char *path, struct archive_file *file)
{
	const struct exo_info *info = (const struct exo_info *)EXO_INFO_PAGE;
	const char *archive = (const char *)EXO_INFO_ARCHIVE;
	const char *name = archive_strip(path, path + __builtin_strlen(path));
	size_t bytes = __builtin_strlen(name);
	struct cpio_member member;
	err_t error = EXO_E_EMPTY;
	uint64_t offset = 0;

	while (cpio_find(archive, info->archive_bytes, &offset, &member) > 0) {
		if ((member.mode & CPIO_TYPE) != CPIO_FILE
				|| !archive_is_named(&member, name, bytes))
			continue;
		file->offset = (uint64_t)(member.data - archive);
		file->bytes = member.data_bytes;
		file->mode = member.mode;
		error = EXO_OK;
	}
	return error;
}
