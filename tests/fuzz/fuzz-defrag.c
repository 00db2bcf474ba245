// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragments described by bytes, against a plain model of what becomes of them.
 *
 * The input: 1 byte (bit 0: tight limits), then fragments of 5 bytes: which datagram (bits 0 and 1:
 * id; bit 2: IPv6; bit 3: TCP; bit 4: a lie, one byte of it is wrong; bit 5: not the last), 1 byte
 * of offset (units of eight), 1 byte of length, 1 byte of units of eight that are added to that,
 * 1 byte of time that has passed (quarters of a second).
 *
 * The model marks every byte of a datagram that somebody has sent. It ends the program (abort) when
 * the result of a fragment is not what it says, when a whole datagram has other bytes, when the
 * fate of a fragment is told twice, never, out of turn or wrongly, and when memory is left over.
 * With tight limits only fates and limits are checked: who makes room for whom is not modelled.
 */
#include "flow/defrag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packet/decode.h"

enum {
	OP_LEN = 5,
	KEYS = 16,
	SPAN = 255 * 8 + 255 + 255 * 8 + 1, /* of a datagram, and one more */
	FRAGMENTS_MAX = 1000,               /* read from one input */
	TIMEOUT = 30,
};

struct op {
	unsigned key;
	bool v6, tcp, lie, more;
	uint32_t offset, len;
};

/* A datagram as the model sees it. `owner` is the number of the fragment that brought a byte. */
struct datagram {
	bool there, poisoned;
	uint64_t started;
	uint32_t end, total, count, held;
	uint16_t owner[SPAN];
	uint8_t bytes[SPAN];
	bool more[FRAGMENTS_MAX + 1];
};

enum fate { FATE_NONE, FATE_HELD, FATE_SETTLED };

struct model {
	struct defrag *defrag;
	uint64_t now;
	bool tight;
	unsigned number;  /* of the fragment at hand */
	unsigned last;    /* that was settled in the call at hand */
	enum reason want; /* of those that are settled now */
	uint8_t fates[FRAGMENTS_MAX + 1];
	uint8_t keys[FRAGMENTS_MAX + 1];
	struct datagram datagrams[KEYS];
};

static void
require(bool truth)
{
	if (!truth)
		abort();
}

/* In order of arrival within each datagram; several datagrams may be settled in one call. */
static void
settled(void *context, const struct packet *fragment, enum reason reason)
{
	struct model *m = context;
	unsigned number = (unsigned)fragment->number;

	require(number && number <= m->number && !fragment->data && !fragment->caplen);
	require(m->fates[number] == FATE_HELD && reason == m->want);
	require(!m->last || m->keys[m->last] != m->keys[number] || m->last < number);
	m->fates[number] = FATE_SETTLED;
	m->last = number;
}

static uint8_t
true_byte(const struct op *op, uint32_t offset)
{
	return (uint8_t)(offset * 5 + (offset >> 8) + op->key);
}

/* The fragment as a packet; returns its length. */
static uint32_t
build(const struct op *op, uint8_t *at)
{
	uint8_t proto = op->tcp ? PROTO_TCP : PROTO_UDP;
	uint16_t field = (uint16_t)(op->offset / 8);
	uint32_t header = op->v6 ? 48 : 20, n;

	memset(at, 0, header);
	if (op->v6) {
		at[0] = 0x60;
		at[4] = (uint8_t)((op->len + 8) >> 8);
		at[5] = (uint8_t)(op->len + 8);
		at[6] = 44;
		at[23] = 1;
		at[39] = 2;
		at[40] = proto;
		field = (uint16_t)(field << 3 | op->more);
		at[42] = (uint8_t)(field >> 8);
		at[43] = (uint8_t)field;
		at[47] = (uint8_t)op->key; /* with the protocol: there it does not tell */
	} else {
		at[0] = 0x45;
		at[2] = (uint8_t)((header + op->len) >> 8);
		at[3] = (uint8_t)(header + op->len);
		at[5] = (uint8_t)(op->key & 3);
		field |= op->more ? 0x2000 : 0;
		at[6] = (uint8_t)(field >> 8);
		at[7] = (uint8_t)field;
		at[8] = 64;
		at[9] = proto;
		at[15] = 1;
		at[19] = 2;
	}
	for (n = 0; n < op->len; n++)
		at[header + n] = true_byte(op, op->offset + n);
	if (op->lie && op->len)
		at[header + op->len / 2]++;
	return header + op->len;
}

/* Refused by itself. */
static bool
is_impossible(const struct op *op)
{
	if (!op->len || (op->more && op->len % 8))
		return true;
	return op->tcp && op->offset < 20 && (op->offset || op->len < 20);
}

static bool
is_duplicate(const struct datagram *dg, const struct op *op, const uint8_t *data)
{
	unsigned owner = dg->owner[op->offset];
	uint32_t n;

	if (!owner || (op->offset && dg->owner[op->offset - 1] == owner) ||
		dg->owner[op->offset + op->len] == owner || dg->more[owner] != op->more)
		return false;
	for (n = 0; n < op->len; n++)
		if (dg->owner[op->offset + n] != owner || dg->bytes[op->offset + n] != data[n])
			return false;
	return true;
}

static bool
is_overlap(const struct datagram *dg, const struct op *op)
{
	uint32_t end = op->offset + op->len, n;

	for (n = op->offset; n < end; n++)
		if (dg->owner[n])
			return true;
	if (dg->total)
		return !op->more || end > dg->total;
	return !op->more && end < dg->end;
}

static void
model_take(struct model *m, struct datagram *dg, const struct op *op, const uint8_t *data)
{
	uint32_t n;

	for (n = 0; n < op->len; n++) {
		dg->owner[op->offset + n] = (uint16_t)m->number;
		dg->bytes[op->offset + n] = data[n];
	}
	dg->more[m->number] = op->more;
	dg->count++;
	dg->held += op->len;
	if (dg->end < op->offset + op->len)
		dg->end = op->offset + op->len;
	if (!op->more)
		dg->total = op->offset + op->len;
}

/* What defrag_add() must return. Marks the fragment in the model if it is taken. */
static int
model_add(struct model *m, const struct op *op, const uint8_t *data)
{
	struct datagram *dg = &m->datagrams[op->key];
	uint64_t timeout = TIMEOUT * UINT64_C(1000000000);
	unsigned n;

	for (n = 0; n < KEYS; n++)
		if (m->datagrams[n].there && m->now - m->datagrams[n].started >= timeout)
			memset(&m->datagrams[n], 0, sizeof(m->datagrams[n]));
	if (is_impossible(op) || dg->poisoned || is_duplicate(dg, op, data))
		return -EINVAL;
	if (is_overlap(dg, op)) {
		dg->poisoned = true;
		return -EINVAL;
	}
	if (!dg->there)
		dg->started = m->now;
	dg->there = true;
	model_take(m, dg, op, data);
	return dg->total && dg->held == dg->total;
}

/* None, or all of the fragments of a datagram that were taken are settled. */
static void
check_fates(const struct model *m, unsigned key, enum fate fate)
{
	unsigned n;

	for (n = 1; n <= m->number; n++)
		if (m->keys[n] == key && m->fates[n] != FATE_NONE)
			require(m->fates[n] == FATE_SETTLED || fate == FATE_HELD);
}

static void
check_whole(const struct model *m, const struct op *op, const struct packet *whole)
{
	const struct datagram *dg = &m->datagrams[op->key];
	uint32_t header = op->v6 ? 40 : 20;
	struct packet p = *whole;
	struct decode_options options = { .verify_checksums = false };

	require(p.caplen == header + dg->total && p.number == m->number && p.time == m->now);
	require(!memcmp(p.data + p.l3 + header, dg->bytes, dg->total));
	decode_ip(&p, &options);
	require(p.flags & PACKET_IP && p.flags & PACKET_WHOLE && !(p.flags & PACKET_FRAGMENT));
	require(p.l4 == header && p.length == header + dg->total);
}

static void
finish(struct model *m, const struct op *op, const struct packet *whole)
{
	m->fates[m->number] = FATE_HELD;
	if (!m->tight)
		check_whole(m, op, whole);
	m->want = REASON_OUTBOUND;
	m->last = 0;
	defrag_settle(m->defrag, m->want);
	m->want = REASON_FRAGMENT;
	require(m->fates[m->number] == FATE_SETTLED);
	if (m->tight)
		return;
	check_fates(m, op->key, FATE_SETTLED);
	memset(&m->datagrams[op->key], 0, sizeof(m->datagrams[op->key]));
}

static void
play(struct model *m, const struct op *op)
{
	struct decode_options options = { .verify_checksums = false };
	uint8_t frame[48 + SPAN];
	struct packet p = { .data = frame, .link = LINK_RAW, .time = m->now }, whole;
	struct defrag_stats stats;
	int result, expected;

	p.caplen = p.wirelen = build(op, frame);
	p.number = ++m->number;
	m->keys[m->number] = (uint8_t)op->key;
	decode(&p, &options);
	if (!(p.flags & PACKET_FRAGMENT) || p.error)
		return;
	m->last = 0;
	expected = m->tight ? 0 : model_add(m, op, p.data + p.l4);
	result = defrag_add(m->defrag, &p, &whole);
	require(m->tight || result == expected);
	if (result == 0)
		m->fates[m->number] = FATE_HELD;
	else if (result == 1)
		finish(m, op, &whole);
	if (m->datagrams[op->key].poisoned)
		check_fates(m, op->key, FATE_SETTLED);
	defrag_get_stats(m->defrag, &stats);
	require(!m->tight || (stats.memory <= 4000 && stats.datagrams <= 3));
	require(stats.memory || !stats.datagrams);
}

static struct op
op_read(const uint8_t *at)
{
	struct op op = {
		.v6 = at[0] & 4,
		.tcp = at[0] & 8,
		.lie = at[0] & 16,
		.more = at[0] & 32,
		.offset = at[1] * 8u,
		.len = at[2] + at[3] * 8u,
	};

	op.key = at[0] & 15u;
	return op;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct model *m = calloc(1, sizeof(*m));
	struct defrag_owner owner = { .context = m, .settled = settled };
	struct defrag_options options = { 1000, FRAGMENTS_MAX, 1 << 30, TIMEOUT, 0 };
	struct defrag_stats stats;
	struct op op;
	size_t at;
	unsigned n;

	require(m);
	m->tight = size && data[0] & 1;
	if (m->tight)
		options = (struct defrag_options){ 3, 4, 4000, TIMEOUT, 0 };
	m->want = REASON_FRAGMENT;
	m->now = UINT64_C(1000000000000);
	require(defrag_new(&options, &owner, &m->defrag) == 0);
	for (at = 1; at + OP_LEN <= size && m->number < FRAGMENTS_MAX; at += OP_LEN) {
		op = op_read(data + at);
		m->now += data[at + 4] * UINT64_C(250000000);
		play(m, &op);
	}
	m->last = 0;
	defrag_flush(m->defrag);
	for (n = 1; n <= m->number; n++)
		require(m->fates[n] != FATE_HELD);
	defrag_get_stats(m->defrag, &stats);
	require(!stats.memory && !stats.datagrams);
	defrag_free(m->defrag);
	free(m);
	return 0;
}
