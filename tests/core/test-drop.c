// SPDX-License-Identifier: GPL-2.0-or-later
/* A drop put down and read again. */
#include "record/drop.h"

#include "events.h"
#include "kit/kit.h"
#include "output.h"

/* The one that was read; `kind` and `len` of its record. */
struct seen {
	struct drop drop;
	uint8_t kind;
	uint32_t len;
	unsigned n;
};

static char *
format(void *context, const struct writer_item *item, char *at)
{
	struct seen *seen = context;

	memset(&seen->drop, 0xff, sizeof(seen->drop)); /* nothing is left as it was */
	drop_get(item, &seen->drop);
	seen->kind = item->tag[DROP_KIND];
	seen->len = item->len;
	seen->n++;
	return at;
}

static const struct writer_ops ops = { .format = format };

static void
put(struct seen *seen, uint8_t kind, const struct drop_event *event, const char *iface)
{
	struct output output;

	*seen = (struct seen){ .n = 0 };
	output_open(&output, false);
	writer_attach(output.writer, &ops, seen);
	drop_put(output.writer, kind, event, iface);
	writer_detach(output.writer);
	output_expect(&output, "");
	ck_assert_uint_eq(seen->n, 1);
	ck_assert_uint_eq(seen->kind, kind);
}

static const struct {
	const char *src, *dst;
	uint8_t proto, flags;
	int direction; /* -1: none */
	uint32_t len;
	bool has_transport;
} drops[] = {
	{ "192.0.2.9", "10.0.0.1", PROTO_TCP, PACKET_IP, DIRECTION_IN, 64, true },
	{ "10.0.0.1", "192.0.2.9", PROTO_TCP, PACKET_IP, DIRECTION_TRANSIT, 64, true },
	{ "10.0.0.1", "10.0.0.1", PROTO_UDP, PACKET_IP, DIRECTION_OUT, 64, true },
	{ "2001:db8::9", "2001:db8::1", PROTO_TCP, PACKET_IP, DIRECTION_INTERNAL, 88, true },
	{ "2001:db8::1", "2001:db8::9", PROTO_GRE, PACKET_IP, -1, 88, true },
	{ "192.0.2.9", "10.0.0.1", PROTO_TCP, PACKET_IP | PACKET_FRAGMENT, -1, 64, false },
	{ "192.0.2.9", "10.0.0.1", PROTO_TCP, 0, DIRECTION_IN, 64, false },
};

START_TEST(test_drop)
{
	struct tuple tuple = events_tuple(drops[_i].proto, drops[_i].src, 1234, drops[_i].dst, 21);
	bool has_direction = drops[_i].direction >= 0;
	struct packet p;
	struct drop_event event = {
		.packet = &p,
		.reason = REASON_TCP_WINDOW,
		.direction = has_direction ? (enum direction)drops[_i].direction : DIRECTION_OUT,
		.has_direction = has_direction,
		.flow_id = UINT64_MAX - 1,
	};
	struct seen seen;

	events_packet(&tuple, &p);
	p.flags = (uint8_t)((p.flags & PACKET_FROM_HI) | drops[_i].flags);
	p.tcp.seq = UINT32_MAX;
	p.tcp.ack = 7;
	p.tcp.window = UINT16_MAX - 1;
	p.tcp.flags = TCP_SYN | TCP_ACK;
	put(&seen, 200, &event, "name");
	ck_assert_uint_eq(seen.len, drops[_i].len);
	ck_assert_uint_eq(seen.drop.time, EVENTS_TIME);
	ck_assert_uint_eq(seen.drop.flow_id, UINT64_MAX - 1);
	ck_assert_str_eq(seen.drop.iface, "name");
	ck_assert_int_eq(seen.drop.reason, REASON_TCP_WINDOW);
	ck_assert_int_eq(seen.drop.has_direction, has_direction);
	if (has_direction)
		ck_assert_int_eq(seen.drop.direction, event.direction);
	ck_assert_int_eq(seen.drop.has_transport, drops[_i].has_transport);
	ck_assert_uint_eq(seen.drop.seq, UINT32_MAX);
	ck_assert_uint_eq(seen.drop.ack, 7);
	ck_assert_uint_eq(seen.drop.window, UINT16_MAX - 1);
	ck_assert_uint_eq(seen.drop.tcp_flags, TCP_SYN | TCP_ACK);
	if (!(drops[_i].flags & PACKET_IP)) {
		ck_assert_ptr_null(seen.drop.who);
		ck_assert_uint_eq(seen.drop.length, 74); /* of the frame */
		return;
	}
	ck_assert_uint_eq(seen.drop.length, 60);
	ck_assert_ptr_nonnull(seen.drop.who);
	ck_assert(addr_equal(&seen.drop.tuple.src, &tuple.src));
	ck_assert(addr_equal(&seen.drop.tuple.dst, &tuple.dst));
	ck_assert_uint_eq(seen.drop.tuple.src_port, 1234);
	ck_assert_uint_eq(seen.drop.tuple.dst_port, 21);
	ck_assert_uint_eq(seen.drop.tuple.proto, drops[_i].proto);
}
END_TEST

START_TEST(test_icmp)
{
	struct tuple tuple = events_tuple(PROTO_ICMP, "192.0.2.9", 0, "10.0.0.1", 0x0501);
	struct packet p;
	struct drop_event event = { .packet = &p, .reason = REASON_SPOOFED };
	struct seen seen;

	events_packet(&tuple, &p);
	p.icmp.type = 5;
	p.icmp.code = 255;
	put(&seen, 0, &event, NULL);
	ck_assert_uint_eq(seen.drop.icmp_type, 5);
	ck_assert_uint_eq(seen.drop.icmp_code, 255);
	ck_assert_ptr_null(seen.drop.iface);
	ck_assert_uint_eq(seen.drop.flow_id, 0);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("drop");
	TCase *tc = tcase_create("drop");

	tcase_add_loop_test(tc, test_drop, 0, sizeof(drops) / sizeof(drops[0]));
	tcase_add_test(tc, test_icmp);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
