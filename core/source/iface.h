/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An interface as a pcapng file describes it: the Interface Description Block
 * (draft-ietf-opsawg-pcapng §4.2) and what time stamps of its packets mean.
 */
#ifndef SOURCE_IFACE_H
#define SOURCE_IFACE_H

#include <postern/reader.h>

#include <stdbool.h>

#define IFACE_NAME_MAX 255 /* bytes; what is longer is cut */

struct iface {
	char *name; /* or NULL */
	uint32_t snaplen;
	uint16_t link;
	bool known; /* the link type; for the owner to say */

	/* A time stamp × multiply, >> shift, / divide, is in ns; then comes the offset. One below
	 * `simple` only has to be multiplied. */
	uint64_t simple;
	uint64_t multiply;
	uint64_t divide;
	unsigned shift;
	int64_t offset; /* seconds */
};

/* Reads the body of a block. Returns NULL, or what is wrong with it. */
const char *iface_read(struct iface *ret_iface, struct pn_reader body, bool big);
void iface_done(struct iface *iface);

/* The general case of iface_time(). */
uint64_t iface_time_any(const struct iface *iface, uint64_t stamp, uint64_t otherwise);

/* What a time stamp means in ns since 1970, or `otherwise` if that is before or too far beyond. */
static inline uint64_t
iface_time(const struct iface *iface, uint64_t stamp, uint64_t otherwise)
{
	return stamp < iface->simple ? stamp * iface->multiply
				     : iface_time_any(iface, stamp, otherwise);
}

#endif
