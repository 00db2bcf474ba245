// SPDX-License-Identifier: MIT
/*
 * BER, element by element.
 *
 * Life-cycle: none; a cursor is a value. Limits: ber.h. Relies on pn_reader for every byte: what is
 * claimed to be longer than what is left makes the reader bad, and that is the cursor's being bad.
 */
#include "ber.h"

#include <errno.h>

#define TAG_NUMBER    0x1f /* of a tag of one byte; all set: the number follows */
#define LENGTH_LONG   0x80
#define LENGTH_BYTES  4 /* of the long form */
#define INTEGER_BYTES 5 /* 32 bits, and a zero in front to keep it positive */

struct header {
	uint32_t tag;
	uint32_t len;
};

/* §8.1.2: a number of 31 or more stands in bytes of its own; here, in one. */
static int
read_tag(struct pn_reader *r, uint32_t *ret_tag)
{
	uint32_t tag = pn_u8(r), number;

	if (!pn_ok(r))
		return -EAGAIN;
	if ((tag & TAG_NUMBER) != TAG_NUMBER) {
		*ret_tag = tag;
		return tag ? 0 : -EPROTO; /* 0: the end of what had no length (§8.1.5) */
	}
	number = pn_u8(r);
	if (!pn_ok(r))
		return -EAGAIN;
	if (number < TAG_NUMBER || number > 127)
		return -EPROTO;
	*ret_tag = tag << 8 | number;
	return 0;
}

/* §8.1.3 */
static int
read_length(struct pn_reader *r, uint32_t *ret_len)
{
	uint32_t len = pn_u8(r), n;

	if (!pn_ok(r))
		return -EAGAIN;
	if (!(len & LENGTH_LONG)) {
		*ret_len = len;
		return 0;
	}
	n = len & ~(uint32_t)LENGTH_LONG;
	if (!n || n > LENGTH_BYTES)
		return -EPROTO;
	for (len = 0; n; n--)
		len = len << 8 | pn_u8(r);
	if (!pn_ok(r))
		return -EAGAIN;
	*ret_len = len;
	return 0;
}

/* -EAGAIN: it is cut; -EPROTO: it is none. */
static int
read_header(struct pn_reader *r, struct header *ret_header)
{
	struct header header;
	int error = read_tag(r, &header.tag);

	if (error == 0)
		error = read_length(r, &header.len);
	if (error == 0)
		*ret_header = header;
	return error;
}

/* Takes the next element; its contents may be cut if `cut`. When it is not there both are bad. */
static struct ber
take(struct ber *b, uint32_t tag, int cut)
{
	struct ber inside = { .depth = b->depth + 1 };
	struct header header = { 0 };
	size_t len;

	if (read_header(&b->r, &header) < 0 || header.tag != tag)
		b->r.bad = 1;
	len = header.len;
	if (cut && len > pn_left(&b->r))
		len = pn_left(&b->r);
	inside.r = pn_sub(&b->r, len);
	return inside;
}

int64_t
ber_frame(const uint8_t *bytes, size_t len, uint64_t max)
{
	struct pn_reader r = pn_reader(bytes, len);
	struct header header;
	int error = read_header(&r, &header);
	uint64_t total;

	if (error == -EAGAIN)
		return 0;
	if (error < 0)
		return error;
	total = (uint64_t)pn_offset(&r) + header.len;
	return total > max ? -EMSGSIZE : (int64_t)total;
}

struct ber
ber(const void *bytes, size_t len)
{
	return (struct ber){ .r = pn_reader(bytes, len) };
}

uint32_t
ber_peek(const struct ber *b)
{
	struct pn_reader r = b->r;
	uint32_t tag;

	return read_tag(&r, &tag) == 0 ? tag : 0;
}

struct ber
ber_enter(struct ber *b, uint32_t tag)
{
	if (b->depth >= BER_DEPTH_MAX)
		b->r.bad = 1;
	return take(b, tag, 0);
}

struct ber
ber_enter_cut(struct ber *b, uint32_t tag)
{
	if (b->depth >= BER_DEPTH_MAX)
		b->r.bad = 1;
	return take(b, tag, 1);
}

const uint8_t *
ber_bytes(struct ber *b, uint32_t tag, size_t *ret_len)
{
	struct ber inside = take(b, tag, 0);

	return pn_rest(&inside.r, ret_len);
}

uint32_t
ber_uint(struct ber *b, uint32_t tag)
{
	struct ber inside = take(b, tag, 0);
	size_t len = ber_left(&inside);
	uint64_t value = 0;

	if (!len || len > INTEGER_BYTES || pn_peek(&inside.r) & 0x80) {
		b->r.bad = 1;
		return 0;
	}
	while (ber_left(&inside))
		value = value << 8 | pn_u8(&inside.r);
	if (value > UINT32_MAX) {
		b->r.bad = 1;
		return 0;
	}
	return (uint32_t)value;
}

void
ber_skip(struct ber *b)
{
	uint32_t tag = ber_peek(b);

	(void)take(b, tag, 0);
}
