/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of the old firewall's promises share: hosts of both families, a firewall with one
 * uplink, and short ways to send something.
 *
 * Each test runs in four variants: with IPv4 and IPv6, and either with nothing known but addresses
 * (a capture without names of interfaces) or with packets seen on the uplink, sent or received.
 */
#ifndef ICF_ICF_H
#define ICF_ICF_H

#include "kit/policies.h"
#include "kit/talk.h"

#define ICF_VARIANTS 4

enum {
	ICF_IPV6 = 1 << 0,
	ICF_UPLINK = 1 << 1,
};

enum icf_host {
	US,       /* on the protected side … */
	FRIEND,   /* … and another one there */
	PEER,     /* outside … */
	STRANGER, /* … and another one there */
	GROUP,    /* multicast */
	ALL,      /* broadcast, or all nodes */
};

/* What is protected. */
#define ICF_INSIDE "10.0.0.0/8;2001:db8:1::/48"

/* An endpoint, or with port 0 an address. It stays. */
const char *icf_at(int variant, enum icf_host host, unsigned port);

/* The connection that packets of that variant belong to; made if it is not there yet. */
struct connection *icf_uplink(struct policy *policy, int variant);

/* A firewall with that policy, which becomes its own. */
struct kit_rig *icf_rig(struct policy *policy, int variant);

enum reason icf_tcp(struct kit_rig *rig, const char *from, const char *to, uint8_t flags);
enum reason icf_udp(struct kit_rig *rig, const char *from, const char *to);

/* Any protocol but those with ports. */
enum reason icf_raw(struct kit_rig *rig, const char *from, const char *to, uint8_t proto);

/* A question or an answer, ICMP or ICMPv6 as the addresses are. */
enum reason icf_icmp(
	struct kit_rig *rig, const char *from, const char *to, uint8_t type, uint16_t id);

/* How many flows the table has. */
unsigned icf_flows(const struct kit_rig *rig);

/* Lets time pass, with nothing but a packet between others that wakes the clock. */
void icf_wait(struct kit_rig *rig, unsigned seconds);

/* `call` must be accepted, or dropped, whatever the reason. */
#define icf_assert_passes(call)                                                                    \
	do {                                                                                       \
		enum reason icf_got = (call);                                                      \
		ck_assert_msg(reason_verdict(icf_got) == VERDICT_ACCEPT, "%s: %s", #call,          \
			reason_name(icf_got));                                                     \
	} while (0)
#define icf_assert_dropped(call)                                                                   \
	do {                                                                                       \
		enum reason icf_got = (call);                                                      \
		ck_assert_msg(reason_verdict(icf_got) == VERDICT_DROP, "%s: %s", #call,            \
			reason_name(icf_got));                                                     \
	} while (0)

#endif
