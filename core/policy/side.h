/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which hosts are on the protected side.
 *
 * Either prefixes say it, or (auto) each host gets a side when it is first seen, for good: if
 * exactly one end is private (RFC 1918, RFC 6598, RFC 4193) that one is inside; otherwise an
 * unknown sender is inside and an unknown receiver outside. Auto remembers every host up to a
 * limit; beyond it, hosts are judged anew each time, by the same rule.
 *
 * An address that is nobody's (packet/address.h) is no host. A packet to one goes away from its
 * sender: out if that is inside, else in; and it gives nobody a side. A host is known by its
 * address alone, whatever VLAN it is seen on. Link-local addresses are not private here.
 */
#ifndef POLICY_SIDE_H
#define POLICY_SIDE_H

#include <stdbool.h>

#include "flow/flow.h"

/* Hosts that auto remembers, of both families together; their tables take at most 64 MiB if all are
 * of IPv4, and 192 MiB if all are of IPv6. */
#define SIDES_MAX_HOSTS (4u << 20)

struct sides;

/* `inside`: n prefixes, copied; n == 0 means auto. The seed is of the hashes: secret, no result
 * depends on it. Ends the program when memory is short. */
struct sides *sides_new(const struct prefix *inside, unsigned n, const uint64_t seed[static 2]);
/* Other prefixes, from now on. -EINVAL: there is none. */
int sides_set_nets(struct sides *sides, const struct prefix *inside, unsigned n);
void sides_free(struct sides *sides);

/* Are sides found out, not configured? */
bool sides_auto(const struct sides *sides);

/* Asks for what sides_direction() will look at. */
void sides_prefetch(const struct sides *sides, const struct key *key);

/* The direction of a packet from src to dst (of a key, for speed). Gives both a side if need be. */
enum direction sides_direction(struct sides *sides, const struct key *key, bool from_hi);

/* Is that host on the protected side? Does not give it a side: an unknown host is outside, but for
 * a private one when there is no room to remember more. */
bool sides_inside(const struct sides *sides, const struct pn_addr *addr);

/* True for RFC 1918, RFC 6598, RFC 4193 addresses. */
bool addr_is_private(const struct pn_addr *addr);

#endif
