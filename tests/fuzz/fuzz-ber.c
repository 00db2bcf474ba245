// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cursor over BER, with any bytes. What must hold:
 *   - what ber_frame() tells of a beginning stays true when more bytes come;
 *   - what is taken lies within the bytes, in their order, and no byte is taken twice;
 *   - nesting ends at BER_DEPTH_MAX, and a walk through all of it ends;
 *   - a bad cursor gives nothing any more;
 *   - an element that is whole is the same whether its end may be missing or not.
 */
#include "codec/ber.h"

#include <stdlib.h>

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

#define PREFIXES_MAX 64
#define FRAME_MAX    100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_frame(const uint8_t *data, size_t size)
{
	int64_t told = 0;
	size_t n;

	for (n = 0; n <= size && n <= PREFIXES_MAX; n++) {
		int64_t now = ber_frame(data, n, FRAME_MAX);

		MUST(!told || now == told);
		MUST(now <= FRAME_MAX);
		MUST(now || n < BER_HEADER_MAX);
		told = now;
	}
}

/* What the next element looks like to each way of taking it. */
static void
check_next(const struct ber *b)
{
	struct ber one = *b, other = *b, third = *b, fourth = *b;
	uint32_t tag = ber_peek(b), value;
	struct ber inside = ber_enter(&one, tag);
	struct ber cut = ber_enter_cut(&other, tag);
	const uint8_t *bytes;
	size_t len;

	bytes = ber_bytes(&third, tag, &len);
	value = ber_uint(&fourth, tag);
	MUST(ber_ok(&inside) == ber_ok(&one));
	MUST(ber_ok(&one) || !ber_left(&inside));
	if (b->depth < BER_DEPTH_MAX)
		MUST(ber_ok(&one) == ber_ok(&third));
	MUST(ber_ok(&third) || (!bytes && !len));
	MUST(ber_ok(&fourth) || !value);
	MUST(!ber_ok(&fourth) || (len && len <= 5 && ber_ok(&third)));
	if (!ber_ok(&one))
		return;
	MUST(ber_ok(&cut) && ber_left(&cut) == ber_left(&inside) && len == ber_left(&inside));
	MUST(inside.r.start == bytes && cut.r.start == bytes);
	MUST(one.r.at == other.r.at && one.r.at == third.r.at && one.r.at == bytes + len);
}

static void
check_bad(struct ber b)
{
	size_t len;

	MUST(!ber_left(&b) && !ber_peek(&b));
	MUST(!ber_bytes(&b, BER_OCTETS, &len) && !len);
	ber_skip(&b);
	MUST(!ber_ok(&b));
}

/* Goes into all that can be gone into. */
static void
walk(const uint8_t *data, size_t size)
{
	struct ber rows[BER_DEPTH_MAX + 2];
	const uint8_t *at = data;
	unsigned depth = 0;
	size_t steps = 0;

	rows[0] = ber(data, size);
	for (;;) {
		struct ber *row = &rows[depth];
		uint32_t tag = ber_peek(row);

		MUST(row->depth == depth && depth <= BER_DEPTH_MAX);
		MUST(++steps <= 2 * size + 2);
		if (!tag || !ber_ok(row)) {
			if (!depth--)
				return;
			continue;
		}
		check_next(row);
		MUST(row->r.at >= at && row->r.end <= data + size);
		at = row->r.at;
		if (depth < BER_DEPTH_MAX) {
			rows[depth + 1] = ber_enter(row, tag);
			depth++;
		} else {
			ber_skip(row);
		}
		if (!ber_ok(row))
			check_bad(*row);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_frame(data, size);
	walk(data, size);
	return 0;
}
