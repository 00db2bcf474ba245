/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helper of the tests of the host's functions. It does nothing itself: each test says what it
 * shall do in its next message(), on the flow and with the host that a real one would have.
 */
#ifndef TESTS_HOST_MOCK_H
#define TESTS_HOST_MOCK_H

#include "room.h"

#include <errno.h>

#define CLIENT "192.168.0.7:40001"
#define SERVER "198.51.100.9:2000"

static void (*act)(struct pn_flow *flow, const struct pn_message *m);
static struct pn_flow *the_flow; /* of the last message */

static inline int32_t
message(struct pn_flow *flow, const struct pn_message *m)
{
	the_flow = flow;
	if (act)
		act(flow, m);
	return PN_PASS;
}

static inline void
flow_close(struct pn_flow *flow)
{
	flow->host->close(flow);
}

static inline int64_t
frame(struct pn_flow *flow, uint32_t dir, const uint8_t *bytes, size_t len)
{
	return (int64_t)len;
}

static const struct pn_bind ports[] = { { 2000, 2000 }, { 0 } };
static const struct pn_helper udp = {
	.size = sizeof(udp),
	.name = "mock",
	.summary = "",
	.transport = PROTO_UDP,
	.max_message = 1000,
	.max_doors = 3,
	.door_timeout = 30,
	.binds = ports,
	.message = message,
	.flow_close = flow_close,
};
static const struct pn_helper tcp = {
	.size = sizeof(tcp),
	.name = "mock.tcp",
	.summary = "",
	.transport = PROTO_TCP,
	.max_message = 1000,
	.max_doors = 3,
	.door_timeout = 30,
	.binds = ports,
	.frame = frame,
	.message = message,
};
static const struct pn_helper silent = {
	.size = sizeof(silent),
	.name = "mock.silent",
	.summary = "",
	.transport = PROTO_UDP,
	.max_message = 1000,
	.binds = (const struct pn_bind[]){ { 2001, 2001 }, { 0 } },
	.message = message,
};
static const struct pn_option depth = { .size = sizeof(depth),
	.type = PN_OPTION_INT,
	.min = 1,
	.max = 9,
	.name = "Depth",
	.fallback = "3",
	.help = "" };
static const struct pn_option peers = { .size = sizeof(peers),
	.type = PN_OPTION_PREFIXES,
	.name = "Peers",
	.fallback = "192.0.2.0/24",
	.help = "" };
static const struct pn_helper *const helpers[] = { &udp, &tcp, &silent, NULL };
static const struct pn_option *const options[] = { &depth, &peers, NULL };
static const struct pn_plugin plugin = {
	.size = sizeof(plugin),
	.name = "mock",
	.helpers = helpers,
	.options = options,
};

static uint32_t flow_index;

static inline void
open_room(void)
{
	act = NULL;
	the_flow = NULL;
	room_open("[Helpers]\nDefault=true\n[Helper:mock]\nPeers=10.0.0.0/8; 2001:db8::/32\n"
		  "[Helper:mock.tcp]\nPorts=2000\n",
		&plugin);
}

static inline void
say(const char *from, const char *to, const void *bytes, size_t len)
{
	room_send(
		&(struct kit_packet){
			.from = from, .to = to, .proto = PROTO_UDP, .payload = bytes, .len = len },
		&flow_index);
}

/* Runs `what` in a message of the client's, in a flow of its own if there is none. */
static inline void
in_message(void (*what)(struct pn_flow *flow, const struct pn_message *m))
{
	act = what;
	say(CLIENT, SERVER, "hello", 5);
	act = NULL;
}

#endif
