/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Verdicts, and the one list of reasons for them.
 *
 * Every verdict has a reason. The names are a contract: scripts read them in events and logs.
 */
#ifndef PACKET_REASON_H
#define PACKET_REASON_H

enum verdict {
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_HELD, /* none yet; it comes later (an unfinished datagram, a message being awaited) */
};

/*	 identifier	name		verdict	*/
#define REASONS(X)                                                                                 \
	X(NONE, "none", VERDICT_ACCEPT)                                                            \
	X(OUTBOUND, "outbound", VERDICT_ACCEPT)         /* opened from the protected side */       \
	X(EXPECTED, "expected", VERDICT_ACCEPT)         /* through a door that a helper opened */  \
	X(PORT_MAPPING, "port-mapping", VERDICT_ACCEPT) /* an open port */                         \
	X(ICMP_OPTION, "icmp-option", VERDICT_ACCEPT)   /* an ICMP type that policy lets in */     \
	X(ICMP_ERROR, "icmp-error", VERDICT_ACCEPT)     /* about a packet of a known flow */       \
	X(ICMP_NEEDED, "icmp-needed", VERDICT_ACCEPT)   /* IPv6 does not work without it */        \
	X(NO_FIREWALL, "no-firewall", VERDICT_ACCEPT)   /* the connection has none */              \
	X(INTERNAL, "internal", VERDICT_ACCEPT)         /* both ends on the protected side */      \
	X(TRANSIT, "transit", VERDICT_ACCEPT)           /* neither end on the protected side */    \
	X(MID_STREAM, "mid-stream", VERDICT_ACCEPT)     /* TCP picked up without its SYN */        \
	X(NOT_IP, "not-ip", VERDICT_ACCEPT)             /* ARP and the like: not our business */   \
	X(UNSOLICITED, "unsolicited", VERDICT_DROP)     /* nobody asked for it */                  \
	X(NO_HANDSHAKE, "no-handshake", VERDICT_DROP)   /* TCP that does not begin with a SYN */   \
	X(TCP_FLAGS, "tcp-flags", VERDICT_DROP)         /* an impossible combination */            \
	X(TCP_WINDOW, "tcp-window", VERDICT_DROP)       /* outside the window */                   \
	X(TCP_STATE, "tcp-state", VERDICT_DROP)         /* not possible in this state */           \
	X(MALFORMED, "malformed", VERDICT_DROP)         /* headers that contradict themselves */   \
	X(TRUNCATED, "truncated", VERDICT_DROP)         /* the capture has too little of it */     \
	X(CHECKSUM, "checksum", VERDICT_DROP)                                                      \
	X(FRAGMENT, "fragment", VERDICT_DROP)           /* overlap, too many, never whole */       \
	X(SPOOFED, "spoofed", VERDICT_DROP)             /* its source is a lie */                  \
	X(ICMP_REFUSED, "icmp-refused", VERDICT_DROP)   /* an ICMP option holds it back */         \
	X(HELPER, "helper", VERDICT_DROP)               /* a helper said so */                     \
	X(TABLE_FULL, "table-full", VERDICT_DROP)                                                  \
	X(FAIL_CLOSED, "fail-closed", VERDICT_DROP)

enum reason {
#define X(id, name, verdict) REASON_##id,
	REASONS(X)
#undef X
	REASON_COUNT,
	REASON_DROPS = REASON_UNSOLICITED, /* the first that stands for a drop */
};

/* Its name in events and logs; never NULL for a value of the enum. */
const char *reason_name(enum reason reason);

/* The verdict that it stands for. In the list all that accept stand before all that drop. */
static inline enum verdict
reason_verdict(enum reason reason)
{
	return reason < REASON_DROPS ? VERDICT_ACCEPT : VERDICT_DROP;
}

#endif
