// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which option speaks of which ICMP message.
 *
 * Life-cycle: constant tables. Limits: none. Relies on: decode having found type and code.
 */
#include "policy/icmp-option.h"

#include <endian.h>

#include <glib.h>

/* Directions in which an option speaks of a type. */
enum {
	IN = 1,
	OUT = 2,
};

/* One row of a table; the ends are inclusive. */
struct row {
	uint8_t first, last; /* types */
	uint8_t directions;
	uint8_t rule; /* enum icmp_rule */
	uint8_t option;
};

/* RFC 792; RFC 950 (17), RFC 1256 (10) */
static const struct row rows_v4[] = {
	{ 3, 3, OUT, ICMP_GOVERNED, ICMP_OPTION_UNREACHABLE_OUT },
	{ 4, 4, OUT, ICMP_GOVERNED, ICMP_OPTION_SOURCE_QUENCH_OUT },
	{ 5, 5, IN | OUT, ICMP_GOVERNED, ICMP_OPTION_REDIRECT },
	{ 8, 8, IN, ICMP_GOVERNED, ICMP_OPTION_ECHO_REQUEST_IN },
	{ 10, 10, IN, ICMP_GOVERNED, ICMP_OPTION_ROUTER_REQUEST_IN },
	{ 11, 11, OUT, ICMP_GOVERNED, ICMP_OPTION_TIME_EXCEEDED_OUT },
	{ 12, 12, OUT, ICMP_GOVERNED, ICMP_OPTION_PARAMETER_PROBLEM_OUT },
	{ 13, 13, IN, ICMP_GOVERNED, ICMP_OPTION_TIMESTAMP_REQUEST_IN },
	{ 17, 17, IN, ICMP_GOVERNED, ICMP_OPTION_MASK_REQUEST_IN },
};

static const struct row rows_v6[] = {
	{ 1, 1, OUT, ICMP_GOVERNED, ICMP_OPTION_UNREACHABLE_OUT },
	{ 3, 3, OUT, ICMP_GOVERNED, ICMP_OPTION_TIME_EXCEEDED_OUT },
	{ 4, 4, OUT, ICMP_GOVERNED, ICMP_OPTION_PARAMETER_PROBLEM_OUT },
	{ 128, 128, IN, ICMP_GOVERNED, ICMP_OPTION_ECHO_REQUEST_IN },
	{ 130, 132, IN | OUT, ICMP_NEEDED, 0 }, /* RFC 2710 §3 */
	{ 133, 136, IN | OUT, ICMP_NEEDED, 0 }, /* RFC 4861 §4 */
	{ 137, 137, IN | OUT, ICMP_GOVERNED, ICMP_OPTION_REDIRECT },
	{ 143, 143, IN | OUT, ICMP_NEEDED, 0 }, /* RFC 3810 §5.2 */
};

static const char *const names[] = {
#define X(id, name) [ICMP_OPTION_##id] = name,
	ICMP_OPTIONS(X)
#undef X
};

const char *
icmp_option_name(enum icmp_option option)
{
	return names[option];
}

static unsigned
direction_bit(enum direction direction)
{
	switch (direction) {
	case DIRECTION_IN:
		return IN;
	case DIRECTION_OUT:
		return OUT;
	case DIRECTION_INTERNAL:
	case DIRECTION_TRANSIT:
		return 0;
	}
	return 0;
}

/* "Fragmentation needed" (RFC 1191 §4), "packet too big" (RFC 8201): paths do without either of
 * them only until a large packet comes. */
static bool
is_too_big(const struct packet *p)
{
	if (p->proto == PROTO_ICMP)
		return p->icmp.type == 3 && p->icmp.code == 4;
	return p->icmp.type == 2;
}

/* A source that no router passes on: link-local (RFC 4291 §2.5.6), or none yet. */
static bool
has_link_source(const struct packet *p)
{
	const uint64_t *src = &p->key.w[p->flags & PACKET_FROM_HI ? 3 : 1];

	return be64toh(src[0]) >> 54 == 0xfe80 >> 6 || !(src[0] | src[1]);
}

/*
 * What comes from the link itself says so: neighbour discovery has a hop limit that no router
 * leaves as it is (RFC 4861 §6.1, §7.1, §8.1); listener discovery one that no router passes on, and
 * it comes from a link-local address, or from none yet (RFC 3810 §5). Of the latter the limit alone
 * proves nothing: whoever knows how far it is can make it run out here.
 */
static bool
is_from_link(const struct packet *p)
{
	if (p->icmp.type >= 133 && p->icmp.type <= 137)
		return p->ttl == 255;
	if (p->icmp.type >= 130)
		return p->ttl == 1 && has_link_source(p);
	return true;
}

enum icmp_rule
icmp_rule(const struct packet *p, enum direction direction, enum icmp_option *ret_option)
{
	const struct row *rows = p->proto == PROTO_ICMP ? rows_v4 : rows_v6;
	size_t n = p->proto == PROTO_ICMP ? G_N_ELEMENTS(rows_v4) : G_N_ELEMENTS(rows_v6);

	if (is_too_big(p))
		return ICMP_UNGOVERNED;
	for (size_t i = 0; i < n; i++) {
		const struct row *row = &rows[i];

		if (p->icmp.type < row->first || p->icmp.type > row->last)
			continue;
		if (!(row->directions & direction_bit(direction)))
			return ICMP_UNGOVERNED;
		/* Nobody believes it then; but what is held back is so in any shape. */
		if (p->proto == PROTO_ICMPV6 && !is_from_link(p) &&
			(row->rule == ICMP_NEEDED || direction == DIRECTION_IN))
			return ICMP_UNGOVERNED;
		if (row->rule == ICMP_GOVERNED)
			*ret_option = (enum icmp_option)row->option;
		return (enum icmp_rule)row->rule;
	}
	return ICMP_UNGOVERNED;
}
