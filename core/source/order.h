/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in the byte order of a file, which only the file tells. */
#ifndef SOURCE_ORDER_H
#define SOURCE_ORDER_H

#include <endian.h>
#include <stdbool.h>

#include <postern/reader.h>

#include "packet/load.h"

/* The 32 bits at `bytes`, which are known to be there. */
static inline uint32_t
order_load(const uint8_t bytes[static 4], bool big)
{
	return big ? be32toh(load32(bytes)) : le32toh(load32(bytes));
}

static inline uint16_t
order_u16(struct pn_reader *r, bool big)
{
	return big ? pn_u16be(r) : pn_u16le(r);
}

static inline uint32_t
order_u32(struct pn_reader *r, bool big)
{
	return big ? pn_u32be(r) : pn_u32le(r);
}

static inline uint64_t
order_u64(struct pn_reader *r, bool big)
{
	uint64_t first = order_u32(r, big);
	uint64_t second = order_u32(r, big);

	return big ? first << 32 | second : second << 32 | first;
}

#endif
