/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fragments of IPv4 (RFC 791 §3.2) and IPv6 (RFC 8200 §4.5) into whole datagrams.
 *
 * A datagram is keyed by source, destination, identification and zone, for IPv4 also by protocol
 * (in IPv6 only the first fragment's counts). Overlaps are refused whole (RFC 5722; the same rule
 * for IPv4): the datagram is poisoned, and every later fragment of it is dropped until its time is
 * up; an exact duplicate is dropped alone. So is one that has more fragments than are allowed. Tiny
 * first fragments that do not hold the transport header (RFC 1858, RFC 7112) are refused. Memory,
 * number of datagrams and of fragments in one are bounded; when there is no room the oldest
 * datagram goes.
 */
#ifndef FLOW_DEFRAG_H
#define FLOW_DEFRAG_H

#include "packet/packet.h"

struct defrag;

struct defrag_options {
	uint32_t max_datagrams;
	uint32_t max_fragments; /* of one datagram */
	uint64_t max_memory;    /* bytes held, those that keep the books included */
	uint32_t timeout;       /* seconds from the first fragment seen (RFC 8200: 60) */
	uint64_t seed;          /* of the hash: secret; no result depends on it */
};

struct defrag_stats {
	uint64_t fragments;   /* that came */
	uint64_t reassembled; /* datagrams */
	uint64_t overlaps;    /* datagrams poisoned by one */
	uint64_t timeouts;    /* datagrams that were never whole */
	uint64_t evicted;     /* datagrams that made room */
	uint64_t refused;     /* fragments dropped as they came, whatever the cause */
	uint64_t memory, peak_memory;
	uint32_t datagrams;   /* now, poisoned ones included */
};

/*
 * What becomes of a fragment. `owner` is told the fate of fragments that had been taken in: each
 * gets exactly one call of settled(), in the order of their arrival, when its datagram is whole or
 * given up. The packet passed is a copy made when it was taken in: without bytes, data is NULL and
 * caplen 0. settled() may not call back into defrag.
 */
struct defrag_owner {
	void *context;
	void (*settled)(void *context, const struct packet *fragment, enum reason reason);
};

/* -ENOMEM, -EINVAL (a limit is 0). */
int defrag_new(const struct defrag_options *options, const struct defrag_owner *owner,
	struct defrag **ret_defrag);

/* Gives up what is held: settled() is called for each fragment with REASON_FRAGMENT. */
void defrag_flush(struct defrag *defrag);

/* The same, and frees it. */
void defrag_free(struct defrag *defrag);

/*
 * Takes a fragment. Returns 1 and fills *ret_whole when it completes its datagram: a packet whose
 * bytes belong to defrag until the next call, ready for decode_ip(); all its fragments, this one
 * too, are settled by defrag_settle(). 0: held, settled() will tell. -EINVAL: this one is dropped
 * now (overlap, duplicate, tiny, no room, bad length, not wholly captured), settled() will not be
 * called for it.
 */
int defrag_add(struct defrag *defrag, const struct packet *fragment, struct packet *ret_whole);

/* The fate of the datagram that defrag_add() has just completed: passed on to its fragments. If it
 * is not called before the next defrag_add(), that gives them REASON_FRAGMENT. */
void defrag_settle(struct defrag *defrag, enum reason reason);

/* Gives up what has been incomplete for too long. Cheap when nothing is due. */
void defrag_expire(struct defrag *defrag, uint64_t now);

void defrag_get_stats(const struct defrag *defrag, struct defrag_stats *ret_stats);

#endif
