// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Streams: segments described by bytes, against a plain model of what a stream must do.
 *
 * The input: 4 bytes of the first sequence number, 1 byte of window (1 KiB << n % 4), 1 byte of
 * budget (KiB, 0: plenty), then operations of 5 bytes: what (bits 0 and 1: 2 is a lie, 3 an
 * acknowledgement, else a segment; bit 2: near what comes next; bit 3: short), 16 bits of offset
 * from the first byte, 16 bits of length. The true byte at an offset is a function of the offset;
 * a lie adds one to one byte. The model is an array of what was first said at each offset. The
 * program ends (abort) when the stream and the model disagree on a byte that is delivered, on a
 * result, or on the budget.
 */
#include "helper/stream.h"

#include <stdlib.h>
#include <string.h>

enum { SPAN = 8192, OP_LEN = 5 };

struct model {
	struct stream stream;
	struct stream_budget budget;
	uint32_t first;
	uint32_t limit;
	uint32_t next, kept, size; /* offsets from `first`; ring size */
	int failed;
	bool said[SPAN]; /* somebody has said what is at this offset, and it may still be told */
	uint8_t value[SPAN];
};

static void
require(bool truth)
{
	if (!truth)
		abort();
}

static uint8_t
true_byte(uint32_t offset)
{
	return (uint8_t)(offset * 7 + (offset >> 8));
}

static int
sink(void *context, uint32_t seq, const uint8_t *bytes, size_t len)
{
	struct model *m = context;
	uint32_t offset = seq - m->first;

	require(len && offset == m->next && len <= SPAN - offset);
	for (size_t i = 0; i < len; i++)
		require(m->said[offset + i]);
	require(!memcmp(m->value + offset, bytes, len));
	m->next += (uint32_t)len;
	return 0;
}

/* Ranges that are said and lie beyond `next`. */
static unsigned
model_holes(const struct model *m)
{
	unsigned n = 0;
	uint32_t i;

	for (i = m->next + 1; i < SPAN; i++)
		n += m->said[i] && !m->said[i - 1];
	return n;
}

/* What the window, the bytes said before, and the budget make of a segment. */
static int
model_judge(const struct model *m, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
	uint32_t size = m->size ? m->size : 1024;
	uint32_t from = offset > m->kept ? offset : m->kept;
	uint32_t end = offset + len;

	if (m->failed)
		return m->failed;
	if (end <= from)
		return STREAM_OK;
	if (end - m->kept > m->limit)
		return STREAM_MEMORY;
	for (uint32_t i = from; i < end; i++) {
		if (m->said[i] && m->value[i] != bytes[i - offset])
			return STREAM_CONFLICT;
	}
	if (end <= m->next)
		return STREAM_OK;
	while (size < end - m->kept)
		size *= 2;
	return size > m->budget.limit ? STREAM_MEMORY : STREAM_OK;
}

/* Stores what is new; false if it makes one range too many. */
static bool
model_say(struct model *m, uint32_t offset, const uint8_t *bytes, uint32_t len)
{
	uint32_t from = offset > m->kept ? offset : m->kept;

	if (offset + len <= from)
		return true;
	if (offset + len > m->next) {
		m->size = m->size ? m->size : 1024;
		while (m->size < offset + len - m->kept)
			m->size *= 2;
	}
	for (uint32_t i = from; i < offset + len; i++) {
		m->said[i] = true;
		m->value[i] = bytes[i - offset];
	}
	return offset <= m->next || model_holes(m) <= STREAM_HOLES_MAX;
}

static uint32_t
model_in_order(const struct model *m, uint32_t at)
{
	while (at < SPAN && m->said[at])
		at++;
	return at;
}

static bool
model_waits(const struct model *m)
{
	return memchr(m->said + m->next, true, SPAN - m->next) != NULL;
}

static void
segment(struct model *m, uint32_t offset, uint32_t len, bool lie)
{
	static uint8_t bytes[SPAN];
	int expected, result;

	len = len < SPAN - offset ? len : SPAN - offset;
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = true_byte(offset + i);
	if (lie && len)
		bytes[len / 2]++;
	expected = len ? model_judge(m, offset, bytes, len) : m->failed;
	if (expected == STREAM_OK && !model_say(m, offset, bytes, len))
		expected = STREAM_MEMORY;
	result = stream_segment(&m->stream, &m->budget, m->first + offset, bytes, len, sink, m);
	require(result == expected);
	if (result)
		m->failed = result;
	else
		require(m->next == model_in_order(m, m->next));
}

static void
ack(struct model *m, uint32_t offset)
{
	uint32_t to;

	while (!m->failed && offset > m->next) {
		require(stream_has_gap(&m->stream, m->first + offset));
		for (to = m->next; to < offset && !m->said[to];)
			to++;
		m->next = to;
		m->kept = to;
		require(!stream_skip(&m->stream, &m->budget, m->first + offset, sink, m));
		require(m->next == model_in_order(m, to));
	}
	require(m->failed || !stream_has_gap(&m->stream, m->first + offset));
	stream_acked(&m->stream, &m->budget, m->first + offset);
	if (offset > m->kept)
		m->kept = offset < m->next ? offset : m->next;
	if (m->kept == m->next && !m->failed && !model_waits(m))
		m->size = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model m;
	uint32_t offset, len;

	if (size < 6)
		return 0;
	memset(&m, 0, sizeof(m));
	memcpy(&m.first, data, sizeof(m.first));
	m.limit = UINT32_C(1024) << data[4] % 4;
	m.budget.limit = data[5] ? data[5] * UINT64_C(1024) : UINT64_MAX;
	stream_init(&m.stream, m.limit);
	stream_begin(&m.stream, m.first);
	for (data += 6, size -= 6; size >= OP_LEN; data += OP_LEN, size -= OP_LEN) {
		offset = ((uint32_t)data[1] << 8 | data[2]) % SPAN;
		len = ((uint32_t)data[3] << 8 | data[4]) % (data[0] & 8 ? 64 : SPAN);
		if (data[0] & 4)
			offset = (m.next + offset % 16) % SPAN;
		if (data[0] % 4 == 3)
			ack(&m, offset);
		else
			segment(&m, offset, len, data[0] % 4 == 2);
		require(m.failed || m.budget.used == m.size);
		require(m.budget.used <= m.budget.peak);
	}
	stream_done(&m.stream, &m.budget);
	require(!m.budget.used);
	return 0;
}
