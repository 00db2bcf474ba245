// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragments into whole datagrams.
 *
 * A datagram is a node in a small hash table and in a list by age. It holds its fragments twice:
 * by offset, without overlaps, so that it is whole when their lengths add up; and in the order of
 * arrival, in which they are settled. A poisoned datagram holds none and stays until its time is
 * up, to refuse what still comes.
 *
 * Life: a fragment is copied into memory of its own in defrag_add() and freed when it is settled.
 * The bytes of a datagram that is whole are put together in one buffer that is made once.
 *
 * Limits: see defrag.h; the estimate of memory counts nodes and what malloc() adds. Allocation is
 * fine here: fragments are rare, and what they cost is bounded.
 */
#include "flow/defrag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "packet/decode.h"
#include "packet/fragment.h"

#define BUCKETS         1024u /* a power of two */
#define ALLOCATION_COST 16u   /* what malloc() keeps for itself */

/* A fragment that has been taken in. */
struct piece {
	TAILQ_ENTRY(piece) by_offset;
	TAILQ_ENTRY(piece) by_arrival;
	struct packet packet;
	uint32_t offset;
	uint32_t len;
	uint32_t header_len; /* 0 in all but the first */
	bool more;
	uint8_t proto;
	uint8_t bytes[]; /* header, data */
};

TAILQ_HEAD(pieces, piece);

struct datagram {
	LIST_ENTRY(datagram) in_bucket;
	TAILQ_ENTRY(datagram) by_age;
	struct fragment_ident ident;
	uint64_t started;
	struct pieces by_offset;
	struct pieces by_arrival;
	uint32_t count;
	uint32_t held;       /* bytes of data */
	uint32_t end;        /* of what reaches farthest */
	uint32_t total;      /* length of the data, or 0: the last fragment has not come */
	uint32_t header_len; /* of the first fragment, or 0: it has not come */
	bool poisoned;
};

LIST_HEAD(bucket, datagram);
TAILQ_HEAD(datagrams, datagram);

struct defrag {
	struct defrag_options options;
	struct defrag_owner owner;
	struct defrag_stats stats;
	uint64_t now;
	struct datagram *whole;  /* waits for defrag_settle() */
	struct datagrams by_age; /* oldest first */
	struct bucket buckets[BUCKETS];
	uint8_t buffer[FRAGMENT_WHOLE_MAX];
};

int
defrag_new(const struct defrag_options *options, const struct defrag_owner *owner,
	struct defrag **ret_defrag)
{
	struct defrag *d;

	if (!options->max_datagrams || !options->max_fragments || !options->max_memory)
		return -EINVAL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->options = *options;
	d->owner = *owner;
	TAILQ_INIT(&d->by_age);
	*ret_defrag = d;
	return 0;
}

static struct bucket *
bucket_of(struct defrag *d, const struct fragment_ident *ident)
{
	uint64_t hash = d->options.seed;
	unsigned __int128 product;
	unsigned n;

	for (n = 0; n < 5; n++) {
		product = (unsigned __int128)(hash ^ ident->w[n]) * UINT64_C(0x9fb21c651e98df25);
		hash = (uint64_t)product ^ (uint64_t)(product >> 64);
	}
	return &d->buckets[hash & (BUCKETS - 1)];
}

static struct datagram *
datagram_find(struct defrag *d, const struct fragment_ident *ident)
{
	struct datagram *dg;

	LIST_FOREACH (dg, bucket_of(d, ident), in_bucket)
		if (!memcmp(&dg->ident, ident, sizeof(*ident)))
			return dg;
	return NULL;
}

static void
charge(struct defrag *d, uint64_t bytes)
{
	d->stats.memory += bytes;
	if (d->stats.peak_memory < d->stats.memory)
		d->stats.peak_memory = d->stats.memory;
}

static uint64_t
piece_cost(uint32_t header_len, uint32_t len)
{
	return sizeof(struct piece) + header_len + len + ALLOCATION_COST;
}

/* Gives its fragments their fate, and forgets them. */
static void
datagram_settle(struct defrag *d, struct datagram *dg, enum reason reason)
{
	struct piece *piece;

	while ((piece = TAILQ_FIRST(&dg->by_arrival))) {
		TAILQ_REMOVE(&dg->by_arrival, piece, by_arrival);
		d->stats.memory -= piece_cost(piece->header_len, piece->len);
		d->owner.settled(d->owner.context, &piece->packet, reason);
		free(piece);
	}
	TAILQ_INIT(&dg->by_offset);
}

/* Takes it out of the table; whoever calls this frees it. */
static void
datagram_unlink(struct defrag *d, struct datagram *dg)
{
	LIST_REMOVE(dg, in_bucket);
	TAILQ_REMOVE(&d->by_age, dg, by_age);
	d->stats.datagrams--;
}

static void
datagram_free(struct defrag *d, struct datagram *dg, enum reason reason)
{
	datagram_settle(d, dg, reason);
	d->stats.memory -= sizeof(*dg) + ALLOCATION_COST;
	free(dg);
}

static void
datagram_give_up(struct defrag *d, struct datagram *dg)
{
	datagram_unlink(d, dg);
	datagram_free(d, dg, REASON_FRAGMENT);
}

static void
datagram_poison(struct defrag *d, struct datagram *dg)
{
	datagram_settle(d, dg, REASON_FRAGMENT);
	dg->poisoned = true;
}

/* Makes room for so many bytes. The oldest goes first; never the one that the room is for. */
static bool
make_room(struct defrag *d, uint64_t bytes, const struct datagram *keep)
{
	struct datagram *oldest;

	if (bytes > d->options.max_memory)
		return false;
	while (d->stats.memory > d->options.max_memory - bytes) {
		oldest = TAILQ_FIRST(&d->by_age);
		if (oldest && oldest == keep)
			oldest = TAILQ_NEXT(oldest, by_age);
		if (!oldest)
			return false;
		d->stats.evicted++;
		datagram_give_up(d, oldest);
	}
	return true;
}

static struct datagram *
datagram_new(struct defrag *d, const struct fragment_ident *ident)
{
	struct datagram *dg;

	if (d->stats.datagrams == d->options.max_datagrams) {
		d->stats.evicted++;
		datagram_give_up(d, TAILQ_FIRST(&d->by_age));
	}
	if (!make_room(d, sizeof(*dg) + ALLOCATION_COST, NULL))
		return NULL;
	dg = calloc(1, sizeof(*dg));
	if (!dg)
		return NULL;
	charge(d, sizeof(*dg) + ALLOCATION_COST);
	dg->ident = *ident;
	dg->started = d->now;
	TAILQ_INIT(&dg->by_offset);
	TAILQ_INIT(&dg->by_arrival);
	TAILQ_INSERT_TAIL(&d->by_age, dg, by_age);
	LIST_INSERT_HEAD(bucket_of(d, ident), dg, in_bucket);
	d->stats.datagrams++;
	return dg;
}

/* Takes a fragment in, behind `after` or as the first by offset. */
static int
piece_add(struct defrag *d, struct datagram *dg, struct piece *after, const struct packet *p,
	const struct fragment *part)
{
	uint32_t header_len = part->offset ? 0 : part->header_len;
	uint64_t cost = piece_cost(header_len, part->len);
	struct piece *piece;

	if (!make_room(d, cost, dg))
		return -EINVAL;
	piece = malloc(sizeof(*piece) + header_len + part->len);
	if (!piece)
		return -EINVAL;
	charge(d, cost);
	*piece = (struct piece){
		.packet = *p,
		.offset = part->offset,
		.len = part->len,
		.header_len = header_len,
		.more = part->more,
		.proto = part->proto,
	};
	piece->packet.data = NULL;
	piece->packet.caplen = 0;
	memcpy(piece->bytes, part->header, header_len);
	memcpy(piece->bytes + header_len, part->bytes, part->len);
	if (after)
		TAILQ_INSERT_AFTER(&dg->by_offset, after, piece, by_offset);
	else
		TAILQ_INSERT_HEAD(&dg->by_offset, piece, by_offset);
	TAILQ_INSERT_TAIL(&dg->by_arrival, piece, by_arrival);
	return 0;
}

/* The header of the first fragment counts, so this is asked of every one, whichever comes last. */
static bool
is_too_long(const struct datagram *dg, const struct fragment *part)
{
	uint32_t header = part->offset && dg->header_len ? dg->header_len : part->header_len;
	uint32_t end = part->offset + part->len;

	return header + (end < dg->end ? dg->end : end) > part->whole_max;
}

static bool
is_duplicate(const struct piece *piece, const struct fragment *part)
{
	return piece->offset == part->offset && piece->len == part->len &&
	       piece->more == part->more &&
	       !memcmp(piece->bytes + piece->header_len, part->bytes, part->len);
}

enum fit {
	FIT_GOOD,
	FIT_DUPLICATE,
	FIT_OVERLAP,
};

/* Does the fragment go with those that are there? *ret_after: the one it comes behind, or NULL. */
static enum fit
datagram_fit(const struct datagram *dg, const struct fragment *part, struct piece **ret_after)
{
	struct piece *after = TAILQ_LAST(&dg->by_offset, pieces), *next;
	uint32_t end = part->offset + part->len;

	while (after && after->offset > part->offset)
		after = TAILQ_PREV(after, pieces, by_offset);
	if (after && is_duplicate(after, part))
		return FIT_DUPLICATE;
	if (after && part->offset - after->offset < after->len)
		return FIT_OVERLAP;
	next = after ? TAILQ_NEXT(after, by_offset) : TAILQ_FIRST(&dg->by_offset);
	if (next && next->offset < end)
		return FIT_OVERLAP;
	/* The last is behind all others, and there is one. */
	if (dg->total ? end > dg->total || !part->more : !part->more && end < dg->end)
		return FIT_OVERLAP;
	*ret_after = after;
	return FIT_GOOD;
}

/* Takes a fragment into its datagram. 1: it is whole now. */
static int
datagram_take(
	struct defrag *d, struct datagram *dg, const struct packet *p, const struct fragment *part)
{
	struct piece *after;

	if (dg->poisoned || is_too_long(dg, part))
		return -EINVAL;
	switch (datagram_fit(dg, part, &after)) {
	case FIT_GOOD:
		break;
	case FIT_DUPLICATE:
		return -EINVAL;
	case FIT_OVERLAP:
		d->stats.overlaps++;
		datagram_poison(d, dg);
		return -EINVAL;
	}
	if (dg->count == d->options.max_fragments) {
		datagram_poison(d, dg);
		return -EINVAL;
	}
	if (piece_add(d, dg, after, p, part) < 0)
		return -EINVAL;
	dg->count++;
	dg->held += part->len;
	if (dg->end < part->offset + part->len)
		dg->end = part->offset + part->len;
	if (!part->more)
		dg->total = dg->end;
	if (!part->offset)
		dg->header_len = part->header_len;
	return dg->total && dg->held == dg->total;
}

/* Puts the datagram together in the buffer: a packet without a link header. */
static void
build(struct defrag *d, const struct datagram *dg, const struct packet *last,
	struct packet *ret_whole)
{
	const struct piece *piece = TAILQ_FIRST(&dg->by_offset);
	uint32_t header_len = piece->header_len, len = header_len + dg->total;

	memcpy(d->buffer, piece->bytes, header_len);
	fragment_mend_header(d->buffer, header_len, dg->total, piece->proto);
	TAILQ_FOREACH (piece, &dg->by_offset, by_offset)
		memcpy(d->buffer + header_len + piece->offset, piece->bytes + piece->header_len,
			piece->len);
	*ret_whole = (struct packet){
		.time = last->time,
		.number = last->number,
		.data = d->buffer,
		.caplen = len,
		.wirelen = len,
		.link = LINK_RAW,
		.iface = last->iface,
		.zone = last->zone,
		.way = last->way,
		.flags = PACKET_REASSEMBLED,
	};
}

void
defrag_settle(struct defrag *d, enum reason reason)
{
	struct datagram *dg = d->whole;

	d->whole = NULL;
	if (dg)
		datagram_free(d, dg, reason);
}

void
defrag_expire(struct defrag *d, uint64_t now)
{
	struct datagram *dg;

	if (d->now < now)
		d->now = now;
	while ((dg = TAILQ_FIRST(&d->by_age)) &&
		d->now - dg->started >= d->options.timeout * UINT64_C(1000000000)) {
		d->stats.timeouts += !dg->poisoned;
		datagram_give_up(d, dg);
	}
}

/* Adds what has been read. 1: its datagram is whole and waits in d->whole. */
static int
add(struct defrag *d, const struct packet *p, const struct fragment *part)
{
	struct datagram *dg;
	int r;

	dg = datagram_find(d, &part->ident);
	if (!dg)
		dg = datagram_new(d, &part->ident);
	if (!dg)
		return -EINVAL;
	r = datagram_take(d, dg, p, part);
	if (r < 0 && !dg->count)
		datagram_give_up(d, dg);
	if (r != 1)
		return r;
	datagram_unlink(d, dg);
	d->whole = dg;
	d->stats.reassembled++;
	return 1;
}

int
defrag_add(struct defrag *d, const struct packet *fragment, struct packet *ret_whole)
{
	struct fragment part;
	int r;

	defrag_settle(d, REASON_FRAGMENT);
	defrag_expire(d, fragment->time);
	d->stats.fragments++;
	r = fragment_read(fragment, &part);
	if (r >= 0)
		r = add(d, fragment, &part);
	if (r < 0)
		d->stats.refused++;
	else if (r == 1)
		build(d, d->whole, fragment, ret_whole);
	return r;
}

void
defrag_flush(struct defrag *d)
{
	struct datagram *dg;

	defrag_settle(d, REASON_FRAGMENT);
	while ((dg = TAILQ_FIRST(&d->by_age)))
		datagram_give_up(d, dg);
}

void
defrag_free(struct defrag *d)
{
	if (!d)
		return;
	defrag_flush(d);
	free(d);
}

void
defrag_get_stats(const struct defrag *d, struct defrag_stats *ret_stats)
{
	*ret_stats = d->stats;
}
