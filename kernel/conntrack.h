/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's connection tracking: the counters and ends of what it passes without asking us, and
 * the marks that let it. Through libnetfilter_conntrack. One thread.
 *
 * Connections are named by a tuple as the engine has it (packet/tuple.h). Those of a protocol that
 * the engine tells apart by its number only (SCTP, …) cannot be named.
 */
#ifndef KERNEL_CONNTRACK_H
#define KERNEL_CONNTRACK_H

#include <glib.h>

#include "packet/tuple.h"

/* What the kernel knows of a connection. */
struct conntrack_entry {
	struct tuple original; /* as the kernel saw its first packet, before any translation */
	struct tuple seen;     /* … as INPUT and FORWARD did: its destination translated */
	uint64_t packets[2];   /* by DIR_*; 0 without accounting */
	uint64_t bytes[2];
	uint32_t mark;
	uint32_t timeout;  /* seconds to go */
	uint16_t zone;     /* of the kernel's; `original` and `seen` are in the engine's zone 0 */
	uint8_t tcp_state; /* TCP_CONNTRACK_* of the kernel; 0: none */
	bool is_replied;   /* seen in both directions */
	bool is_assured;
};

struct conntrack_options {
	uint32_t mask; /* only the ends of entries with one of these bits in their mark are told */
	void (*ended)(void *context, const struct conntrack_entry *entry); /* destroyed */
	void *context;
};

struct conntrack;

int conntrack_new(const struct conntrack_options *options, struct conntrack **ret_conntrack,
	char **ret_message);
void conntrack_free(struct conntrack *conntrack);

/* The descriptor of events, to poll for reading. */
int conntrack_fd(const struct conntrack *conntrack);

/*
 * Reads events that are there, up to some thousands, and never waits: ended() is told of each.
 * Returns how many, or a negative errno value; -ENOBUFS: some were lost, and a dump must say who is
 * still there.
 */
int conntrack_read(struct conntrack *conntrack);

/* May ask and change what it likes, but begin no other dump. */
typedef void conntrack_visit(void *context, const struct conntrack_entry *entry);

/* Tells of every entry that has all of the bits in its mark, and waits until that is done. */
int conntrack_dump(
	struct conntrack *conntrack, uint32_t bits, conntrack_visit *visit, void *context);

/*
 * The same, little by little. conntrack_dump_begin(), then conntrack_dump_next() whenever
 * conntrack_dump_fd() is readable (-1: no dump is on its way), which tells of a hundred or so.
 * Returns 1: there is more; 0: that was all; or a negative errno value, and it is over. Entries
 * that come or go meanwhile may be told or not, or twice.
 */
int conntrack_dump_begin(struct conntrack *conntrack, uint32_t bits);
int conntrack_dump_next(struct conntrack *conntrack, conntrack_visit *visit, void *context);
int conntrack_dump_fd(const struct conntrack *conntrack);

/* What is known of one connection, by either of its directions as the kernel saw them. -ENOENT */
int conntrack_get(
	struct conntrack *conntrack, const struct tuple *tuple, struct conntrack_entry *ret_entry);

/* Sets the bits of `mask` in its mark to those of `mark`, at one go. -ENOENT */
int conntrack_set_mark(
	struct conntrack *conntrack, const struct tuple *tuple, uint32_t mark, uint32_t mask);

/* The same for one that has been told, whatever its zone. */
int conntrack_mark_entry(struct conntrack *conntrack, const struct conntrack_entry *entry,
	uint32_t mark, uint32_t mask);

/* Removes the entry, and with it any translation: its next packet is new. -ENOENT */
int conntrack_delete(struct conntrack *conntrack, const struct tuple *tuple);

#endif
