/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One direction of a TCP connection, put in order.
 *
 * A segment that continues the stream is handed on as it lies in its packet. A copy of every byte
 * is kept until the other side has acknowledged it, so that a retransmission that says something
 * else is found out; bytes ahead of a hole wait in the same ring. Both are bounded by a window per
 * direction and by one budget for all streams. Nothing is held for a stream at rest.
 */
#ifndef HELPER_STREAM_H
#define HELPER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/ranges.h"

/* Ranges ahead of a hole; one more is a flood, and the stream fails. */
#define STREAM_HOLES_MAX RANGES_MAX

/* Memory that all streams of an engine share. */
struct stream_budget {
	uint64_t limit; /* bytes */
	uint64_t used;
	uint64_t peak;
};

struct stream {
	uint32_t next;       /* next sequence number in order */
	uint32_t kept;       /* first sequence number that is kept in the ring, ≤ next */
	uint32_t limit;      /* largest ring, bytes */
	uint32_t size;       /* of the ring, a power of two; 0: none */
	uint8_t *ring;       /* byte of sequence number s is at s % size */
	int failed;          /* the result that ended it for good, or 0 */
	bool begun;          /* next is known */
	struct ranges ahead; /* what the ring has beyond `next` */
};

enum stream_result {
	STREAM_OK = 0,
	STREAM_CONFLICT = -1, /* an overlap that says something else */
	STREAM_MEMORY = -2,   /* beyond the window, too many holes, or the budget is used up */
};

/* Called with bytes in order; `bytes` lie in the packet or in the ring. 0 to go on; a stop is > 0.
 * It may not touch the stream. */
typedef int (*stream_sink)(void *context, uint32_t seq, const uint8_t *bytes, size_t len);

/* Takes bytes from the budget, or STREAM_MEMORY if it has too few; gives them back. */
int stream_budget_take(struct stream_budget *budget, uint64_t bytes);
void stream_budget_give(struct stream_budget *budget, uint64_t bytes);

/* `limit` bytes at most are held: the power of two at or below it, 1 KiB at least. */
void stream_init(struct stream *stream, uint32_t limit);

/* Gives back all memory. */
void stream_done(struct stream *stream, struct stream_budget *budget);

/* The sequence number of the first byte: that of the SYN, + 1. */
void stream_begin(struct stream *stream, uint32_t seq);

/*
 * Takes a segment. Whatever is now in order goes to the sink, each byte exactly once. What the sink
 * returns if not 0 ends the delivery and is returned. Bytes before `kept` are ignored, and so is
 * everything before stream_begin(). After a failure every call returns that failure.
 */
int stream_segment(struct stream *stream, struct stream_budget *budget, uint32_t seq,
	const uint8_t *bytes, size_t len, stream_sink sink, void *context);

/* The other side has acknowledged all before `ack`: gives back copies. */
void stream_acked(struct stream *stream, struct stream_budget *budget, uint32_t ack);

/*
 * True if the other side has acknowledged bytes that never came by: they are lost for good. Then
 * stream_skip() goes on behind the first hole: it hands what waits there to the sink. There may be
 * another hole before `ack`: ask again.
 */
bool stream_has_gap(const struct stream *stream, uint32_t ack);
int stream_skip(struct stream *stream, struct stream_budget *budget, uint32_t ack, stream_sink sink,
	void *context);

#endif
