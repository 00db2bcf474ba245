// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A session: one helper watching one flow.
 *
 * Life: session_open() at the first packet, session_packet() for each, session_close() when the
 * flow ends. A helper may be switched off before (it wishes so, it fails, the stream cannot be
 * trusted any more): then flow_close() is called, all memory is given back, the reason is noted on
 * the flow, and its bytes pass. Only ranges that the helper wants dropped are kept beyond that.
 *
 * Limits are those of the streams, of framing and of the list of drops; memory of the first two is
 * of one budget.
 *
 * Callbacks of the plugin may end other flows, never this one, so a session stays where it is
 * through all of session_packet(). It frees nothing while a callback or the stream is at work:
 * whatever happens there is only noted in `off`, and session_leave() does it.
 */
#include "helper/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "flow/tcp.h"
#include "helper/drops.h"
#include "helper/framing.h"
#include "helper/host-internal.h"

/* Why a helper is off. */
enum off {
	OFF_NOT,
	OFF_DETACHED,
	OFF_NOT_ITS_PROTOCOL,
	OFF_RESET,
	OFF_FAILED,
	OFF_GAP,
	OFF_CONFLICT,
	OFF_MEMORY,
};

static const char *const off_names[] = {
	[OFF_DETACHED] = "detached",
	[OFF_NOT_ITS_PROTOCOL] = "not-its-protocol",
	[OFF_RESET] = "reset",
	[OFF_FAILED] = "failed",
	[OFF_GAP] = "gap",
	[OFF_CONFLICT] = "conflict",
	[OFF_MEMORY] = "memory",
};

/* One direction of a TCP flow. */
struct half {
	struct stream stream;
	struct framing framing;
	struct drops drops;
	uint32_t first_seq; /* of the first byte */
	uint32_t fin_seq;
	bool fin;
	bool after_gap; /* the next message comes behind lost bytes */
};

struct session {
	struct watched watched; /* first: what the plugin is handed leads back here */
	struct half halves[2];  /* by DIR_* */
	enum off off;
	bool left;           /* flow_close() has been called */
	enum reason verdict; /* of the packet at hand */
};

static void
switch_off(struct session *s, enum off why)
{
	if (s->off == OFF_NOT)
		s->off = why;
}

/* Calls the helper's message(). */
static int32_t
call_message(struct session *s, const struct pn_message *message)
{
	struct watched *w = &s->watched;
	int32_t answer;

	w->host->counters.messages++;
	w->asking = true;
	w->bytes = message->bytes;
	w->len = message->len;
	answer = w->helper->desc->message(&w->pn, message);
	w->asking = false;
	w->bytes = NULL;
	w->len = 0;
	return answer;
}

/* What the answer of message() means for the session; PN_DROP is the caller's. */
static void
take_answer(struct session *s, int32_t answer)
{
	switch (answer) {
	case PN_PASS:
	case PN_DROP:
		return;
	case PN_RESET:
		s->verdict = REASON_HELPER;
		table_flow(s->watched.host->options.table, s->watched.index)->flags |= FLOW_RESET;
		switch_off(s, OFF_RESET);
		return;
	case PN_DETACH:
		switch_off(s, OFF_DETACHED);
		return;
	default:
		switch_off(s, OFF_FAILED);
	}
}

static int64_t
ask_frame(void *context, const uint8_t *bytes, size_t len)
{
	struct watched *w = &((struct session *)context)->watched;

	return w->helper->desc->frame(&w->pn, w->dir, bytes, len);
}

static int
give_message(void *context, uint32_t seq, const uint8_t *bytes, size_t len, uint64_t total)
{
	struct session *s = context;
	struct half *half = &s->halves[s->watched.dir];
	struct pn_message message = {
		.size = sizeof(message),
		.dir = s->watched.dir,
		.total_len = total,
		.bytes = bytes,
		.len = len,
	};
	int32_t answer;

	if (len < total)
		message.flags |= PN_MSG_CUT;
	if (half->after_gap)
		message.flags |= PN_MSG_AFTER_GAP;
	half->after_gap = false;
	answer = call_message(s, &message);
	take_answer(s, answer);
	if (answer == PN_DROP)
		drops_add(&half->drops, seq, total);
	return s->off != OFF_NOT;
}

/* The sink of the streams: bytes in order, of the direction at hand. */
static int
feed(void *context, uint32_t seq, const uint8_t *bytes, size_t len)
{
	struct session *s = context;
	const struct framing_user user = {
		.context = s,
		.max_message = s->watched.helper->desc->max_message,
		.frame = ask_frame,
		.message = give_message,
	};
	int r = framing_feed(&s->halves[s->watched.dir].framing, &s->watched.host->budget, &user,
		seq, bytes, len);

	if (r == FRAMING_ALIEN)
		switch_off(s, OFF_NOT_ITS_PROTOCOL);
	else if (r == FRAMING_MEMORY)
		switch_off(s, OFF_MEMORY);
	return s->off != OFF_NOT;
}

static void
take_stream_result(struct session *s, int result)
{
	if (result == STREAM_CONFLICT)
		switch_off(s, OFF_CONFLICT);
	else if (result == STREAM_MEMORY)
		switch_off(s, OFF_MEMORY);
}

/* Bytes are lost for good: the helper goes, or begins anew behind them. */
static void
lose(struct session *s, struct half *half)
{
	s->watched.host->counters.gaps++;
	if (s->watched.helper->desc->gap != PN_GAP_RESUME) {
		switch_off(s, OFF_GAP);
		return;
	}
	framing_clear(&half->framing, &s->watched.host->budget);
	half->after_gap = true;
}

/* All before `upto` has been sent: what of it was never seen is lost. */
static void
settle_gaps(struct session *s, unsigned dir, uint32_t upto)
{
	struct half *half = &s->halves[dir];

	s->watched.dir = dir;
	while (!s->off && stream_has_gap(&half->stream, upto)) {
		lose(s, half);
		if (s->off)
			return;
		take_stream_result(
			s, stream_skip(&half->stream, &s->watched.host->budget, upto, feed, s));
	}
}

/* A number that speaks of what was sent in `dir`, without the FIN, which takes one and is no byte
 * (RFC 9293 §3.4). */
static uint32_t
without_fin(const struct half *half, uint32_t seq)
{
	return half->fin && seq_distance(half->fin_seq, seq) > 0 ? half->fin_seq : seq;
}

/* The other side has acknowledged what was sent in `dir`. */
static void
take_ack(struct session *s, unsigned dir, uint32_t ack)
{
	struct half *half = &s->halves[dir];

	ack = without_fin(half, ack);
	settle_gaps(s, dir, ack);
	if (!s->off)
		stream_acked(&half->stream, &s->watched.host->budget, ack);
}

/*
 * A SYN says where the stream begins. As long as the handshake goes on it may be sent anew with
 * another number (RFC 4987 §3.6), but not when the helper has seen bytes of the old one. Later it
 * means nothing (RFC 5961 §4.2).
 */
static void
take_syn(struct session *s, struct half *half, uint32_t seq)
{
	const struct flow *flow = table_flow(s->watched.host->options.table, s->watched.index);
	struct stream *stream = &half->stream;

	if (stream->begun && (seq == half->first_seq || flow->state > FLOW_TCP_SYN_RECEIVED))
		return;
	if (stream->begun && (stream->next != half->first_seq || stream->ahead.n)) {
		switch_off(s, OFF_CONFLICT);
		return;
	}
	half->first_seq = seq;
	stream_begin(stream, seq);
}

static void
take_payload(struct session *s, const struct packet *p, unsigned dir, uint32_t seq)
{
	struct half *half = &s->halves[dir];
	uint32_t len = packet_payload_captured(p);

	if (!len)
		return;
	if (!half->stream.begun) {
		lose(s, half);
		if (s->off)
			return;
		half->first_seq = seq;
		stream_begin(&half->stream, seq);
	}
	s->watched.dir = dir;
	take_stream_result(s, stream_segment(&half->stream, &s->watched.host->budget, seq,
				      p->data + p->payload, len, feed, s));
}

/* Where the payload of a segment lies: behind its SYN, if it has one (RFC 7413). */
static struct range
payload_range(const struct packet *p)
{
	uint32_t start = p->tcp.seq + !!(p->tcp.flags & TCP_SYN);

	return (struct range){ .start = start, .end = start + p->payload_len };
}

static void
tcp_packet(struct session *s, const struct packet *p, unsigned dir)
{
	const struct flow *flow = table_flow(s->watched.host->options.table, s->watched.index);
	struct half *half = &s->halves[dir];
	struct range range = payload_range(p);

	if (p->tcp.flags & TCP_SYN)
		take_syn(s, half, range.start);
	/* What it acknowledges was sent before what it says. */
	if (!s->off && p->tcp.flags & TCP_ACK)
		take_ack(s, !dir, tcp_acked(flow, p, dir));
	if (p->tcp.flags & TCP_RST) {
		/* One that did not end the flow says nothing (RFC 5961 §3.2). */
		if (flow->state == FLOW_TCP_CLOSED)
			settle_gaps(s, dir, without_fin(half, p->tcp.seq));
		return;
	}
	if (!s->off)
		take_payload(s, p, dir, range.start);
	if (p->tcp.flags & TCP_FIN && !half->fin) {
		half->fin = true;
		half->fin_seq = range.end;
	}
}

/* A datagram is a message, cut where the capture or max_message ends. */
static void
datagram(struct session *s, const struct packet *p, unsigned dir)
{
	uint32_t len = packet_payload_captured(p);
	uint32_t max = s->watched.helper->desc->max_message;
	struct pn_message message = {
		.size = sizeof(message),
		.dir = dir,
		.total_len = p->payload_len,
		.bytes = p->data + p->payload,
		.len = len < max ? len : max,
	};

	int32_t answer;

	if (message.len < message.total_len)
		message.flags |= PN_MSG_CUT;
	s->watched.dir = dir;
	answer = call_message(s, &message);
	take_answer(s, answer);
	if (answer == PN_DROP)
		s->verdict = REASON_HELPER;
}

static void
count_off(struct host_counters *counters, enum off why)
{
	switch (why) {
	case OFF_DETACHED:
	case OFF_NOT_ITS_PROTOCOL:
		counters->detached++;
		return;
	case OFF_FAILED:
		counters->failed++;
		return;
	case OFF_CONFLICT:
		counters->conflicts++;
		return;
	case OFF_MEMORY:
		counters->out_of_memory++;
		return;
	case OFF_GAP: /* counted where it was found */
	case OFF_RESET:
	case OFF_NOT:
		return;
	}
}

/* Tells the helper that it is over, and gives back all but what is to be dropped. */
static void
session_leave(struct session *s)
{
	const struct pn_helper *desc = s->watched.helper->desc;
	struct stream_budget *budget = &s->watched.host->budget;

	s->left = true;
	if (desc->flow_close)
		desc->flow_close(&s->watched.pn);
	free(s->watched.pn.state);
	s->watched.pn.state = NULL;
	for (unsigned dir = 0; dir < 2; dir++) {
		framing_clear(&s->halves[dir].framing, budget);
		stream_done(&s->halves[dir].stream, budget);
	}
}

/*
 * What becomes of the doors of a flow whose helper goes. They stay, unless what was read of it
 * cannot be believed, or there is no flow any more: then those go that its end would close.
 */
static void
close_doors(const struct session *s, uint64_t flow_id)
{
	struct expects *expects = s->watched.host->options.expects;

	if (s->off == OFF_CONFLICT)
		expects_close_flow(expects, flow_id, NULL, true);
	else if (s->off == OFF_RESET)
		expects_close_flow(expects, flow_id, NULL, false);
}

/* The helper is off for the rest of this flow's life. */
static void
session_off(struct session *s)
{
	struct table *table = s->watched.host->options.table;
	struct flow *flow = table_flow(table, s->watched.index);
	const char *why = off_names[s->off];

	count_off(&s->watched.host->counters, s->off);
	close_doors(s, table_flow_id(table, flow));
	session_leave(s);
	(void)flow_extra_note(table_extra_get(table, flow), "helper-off", why, strlen(why));
}

static struct session *
session_new(struct host *host, uint32_t index, const struct helper *helper)
{
	struct session *s = calloc(1, sizeof(*s));
	uint32_t size = helper->desc->flow_size;
	void *state = size ? calloc(1, size) : NULL;

	if (!s || (size && !state)) {
		free(state);
		free(s);
		return NULL;
	}
	s->watched = (struct watched){
		.pn = {
			.size = sizeof(s->watched.pn),
			.host = &host_table,
			.instance = helper->instance,
			.state = state,
		},
		.host = host,
		.helper = helper,
		.index = index,
	};
	for (unsigned dir = 0; dir < 2; dir++)
		stream_init(&s->halves[dir].stream, host->options.policy->stream_window);
	return s;
}

int
session_open(struct host *host, uint32_t index, const struct helper *helper)
{
	struct flow *flow = table_flow(host->options.table, index);
	struct flow_extra *extra = table_extra(host->options.table, flow);
	struct session *s;
	int r;

	if (!extra)
		return -ENOSPC;
	if (extra->session)
		return -EEXIST;
	s = session_new(host, index, helper);
	if (!s)
		return -ENOMEM;
	extra->session = s;
	extra->helper = helper->desc->name;
	r = helper->desc->flow_open ? helper->desc->flow_open(&s->watched.pn) : 0;
	if (r >= 0)
		return 0;
	extra->session = NULL;
	extra->helper = NULL;
	free(s->watched.pn.state);
	free(s);
	return r;
}

enum reason
session_packet(struct host *host, uint32_t index, const struct packet *p, unsigned dir)
{
	struct table *table = host->options.table;
	struct flow_extra *extra = table_extra_get(table, table_flow(table, index));
	struct session *s = extra ? extra->session : NULL;
	bool tcp = p->proto == PROTO_TCP;
	enum reason verdict;

	if (!s)
		return REASON_NONE;
	s->verdict = REASON_NONE;
	if (!s->left) {
		if (tcp)
			tcp_packet(s, p, dir);
		else
			datagram(s, p, dir);
		if (s->off)
			session_off(s);
	}
	if (tcp && drops_hit(&s->halves[dir].drops, payload_range(p)))
		s->verdict = REASON_HELPER;
	verdict = s->verdict;
	if (s->left && !drops_any(&s->halves[0].drops) && !drops_any(&s->halves[1].drops)) {
		extra->session = NULL;
		free(s);
	}
	return verdict;
}

void
session_close(struct host *host, uint32_t index)
{
	struct table *table = host->options.table;
	struct flow_extra *extra = table_extra_get(table, table_flow(table, index));
	struct session *s = extra ? extra->session : NULL;

	if (!s)
		return;
	if (!s->left)
		session_leave(s);
	extra->session = NULL;
	free(s);
}
