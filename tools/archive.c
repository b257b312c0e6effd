/* SPDX-License-Identifier: ISC */
/* Writes the boot archive (see archive.h). One writer, no locks. */
#include "tools/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/run.h"

enum {
	ARCHIVE_PAGE = 4096,
	ARCHIVE_HEADER = 110,	/* six octets of magic, thirteen fields of eight hex digits */
	ARCHIVE_UNIT = 4,	/* headers and data begin at multiples of this */
};

static void archive_write(struct archive *archive, const void *bytes, size_t size_bytes)
{
	const char *next = bytes;

	archive->size_bytes += size_bytes;
	while (size_bytes > 0) {
		ssize_t n = write(archive->fd, next, size_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			run_end(RUN_USAGE, "cannot write the boot archive: %s", strerror(errno));
		next += n;
		size_bytes -= (size_t)n;
	}
}

static void archive_write_zeros(struct archive *archive, uint64_t count)
{
	static const char zeros[ARCHIVE_PAGE];

	while (count > 0) {
		size_t n = count < sizeof(zeros) ? count : sizeof(zeros);

		archive_write(archive, zeros, n);
		count -= n;
	}
}

static void archive_align(struct archive *archive, uint64_t unit)
{
	archive_write_zeros(archive, (unit - archive->size_bytes % unit) % unit);
}

/* Header and name of a member; afterwards its data begin at a multiple of align. */
static void archive_write_header(struct archive *archive, const char *name, uint32_t mode,
	int64_t mtime_s, uint64_t size_bytes, uint64_t align)
{
	uint64_t start, data, name_bytes;
	char header[ARCHIVE_HEADER + 1];

	if (size_bytes > UINT32_MAX)
		run_end(RUN_USAGE, "%s: larger than 4 GiB", name);
	archive_align(archive, ARCHIVE_UNIT);
	start = archive->size_bytes + ARCHIVE_HEADER;
	data = (start + strlen(name) + 1 + align - 1) / align * align;
	name_bytes = data - start;
	snprintf(header, sizeof(header),
		"070701" "%08" PRIX32 "%08" PRIX32 "%08X%08X" "%08X%08" PRIX32 "%08" PRIX32
		"%08X%08X%08X%08X" "%08" PRIX32 "%08X",
		++archive->members, mode, 0u, 0u, 1u, (uint32_t)mtime_s, (uint32_t)size_bytes,
		0u, 0u, 0u, 0u, (uint32_t)name_bytes, 0u);
	archive_write(archive, header, ARCHIVE_HEADER);
	archive_write(archive, name, strlen(name));
	archive_write_zeros(archive, name_bytes - strlen(name));
}

void archive_create(struct archive *archive, int fd)
{
	*archive = (struct archive){ .fd = fd };
}

void archive_add_bytes(struct archive *archive, const char *name, uint32_t mode,
	const void *bytes, size_t size_bytes)
{
	archive_write_header(archive, name, mode, 0, size_bytes, ARCHIVE_PAGE);
	archive_write(archive, bytes, size_bytes);
}

void archive_add_file(struct archive *archive, const char *name, const char *file)
{
	archive_add_start(archive, name, file, UINT64_MAX);
}

void archive_add_start(struct archive *archive, const char *name, const char *file, uint64_t most)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	char buffer[1 << 16];
	struct stat info;
	uint64_t left;

	if (fd < 0 || fstat(fd, &info) != 0)
		run_end(RUN_USAGE, "%s: %s", file, strerror(errno));
	if (!S_ISREG(info.st_mode))
		run_end(RUN_USAGE, "%s: not a regular file", file);
	left = (uint64_t)info.st_size < most ? (uint64_t)info.st_size : most;
	archive_write_header(archive, name, S_IFREG | (info.st_mode & 0111 ? 0755 : 0644),
		info.st_mtime, left, ARCHIVE_PAGE);
	while (left > 0) {
		ssize_t n = read(fd, buffer, left < sizeof(buffer) ? left : sizeof(buffer));

		if (n <= 0)
			run_end(RUN_USAGE, "%s: cannot be read to its end", file);
		archive_write(archive, buffer, (size_t)n);
		left -= (uint64_t)n;
	}
	close(fd);
}

void archive_end(struct archive *archive)
{
	archive_write_header(archive, "TRAILER!!!", 0, 0, 0, ARCHIVE_UNIT);
	archive_align(archive, ARCHIVE_PAGE);
}
