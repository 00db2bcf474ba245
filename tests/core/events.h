/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flows, doors and packets that never were, for the tests of what is told of them. */
#ifndef TESTS_EVENTS_H
#define TESTS_EVENTS_H

#include <check.h>

#include "record/record.h"

/* 2026-11-21T20:15:00Z */
#define EVENTS_TIME UINT64_C(1795292100000000000)
#define EVENTS_MS   UINT64_C(1000000)

static inline struct tuple
events_tuple(uint8_t proto, const char *src, uint16_t src_port, const char *dst, uint16_t dst_port)
{
	struct tuple tuple = { .src_port = src_port, .dst_port = dst_port, .proto = proto };

	ck_assert_int_eq(addr_parse(src, &tuple.src, NULL), 0);
	ck_assert_int_eq(addr_parse(dst, &tuple.dst, NULL), 0);
	tuple.family = tuple.src.family;
	return tuple;
}

/* A flow with those endpoints: outbound, 3 packets there and 2 back, alive for 1.5 s. */
static inline void
events_flow(const struct tuple *tuple, struct flow *ret_flow)
{
	*ret_flow = (struct flow){
		.start = EVENTS_TIME,
		.last = EVENTS_TIME + 1500 * EVENTS_MS,
		.bytes = { 300, 2000 },
		.pkts = { 3, 2 },
		.state = FLOW_TCP_ESTABLISHED,
		.reason = REASON_OUTBOUND,
		.flags = DIRECTION_OUT << FLOW_DIRECTION_SHIFT,
	};
	if (key_make(&ret_flow->key, tuple))
		ret_flow->flags |= FLOW_FROM_HI;
}

/* A packet with those endpoints: 60 bytes of IP in a frame of 74. */
static inline void
events_packet(const struct tuple *tuple, struct packet *ret_packet)
{
	*ret_packet = (struct packet){
		.time = EVENTS_TIME,
		.number = 1,
		.caplen = 74,
		.wirelen = 74,
		.flags = PACKET_IP,
		.proto = tuple->proto,
		.l3 = 14,
		.l4 = 34,
		.payload = 54,
		.length = 60,
	};
	if (key_make(&ret_packet->key, tuple))
		ret_packet->flags |= PACKET_FROM_HI;
}

/* A door to one TCP port for one peer. */
static inline void
events_door(struct expectation *ret_door)
{
	*ret_door = (struct expectation){
		.id = 4,
		.parent_id = 9,
		.root_id = 9,
		.timeout = 60,
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST_PORT,
		.dst_port = 5001,
		.dst_port_last = 5001,
		.max_flows = 1,
		.proto = PROTO_TCP,
		.src_bits = 32,
		.helper = "talk",
		.control = events_tuple(PROTO_TCP, "10.0.0.1", 1024, "192.0.2.1", 21),
	};
	ret_door->src = ret_door->control.dst;
	ret_door->dst = ret_door->control.src;
}

#endif
