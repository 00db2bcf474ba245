/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ICMP options of a connection: which questions may come in, and which errors may go out. All
 * are off unless they are switched on.
 *
 * Options govern ICMP alone and come before what is known of flows: an error that leaves is governed
 * even where it speaks of a known flow. What IP needs in order to work is never governed:
 * fragmentation needed (RFC 1191), packet too big (RFC 8201), and on the link neighbour discovery
 * and multicast listener discovery (RFC 4890 §4.3.1, §4.4.1).
 */
#ifndef POLICY_ICMP_OPTION_H
#define POLICY_ICMP_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/flow.h"

/*	 identifier	name				*/
#define ICMP_OPTIONS(X)                                                                            \
	X(ECHO_REQUEST_IN, "echo-request-in")             /* 8; IPv6: 128 */                       \
	X(TIMESTAMP_REQUEST_IN, "timestamp-request-in")   /* 13 */                                 \
	X(MASK_REQUEST_IN, "mask-request-in")             /* 17 */                                 \
	X(ROUTER_REQUEST_IN, "router-request-in")         /* 10; IPv6 needs 133 and has it */      \
	X(UNREACHABLE_OUT, "destination-unreachable-out") /* 3; IPv6: 1 */                         \
	X(SOURCE_QUENCH_OUT, "source-quench-out")         /* 4 */                                  \
	X(PARAMETER_PROBLEM_OUT, "parameter-problem-out") /* 12; IPv6: 4 */                        \
	X(TIME_EXCEEDED_OUT, "time-exceeded-out")         /* 11; IPv6: 3 */                        \
	X(REDIRECT, "redirect")                           /* 5; IPv6: 137; both ways */

enum icmp_option {
#define X(id, name) ICMP_OPTION_##id,
	ICMP_OPTIONS(X)
#undef X
	ICMP_OPTION_COUNT,
};

const char *icmp_option_name(enum icmp_option option);

enum icmp_rule {
	ICMP_UNGOVERNED, /* no option speaks of it */
	ICMP_GOVERNED,   /* *ret_option does */
	ICMP_NEEDED,     /* passes always */
};

/* What is said of this ICMP packet (of either version) that goes in that direction. */
enum icmp_rule icmp_rule(
	const struct packet *p, enum direction direction, enum icmp_option *ret_option);

#endif
