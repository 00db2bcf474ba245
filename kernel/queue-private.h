/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What queue.c (packets and verdicts) and queue-open.c (setting it up, and the kernel's counters)
 * share.
 */
#ifndef KERNEL_QUEUE_PRIVATE_H
#define KERNEL_QUEUE_PRIVATE_H

#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>

#include "kernel/queue.h"

/* A message with a verdict; all its parts have lengths that need no padding. */
struct queue_message {
	struct nlmsghdr head;
	struct nfgenmsg general;
	struct nlattr verdict_attr;
	struct nfqnl_msg_verdict_hdr verdict;
	struct nlattr mark_attr; /* may be left out */
	uint32_t mark_be;
};
_Static_assert(sizeof(struct queue_message) == 16 + 4 + 4 + 8 + 4 + 4, "as netlink lays it out");

/* Verdicts of one batch, and of held packets that are answered meanwhile. */
#define QUEUE_OUTBOX (BATCH_MAX * 2 * sizeof(struct queue_message))

#define QUEUE_IFACES 1024u /* as many as the engine remembers connections of */
#define QUEUE_HINTS  256u

/* The number of the message that ends the setting up, to know an answer to it by. */
#define QUEUE_SETUP 1

/* What must be kept of a packet until its verdict. */
struct queue_waiting {
	uint64_t number;
	uint32_t id;
	uint32_t mark; /* as it came */
	unsigned hook;
};

/* What a packet is told. */
struct queue_answer {
	uint32_t verdict;
	uint32_t mark; /* 0 unless marked */
	bool marked;
};

struct queue {
	/* What every packet needs stands together. */
	struct source source;
	struct queue_options options;
	int fd;          /* of the socket */
	int failed;      /* a negative errno value: there is no going on */
	uint64_t number; /* of the last packet */
	unsigned n_batch;
	unsigned n_held;
	unsigned n_ifaces;
	unsigned filled; /* bytes of the outbox */
	struct queue_stats stats;
	struct queue_message verdict; /* what all have in common */
	uint8_t outbox[QUEUE_OUTBOX] __attribute__((aligned(8)));

	/* The batch that is being looked at, and late verdicts that came for it already. */
	struct queue_waiting batch[BATCH_MAX];
	bool is_late[BATCH_MAX];
	struct queue_answer late[BATCH_MAX];

	struct mmsghdr messages[BATCH_MAX];
	struct iovec vectors[BATCH_MAX];
	uint16_t hints[QUEUE_HINTS];   /* by ifindex: where it may be found */
	unsigned ifaces[QUEUE_IFACES]; /* ifindex of each number */
	struct queue_waiting held[QUEUE_HELD_MAX];
	struct mnl_socket *socket;
	int counters; /* the kernel's own, as a file; -1: they cannot be read */
	uint8_t *slots;
	char error[128];
};

extern const struct source_ops queue_ops;

static inline struct queue *
queue_of(const struct source *source)
{
	return (struct queue *)source;
}

#endif
