/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A netfilter queue as a source of packets: batches in, verdicts out (source/source.h).
 *
 * A packet has link type LINKTYPE_RAW, the time at which it was received here, and a number of the
 * queue's own count. Where it came from and goes to is known to netfilter; place() makes p->iface
 * and p->way of it. Packets larger than one segment are taken whole. Checksums are the kernel's
 * business here (engine_options.hooked): those of what is sent are not made yet.
 *
 * One thread per queue. Verdicts of equal kind that follow one another go out in one message, and
 * all of a batch in one system call.
 */
#ifndef KERNEL_QUEUE_H
#define KERNEL_QUEUE_H

#include <glib.h>

#include "source/source.h"

/* Packets that may wait for a late verdict; one more is dropped. */
#define QUEUE_HELD_MAX 1024

/* All of a packet: the most that the kernel copies is 4 bytes less. */
#define QUEUE_WHOLE UINT16_MAX

/* Where netfilter has taken a packet. */
struct queue_place {
	unsigned hook; /* NF_INET_LOCAL_IN, _FORWARD, _LOCAL_OUT */
	unsigned in;   /* ifindex, or 0 */
	unsigned out;
};

struct queue_options {
	uint16_t number;
	uint32_t length;     /* packets that the kernel keeps for us */
	uint32_t copy_range; /* bytes of a packet, or QUEUE_WHOLE */
	uint32_t mask;       /* the bits of the mark that are ours */
	bool fail_open;      /* packets pass when the queue is full */
	/* Fills in p->way, and gives the ifindex of the interface that counts. */
	unsigned (*place)(void *context, const struct queue_place *place, struct packet *p);
	/* Our bits in the mark of a packet that is accepted. Not asked of what this machine sends:
	 * that keeps the mark that it has, or the kernel would route it anew. */
	uint32_t (*mark)(void *context, const struct packet *p);
	const char *(*interface_name)(void *context, unsigned ifindex);
	/* Numbers of interfaces (packet.iface) are given out anew, from the next batch on. */
	void (*renumbered)(void *context);
	uint64_t (*now)(void *context); /* ns since 1970-01-01 UTC; never goes back */
	void *context;
};

struct queue_stats {
	uint64_t packets;
	uint64_t receptions;     /* system calls that brought some */
	uint64_t messages;       /* verdicts, of one packet or of a run */
	uint64_t gone;           /* of them for packets that the kernel had not any more */
	uint64_t overruns;       /* ENOBUFS: the socket had no room */
	uint64_t held;           /* packets that wait for a verdict */
	uint64_t not_held;       /* … that there was no room to let wait */
	uint64_t kernel_queued;  /* packets in the kernel now */
	uint64_t kernel_dropped; /* by the kernel: the queue was full */
	uint64_t user_dropped;   /* by the kernel: the socket was full */
};

/* Binds the queue. -errno and *ret_message (who else has it, what the kernel lacks). */
int queue_new(const struct queue_options *options, struct source **ret_source, char **ret_message);

/* The descriptor to poll for reading; next() gives 0 when there is nothing to read now. */
int queue_fd(const struct source *source);

/*
 * The verdict of a packet that was held; `p` as the engine's late_verdict() gets it. It goes out
 * with the verdicts of the next batch, or by queue_send(). A negative errno value: verdicts cannot
 * be sent, and there is no going on; source_error() says more.
 */
void queue_late_verdict(struct source *source, const struct packet *p);
int queue_send(struct source *source);

/* Reads the kernel's own counters too: they are 32 bits wide and begin anew with each queue_new().
 */
void queue_get_stats(const struct source *source, struct queue_stats *ret_stats);

#endif
