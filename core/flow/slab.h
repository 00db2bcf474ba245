/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A slab: records of one size, addressed by indices from 1, in reserved address space.
 *
 * Space for all records is reserved at once and costs memory only where it has been used, so
 * records never move and the limit is known from the start. A freed index is used again before a
 * new one. Whoever uses the slab owns the records; the slab keeps its list of free ones in their
 * first four bytes.
 */
#ifndef FLOW_SLAB_H
#define FLOW_SLAB_H

#include <stddef.h>
#include <stdint.h>

struct slab {
	uint8_t *base;     /* record of index 0, which is never used */
	size_t record;     /* bytes */
	size_t reserved;   /* bytes */
	uint32_t capacity; /* highest index */
	uint32_t high;     /* highest index that was ever used */
	uint32_t free;     /* first of the free list, or 0 */
	uint32_t count;    /* in use */
};

/* -ENOMEM */
int slab_init(struct slab *slab, size_t record, uint32_t capacity);
void slab_done(struct slab *slab);

/* A new record, its bytes as they were left; 0: there is none. */
uint32_t slab_get(struct slab *slab);
void slab_put(struct slab *slab, uint32_t index);

static inline void *
slab_at(const struct slab *slab, uint32_t index)
{
	return slab->base + (size_t)index * slab->record;
}

#endif
