/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helper of the tests of sessions, which speaks a protocol of its own. A message of a stream is
 * 'L', its length in three bytes (big endian, all included), and a body, whose first byte says what
 * message() shall answer. A datagram is a body.
 */
#ifndef TESTS_SESSION_MOCK_H
#define TESTS_SESSION_MOCK_H

#include "room.h"

#include <errno.h>

#include "helper/ranges.h"

enum { HEADER = 4, MAX_MESSAGE = 600, GIVEN_MAX = 256, STATE = 64 };

static struct {
	struct {
		uint32_t dir, flags;
		uint64_t total;
		size_t len;
		uint8_t bytes[MAX_MESSAGE];
		const uint8_t *at;
	} given[GIVEN_MAX];
	unsigned n, opened, closed, frames;
	int32_t open_answer;
	bool doors_in_frame;
} seen;

static inline int64_t
ask_for_door(struct pn_flow *flow, uint16_t port, uint32_t flags)
{
	struct pn_expect expect = {
		.size = sizeof(expect),
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT,
		.flags = flags,
		.proto = PROTO_TCP,
		.src = { .family = PN_ADDR_RECEIVER },
		.dst = { .family = PN_ADDR_SENDER },
		.dst_port = port,
	};

	return flow->host->expect(flow, &expect, NULL);
}

static inline int32_t
flow_open(struct pn_flow *flow)
{
	static const uint8_t zero[STATE];

	ck_assert_mem_eq(flow->state, zero, STATE);
	memset(flow->state, 0xa5, STATE);
	seen.opened++;
	return seen.open_answer;
}

static inline void
flow_close(struct pn_flow *flow)
{
	ck_assert_uint_eq(((uint8_t *)flow->state)[STATE - 1], 0xa5);
	seen.closed++;
}

static inline int64_t
frame(struct pn_flow *flow, uint32_t dir, const uint8_t *bytes, size_t len)
{
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_le(len, MAX_MESSAGE);
	seen.frames++;
	if (seen.doors_in_frame)
		ck_assert_int_eq(ask_for_door(flow, 4000, 0), -PN_REFUSED_INVALID);
	if (bytes[0] != 'L')
		return -EPROTO;
	return len < HEADER ? 0 : bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

static inline int32_t
answer(struct pn_flow *flow, uint8_t word)
{
	switch (word) {
	case 'D':
		return PN_DROP;
	case 'R':
		return PN_RESET;
	case 'X':
		return PN_DETACH;
	case 'F':
		return -EBADMSG;
	case 'N':
		return 77;
	case 'E':
		ck_assert_int_gt(ask_for_door(flow, 40000, 0), 0);
		return PN_PASS;
	case 'O':
		ck_assert_int_gt(ask_for_door(flow, 40001, PN_EXPECT_OUTLIVE), 0);
		return PN_PASS;
	default:
		return PN_PASS;
	}
}

static inline int32_t
message(struct pn_flow *flow, const struct pn_message *m)
{
	size_t at = m->len && m->bytes[0] == 'L' ? HEADER : 0;

	ck_assert_uint_lt(seen.n, GIVEN_MAX);
	ck_assert_uint_le(m->len, MAX_MESSAGE);
	ck_assert_uint_eq(m->size, sizeof(*m));
	seen.given[seen.n].dir = m->dir;
	seen.given[seen.n].flags = m->flags;
	seen.given[seen.n].total = m->total_len;
	seen.given[seen.n].len = m->len;
	seen.given[seen.n].at = m->bytes;
	memcpy(seen.given[seen.n].bytes, m->bytes, m->len);
	seen.n++;
	return m->len > at ? answer(flow, m->bytes[at]) : PN_PASS;
}

static const struct pn_bind tcp_ports[] = { { 2000, 2000 }, { 0 } };
static const struct pn_bind resume_ports[] = { { 2001, 2001 }, { 0 } };
static const struct pn_bind udp_ports[] = { { 2000, 2000 }, { 0 } };

#define HELPER(...)                                                                                \
	{                                                                                          \
		.size = sizeof(struct pn_helper), .flow_size = STATE, .max_message = MAX_MESSAGE,  \
		.max_doors = 4, .door_timeout = 30, .summary = "", .flow_open = flow_open,         \
		.message = message, .flow_close = flow_close, __VA_ARGS__                          \
	}

static const struct pn_helper on_tcp =
	HELPER(.name = "mock.tcp", .transport = PROTO_TCP, .frame = frame, .binds = tcp_ports);
static const struct pn_helper on_resume = HELPER(.name = "mock.resume", .transport = PROTO_TCP,
	.frame = frame, .binds = resume_ports, .gap = PN_GAP_RESUME);
static const struct pn_helper on_udp =
	HELPER(.name = "mock.udp", .transport = PROTO_UDP, .binds = udp_ports);
static const struct pn_helper *const helpers[] = { &on_tcp, &on_resume, &on_udp, NULL };

static const struct pn_plugin plugin = {
	.size = sizeof(plugin),
	.name = "mock",
	.version = "1",
	.summary = "",
	.licence = "MIT",
	.helpers = helpers,
};

#define CLIENT "192.168.0.7:40001"
#define SERVER "198.51.100.9:2000"
#define RESUME "198.51.100.9:2001"

static struct room_talk talk;

static inline void
begin_at(const char *server, uint32_t client_seq, uint32_t server_seq)
{
	memset(&seen, 0, sizeof(seen));
	room_open(NULL, &plugin);
	talk = room_connect(CLIENT, server, client_seq, server_seq);
	ck_assert_uint_eq(seen.opened, 1);
}

static inline void
begin(void)
{
	begin_at(SERVER, 1000, 50000);
}

/* Ends the test; flow_close() must have been called, and once. */
static inline void
end(void)
{
	room_close();
	ck_assert_uint_eq(seen.closed, 1);
}

/* Writes a message of a claimed length with that body; returns how many bytes it wrote. */
static inline size_t
put_message(uint8_t *to, uint32_t claimed, const char *body)
{
	size_t len = strlen(body);

	to[0] = 'L';
	to[1] = (uint8_t)(claimed >> 16);
	to[2] = (uint8_t)(claimed >> 8);
	to[3] = (uint8_t)claimed;
	memcpy(to + HEADER, body, len);
	return HEADER + len;
}

static inline enum reason
say_message(unsigned dir, const char *body)
{
	uint8_t bytes[MAX_MESSAGE];
	size_t len = put_message(bytes, (uint32_t)(HEADER + strlen(body)), body);

	return room_say(&talk, dir, bytes, len);
}

static inline void
expect_given(unsigned n, unsigned dir, const char *body)
{
	ck_assert_uint_lt(n, seen.n);
	ck_assert_uint_eq(seen.given[n].dir, dir);
	ck_assert_uint_eq(seen.given[n].len, HEADER + strlen(body));
	ck_assert_uint_eq(seen.given[n].total, seen.given[n].len);
	ck_assert_mem_eq(seen.given[n].bytes + HEADER, body, strlen(body));
}

static inline bool
is_on(void)
{
	return seen.closed == 0;
}

/* The helper has left the flow, and nothing is held for it. */
static inline void
expect_off(const char *why)
{
	ck_assert_uint_eq(seen.closed, 1);
	ck_assert_str_eq(room_note(talk.index, "helper-off"), why);
	ck_assert_uint_eq(room_stats().helper.memory, 0);
}

#endif
