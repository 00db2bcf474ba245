// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PPTP: what a control connection means for a firewall (RFC 2637).
 *
 * A call is agreed on by a request of one side and a reply of the other that names the request's
 * id and says success; for a call that comes in to the PAC, the PAC's word that it is connected
 * must follow. From then on, and not before, packets of GRE may come, with the two ids of this call
 * and between these two hosts. Clearing the call, the PAC's notice that it is gone, the end of the
 * control connection by word or by loss: each ends the door, and the flow that came through it.
 *
 * Which side may send what follows from its role. The side that opened the connection is the
 * client; the first request for a call shows who is PNS and who is PAC, which is another question,
 * and stays so. A message that does not fit is counted, noted once, and changes nothing. Bytes that
 * are no message end the watch: there is no telling where the next one would begin.
 *
 * Life-cycle: the state is zero when the flow begins. Nothing is allocated.
 *
 * Limits: PPTP_CALLS_MAX calls at a time, any number one after another.
 *
 * Relies on the host to end doors and flows of a group, and all of them when this flow ends.
 */
#include "pptp-state.h"

#include <errno.h>
#include <stdio.h>

#include <postern/plugin.h>

#include "pptp-door.h"
#include "pptp-parse.h"

#define PROTO_TCP     6
#define VERSION_MAJOR 1
#define STRAYS_TOLD   16

/* Who may send a message. The client is who has opened the TCP connection. */
enum sender { ANYONE, CLIENT, SERVER, PNS, PAC };

typedef int32_t taker(struct pn_flow *, const struct pn_message *, const struct pptp_message *);

/* When a message fits, and what it does then. */
struct rule {
	taker *take;
	uint32_t states; /* bit per enum pptp_state */
	enum sender sender;
};

static int32_t
leave(struct pn_flow *flow, const char *why)
{
	pptp_note(flow, "left", why);
	return PN_DETACH;
}

static void
note_strays(struct pn_flow *flow)
{
	const struct pptp *pptp = flow->state;
	char text[160];

	snprintf(text, sizeof(text), "%u message%s; the first: %s, %s", (unsigned)pptp->strays,
		pptp->strays > 1 ? "s" : "", pptp_type_name(pptp->stray_type), pptp->stray_why);
	pptp_note(flow, "out-of-state", text);
}

/* A message that does not fit. It passes: whom it is for will see that for himself. Beyond the
 * first few the note is brought up to date ever more seldom, so that a flood costs nothing, and at
 * last when the flow ends. */
static int32_t
stray(struct pn_flow *flow, const struct pptp_message *m, const char *why)
{
	struct pptp *pptp = flow->state;

	if (pptp->strays == UINT32_MAX)
		return PN_PASS;
	if (!pptp->strays++) {
		pptp->stray_type = m->type;
		pptp->stray_why = why;
	}
	if (pptp->strays <= STRAYS_TOLD || !(pptp->strays & (pptp->strays - 1)))
		note_strays(flow);
	return PN_PASS;
}

static void
note_text(struct pn_flow *flow, const char *key, const uint8_t *field)
{
	char text[PPTP_TEXT_LEN + 1];

	if (pptp_text(field, text))
		pptp_note(flow, key, text);
}

/* §2.1 */
static int32_t
start_request(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	struct pptp *pptp = flow->state;

	if (m->version >> 8 != VERSION_MAJOR)
		return leave(flow, "the client speaks another version");
	note_text(flow, "client-host", m->host);
	note_text(flow, "client-vendor", m->vendor);
	pptp->state = PPTP_ASKED;
	return PN_PASS;
}

/* §2.2 */
static int32_t
start_reply(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	struct pptp *pptp = flow->state;

	if (m->version >> 8 != VERSION_MAJOR)
		return leave(flow, "the server speaks another version");
	if (m->result != PPTP_RESULT_OK)
		return leave(flow, "the server has refused the connection");
	note_text(flow, "server-host", m->host);
	note_text(flow, "server-vendor", m->vendor);
	pptp->state = PPTP_UP;
	return PN_PASS;
}

/* §2.3: all calls are over, whatever the answer. */
static int32_t
stop_request(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	struct pptp *pptp = flow->state;
	unsigned n;

	(void)flow->host->close(flow);
	for (n = 0; n < PPTP_CALLS_MAX; n++)
		pptp_call_free(&pptp->calls.slots[n]);
	pptp_note(flow, "ended", pptp_type_name(m->type));
	pptp->state = PPTP_STOPPING;
	return PN_PASS;
}

/* §2.4 */
static int32_t
stop_reply(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	struct pptp *pptp = flow->state;

	pptp->state = PPTP_OVER;
	return PN_PASS;
}

/* §2.5, §2.6 */
static int32_t
echo(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	return PN_PASS;
}

/* Of a call: what is noted when it is connected, and when it ends. */
static void
note_connected(struct pn_flow *flow, const struct pptp_call *call)
{
	const struct pptp *pptp = flow->state;
	char text[80];

	snprintf(text, sizeof(text), "call %u, serial %u, PNS id %u, PAC id %u",
		(unsigned)call->number, call->serial, call->id[pptp->pns], call->id[!pptp->pns]);
	pptp_note(flow, "call", text);
}

static void
end_call(struct pn_flow *flow, struct pptp_call *call, uint32_t type)
{
	char text[80];

	if (call->state == PPTP_CALL_UP) {
		snprintf(text, sizeof(text), "call %u by %s", (unsigned)call->number,
			pptp_type_name(type));
		pptp_note(flow, "ended", text);
	}
	pptp_door_close(flow, call);
}

/* Both sides have agreed, and both ids are known. */
static void
connect_call(struct pn_flow *flow, const struct pn_message *msg, struct pptp_call *call)
{
	struct pptp *pptp = flow->state;

	call->state = PPTP_CALL_UP;
	pptp_calls_settle(&pptp->calls, call);
	note_connected(flow, call);
	pptp_door_open(flow, msg, call);
}

/* Somebody asks for a call, and chooses an id for his end. */
static int32_t
request_call(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m,
	enum pptp_call_state state)
{
	struct pptp *pptp = flow->state;
	struct pptp_call *call;

	if (pptp_calls_by_id(&pptp->calls, PPTP_CALL_LIVE, msg->dir, m->own))
		return stray(flow, m, "its call id is in use");
	call = pptp_calls_add(&pptp->calls, state);
	if (!call) {
		pptp_note(flow, "refused", "too many calls at once");
		return PN_PASS;
	}
	pptp_call_identify(call, msg->dir, m->own);
	call->serial = m->serial;
	pptp_door_ask(flow, msg, call);
	pptp_door_tell(flow, msg, m, call);
	return PN_PASS;
}

/* The request of this call is answered: with success and an id, or with anything else. Returns 1 if
 * the call goes on. */
static int
answer_call(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m,
	struct pptp_call *call)
{
	struct pptp *pptp = flow->state;

	if (m->result != PPTP_RESULT_OK) {
		pptp_door_tell(flow, msg, m, call);
		pptp_call_free(call);
		return 0;
	}
	if (pptp_calls_by_id(&pptp->calls, PPTP_CALL_LIVE, msg->dir, m->own)) {
		pptp_door_tell(flow, msg, m, call);
		pptp_call_free(call);
		(void)stray(flow, m, "its call id is in use");
		return 0;
	}
	pptp_call_identify(call, msg->dir, m->own);
	pptp_door_ask(flow, msg, call);
	return 1;
}

/* §2.7 */
static int32_t
outgoing_request(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	struct pptp *pptp = flow->state;

	if (!pptp->has_pns) {
		pptp->has_pns = 1;
		pptp->pns = (uint8_t)msg->dir;
	}
	return request_call(flow, msg, m, PPTP_CALL_OUTGOING);
}

/* §2.8 */
static int32_t
outgoing_reply(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	struct pptp *pptp = flow->state;
	struct pptp_call *call =
		pptp_calls_by_told(&pptp->calls, PPTP_CALL_OUTGOING, pptp->pns, m->peer);

	if (!call)
		return stray(flow, m, "which answers no request");
	if (!answer_call(flow, msg, m, call))
		return PN_PASS;
	connect_call(flow, msg, call);
	pptp_door_tell(flow, msg, m, call);
	return PN_PASS;
}

/* §2.9 */
static int32_t
incoming_request(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	struct pptp *pptp = flow->state;

	if (!pptp->has_pns) {
		pptp->has_pns = 1;
		pptp->pns = !msg->dir;
	}
	return request_call(flow, msg, m, PPTP_CALL_INCOMING);
}

/* §2.10 */
static int32_t
incoming_reply(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	struct pptp *pptp = flow->state;
	struct pptp_call *call =
		pptp_calls_by_told(&pptp->calls, PPTP_CALL_INCOMING, !pptp->pns, m->peer);

	if (!call)
		return stray(flow, m, "which answers no request");
	if (!answer_call(flow, msg, m, call))
		return PN_PASS;
	call->state = PPTP_CALL_ANSWERED;
	pptp_door_tell(flow, msg, m, call);
	return PN_PASS;
}

/* §2.11 */
static int32_t
incoming_connected(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	struct pptp *pptp = flow->state;
	struct pptp_call *call =
		pptp_calls_by_told(&pptp->calls, PPTP_CALL_ANSWERED, pptp->pns, m->peer);

	if (!call)
		return stray(flow, m, "of a call that was not answered");
	connect_call(flow, msg, call);
	pptp_door_tell(flow, msg, m, call);
	return PN_PASS;
}

/* §2.12. The PAC answers with Call-Disconnect-Notify; the call is kept for that. */
static int32_t
call_clear(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	struct pptp *pptp = flow->state;
	struct pptp_call *call = pptp_calls_by_id(&pptp->calls, PPTP_CALL_LIVE, pptp->pns, m->own);

	if (!call)
		return stray(flow, m, "of no call");
	end_call(flow, call, m->type);
	call->state = PPTP_CALL_CLEARING;
	pptp_door_tell(flow, msg, m, call);
	return PN_PASS;
}

/* §2.13. The id is that of the PAC; but servers are about that put the other one there. */
static int32_t
call_disconnect(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	struct pptp *pptp = flow->state;
	struct pptp_call *call = pptp_calls_by_id(&pptp->calls, PPTP_CALL_ANY, !pptp->pns, m->own);

	if (!call)
		call = pptp_calls_by_told(&pptp->calls, PPTP_CALL_ANY, pptp->pns, m->own);
	if (!call)
		return stray(flow, m, "of no call");
	end_call(flow, call, m->type);
	pptp_door_tell(flow, msg, m, call);
	pptp_call_free(call);
	return PN_PASS;
}

/* §2.14, §2.15: nothing to us. By the RFC only a PNS sets link info; servers that are PAC do it. */
static int32_t
about_link(struct pn_flow *flow, const struct pn_message *msg, const struct pptp_message *m)
{
	struct pptp *pptp = flow->state;
	struct pptp_call *call = pptp_calls_by_told(&pptp->calls,
		PPTP_CALL_ANSWERED | PPTP_CALL_UP | PPTP_CALL_CLEARING, !msg->dir, m->peer);

	if (!call)
		return stray(flow, m, "of no call");
	pptp_door_tell(flow, msg, m, call);
	return PN_PASS;
}

#define IN(state) (1u << PPTP_##state)

static const struct rule rules[PPTP_TYPES] = {
	[PPTP_START_REQUEST] = { start_request, IN(IDLE), CLIENT },
	[PPTP_START_REPLY] = { start_reply, IN(ASKED), SERVER },
	[PPTP_STOP_REQUEST] = { stop_request, IN(ASKED) | IN(UP) | IN(STOPPING), ANYONE },
	[PPTP_STOP_REPLY] = { stop_reply, IN(STOPPING), ANYONE },
	[PPTP_ECHO_REQUEST] = { echo, IN(UP) | IN(STOPPING), ANYONE },
	[PPTP_ECHO_REPLY] = { echo, IN(UP) | IN(STOPPING), ANYONE },
	[PPTP_OUTGOING_REQUEST] = { outgoing_request, IN(UP), PNS },
	[PPTP_OUTGOING_REPLY] = { outgoing_reply, IN(UP), PAC },
	[PPTP_INCOMING_REQUEST] = { incoming_request, IN(UP), PAC },
	[PPTP_INCOMING_REPLY] = { incoming_reply, IN(UP), PNS },
	[PPTP_INCOMING_CONNECTED] = { incoming_connected, IN(UP), PAC },
	[PPTP_CALL_CLEAR] = { call_clear, IN(UP), PNS },
	[PPTP_CALL_DISCONNECT] = { call_disconnect, IN(UP), PAC },
	[PPTP_WAN_ERROR] = { about_link, IN(UP), PAC },
	[PPTP_SET_LINK_INFO] = { about_link, IN(UP), ANYONE },
};

/* As long as no call has shown who is what, either may be either. */
static int
may_send(const struct pptp *pptp, enum sender sender, uint32_t dir)
{
	switch (sender) {
	case ANYONE:
		return 1;
	case CLIENT:
		return dir == PN_FROM_ORIGINATOR;
	case SERVER:
		return dir == PN_FROM_RESPONDER;
	case PNS:
		return !pptp->has_pns || dir == pptp->pns;
	case PAC:
		return !pptp->has_pns || dir != pptp->pns;
	}
	return 0;
}

static int32_t
pptp_message(struct pn_flow *flow, const struct pn_message *msg)
{
	const struct pptp *pptp = flow->state;
	struct pptp_message m = { 0 };
	const struct rule *rule;
	int bad = pptp_parse(msg->bytes, msg->len, &m) < 0;

	if (pptp->state == PPTP_IDLE &&
		(m.type != PPTP_START_REQUEST || msg->dir != PN_FROM_ORIGINATOR))
		return leave(flow, "it does not begin with Start-Control-Connection-Request");
	if (bad)
		return stray(flow, &m, "which contradicts itself");
	rule = &rules[m.type];
	if (!(rule->states >> pptp->state & 1))
		return stray(flow, &m, "at the wrong time");
	if (!may_send(pptp, rule->sender, msg->dir))
		return stray(flow, &m, "from the wrong side");
	return rule->take(flow, msg, &m);
}

static int64_t
frame(struct pn_flow *flow, uint32_t dir, const uint8_t *bytes, size_t len)
{
	return pptp_frame(bytes, len);
}

static int32_t
flow_open(struct pn_flow *flow)
{
	struct pn_flow_info info = { .size = sizeof(info) };
	struct pptp *pptp = flow->state;
	int32_t r = flow->host->flow_info(flow, &info);

	if (r >= 0)
		pptp->inside = info.protected_side;
	return r;
}

static void
flow_close(struct pn_flow *flow)
{
	const struct pptp *pptp = flow->state;

	if (pptp->strays)
		note_strays(flow);
}

static const struct pn_bind binds[] = { { 1723, 1723 }, { 0, 0 } };

static const struct pn_helper helper = {
	.size = sizeof(helper),
	.transport = PROTO_TCP,
	.gap = PN_GAP_DETACH,
	.flow_size = sizeof(struct pptp),
	.max_message = PPTP_MESSAGE_MAX,
	.max_doors = PPTP_CALLS_MAX,
	.door_timeout = 60,
	.name = "pptp",
	.summary = "calls of PPTP: GRE with the ids that both sides have chosen",
	.binds = binds,
	.flow_open = flow_open,
	.frame = frame,
	.message = pptp_message,
	.flow_close = flow_close,
	.expected = pptp_door_passed,
};

static const struct pn_helper *const helpers[] = { &helper, NULL };

PN_EXPORT const struct pn_plugin postern_plugin_0 = {
	.size = sizeof(postern_plugin_0),
	.name = "pptp",
	.version = POSTERN_VERSION,
	.summary = "Point-to-Point Tunneling Protocol (RFC 2637)",
	.licence = "GPL-2.0-or-later",
	.helpers = helpers,
};
