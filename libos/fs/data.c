/* SPDX-License-Identifier: ISC */
/* Contents of files (see data.h). Touches nodes and the library's heap; no locks. */
#include "libos/fs/data.h"

static const char data_zeros[FS_PAGE];

static size_t data_least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static char *data_page(const struct fs_node *node, uint64_t page)
{
	return page < node->page_count ? node->pages[page] : NULL;
}

const char *data_read(const struct fs_node *node, uint64_t offset, size_t *bytes)
{
	uint64_t in_page = offset % FS_PAGE;
	const char *page = data_page(node, offset / FS_PAGE);

	*bytes = data_least(FS_PAGE - in_page, node->size - offset);
	if (page != NULL)
		return page + in_page;
	if (offset >= node->image_bytes)
		return data_zeros + in_page;
	*bytes = data_least(*bytes, node->image_bytes - offset);
	return node->image + offset;
}

bool data_is_there(const struct fs_node *node, uint64_t offset)
{
	return data_page(node, offset / FS_PAGE) != NULL || offset < node->image_bytes;
}

/* Make the array of pages long enough for that page. */
static err_t data_grow(struct fs *fs, struct fs_node *node, uint64_t page)
{
	uint64_t count = node->page_count ? node->page_count : 4;
	char **pages, **old;

	if (page >= FS_FILE_PAGES)
		return FS_E_TOO_BIG;
	if (page < node->page_count)
		return FS_OK;
	while (count <= page)
		count *= 2;
	pages = fs->outside->alloc(count * sizeof(*pages));
	if (pages == NULL)
		return FS_E_MEMORY;
	if (node->page_count > 0)
		__builtin_memcpy(pages, node->pages, node->page_count * sizeof(*pages));
	old = node->pages;
	node->pages = pages;
	node->page_count = count;
	fs->outside->free(old);
	return FS_OK;
}

err_t data_write(struct fs *fs, struct fs_node *node, uint64_t offset, char **to, size_t *bytes)
{
	uint64_t page = offset / FS_PAGE, start = page * FS_PAGE;
	err_t error = data_grow(fs, node, page);
	char *fresh;

	if (error < 0)
		return error;
	if (node->pages[page] == NULL) {
		fresh = fs->outside->alloc(FS_PAGE);
		if (fresh == NULL)
			return FS_E_MEMORY;
		if (start < node->image_bytes)
			__builtin_memcpy(fresh, node->image + start,
				data_least(FS_PAGE, node->image_bytes - start));
		node->pages[page] = fresh;
	}
	*to = node->pages[page] + offset % FS_PAGE;
	*bytes = FS_PAGE - offset % FS_PAGE;
	return FS_OK;
}

err_t data_resize(struct fs *fs, struct fs_node *node, uint64_t size)
{
	uint64_t page = (size + FS_PAGE - 1) / FS_PAGE, end = size % FS_PAGE;
	char *last = end ? data_page(node, size / FS_PAGE) : NULL;

	if (size > (uint64_t)FS_FILE_PAGES * FS_PAGE)
		return FS_E_TOO_BIG;
	if (size < node->size) {
		for (; page < node->page_count; page++) {
			char *old = node->pages[page];

			if (old != NULL && node->maps > 0) {
				__builtin_memset(old, 0, FS_PAGE);
				continue;
			}
			node->pages[page] = NULL;
			fs->outside->free(old);
		}
		if (last != NULL)
			__builtin_memset(last + end, 0, FS_PAGE - end);
		node->image_bytes = data_least(node->image_bytes, size);
	}
	node->size = size;
	node->mtime_ns = fs->outside->clock_ns();
	return FS_OK;
}

const char *data_image(const struct fs_node *node)
{
	bool is_whole = node->page_count == 0 && node->size == node->image_bytes;

	return is_whole && node->size > 0 ? node->image : NULL;
}

void data_destroy(struct fs *fs, struct fs_node *node)
{
	uint64_t page;
	bool has_image;
	char **pages;

	for (page = 0; page < node->page_count; page++) {
		char *old = node->pages[page];

		node->pages[page] = NULL;
		fs->outside->free(old);
	}
	pages = node->pages;
	node->page_count = 0;
	node->pages = NULL;
	fs->outside->free(pages);
	has_image = node->has_image;
	node->has_image = false;
	if (has_image)
		fs->outside->free((char *)node->image);
}
