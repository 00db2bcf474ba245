// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The walk through IPv6 extension headers.
 *
 * It is bounded twice: each header lies within the packet and within what was captured, and there
 * are at most EXTENSIONS_MAX. Options are not judged. Encrypted headers and "no next header" end it
 * as protocols of their own.
 */
#include "packet/extension.h"

#include <postern/reader.h>

#include "packet/load.h"
#include "packet/transport.h"

#define EXTENSIONS_MAX   8
#define EXTENSION_HEADER 8 /* the shortest */

/* Length of an extension header as its length field says; 0 if that cannot be. */
static uint32_t
claimed_length(uint8_t type, uint8_t units)
{
	if (type == EXT_FRAGMENT)
		return EXTENSION_HEADER;
	if (type == EXT_AH) /* RFC 4302 §2.2: words of 32 bits, less 2 */
		return units ? (units + 2u) * 4 : 0;
	return (units + 1u) * 8;
}

/*
 * The pseudo-header has the final destination (RFC 8200 §8.1). Under way it is the last address of
 * a routing header of type 0 (RFC 5095) and 2 (RFC 6275 §6.4), the first of type 4 (RFC 8754 §2).
 */
static const uint8_t *
final_destination(const uint8_t *routing, uint32_t len, const uint8_t *destination)
{
	uint8_t type = routing[2], segments_left = routing[3];

	if (!segments_left)
		return destination;
	if (len < EXTENSION_HEADER + 16)
		return NULL;
	if (type == 0 || type == 2)
		return routing + len - 16;
	return type == 4 ? routing + EXTENSION_HEADER : NULL;
}

/* Length of the extension header at `at`; or 0 and what is wrong. */
static uint32_t
header_length(const struct walk *w, const uint8_t *at, enum reason *ret_reason)
{
	uint32_t left = w->length - w->offset, have = w->have - w->offset, len;

	if (left < EXTENSION_HEADER || have < EXTENSION_HEADER) {
		*ret_reason = transport_missing(left, EXTENSION_HEADER);
		return 0;
	}
	len = claimed_length(w->next, at[1]);
	if (!len) {
		*ret_reason = REASON_MALFORMED;
	} else if (left < len || have < len) {
		*ret_reason = transport_missing(left, len);
		len = 0;
	}
	return len;
}

enum reason
extension_walk(struct walk *w)
{
	enum reason reason = REASON_NONE;
	const uint8_t *at;
	unsigned count;
	uint32_t len;

	for (count = 0; extension_is(w->next) && !w->fragment; count++) {
		/* RFC 8200 §4.1: hop-by-hop options stand first or not at all. */
		if (count == EXTENSIONS_MAX || (w->next == EXT_HOP_BY_HOP && count))
			return REASON_MALFORMED;
		at = w->ip + w->offset;
		len = header_length(w, at, &reason);
		if (!len)
			return reason;
		if (w->next == EXT_ROUTING)
			w->final = final_destination(at, len, w->final);
		if (w->next == EXT_FRAGMENT && get16(at + 2) & 0xfff9) /* RFC 6946: else atomic */
			w->fragment = at;
		w->next = at[0];
		w->offset += len;
	}
	return REASON_NONE;
}

/* A length that IPv6's own field could have held is none (RFC 2675 §3). */
uint32_t
extension_jumbo_length(const uint8_t *hop_by_hop, uint32_t have)
{
	struct pn_reader r = pn_reader(hop_by_hop, have);
	uint8_t type, len;
	uint32_t value;

	pn_skip(&r, 1);
	len = pn_u8(&r);
	r = pn_sub(&r, (len + 1u) * 8 - 2);
	while (pn_left(&r)) {
		type = pn_u8(&r);
		if (type == 0) /* Pad1 */
			continue;
		len = pn_u8(&r);
		if (type == 0xc2 && len == 4) {
			value = pn_u32be(&r);
			return pn_ok(&r) && value > UINT16_MAX ? value : 0;
		}
		pn_skip(&r, len);
	}
	return 0;
}
