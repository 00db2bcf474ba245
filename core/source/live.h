/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A network interface as a source of packets: it listens, through libpcap, and gives no verdicts.
 *
 * It does not block: next() fails with -EAGAIN when no packet is there, and from then on live_fd()
 * can be polled until one is. It never ends by itself; -EIO: the interface is gone or has failed.
 * Other than in a capture, packets may be lost when they come faster than they are taken.
 */
#ifndef SOURCE_LIVE_H
#define SOURCE_LIVE_H

#include "source/source.h"

struct live_options {
	const char *filter; /* in the language of pcap-filter(7), or NULL */
	bool promiscuous;   /* also packets that are for others */
};

/* Most bytes of a packet that are looked at; no link has longer ones. */
#define LIVE_SNAPLEN 262144

/*
 * Opens an interface; "any" is all of them. On failure *ret_message completes "postern: NAME: " and
 * is the caller's to g_free(). -ENODEV: there is no such interface, or it is down; -EPERM;
 * -EINVAL: the filter; -EPROTONOSUPPORT: decode() does not know its link type; -EIO: all else.
 */
int live_open(const char *name, const struct live_options *options, struct source **ret_source,
	char **ret_message);

/* A descriptor that can be read when next() should be asked; but it should be asked at least once
 * in LIVE_ASK_MS, since an interface may be gone without a sign. */
#define LIVE_ASK_MS 500
int live_fd(const struct source *source);

/* Packets so far that came too fast to be seen. */
uint64_t live_lost(const struct source *source);

#endif
