// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TCP as a firewall in the middle sees it.
 *
 * What a packet is (its flags) and where its flow stands give a rule, in the tables of tcp-rules.h;
 * a rule names what is done, one function here for each, and the state that follows.
 *
 * Numbers. Of each side the flow keeps the highest number it has sent (`end`), the highest that the
 * other side has allowed it (`max_end`) and the largest window it has offered (`max_win`). The
 * middle sees every byte before its receiver does, and every acknowledgement before the sender
 * does; from that follow four bounds that no honest segment can cross (in_window()).
 *
 * Until the handshake is complete, `max_end` is the number behind the side's SYN: then the answer
 * that is due can be checked exactly, data on a SYN (RFC 7413) or not. open_windows() makes of it
 * what its name says. A side that has not been heard has max_win 0.
 *
 * Life: nothing is allocated; all is in struct flow, and the caller owns that. Sequence numbers are
 * compared modulo 2^32; windows are at most 65535 << 14, so distances stay below 2^31.
 */
#include "flow/tcp.h"

#include "flow/tcp-rules.h"

/* The largest window there is (RFC 7323 §2.3). */
#define WINDOW_MAX (65535u << 14)

/* max_win of a responder that has not been heard, in a connection picked up in the middle. */
#define WINDOW_UNKNOWN (WINDOW_MAX + 1)

/* True if a comes before b. */
static inline bool
before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

/* True if low ≤ n ≤ high. */
static inline bool
between(uint32_t low, uint32_t n, uint32_t high)
{
	return n - low <= high - low;
}

static inline uint32_t
later(uint32_t a, uint32_t b)
{
	return before(a, b) ? b : a;
}

/* The window that a segment offers. One of zero still lets one byte through: the probe by which the
 * sender finds out that it has opened (RFC 9293 §3.8.6.1). */
static inline uint32_t
offered(const struct flow *flow, const struct packet *p, unsigned dir)
{
	uint32_t window = (uint32_t)p->tcp.window << ((flow->scale >> (4 * dir)) & 15);

	return window + !window;
}

/* The same of a SYN, which is not scaled (RFC 7323 §2.2). */
static inline uint32_t
offered_first(const struct packet *p)
{
	return p->tcp.window ? p->tcp.window : 1;
}

static inline uint16_t
flag_fin(unsigned dir)
{
	return (uint16_t)(FLOW_TCP_FIN_ORIG << dir);
}

static inline uint16_t
flag_fin_acked(unsigned dir)
{
	return (uint16_t)(FLOW_TCP_ACKED_ORIG << dir);
}

/*
 * Is a segment possible? `data` is the number of its first byte of data, `end` the one behind its
 * last, without the FIN.
 *
 *   end  ≤ max_end: beyond what the other side has allowed. A FIN may stand behind a full window.
 *   data ≥ sender's end - receiver's max_win: older than anything that can be unacknowledged; one
 *          more for the FIN, and for keep-alives (RFC 9293 §3.8.4), which repeat one number.
 */
static inline bool
seq_in_window(const struct flow *flow, const struct packet *p, unsigned dir, uint32_t data)
{
	const struct flow_tcp *s = &flow->tcp[dir], *r = &flow->tcp[!dir];

	return !before(s->max_end, data + p->payload_len) && !before(data, s->end - r->max_win - 1);
}

/*
 *   ack  ≤ receiver's end: it acknowledges what was never sent.
 *   ack  ≥ receiver's end - 2 windows: the receiver takes an ACK up to one window older than the
 *          oldest unacknowledged byte (RFC 5961 §5.2), which is up to one window behind its end.
 *          Of the largest windows just one, so that no number is 2^31 from another.
 */
static inline bool
ack_in_window(const struct flow *flow, const struct packet *p, unsigned dir)
{
	uint32_t window = flow->tcp[dir].max_win;

	window = window < WINDOW_MAX / 2 ? 2 * window : WINDOW_MAX;
	return flow->tcp[!dir].end - p->tcp.ack <= window;
}

/* Acknowledges what nobody saw, but what the other side was allowed to send: that is tolerated. A
 * capture has gaps, and a live flow may be let go for a while. */
static bool
ack_is_unseen(const struct flow *flow, const struct packet *p, unsigned dir)
{
	const struct flow_tcp *r = &flow->tcp[!dir];

	return !(flow->flags & flag_fin(!dir)) && between(r->end, p->tcp.ack, r->max_end);
}

static bool
in_window(const struct flow *flow, const struct packet *p, unsigned dir, uint32_t data)
{
	return seq_in_window(flow, p, dir, data) &&
	       (ack_in_window(flow, p, dir) || ack_is_unseen(flow, p, dir));
}

/* Of a connection picked up in the middle: there, what one side has sent is known from what the
 * other acknowledges, too. While the responder is not heard the originator may go on; what the
 * responder offers is known from its first segment. */
static void
learn_midstream(struct flow *flow, const struct packet *p, unsigned dir)
{
	struct flow_tcp *s = &flow->tcp[dir], *r = &flow->tcp[!dir];

	r->end = later(r->end, p->tcp.ack);
	if (flow->tcp[DIR_REPLY].max_win != WINDOW_UNKNOWN)
		return;
	if (dir == DIR_ORIGINAL) {
		s->max_end = s->end + WINDOW_MAX;
		return;
	}
	flow->flags |= FLOW_SEEN_REPLY;
	s->max_win = 1;
	r->max_end = r->end;
}

/* What a segment shows of its sender. Returns the window it offers. */
static inline uint32_t
learn_sender(struct flow *flow, const struct packet *p, unsigned dir, uint32_t end)
{
	struct flow_tcp *s = &flow->tcp[dir];
	uint32_t window = offered(flow, p, dir);

	s->end = later(s->end, end);
	if (s->max_win < window)
		s->max_win = window;
	return window;
}

/* Moves the numbers on. An acknowledgement of what was not seen moves none: what a side has sent is
 * known from itself alone, so nobody can push the other's window away from it. */
static void
learn(struct flow *flow, const struct packet *p, unsigned dir, uint32_t end)
{
	struct flow_tcp *r = &flow->tcp[!dir];
	uint32_t window;

	if (flow->flags & FLOW_MIDSTREAM)
		learn_midstream(flow, p, dir);
	window = learn_sender(flow, p, dir, end);
	if (!before(r->end, p->tcp.ack))
		r->max_end = later(r->max_end, p->tcp.ack + window);
}

/* What is left to see of a segment whose sequence number is right, but which is not ordinary. */
static __attribute__((noinline)) enum reason
track_unseen(struct flow *flow, const struct packet *p, unsigned dir)
{
	if (!ack_in_window(flow, p, dir) && !ack_is_unseen(flow, p, dir))
		return REASON_TCP_WINDOW;
	learn(flow, p, dir, p->tcp.seq + p->payload_len);
	return REASON_NONE;
}

/* An ordinary segment of a connection: nearly all that there are, so this is the short way. */
static inline enum reason
track(struct flow *flow, const struct packet *p, unsigned dir)
{
	struct flow_tcp *r = &flow->tcp[!dir];
	uint32_t window;

	if (!seq_in_window(flow, p, dir, p->tcp.seq))
		return REASON_TCP_WINDOW;
	if (flow->flags & FLOW_MIDSTREAM || !ack_in_window(flow, p, dir))
		return track_unseen(flow, p, dir);
	window = learn_sender(flow, p, dir, p->tcp.seq + p->payload_len);
	r->max_end = later(r->max_end, p->tcp.ack + window);
	return REASON_NONE;
}

/*
 * A segment with a FIN, or after one (RFC 9293 §3.6). A FIN is the last of what a side sends:
 * nothing may come behind it, and it may not come before what was sent already. Half-closed is
 * nothing special: the other side goes on.
 */
static enum reason
closing(struct flow *flow, const struct packet *p, unsigned dir, uint8_t next)
{
	const uint16_t both = FLOW_TCP_ACKED_ORIG | FLOW_TCP_ACKED_REPLY;
	uint32_t end = p->tcp.seq + p->payload_len + !!(p->tcp.flags & TCP_FIN);
	bool closed = flow->flags & flag_fin(dir);
	bool fin = p->tcp.flags & TCP_FIN;

	if (!in_window(flow, p, dir, p->tcp.seq) || (closed && before(flow->tcp[dir].end, end)) ||
		(fin && before(end, flow->tcp[dir].end)))
		return REASON_TCP_WINDOW;
	learn(flow, p, dir, end);
	if (fin && !closed) {
		flow->tcp[dir].max_end = later(flow->tcp[dir].max_end, end);
		flow->flags |= flag_fin(dir);
		flow->state = next;
	}
	if (flow->flags & flag_fin(!dir) && p->tcp.ack == flow->tcp[!dir].end)
		flow->flags |= flag_fin_acked(!dir);
	if ((flow->flags & both) == both)
		flow->state = rules[dir][flow->state][EVENT_FINS_ACKED].next;
	return REASON_NONE;
}

/* True if the ACK is for the SYN of the side that `dir` names, and maybe for data on it; while
 * max_end is the number behind that SYN. */
static bool
acks_syn(const struct flow *flow, const struct packet *p, unsigned dir)
{
	const struct flow_tcp *tcp = &flow->tcp[dir];

	return tcp->max_win && p->tcp.flags & TCP_ACK &&
	       between(tcp->max_end, p->tcp.ack, tcp->end);
}

/* Learns from the SYN of a side, its first or another; a new initial number begins anew. */
static void
learn_syn(struct flow *flow, const struct packet *p, unsigned dir)
{
	struct flow_tcp *s = &flow->tcp[dir];
	uint32_t first = p->tcp.seq + 1, window = offered_first(p);

	if (!s->max_win || s->max_end != first) {
		*s = (struct flow_tcp){ .end = first, .max_end = first };
		flow->flags &= (uint16_t)(~FLOW_SEEN_ORIG_ACK & ~FLOW_TCP_FIN_REPLY);
	}
	s->end = later(s->end, first + p->payload_len);
	if (s->max_win < window)
		s->max_win = window;
}

/* The scale counts if both SYNs have the option (RFC 7323 §2.2): until the answer is there,
 * FLOW_TCP_SCALED says that the originator's had it. One sent again may have lost it on purpose. */
static void
learn_scale(struct flow *flow, const struct packet *p, unsigned dir)
{
	bool has = p->flags & PACKET_WSCALE;
	uint8_t shift = p->tcp.wscale & 15;

	if (dir == DIR_ORIGINAL && has) {
		flow->scale = shift;
		flow->flags |= FLOW_TCP_SCALED;
	} else if (dir == DIR_REPLY && has && flow->flags & FLOW_TCP_SCALED) {
		flow->scale = (uint8_t)((flow->scale & 15) | shift << 4);
	} else if (dir == DIR_REPLY) {
		flow->scale = 0;
		flow->flags &= (uint16_t)~FLOW_TCP_SCALED;
	}
}

/* A SYN before there is any answer: sent again, sent anew, or crossing the other side's. */
static enum reason
syn(struct flow *flow, const struct packet *p, unsigned dir)
{
	learn_syn(flow, p, dir);
	if (dir == DIR_ORIGINAL)
		learn_scale(flow, p, dir);
	else
		flow->flags |= FLOW_SEEN_REPLY;
	return REASON_NONE;
}

/* The handshake is complete: what each side may send begins behind its SYN, and for the originator
 * behind the data on it that the SYN+ACK has taken. */
static void
open_windows(struct flow *flow)
{
	struct flow_tcp *o = &flow->tcp[DIR_ORIGINAL], *r = &flow->tcp[DIR_REPLY];

	o->max_end = o->end + r->max_win;
	r->max_end += o->max_win;
}

/*
 * The responder's SYN+ACK. It may come again with another initial number: from behind SYN cookies
 * (RFC 4987 §3.6) no two need be equal. Data on the SYN that it does not acknowledge is not taken
 * and will be sent again (RFC 7413 §4.2).
 */
static enum reason
syn_ack(struct flow *flow, const struct packet *p, uint8_t next)
{
	if (!acks_syn(flow, p, DIR_ORIGINAL))
		return REASON_TCP_STATE;
	learn_syn(flow, p, DIR_REPLY);
	learn_scale(flow, p, DIR_REPLY);
	flow->tcp[DIR_ORIGINAL].end = p->tcp.ack;
	flow->flags |= FLOW_SEEN_REPLY;
	flow->state = next;
	if (flow->flags & FLOW_SEEN_ORIG_ACK) {
		open_windows(flow);
		flow->state = rules[DIR_ORIGINAL][next][EVENT_ACK].next;
	}
	return REASON_NONE;
}

/* The originator's SYN+ACK, when two SYNs have crossed. Its own SYN, once more, and the answer. */
static enum reason
crossed(struct flow *flow, const struct packet *p, uint8_t next)
{
	if (!acks_syn(flow, p, DIR_REPLY) || p->tcp.seq + 1 != flow->tcp[DIR_ORIGINAL].max_end)
		return REASON_TCP_STATE;
	learn_syn(flow, p, DIR_ORIGINAL);
	flow->flags |= FLOW_SEEN_ORIG_ACK;
	flow->state = next;
	if (next == FLOW_TCP_ESTABLISHED)
		open_windows(flow);
	return REASON_NONE;
}

/* The originator's ACK of the SYN+ACK, with data or a FIN perhaps. The responder may have closed
 * before (RFC 7413 §4.2: it may answer data on the SYN at once): that counts now. */
static enum reason
open_connection(struct flow *flow, const struct packet *p, uint8_t next)
{
	const struct flow_tcp old[2] = { flow->tcp[0], flow->tcp[1] };

	if (!acks_syn(flow, p, DIR_REPLY))
		return REASON_TCP_WINDOW;
	if (flow->flags & FLOW_TCP_FIN_REPLY)
		next = rules[DIR_REPLY][next][EVENT_FIN].next;
	open_windows(flow);
	if (closing(flow, p, DIR_ORIGINAL, next) != REASON_NONE) {
		flow->tcp[0] = old[0];
		flow->tcp[1] = old[1];
		return REASON_TCP_WINDOW;
	}
	flow->flags |= FLOW_SEEN_ORIG_ACK;
	flow->state = next;
	return REASON_NONE;
}

/* From a responder that has answered the SYN and not been answered itself: a window update, or, if
 * there was data on the SYN, data and FIN (RFC 7413 §4.2). Within the window that the SYN offered.
 */
static enum reason
early(struct flow *flow, const struct packet *p)
{
	struct flow_tcp *r = &flow->tcp[DIR_REPLY];
	uint32_t window = flow->tcp[DIR_ORIGINAL].max_win, at = p->tcp.seq - r->max_end;
	uint32_t end = p->tcp.seq + p->payload_len + !!(p->tcp.flags & TCP_FIN);

	if (!acks_syn(flow, p, DIR_ORIGINAL) || at > window || p->payload_len > window - at)
		return REASON_TCP_WINDOW;
	if ((flow->flags & FLOW_TCP_FIN_REPLY && before(r->end, end)) ||
		(p->tcp.flags & TCP_FIN && before(end, r->end)))
		return REASON_TCP_WINDOW;
	r->end = later(r->end, end);
	if (r->max_win < offered(flow, p, DIR_REPLY))
		r->max_win = offered(flow, p, DIR_REPLY);
	if (p->tcp.flags & TCP_FIN)
		flow->flags |= FLOW_TCP_FIN_REPLY;
	return REASON_NONE;
}

/*
 * A SYN in a connection. Whatever its numbers, an endpoint answers it with a challenge and goes on
 * (RFC 5961 §4.2); if the connection is gone at one end, the reset that follows from that ends it
 * here too. So one that leaves passes and is forgotten. One that comes in from outside does not:
 * it could be meant for a listener on the same port, and would open what nobody inside asked for.
 * Bytes on it would be no part of the stream: refused, unless it is the SYN of this very handshake.
 */
static enum reason
challenge(const struct flow *flow, const struct packet *p, unsigned dir)
{
	if (p->payload_len &&
		(flow->state != FLOW_TCP_SYN_RECEIVED || p->tcp.seq + 1 != flow->tcp[dir].max_end))
		return REASON_TCP_STATE;
	if (flow->state >= FLOW_TCP_ESTABLISHED &&
		(dir == DIR_REPLY || flow_direction(flow) == DIRECTION_IN))
		return REASON_TCP_STATE;
	return REASON_NONE;
}

/* The responder's SYN+ACK when the connection stands: its ACK was lost. Nothing is learnt from it.
 * The originator has none to send any more. */
static enum reason
repeat(const struct flow *flow, const struct packet *p, unsigned dir)
{
	if (dir == DIR_ORIGINAL)
		return REASON_TCP_STATE;
	return in_window(flow, p, dir, p->tcp.seq + 1) ? REASON_NONE : REASON_TCP_WINDOW;
}

/*
 * A RST (RFC 5961 §3.2). Exactly where the receiver stands, it ends the connection. Elsewhere in
 * the window the receiver challenges it, and so it passes and changes nothing. The acknowledgement
 * is not looked at: not all that send a RST have one to give.
 */
static enum reason
reset(struct flow *flow, const struct packet *p, unsigned dir, uint8_t next)
{
	const struct flow_tcp *s = &flow->tcp[dir], *r = &flow->tcp[!dir];
	bool shaking = flow->state < FLOW_TCP_ESTABLISHED;
	uint32_t limit = shaking ? s->max_end + r->max_win : s->max_end;
	uint32_t seq = p->tcp.seq;

	/* Data on the SYN may not have been taken. */
	if (seq == s->end || (shaking && seq == s->max_end)) {
		if (dir == DIR_REPLY)
			flow->flags |= FLOW_SEEN_REPLY;
		flow->state = next;
		return REASON_NONE;
	}
	if (before(limit, seq) || before(seq, s->end - r->max_win - 1))
		return REASON_TCP_WINDOW;
	return REASON_NONE;
}

/* A RST in answer to the SYN must acknowledge it (RFC 9293 §3.10.7.3), unless the responder has a
 * SYN of its own on the way. */
static enum reason
decline(struct flow *flow, const struct packet *p, uint8_t next)
{
	struct flow_tcp *r = &flow->tcp[DIR_REPLY];

	if (!acks_syn(flow, p, DIR_ORIGINAL))
		return r->max_win ? reset(flow, p, DIR_REPLY, next) : REASON_TCP_STATE;
	*r = (struct flow_tcp){ .end = p->tcp.seq, .max_end = p->tcp.seq, .max_win = 1 };
	flow->flags |= FLOW_SEEN_REPLY;
	flow->state = next;
	return REASON_NONE;
}

bool
tcp_flags_possible(uint8_t flags)
{
	return events[flags & 63] != EVENT_NONSENSE;
}

/* The middle of a connection: its windows are unknown, and so is their scale. What is assumed is
 * the largest, so that nothing honest is refused. */
static void
begin_midstream(struct flow *flow, const struct packet *p)
{
	struct flow_tcp *o = &flow->tcp[DIR_ORIGINAL], *r = &flow->tcp[DIR_REPLY];
	uint32_t window;

	flow->scale = 14 | 14 << 4;
	window = p->tcp.flags & TCP_SYN ? offered_first(p) : offered(flow, p, DIR_ORIGINAL);
	o->end = p->tcp.seq + p->payload_len + !!(p->tcp.flags & (TCP_SYN | TCP_FIN));
	o->max_end = o->end + WINDOW_MAX;
	o->max_win = window;
	r->end = p->tcp.ack;
	r->max_end = p->tcp.ack + window;
	r->max_win = WINDOW_UNKNOWN;
	flow->flags |= FLOW_MIDSTREAM;
	if (p->tcp.flags & TCP_FIN)
		flow->flags |= FLOW_TCP_FIN_ORIG;
}

void
tcp_resume(struct flow *flow, const struct packet *p, unsigned dir)
{
	struct flow_tcp *s = &flow->tcp[dir], *r = &flow->tcp[!dir];

	flow->scale = 14 | 14 << 4;
	s->end = p->tcp.seq + p->payload_len;
	s->max_end = s->end + WINDOW_MAX;
	s->max_win = offered(flow, p, dir);
	r->end = p->tcp.ack;
	r->max_end = p->tcp.ack + s->max_win;
	r->max_win = WINDOW_MAX;
	flow->flags |= FLOW_MIDSTREAM;
	flow->flags &= (uint16_t)~FLOW_UNTRACKED;
}

enum reason
tcp_begin(struct flow *flow, const struct packet *p, bool midstream)
{
	uint8_t event = events[p->tcp.flags & 63];

	if (event == EVENT_SYN) {
		flow->state = FLOW_TCP_SYN_SENT;
		return syn(flow, p, DIR_ORIGINAL);
	}
	if (event == EVENT_NONSENSE || !midstream)
		return REASON_NO_HANDSHAKE;
	begin_midstream(flow, p);
	flow->state = rules[DIR_ORIGINAL][FLOW_TCP_ESTABLISHED][event].next;
	return REASON_NONE;
}

bool
tcp_syn_reopens(const struct flow *flow, const struct packet *p, unsigned dir)
{
	const struct flow_tcp *s = &flow->tcp[dir], *r = &flow->tcp[!dir];
	uint32_t seq = p->tcp.seq;

	if (events[p->tcp.flags & 63] != EVENT_SYN)
		return false;
	if (flow->state == FLOW_TCP_CLOSING)
		return !before(seq, s->end);
	if (flow->state == FLOW_TCP_TIME_WAIT)
		return !between(s->end - r->max_win - 1, seq, s->end - 1);
	return flow->state == FLOW_TCP_CLOSED;
}

/* All that is not the middle of a connection. Apart, so that the short way stays short. */
static __attribute__((noinline)) enum reason
obey(struct flow *flow, const struct packet *p, unsigned dir, struct rule rule)
{
	switch ((enum action)rule.action) {
	case ACTION_REFUSE:
		break;
	case ACTION_TRACK:
		return track(flow, p, dir);
	case ACTION_CLOSING:
		return closing(flow, p, dir, rule.next);
	case ACTION_OPEN:
		return open_connection(flow, p, rule.next);
	case ACTION_EARLY:
		return early(flow, p);
	case ACTION_SYN:
		return syn(flow, p, dir);
	case ACTION_SYN_ACK:
		return syn_ack(flow, p, rule.next);
	case ACTION_CROSSED:
		return crossed(flow, p, rule.next);
	case ACTION_CHALLENGE:
		return challenge(flow, p, dir);
	case ACTION_REPEAT:
		return repeat(flow, p, dir);
	case ACTION_RESET:
		return reset(flow, p, dir, rule.next);
	case ACTION_DECLINE:
		return decline(flow, p, rule.next);
	}
	return REASON_TCP_STATE;
}

enum reason
tcp_track(struct flow *flow, const struct packet *p, unsigned dir)
{
	struct rule rule = rules[dir][flow->state][events[p->tcp.flags & 63]];

	if (__builtin_expect(rule.action == ACTION_TRACK, 1))
		return track(flow, p, dir);
	return obey(flow, p, dir, rule);
}
