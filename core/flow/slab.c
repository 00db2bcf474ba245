// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records in reserved address space: mapped once, touched from the front, never moved.
 */
#include "flow/slab.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

int
slab_init(struct slab *slab, size_t record, uint32_t capacity)
{
	size_t bytes = record * ((size_t)capacity + 1);
	void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (base == MAP_FAILED)
		return -ENOMEM;
	/* Fewer page faults and misses of the address cache; no harm where it is not to be had. */
	(void)madvise(base, bytes, MADV_HUGEPAGE);
	*slab = (struct slab){
		.base = base,
		.record = record,
		.reserved = bytes,
		.capacity = capacity,
	};
	return 0;
}

void
slab_done(struct slab *slab)
{
	if (slab->base)
		munmap(slab->base, slab->reserved);
	*slab = (struct slab){ 0 };
}

uint32_t
slab_get(struct slab *slab)
{
	uint32_t index = slab->free;

	if (index)
		memcpy(&slab->free, slab_at(slab, index), sizeof(slab->free));
	else if (slab->high < slab->capacity)
		index = ++slab->high;
	else
		return 0;
	slab->count++;
	return index;
}

void
slab_put(struct slab *slab, uint32_t index)
{
	memcpy(slab_at(slab, index), &slab->free, sizeof(slab->free));
	slab->free = index;
	slab->count--;
}
