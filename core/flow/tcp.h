/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP as a firewall in the middle sees it: state and windows (RFC 9293 §3.3.2, §3.10; RFC 7323 §2;
 * RFC 5961 for RST and SYN in a connection).
 *
 * tcp_flags_possible() is asked before any state is made, tcp_begin() makes the state of a first
 * packet, tcp_track() judges every later one and moves the state on. A packet that is refused
 * changes nothing.
 */
#ifndef FLOW_TCP_H
#define FLOW_TCP_H

#include "flow/flow.h"

/* False for combinations that no TCP sends: none, SYN+FIN, SYN+RST, FIN without ACK, … */
bool tcp_flags_possible(uint8_t flags);

/*
 * The first packet of a flow: a SYN without ACK, or (midstream) anything that is no SYN. Fills
 * flow->tcp, scale, state and flags. REASON_NONE, or why not: NO_HANDSHAKE.
 */
enum reason tcp_begin(struct flow *flow, const struct packet *p, bool midstream);

/*
 * A later packet, going in `dir`. REASON_NONE, TCP_STATE or TCP_WINDOW.
 *
 * One that acknowledges more than was seen passes as long as the other side was allowed to send it:
 * a capture has gaps. It is not believed, though: see tcp_acked().
 */
enum reason tcp_track(struct flow *flow, const struct packet *p, unsigned dir);

/* The first packet that is seen of a connection which has been going on for long (FLOW_UNTRACKED). */
void tcp_resume(struct flow *flow, const struct packet *p, unsigned dir);

/*
 * What a packet that tcp_track() has let pass acknowledges, but no more than was seen of the other
 * side. Whoever concludes from an acknowledgement that bytes were sent asks this: else a peer that
 * acknowledges ahead could say where the other's next message begins.
 */
static inline uint32_t
tcp_acked(const struct flow *flow, const struct packet *p, unsigned dir)
{
	uint32_t end = flow->tcp[!dir].end;

	return (int32_t)(p->tcp.ack - end) > 0 ? end : p->tcp.ack;
}

/*
 * True if the packet is a new SYN on a flow that is over: the caller ends the flow and begins
 * another. After a reset any SYN is new. When both sides have closed, one whose number lies behind
 * the connection's is (RFC 9293 §3.6.1), and in TIME-WAIT also one that lies well before it, for
 * hosts tell old from new by their timestamps (RFC 6191) or draw any number; only what looks like
 * an old duplicate is not.
 */
bool tcp_syn_reopens(const struct flow *flow, const struct packet *p, unsigned dir);

static inline bool
tcp_reopens(const struct flow *flow, const struct packet *p, unsigned dir)
{
	return p->tcp.flags & TCP_SYN && tcp_syn_reopens(flow, p, dir);
}

/* True once both sides have been heard and the handshake is complete. */
static inline bool
tcp_is_established(const struct flow *flow)
{
	return flow->state >= FLOW_TCP_ESTABLISHED && flow->state <= FLOW_TCP_CLOSING;
}

#endif
