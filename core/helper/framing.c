// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Cutting a stream into messages.
 *
 * Life: all zero is a framing at the beginning of a message; framing_clear() ends it. The user's
 * functions are somebody else's code: any answer of theirs makes progress here or ends the feeding.
 */
#include "helper/framing.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_MIN 256u

/* Bytes on their way through, and who wants to see them. */
struct feeding {
	struct framing *framing;
	struct stream_budget *budget;
	const struct framing_user *user;
	uint32_t seq;
	const uint8_t *bytes;
	size_t len;
	bool again; /* what is gathered may hold another message */
};

void
framing_clear(struct framing *framing, struct stream_budget *budget)
{
	stream_budget_give(budget, framing->size);
	free(framing->bytes);
	*framing = (struct framing){ 0 };
}

static void
use(struct feeding *f, size_t len)
{
	f->seq += (uint32_t)len;
	f->bytes += len;
	f->len -= len;
}

/* How much of a message of that length has to be there. */
static size_t
needed(const struct feeding *f, uint64_t length)
{
	return length < f->user->max_message ? (size_t)length : f->user->max_message;
}

/* Uses `len` bytes by adding them to the message that is being gathered. */
static int
gather(struct feeding *f, size_t len)
{
	struct framing *framing = f->framing;
	uint32_t size = framing->size ? framing->size : SIZE_MIN;
	uint8_t *bytes;

	while (size < framing->len + len)
		size *= 2;
	if (size > framing->size) {
		if (stream_budget_take(f->budget, size - framing->size) < 0)
			return FRAMING_MEMORY;
		bytes = realloc(framing->bytes, size);
		if (!bytes) {
			stream_budget_give(f->budget, size - framing->size);
			return FRAMING_MEMORY;
		}
		framing->bytes = bytes;
		framing->size = size;
	}
	memcpy(framing->bytes + framing->len, f->bytes, len);
	framing->len += (uint32_t)len;
	use(f, len);
	return FRAMING_OK;
}

/* Asks for the length of the message; of bytes beyond max_message nobody is asked. */
static int
ask(const struct feeding *f, const uint8_t *bytes, size_t len, uint64_t *ret_length)
{
	int64_t length = f->user->frame(f->user->context, bytes, needed(f, len));

	if (length < 0 || (length == 0 && len >= f->user->max_message))
		return FRAMING_ALIEN;
	*ret_length = (uint64_t)length;
	return FRAMING_OK;
}

static int
hand_on(struct feeding *f, uint32_t seq, const uint8_t *bytes, uint64_t length)
{
	size_t len = needed(f, length);

	f->framing->skip = length - len;
	return f->user->message(f->user->context, seq, bytes, len, length) ? FRAMING_STOPPED
									   : FRAMING_OK;
}

/* A message begins with these bytes. */
static int
feed_fresh(struct feeding *f)
{
	const uint8_t *bytes = f->bytes;
	uint32_t seq = f->seq;
	uint64_t length = 0;
	int r = ask(f, bytes, f->len, &length);

	if (r < 0)
		return r;
	if (!length || needed(f, length) > f->len) {
		f->framing->wanted = length;
		return gather(f, f->len);
	}
	use(f, needed(f, length));
	return hand_on(f, seq, bytes, length);
}

/* The message that was gathered is whole; `taken` of its bytes are the last ones used. */
static int
feed_whole(struct feeding *f, size_t taken)
{
	struct framing *framing = f->framing;
	uint64_t length = framing->wanted, skip;
	size_t len = needed(f, length);
	size_t before = framing->len - taken;
	int r = hand_on(f, f->seq - framing->len, framing->bytes, length);

	if (r != FRAMING_OK)
		return r;
	framing->wanted = 0;
	if (len < before) {
		/* frame() has thought better of it: there is more than one message here. */
		framing->len -= (uint32_t)len;
		memmove(framing->bytes, framing->bytes + len, framing->len);
		f->again = true;
		return FRAMING_OK;
	}
	/* What is behind the message is of the bytes at hand, and can be seen where it lies. */
	len = framing->len - len;
	f->seq -= (uint32_t)len;
	f->bytes -= len;
	f->len += len;
	skip = framing->skip;
	framing_clear(framing, f->budget);
	framing->skip = skip;
	return FRAMING_OK;
}

/* More of a message that has begun. */
static int
feed_pending(struct feeding *f)
{
	struct framing *framing = f->framing;
	size_t goal = framing->wanted ? needed(f, framing->wanted) : f->user->max_message;
	size_t taken = goal - framing->len < f->len ? goal - framing->len : f->len;
	int r = gather(f, taken);

	f->again = false;
	if (r == FRAMING_OK && !framing->wanted)
		r = ask(f, framing->bytes, framing->len, &framing->wanted);
	if (r != FRAMING_OK)
		return r;
	if (!framing->wanted || framing->len < needed(f, framing->wanted))
		return FRAMING_OK;
	return feed_whole(f, taken);
}

static int
feed_skipped(struct feeding *f)
{
	size_t len = f->framing->skip < f->len ? (size_t)f->framing->skip : f->len;

	f->framing->skip -= len;
	use(f, len);
	return FRAMING_OK;
}

int
framing_feed(struct framing *framing, struct stream_budget *budget, const struct framing_user *user,
	uint32_t seq, const uint8_t *bytes, size_t len)
{
	struct feeding f = {
		.framing = framing,
		.budget = budget,
		.user = user,
		.seq = seq,
		.bytes = bytes,
		.len = len,
	};
	int r = FRAMING_OK;

	while ((f.len || f.again) && r == FRAMING_OK) {
		if (framing->len)
			r = feed_pending(&f);
		else if (framing->skip)
			r = feed_skipped(&f);
		else
			r = feed_fresh(&f);
	}
	return r;
}
