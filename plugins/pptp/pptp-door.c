// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Doors for calls: one flow of GRE v1 (RFC 2637 §4), both its call ids known, between the two ends
 * of the control connection.
 *
 * A door leads to the protected side; where neither or both are, to the PNS. It is of a group of
 * its own, that of its call, and what comes through it ends with the control connection. Call id 0
 * is an id like any other.
 */
#include "pptp-door.h"

#include <stdio.h>

#define PROTO_GRE 47

/* What a door keeps of its call for the flow that comes through it. */
struct call_cookie {
	uint32_t number;
	uint16_t serial;
	uint16_t id_pns;
	uint16_t id_pac;
	uint16_t reserved;
};

_Static_assert(sizeof(struct call_cookie) <= sizeof(((struct pn_expect *)0)->cookie), "it fits");

/* The side that the call's door leads to. */
static uint32_t
inside_of(const struct pptp *pptp)
{
	if (pptp->inside == 1u << PN_FROM_ORIGINATOR)
		return PN_FROM_ORIGINATOR;
	if (pptp->inside == 1u << PN_FROM_RESPONDER)
		return PN_FROM_RESPONDER;
	return pptp->pns;
}

static struct pn_addr
role(uint32_t side, const struct pn_message *msg)
{
	return (struct pn_addr){ .family = side == msg->dir ? PN_ADDR_SENDER : PN_ADDR_RECEIVER };
}

static struct pn_expect
door_of(const struct pptp *pptp, const struct pn_message *msg, const struct pptp_call *call)
{
	uint32_t inside = inside_of(pptp);
	const struct call_cookie cookie = {
		.number = call->number,
		.serial = call->serial,
		.id_pns = call->id[pptp->pns],
		.id_pac = call->id[!pptp->pns],
	};
	struct pn_expect door = {
		.size = sizeof(door),
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_CALL_ID | PN_EXPECT_MAX_FLOWS |
			PN_EXPECT_GROUP,
		.flags = PN_EXPECT_DIE_WITH_PARENT,
		.proto = PROTO_GRE,
		.src = role(!inside, msg),
		.dst = role(inside, msg),
		.call_id = call->id[inside],
		.call_id_reply = call->id[!inside],
		.max_flows = 1,
		.group = call->number,
	};

	memcpy(door.cookie, &cookie, sizeof(cookie));
	return door;
}

void
pptp_door_ask(struct pn_flow *flow, const struct pn_message *msg, struct pptp_call *call)
{
	const struct pptp *pptp = flow->state;
	struct pn_expect door = door_of(pptp, msg, call);
	struct pn_mapped mapped = { .size = sizeof(mapped) };
	uint32_t inside = inside_of(pptp);

	if (msg->dir != inside)
		return;
	door.flags |= PN_EXPECT_ASK;
	if (flow->host->expect(flow, &door, &mapped) >= 0)
		call->told[inside] = mapped.call_id;
}

void
pptp_door_open(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_call *call)
{
	const struct pptp *pptp = flow->state;
	const struct pn_expect door = door_of(pptp, msg, call);
	struct pn_mapped mapped = { .size = sizeof(mapped) };
	int64_t id = flow->host->expect(flow, &door, &mapped);

	if (id <= 0 || mapped.call_id == call->told[inside_of(pptp)])
		return;
	pptp_note(flow, "refused", "the other side has been told another call id");
	(void)flow->host->unexpect(flow, id);
}

void
pptp_door_close(struct pn_flow *flow, const struct pptp_call *call)
{
	if (call->state == PPTP_CALL_UP)
		(void)flow->host->close_group(flow, call->number);
}

/* Puts `now` in the place of `was`, if that is another. */
static int32_t
replace(struct pn_flow *flow, size_t at, uint16_t was, uint16_t now)
{
	const uint8_t bytes[2] = { (uint8_t)(now >> 8), (uint8_t)now };

	return was == now ? 0 : flow->host->rewrite(flow, at, sizeof(bytes), bytes, sizeof(bytes));
}

void
pptp_door_tell(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m,
	const struct pptp_call *call)
{
	uint32_t own = msg->dir, peer = !msg->dir;
	int32_t r = 0;

	if (m->own_at && call->known >> own & 1 && m->own == call->id[own])
		r = replace(flow, m->own_at, m->own, call->told[own]);
	/* A Call-Disconnect-Notify may name the id of the PNS in the same place. */
	else if (m->own_at && call->known >> peer & 1 && m->own == call->told[peer])
		r = replace(flow, m->own_at, m->own, call->id[peer]);
	if (r >= 0 && m->peer_at)
		r = replace(flow, m->peer_at, m->peer, call->id[peer]);
	if (r >= 0)
		return;
	pptp_note(flow, "refused", "a message cannot be translated");
	pptp_door_close(flow, call);
}

void
pptp_door_passed(struct pn_flow *child, const uint8_t cookie[32])
{
	struct call_cookie call;
	char text[80];

	memcpy(&call, cookie, sizeof(call));
	snprintf(text, sizeof(text), "call %u, serial %u, PNS id %u, PAC id %u",
		(unsigned)call.number, call.serial, call.id_pns, call.id_pac);
	pptp_note(child, "call", text);
}
