/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What test-defrag.c plays on: one struct defrag, fragments for it, and the fates it tells. */
#ifndef DEFRAG_STAGE_H
#define DEFRAG_STAGE_H

#include "flow/defrag.h"
#include "kit/kit.h"
#include "kit/packets.h"

#define SECOND UINT64_C(1000000000)
#define START  (1000 * SECOND)
#define FATES  4096

/* Fates in the order in which they were told. */
static struct {
	uint64_t number;
	enum reason reason;
} fates[FATES];

static unsigned n_fates;
static uint64_t n_packets;
static struct defrag *defrag;

static void
settled(void *context, const struct packet *fragment, enum reason reason)
{
	ck_assert_ptr_eq(context, &n_fates);
	ck_assert_ptr_null(fragment->data);
	ck_assert_uint_eq(fragment->caplen, 0);
	ck_assert_uint_lt(n_fates, FATES);
	fates[n_fates].number = fragment->number;
	fates[n_fates++].reason = reason;
}

static void
open_with(uint32_t max_datagrams, uint32_t max_fragments, uint64_t max_memory)
{
	struct defrag_options options = {
		.max_datagrams = max_datagrams,
		.max_fragments = max_fragments,
		.max_memory = max_memory,
		.timeout = 30,
		.seed = 0x1234567890abcdef,
	};
	struct defrag_owner owner = { .context = &n_fates, .settled = settled };

	n_fates = 0;
	n_packets = 0;
	ck_assert_int_eq(defrag_new(&options, &owner, &defrag), 0);
}

static void
open_one(void)
{
	open_with(64, 16, 1 << 20);
}

static void
close_one(void)
{
	defrag_free(defrag);
	defrag = NULL;
}

static struct defrag_stats
stats(void)
{
	struct defrag_stats s;

	defrag_get_stats(defrag, &s);
	return s;
}

/* Checks the fates told since the last call: packets first..last, all for one reason. */
static void
expect_fates(uint64_t first, uint64_t last, enum reason reason)
{
	unsigned n;

	ck_assert_uint_eq(n_fates, last + 1 - first);
	for (n = 0; n < n_fates; n++) {
		ck_assert_uint_eq(fates[n].number, first + n);
		ck_assert_int_eq(fates[n].reason, reason);
	}
	n_fates = 0;
}

static void
expect_no_fates(void)
{
	ck_assert_uint_eq(n_fates, 0);
}

/* The data of a datagram: `len` bytes that tell their offset. */
static const uint8_t *
data_at(uint32_t offset)
{
	static uint8_t bytes[70000];
	uint32_t n;

	if (!bytes[1])
		for (n = 0; n < sizeof(bytes); n++)
			bytes[n] = (uint8_t)(n + n / 256 * 7);
	return bytes + offset;
}

/* What a test says of a fragment. */
struct shape {
	uint32_t offset, len;
	bool more;
};

#define FROM4 "192.0.2.1"
#define TO4   "198.51.100.7"
#define FROM6 "2001:db8::1"
#define TO6   "2001:db8:1::7"

static struct kit_packet
describe(struct shape shape)
{
	return (struct kit_packet){
		.from = FROM4,
		.to = TO4,
		.proto = PROTO_UDP,
		.ip_id = 77,
		.fragment_offset = (uint16_t)shape.offset,
		.more_fragments = shape.more,
		.payload = data_at(shape.offset),
		.len = shape.len,
	};
}

static int
add_packet(const struct packet *p, struct packet *ret_whole)
{
	struct packet copy = *p;

	copy.number = ++n_packets;
	return defrag_add(defrag, &copy, ret_whole);
}

static int
add_described(const struct kit_packet *k, uint64_t time, struct packet *ret_whole)
{
	struct packet p;

	kit_packet(k, time, NULL, &p);
	ck_assert_int_eq(p.error, REASON_NONE);
	ck_assert(p.flags & PACKET_FRAGMENT);
	return add_packet(&p, ret_whole);
}

/* An IPv4 fragment of the datagram 77. */
static int
add(uint32_t offset, uint32_t len, bool more, uint64_t time)
{
	struct kit_packet k = describe((struct shape){ offset, len, more });
	struct packet whole;

	return add_described(&k, time, &whole);
}

#define MORE true
#define LAST false

#endif
