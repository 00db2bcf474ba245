/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Framing: one direction of a stream, cut into messages.
 *
 * A message that lies whole in the bytes at hand is handed on where it lies. Only while one is
 * split is it gathered in a buffer, which grows with what has arrived, never with what a length in
 * it claims, to max_message at most, and comes from the budget of all streams. Of a message longer
 * than max_message that much is handed on, once; the rest is skipped without being kept.
 */
#ifndef HELPER_FRAMING_H
#define HELPER_FRAMING_H

#include "helper/stream.h"

struct framing {
	uint8_t *bytes; /* the beginning of a message that is not whole yet */
	uint32_t len;
	uint32_t size;   /* allocated */
	uint64_t wanted; /* length of that message; 0: not known yet */
	uint64_t skip;   /* bytes of a cut message that are still to come */
};

/* Who knows what a message is. */
struct framing_user {
	void *context;
	uint32_t max_message;

	/* Length of the message that begins here; 0: more is needed; < 0: this is none. */
	int64_t (*frame)(void *context, const uint8_t *bytes, size_t len);

	/* A message that is `total` bytes long, `len` of which are here; `seq` is its first number.
	 * Not 0: stop. */
	int (*message)(
		void *context, uint32_t seq, const uint8_t *bytes, size_t len, uint64_t total);
};

enum framing_result {
	FRAMING_OK = 0,
	FRAMING_STOPPED = 1, /* message() said so */
	FRAMING_ALIEN = -1,  /* no message, or max_message bytes do not settle where it ends */
	FRAMING_MEMORY = -2, /* the budget is used up */
};

/* Takes bytes that are in order. After anything but FRAMING_OK only framing_clear() is left. */
int framing_feed(struct framing *framing, struct stream_budget *budget,
	const struct framing_user *user, uint32_t seq, const uint8_t *bytes, size_t len);

/* Forgets an unfinished message and gives back its memory: the next byte begins a message. */
void framing_clear(struct framing *framing, struct stream_budget *budget);

#endif
