// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One direction of a TCP connection, put in order.
 *
 * Life: stream_init(), stream_begin() at the SYN, stream_segment() and stream_acked() as packets
 * come, stream_done(). A stream that has failed stays failed: every later call answers the same.
 *
 * The ring holds the bytes from `kept` to `next`, which are delivered but not acknowledged, and
 * those of the ranges ahead of a hole. It grows in powers of two, as far as `limit`, and is given
 * back when there is nothing in it. A segment is compared with all that the ring has of it before
 * any byte of it is delivered or stored.
 *
 * Sequence numbers wrap (RFC 9293 §3.4), so they are compared by their distance. All that the ring
 * holds lies within `limit` ≤ 2^30 of `kept`, so no distance is in doubt.
 */
#include "helper/stream.h"

#include <stdlib.h>
#include <string.h>

#define RING_MIN UINT32_C(1024)
#define RING_MAX (UINT32_C(1) << 30)

static int
stream_fail(struct stream *stream, enum stream_result result)
{
	stream->failed = result;
	return result;
}

/* Where the byte of `seq` is in a ring of `size`, and how many of `len` lie there in one piece. */
static uint32_t
ring_piece(uint32_t size, uint32_t seq, size_t len, size_t *ret_piece)
{
	uint32_t at = seq & (size - 1);
	size_t piece = size - at;

	*ret_piece = piece < len ? piece : len;
	return at;
}

static void
ring_put(uint8_t *ring, uint32_t size, uint32_t seq, const uint8_t *bytes, size_t len)
{
	size_t piece;
	uint32_t at;

	for (; len; seq += (uint32_t)piece, bytes += piece, len -= piece) {
		at = ring_piece(size, seq, len, &piece);
		memcpy(ring + at, bytes, piece);
	}
}

static bool
ring_differs(const struct stream *stream, uint32_t seq, const uint8_t *bytes, size_t len)
{
	size_t piece;
	uint32_t at;

	for (; len; seq += (uint32_t)piece, bytes += piece, len -= piece) {
		at = ring_piece(stream->size, seq, len, &piece);
		if (memcmp(stream->ring + at, bytes, piece))
			return true;
	}
	return false;
}

/* Makes room for `need` bytes from `kept` on; need ≤ limit. */
static int
ring_reserve(struct stream *stream, struct stream_budget *budget, uint32_t need)
{
	uint32_t size = stream->size ? stream->size : RING_MIN;
	uint32_t at, seq = stream->kept;
	uint32_t left = stream->size;
	size_t piece;
	uint8_t *ring;

	if (need <= stream->size)
		return STREAM_OK;
	while (size < need)
		size *= 2;
	if (stream_budget_take(budget, size - stream->size) < 0)
		return STREAM_MEMORY;
	ring = malloc(size);
	if (!ring) {
		stream_budget_give(budget, size - stream->size);
		return STREAM_MEMORY;
	}
	for (; left; seq += (uint32_t)piece, left -= (uint32_t)piece) {
		at = ring_piece(stream->size, seq, left, &piece);
		ring_put(ring, size, seq, stream->ring + at, piece);
	}
	free(stream->ring);
	stream->ring = ring;
	stream->size = size;
	return STREAM_OK;
}

/* Gives the ring back if there is nothing in it. */
static void
ring_rest(struct stream *stream, struct stream_budget *budget)
{
	if (!stream->size || stream->kept != stream->next || stream->ahead.n)
		return;
	stream_budget_give(budget, stream->size);
	free(stream->ring);
	stream->ring = NULL;
	stream->size = 0;
}

int
stream_budget_take(struct stream_budget *budget, uint64_t bytes)
{
	if (budget->used > budget->limit || bytes > budget->limit - budget->used)
		return STREAM_MEMORY;
	budget->used += bytes;
	if (budget->used > budget->peak)
		budget->peak = budget->used;
	return STREAM_OK;
}

void
stream_budget_give(struct stream_budget *budget, uint64_t bytes)
{
	budget->used -= bytes;
}

void
stream_init(struct stream *stream, uint32_t limit)
{
	uint32_t size = RING_MIN;

	while (size < RING_MAX && size <= limit / 2)
		size *= 2;
	*stream = (struct stream){ .limit = size };
}

void
stream_done(struct stream *stream, struct stream_budget *budget)
{
	stream_budget_give(budget, stream->size);
	free(stream->ring);
	*stream = (struct stream){ .limit = stream->limit };
}

void
stream_begin(struct stream *stream, uint32_t seq)
{
	stream->next = seq;
	stream->kept = seq;
	stream->begun = true;
}

/* Does the segment say something else than the ring where it overlaps the range? */
static bool
range_differs(const struct stream *stream, struct range range, uint32_t seq, const uint8_t *bytes,
	size_t len)
{
	int32_t from = seq_distance(seq, range.start);
	int32_t to = seq_distance(seq, range.end);

	if (from < 0)
		from = 0;
	if (to > (int32_t)len)
		to = (int32_t)len;
	if (from >= to)
		return false;
	return ring_differs(stream, seq + (uint32_t)from, bytes + from, (size_t)(to - from));
}

static bool
segment_differs(const struct stream *stream, uint32_t seq, const uint8_t *bytes, size_t len)
{
	struct range delivered = { .start = stream->kept, .end = stream->next };
	unsigned i;

	if (range_differs(stream, delivered, seq, bytes, len))
		return true;
	for (i = 0; i < stream->ahead.n; i++) {
		if (range_differs(stream, stream->ahead.list[i], seq, bytes, len))
			return true;
	}
	return false;
}

/* Hands on what waits in the ring and has come into order. */
static int
ahead_deliver(struct stream *stream, stream_sink sink, void *context)
{
	uint32_t at, seq;
	size_t piece;
	int result;

	while (stream->ahead.n && seq_distance(stream->ahead.list[0].start, stream->next) >= 0) {
		int32_t left = seq_distance(stream->next, stream->ahead.list[0].end);

		if (left <= 0) {
			ranges_pop(&stream->ahead);
			continue;
		}
		seq = stream->next;
		at = ring_piece(stream->size, seq, (size_t)left, &piece);
		stream->next += (uint32_t)piece;
		result = sink(context, seq, stream->ring + at, piece);
		if (result)
			return result;
	}
	return STREAM_OK;
}

/* Stores a segment that has passed all checks, and delivers what is in order now. */
static int
segment_take(struct stream *stream, uint32_t seq, const uint8_t *bytes, size_t len,
	stream_sink sink, void *context)
{
	int32_t seen = seq_distance(seq, stream->next);
	int result;

	if (seen < 0) {
		ring_put(stream->ring, stream->size, seq, bytes, len);
		result = ranges_add(
			&stream->ahead, (struct range){ .start = seq, .end = seq + (uint32_t)len });
		return result < 0 ? STREAM_MEMORY : STREAM_OK;
	}
	seq += (uint32_t)seen;
	bytes += seen;
	len -= (size_t)seen;
	ring_put(stream->ring, stream->size, seq, bytes, len);
	stream->next = seq + (uint32_t)len;
	result = sink(context, seq, bytes, len);
	return result ? result : ahead_deliver(stream, sink, context);
}

int
stream_segment(struct stream *stream, struct stream_budget *budget, uint32_t seq,
	const uint8_t *bytes, size_t len, stream_sink sink, void *context)
{
	int32_t old = seq_distance(seq, stream->kept);
	uint32_t end;
	int result;

	if (stream->failed)
		return stream->failed;
	if (!stream->begun || !len)
		return STREAM_OK;
	if (len > RING_MAX)
		return stream_fail(stream, STREAM_MEMORY);
	if (old > 0) {
		if ((size_t)old >= len)
			return STREAM_OK;
		seq += (uint32_t)old;
		bytes += old;
		len -= (size_t)old;
	}
	if (seq - stream->kept > stream->limit || len > stream->limit - (seq - stream->kept))
		return stream_fail(stream, STREAM_MEMORY);
	if (segment_differs(stream, seq, bytes, len))
		return stream_fail(stream, STREAM_CONFLICT);
	end = seq + (uint32_t)len;
	if (seq_distance(stream->next, end) <= 0)
		return STREAM_OK;
	if (ring_reserve(stream, budget, end - stream->kept) < 0)
		return stream_fail(stream, STREAM_MEMORY);
	result = segment_take(stream, seq, bytes, len, sink, context);
	return result == STREAM_MEMORY ? stream_fail(stream, result) : result;
}

void
stream_acked(struct stream *stream, struct stream_budget *budget, uint32_t ack)
{
	if (!stream->begun || seq_distance(stream->kept, ack) <= 0)
		return;
	stream->kept = seq_distance(stream->next, ack) > 0 ? stream->next : ack;
	ring_rest(stream, budget);
}

bool
stream_has_gap(const struct stream *stream, uint32_t ack)
{
	return stream->begun && seq_distance(stream->next, ack) > 0;
}

int
stream_skip(struct stream *stream, struct stream_budget *budget, uint32_t ack, stream_sink sink,
	void *context)
{
	uint32_t to = ack;
	int result;

	if (stream->failed)
		return stream->failed;
	if (!stream_has_gap(stream, ack))
		return STREAM_OK;
	if (stream->ahead.n && seq_distance(stream->ahead.list[0].start, ack) > 0)
		to = stream->ahead.list[0].start;
	stream->next = to;
	stream->kept = to;
	result = ahead_deliver(stream, sink, context);
	ring_rest(stream, budget);
	return result;
}
