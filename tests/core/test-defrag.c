// SPDX-License-Identifier: GPL-2.0-or-later
/* Defragmentation: what is put together, what is refused, and that each fragment gets its fate. */
#include "flow/defrag.h"

#include <errno.h>
#include <string.h>

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

/* A whole datagram of UDP, as bytes of IP. */
static size_t
build_whole(bool v6, size_t payload, uint8_t *frame)
{
	struct kit_packet k = {
		.from = v6 ? "[" FROM6 "]:1000" : FROM4 ":1000",
		.to = v6 ? "[" TO6 "]:2000" : TO4 ":2000",
		.proto = PROTO_UDP,
		.ip_id = 77,
		.raw = 1,
		.payload = data_at(0),
		.len = payload,
	};

	return kit_build(&k, frame);
}

static void
check_whole(struct packet *whole, bool v6, const uint8_t *data, size_t len, uint64_t time)
{
	static const struct decode_options options = { .verify_checksums = true };
	uint32_t header = v6 ? 40 : 20;

	ck_assert_uint_eq(whole->caplen, header + len);
	ck_assert_uint_eq(whole->wirelen, header + len);
	ck_assert_uint_eq(whole->time, time);
	ck_assert_uint_eq(whole->number, n_packets);
	ck_assert_mem_eq(whole->data + whole->l3 + header, data, len);
	decode_ip(whole, &options);
	ck_assert_int_eq(whole->error, REASON_NONE);
	ck_assert_uint_eq(whole->flags,
		PACKET_IP | PACKET_WHOLE | PACKET_REASSEMBLED | (whole->flags & PACKET_FROM_HI));
	ck_assert_uint_eq(whole->proto, PROTO_UDP);
	ck_assert_uint_eq(whole->payload_len, len - 8);
	/* Without the mark it is an ordinary packet, right down to the checksum of its header. */
	whole->flags = 0;
	decode_ip(whole, &options);
	ck_assert_int_eq(whole->error, REASON_NONE);
}

/* Every order of four fragments, both families. */
static void
check_order(bool v6, const unsigned order[4])
{
	static const struct shape shapes[4] = {
		{ 0, 64, MORE },
		{ 64, 8, MORE },
		{ 72, 128, MORE },
		{ 200, 13, LAST },
	};
	uint8_t frame[KIT_FRAME_MAX];
	size_t len = build_whole(v6, 205, frame);
	const uint8_t *data = frame + (v6 ? 40 : 20);
	struct packet whole;
	struct kit_packet k;
	unsigned n;

	ck_assert_uint_eq(len, (v6 ? 40 : 20) + 213);
	open_one();
	for (n = 0; n < 4; n++) {
		k = describe(shapes[order[n]]);
		k.from = v6 ? FROM6 : FROM4;
		k.to = v6 ? TO6 : TO4;
		k.payload = data + k.fragment_offset;
		ck_assert_int_eq(add_described(&k, START + n, &whole), n == 3);
		expect_no_fates();
	}
	check_whole(&whole, v6, data, 213, START + 3);
	ck_assert_uint_eq(stats().reassembled, 1);
	ck_assert_uint_eq(stats().datagrams, 0);
	ck_assert_uint_gt(stats().memory, 213);
	defrag_settle(defrag, REASON_OUTBOUND);
	expect_fates(1, 4, REASON_OUTBOUND);
	ck_assert_uint_eq(stats().memory, 0);
	ck_assert_uint_gt(stats().peak_memory, 213);
	close_one();
	expect_no_fates();
}

START_TEST(test_every_order)
{
	unsigned a, b, c;

	for (a = 0; a < 4; a++)
		for (b = 0; b < 4; b++)
			for (c = 0; c < 4; c++)
				if (a != b && b != c && a != c) {
					check_order(false, (unsigned[]){ a, b, c, 6 - a - b - c });
					check_order(true, (unsigned[]){ a, b, c, 6 - a - b - c });
				}
}
END_TEST

/* An exact duplicate is dropped alone, of the last fragment and of the first as well. */
START_TEST(test_duplicates)
{
	open_one();
	ck_assert_int_eq(add(0, 64, MORE, START), 0);
	ck_assert_int_eq(add(0, 64, MORE, START), -EINVAL);
	ck_assert_int_eq(add(128, 10, LAST, START), 0);
	ck_assert_int_eq(add(128, 10, LAST, START), -EINVAL);
	ck_assert_int_eq(add(0, 64, MORE, START), -EINVAL);
	expect_no_fates();
	ck_assert_int_eq(add(64, 64, MORE, START), 1);
	defrag_settle(defrag, REASON_EXPECTED);
	ck_assert_uint_eq(n_fates, 3);
	ck_assert_uint_eq(fates[0].number, 1);
	ck_assert_uint_eq(fates[1].number, 3);
	ck_assert_uint_eq(fates[2].number, 6);
	ck_assert_uint_eq(stats().overlaps, 0);
	ck_assert_uint_eq(stats().refused, 3);
	close_one();
}
END_TEST

/* 64..128 and 192..200, the last, are there; each of these contradicts them. */
static const struct shape overlaps[] = {
	{ 56, 16, MORE },  /* head */
	{ 120, 16, MORE }, /* tail */
	{ 72, 8, MORE },   /* inside */
	{ 64, 8, MORE },   /* inside, at its head */
	{ 120, 8, MORE },  /* inside, at its tail */
	{ 56, 80, MORE },  /* covering */
	{ 64, 72, MORE },  /* covering, at its head */
	{ 56, 72, MORE },  /* covering, at its tail */
	{ 0, 400, MORE },  /* covering all */
	{ 128, 72, MORE }, /* over the last */
	{ 200, 8, MORE },  /* behind the last */
	{ 200, 8, LAST },  /* another last */
	{ 192, 8, MORE },  /* the last is not the last */
	{ 192, 16, LAST }, /* the last is longer */
	{ 128, 60, LAST }, /* another last, before it */
	{ 64, 64, LAST },  /* the same bytes, but the last */
};

START_TEST(test_overlaps)
{
	size_t n;

	for (n = 0; n < sizeof(overlaps) / sizeof(overlaps[0]); n++) {
		open_one();
		ck_assert_int_eq(add(64, 64, MORE, START), 0);
		ck_assert_int_eq(add(192, 8, LAST, START), 0);
		ck_assert_msg(add(overlaps[n].offset, overlaps[n].len, overlaps[n].more, START) ==
				      -EINVAL,
			"row %zu", n);
		ck_assert_msg(n_fates == 2, "row %zu", n);
		expect_fates(1, 2, REASON_FRAGMENT);
		ck_assert_uint_eq(stats().overlaps, 1);
		/* Poisoned: nothing of it is taken any more, until its time is up. */
		ck_assert_int_eq(add(0, 64, MORE, START + 29 * SECOND), -EINVAL);
		ck_assert_int_eq(add(128, 64, MORE, START + 29 * SECOND), -EINVAL);
		ck_assert_uint_eq(stats().datagrams, 1);
		expect_no_fates();
		ck_assert_int_eq(add(0, 64, MORE, START + 30 * SECOND), 0);
		ck_assert_int_eq(add(64, 8, LAST, START + 30 * SECOND), 1);
		defrag_settle(defrag, REASON_NONE);
		expect_fates(6, 7, REASON_NONE);
		ck_assert_uint_eq(stats().memory, 0);
		ck_assert_uint_eq(stats().timeouts, 0);
		ck_assert_uint_eq(stats().overlaps, 1);
		close_one();
	}
}
END_TEST

/* The last comes before what lies behind it; a duplicate with other bytes. */
START_TEST(test_more_overlaps)
{
	static const uint8_t other[64] = { 1, 2, 3 };
	struct kit_packet k = describe((struct shape){ 0, 64, MORE });
	struct packet whole;

	open_one();
	ck_assert_int_eq(add(128, 64, MORE, START), 0);
	ck_assert_int_eq(add(64, 8, LAST, START), -EINVAL);
	expect_fates(1, 1, REASON_FRAGMENT);
	close_one();

	open_one();
	ck_assert_int_eq(add(0, 64, MORE, START), 0);
	k.payload = other;
	ck_assert_int_eq(add_described(&k, START, &whole), -EINVAL);
	expect_fates(1, 1, REASON_FRAGMENT);
	ck_assert_int_eq(add(64, 64, LAST, START), -EINVAL);
	close_one();
	expect_no_fates();
}
END_TEST

/* What may not be a fragment, by itself. */
static const struct {
	struct shape shape;
	uint8_t proto;
	int result;
} alone[] = {
	{ { 0, 8, MORE }, PROTO_TCP, -EINVAL }, /* RFC 1858 */
	{ { 0, 16, MORE }, PROTO_TCP, -EINVAL }, { { 0, 24, MORE }, PROTO_TCP, 0 },
	{ { 8, 64, MORE }, PROTO_TCP, -EINVAL }, /* over the header */
	{ { 16, 64, LAST }, PROTO_TCP, -EINVAL }, { { 24, 64, LAST }, PROTO_TCP, 0 },
	{ { 0, 8, MORE }, PROTO_UDP, 0 }, { { 8, 8, MORE }, PROTO_UDP, 0 },
	{ { 0, 8, MORE }, PROTO_ICMP, 0 },
	{ { 0, 12, MORE }, PROTO_UDP, -EINVAL }, /* not in units of eight */
	{ { 0, 7, MORE }, PROTO_UDP, -EINVAL }, { { 8, 1, MORE }, PROTO_UDP, -EINVAL },
	{ { 8, 1, LAST }, PROTO_UDP, 0 }, { { 8, 0, LAST }, PROTO_UDP, -EINVAL }, /* empty */
	{ { 8, 0, MORE }, PROTO_UDP, -EINVAL }, { { 0, 0, MORE }, PROTO_UDP, -EINVAL },
	{ { 65512, 3, LAST }, PROTO_UDP, 0 }, /* 65535 with the header */
	{ { 65512, 4, LAST }, PROTO_UDP, -EINVAL }, { { 65512, 8, MORE }, PROTO_UDP, -EINVAL },
	{ { 65528, 1480, LAST }, PROTO_ICMP, -EINVAL }, /* the "ping of death" */
};

START_TEST(test_alone)
{
	struct kit_packet k;
	struct packet whole;
	size_t n;

	for (n = 0; n < sizeof(alone) / sizeof(alone[0]); n++) {
		k = describe(alone[n].shape);
		k.proto = alone[n].proto;
		open_one();
		ck_assert_msg(add_described(&k, START, &whole) == alone[n].result, "row %zu", n);
		ck_assert_uint_eq(stats().datagrams, alone[n].result == 0);
		ck_assert_uint_eq(stats().refused, alone[n].result != 0);
		ck_assert_uint_eq(stats().overlaps, 0);
		expect_no_fates();
		close_one();
		ck_assert_uint_eq(n_fates, alone[n].result == 0);
	}
}
END_TEST

/* The longest datagrams, which one byte more would break. */
START_TEST(test_longest)
{
	static uint8_t frame[KIT_FRAME_MAX];
	struct kit_packet k;
	struct packet whole;
	uint32_t offset, len, longest;
	int v6;

	for (v6 = 0; v6 < 2; v6++) {
		longest = v6 ? 65535 : 65515;
		ck_assert_uint_eq(build_whole(v6, longest - 8, frame), longest + (v6 ? 40 : 20));
		open_one();
		for (offset = 0; offset < longest; offset += len) {
			len = longest - offset < 16000 ? longest - offset : 16000;
			k = describe((struct shape){ offset, len, offset + len < longest });
			k.from = v6 ? FROM6 : FROM4;
			k.to = v6 ? TO6 : TO4;
			k.payload = frame + (v6 ? 40 : 20) + offset;
			ck_assert_int_eq(add_described(&k, START, &whole), offset + len == longest);
		}
		check_whole(&whole, v6, frame + (v6 ? 40 : 20), longest, START);
		close_one();
		expect_fates(1, 5, REASON_FRAGMENT); /* nobody said how it was judged */
	}
}
END_TEST

START_TEST(test_timeout)
{
	open_one();
	ck_assert_int_eq(add(0, 64, MORE, START), 0);
	ck_assert_int_eq(add(64, 64, MORE, START + 29 * SECOND), 0);
	defrag_expire(defrag, START + 30 * SECOND - 1);
	expect_no_fates();
	defrag_expire(defrag, START); /* time does not go back */
	defrag_expire(defrag, START + 30 * SECOND);
	expect_fates(1, 2, REASON_FRAGMENT);
	ck_assert_uint_eq(stats().timeouts, 1);
	ck_assert_uint_eq(stats().memory, 0);
	ck_assert_uint_eq(stats().datagrams, 0);
	/* What comes late begins another, and waits in vain; the next fragment tells the time. */
	ck_assert_int_eq(add(128, 64, LAST, START + 30 * SECOND), 0);
	ck_assert_int_eq(add(0, 64, MORE, START + 60 * SECOND), 0);
	expect_fates(3, 3, REASON_FRAGMENT);
	/* A fragment from the past is not kept longer than the others. */
	ck_assert_int_eq(add(64, 64, MORE, START), 0);
	defrag_expire(defrag, START + 90 * SECOND);
	expect_fates(4, 5, REASON_FRAGMENT);
	close_one();
	expect_no_fates();
}
END_TEST

/* One fragment each of many datagrams: the oldest make room, in the order in which they came. */
START_TEST(test_flood)
{
	struct kit_packet k = describe((struct shape){ 0, 64, MORE });
	struct packet whole;
	unsigned n;

	open_with(10, 16, 1 << 20);
	for (n = 0; n < 1000; n++) {
		k.ip_id = (uint16_t)n;
		ck_assert_int_eq(add_described(&k, START + n, &whole), 0);
		ck_assert_uint_le(stats().datagrams, 10);
	}
	ck_assert_uint_eq(stats().evicted, 990);
	expect_fates(1, 990, REASON_FRAGMENT);
	close_one();
	expect_fates(991, 1000, REASON_FRAGMENT);

	open_with(100000, 16, 10000);
	for (n = 0; n < 1000; n++) {
		k.ip_id = (uint16_t)n;
		ck_assert_int_eq(add_described(&k, START + n, &whole), 0);
		ck_assert_uint_le(stats().memory, 10000);
	}
	ck_assert_uint_gt(stats().evicted, 900);
	ck_assert_uint_le(stats().peak_memory, 10000);
	expect_fates(1, stats().evicted, REASON_FRAGMENT);
	defrag_flush(defrag);
	ck_assert_uint_eq(stats().memory, 0);
	ck_assert_uint_eq(stats().datagrams, 0);
	close_one();
}
END_TEST

/* One datagram of too many fragments is given up, and so remembered. */
START_TEST(test_too_many_fragments)
{
	unsigned n;

	open_with(10, 16, 1 << 20);
	for (n = 0; n < 16; n++)
		ck_assert_int_eq(add(n * 16, 8, MORE, START), 0);
	ck_assert_int_eq(add(8, 8, MORE, START), -EINVAL);
	expect_fates(1, 16, REASON_FRAGMENT);
	ck_assert_int_eq(add(24, 8, MORE, START), -EINVAL);
	ck_assert_uint_eq(stats().datagrams, 1);
	ck_assert_uint_eq(stats().overlaps, 0);
	close_one();
	expect_no_fates();

	/* As many as are allowed are enough if they are all. */
	open_with(10, 16, 1 << 20);
	for (n = 0; n < 15; n++)
		ck_assert_int_eq(add(n * 8, 8, MORE, START), 0);
	ck_assert_int_eq(add(15 * 8, 8, LAST, START), 1);
	close_one();
}
END_TEST

/* Room is made by others; a fragment that has none is refused alone. */
START_TEST(test_no_room)
{
	struct kit_packet other = describe((struct shape){ 0, 1000, MORE });
	struct packet whole;

	open_with(10, 16, 3600);
	other.ip_id = 1;
	ck_assert_int_eq(add(0, 1000, MORE, START), 0);
	ck_assert_int_eq(add_described(&other, START, &whole), 0);
	ck_assert_int_eq(add(1000, 1000, MORE, START), 0); /* the other goes, though younger */
	expect_fates(2, 2, REASON_FRAGMENT);
	ck_assert_int_eq(add(2000, 1000, MORE, START), -EINVAL);
	expect_no_fates();
	ck_assert_int_eq(add(2000, 8, LAST, START), 1);
	ck_assert_uint_le(stats().peak_memory, 3600);
	close_one();

	/* There is never room for this one, and nothing is left of it. */
	open_with(10, 16, 1000);
	ck_assert_int_eq(add(0, 1000, MORE, START), -EINVAL);
	ck_assert_uint_eq(stats().memory, 0);
	ck_assert_uint_eq(stats().datagrams, 0);
	close_one();

	open_with(10, 16, 100);
	ck_assert_int_eq(add(0, 8, MORE, START), -EINVAL);
	ck_assert_uint_eq(stats().datagrams, 0);
	close_one();
}
END_TEST

/* The second fragment of a datagram whose first came from host 0 to host 1 with id 77 as UDP: does
 * it belong to it, in IPv4 and in IPv6? There only the first one's protocol counts. */
static const struct {
	unsigned from, to;
	uint8_t proto;
	uint16_t id, zone;
	int result[2];
} strangers[] = {
	{ 0, 1, PROTO_UDP, 77, 0, { 1, 1 } },
	{ 0, 1, PROTO_ICMP, 77, 0, { 0, 1 } },
	{ 0, 1, PROTO_UDP, 78, 0, { 0, 0 } },
	{ 0, 1, PROTO_UDP, 77, 5, { 0, 0 } },
	{ 1, 0, PROTO_UDP, 77, 0, { 0, 0 } },
	{ 2, 1, PROTO_UDP, 77, 0, { 0, 0 } },
	{ 0, 2, PROTO_UDP, 77, 0, { 0, 0 } },
};

START_TEST(test_strangers)
{
	static const char *const hosts[2][3] = {
		{ "192.0.2.1", "198.51.100.7", "192.0.2.2" },
		{ "2001:db8::1", "2001:db8:1::7", "2001:db8::2" },
	};
	struct packet p, whole;
	struct kit_packet k;
	size_t n;
	int v6;

	for (n = 0; n < 2 * sizeof(strangers) / sizeof(strangers[0]); n++) {
		v6 = n % 2;
		open_one();
		k = describe((struct shape){ 0, 64, MORE });
		k.from = hosts[v6][0];
		k.to = hosts[v6][1];
		ck_assert_int_eq(add_described(&k, START, &whole), 0);
		k = describe((struct shape){ 64, 64, LAST });
		k.from = hosts[v6][strangers[n / 2].from];
		k.to = hosts[v6][strangers[n / 2].to];
		k.proto = strangers[n / 2].proto;
		k.ip_id = strangers[n / 2].id;
		kit_packet(&k, START, NULL, &p);
		p.zone = strangers[n / 2].zone;
		ck_assert_msg(add_packet(&p, &whole) == strangers[n / 2].result[v6], "row %zu, %s",
			n / 2, v6 ? "IPv6" : "IPv4");
		close_one();
	}
}
END_TEST

/* Half a packet cannot be put together, nor can what claims to be longer than it is. */
START_TEST(test_not_captured)
{
	struct kit_packet k = describe((struct shape){ 0, 64, MORE });
	struct packet p, whole;
	uint32_t len;

	kit_packet(&k, START, NULL, &p);
	for (len = 0; len <= p.caplen; len++) {
		struct packet cut = p;

		cut.caplen = len;
		open_one();
		ck_assert_int_eq(add_packet(&cut, &whole), len < p.caplen ? -EINVAL : 0);
		close_one();
	}
}
END_TEST

/* The verdict that was not given before the next fragment comes is a drop. */
START_TEST(test_forgotten_verdict)
{
	struct packet whole;
	struct kit_packet k = describe((struct shape){ 64, 8, LAST });

	open_one();
	ck_assert_int_eq(add(0, 64, MORE, START), 0);
	ck_assert_int_eq(add_described(&k, START, &whole), 1);
	ck_assert_int_eq(add(0, 64, MORE, START), 0);
	expect_fates(1, 2, REASON_FRAGMENT);
	defrag_settle(defrag, REASON_OUTBOUND); /* there is none to settle */
	expect_no_fates();
	close_one();
	expect_fates(3, 3, REASON_FRAGMENT);
}
END_TEST

START_TEST(test_options)
{
	struct defrag_owner owner = { .settled = settled };
	struct defrag_options good = { .max_datagrams = 1, .max_fragments = 1, .max_memory = 1 };
	struct defrag_options bad;
	struct defrag *none = NULL;

	bad = good;
	bad.max_datagrams = 0;
	ck_assert_int_eq(defrag_new(&bad, &owner, &none), -EINVAL);
	bad = good;
	bad.max_fragments = 0;
	ck_assert_int_eq(defrag_new(&bad, &owner, &none), -EINVAL);
	bad = good;
	bad.max_memory = 0;
	ck_assert_int_eq(defrag_new(&bad, &owner, &none), -EINVAL);
	ck_assert_ptr_null(none);
	defrag_free(NULL);
}
END_TEST

static Suite *
suite(void)
{
	Suite *suite = suite_create("defrag");
	TCase *tests = tcase_create("defrag");

	tcase_add_test(tests, test_every_order);
	tcase_add_test(tests, test_duplicates);
	tcase_add_test(tests, test_overlaps);
	tcase_add_test(tests, test_more_overlaps);
	tcase_add_test(tests, test_alone);
	tcase_add_test(tests, test_longest);
	tcase_add_test(tests, test_timeout);
	tcase_add_test(tests, test_flood);
	tcase_add_test(tests, test_too_many_fragments);
	tcase_add_test(tests, test_no_room);
	tcase_add_test(tests, test_strangers);
	tcase_add_test(tests, test_not_captured);
	tcase_add_test(tests, test_forgotten_verdict);
	tcase_add_test(tests, test_options);
	suite_add_tcase(suite, tests);
	return suite;
}

int
main(void)
{
	return kit_run(suite());
}
