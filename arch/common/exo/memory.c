/* SPDX-License-Identifier: ISC */
/* What a loader may say of memory. Boot only; touches nothing, no locks. */
#include "arch/common/exo/common.h"

void memory_archive_check(const struct memory_range *archive, uint64_t end)
{
	if (archive->start % EXO_PAGE_SIZE != 0)
		boot_refuse("the boot archive does not begin on a page");
	if (archive->end < archive->start)
		boot_refuse("the boot archive ends before it begins");
	if (archive->end > end)
		boot_refuse("the boot archive is beyond the end of memory");
}
