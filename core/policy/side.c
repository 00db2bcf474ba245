// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sides: a list of prefixes, or a memory of hosts.
 *
 * The memory is 1024 small hash tables per family, chosen by the top bits of a keyed hash. Each
 * grows on its own and never beyond 8192 slots, so one packet never pays for moving more than 3072
 * hosts, and nobody who does not know the seed can choose addresses that fall together.
 *
 * Life-cycle: hosts are added by sides_direction() and stay until sides_free(). One thread.
 * Limits: SIDES_MAX_HOSTS in all; three quarters of the slots of a shard. Where there is no room,
 * or no memory, a host is judged by the rule and not remembered.
 * Relies on: struct key keeping addresses in the order they have on the wire (tuple.h).
 */
#include "policy/side.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#define SHARD_BITS      10
#define SHARDS          (1u << SHARD_BITS)
#define SHARD_SLOTS     8u /* to begin with */
#define SHARD_SLOTS_MAX 8192u

/*
 * The last word of a slot, beside the address of IPv4 in its low half. An IPv4 slot is that word
 * alone, an IPv6 slot has the address in two words before it.
 */
#define SLOT_USED   (1ull << 32)
#define SLOT_INSIDE (1ull << 33)

/* An address, the bytes as they are on the wire. */
struct host {
	uint64_t w[2]; /* IPv6 */
	uint32_t v4;   /* IPv4; else 0 */
	uint8_t family;
};

struct shard {
	uint64_t *slots;
	uint32_t size; /* slots, a power of two, or 0 */
	uint32_t used;
};

struct net {
	uint64_t value[2];
	uint64_t mask[2];
	uint8_t family;
};

struct sides {
	struct net *nets;
	unsigned n_nets; /* 0: auto */
	uint64_t seed[2];
	uint32_t hosts;
	struct shard shards[2 * SHARDS]; /* of IPv4, then of IPv6 */
};

static struct host
host_of_addr(const struct pn_addr *addr)
{
	struct host host = { .family = addr->family };

	if (addr->family == PN_ADDR_IPV4)
		memcpy(&host.v4, addr->bytes, sizeof(host.v4));
	else
		memcpy(host.w, addr->bytes, sizeof(host.w));
	return host;
}

static struct host
host_of_key(const struct key *key, bool hi)
{
	struct host host = { .family = key_family(key) };

	if (host.family == PN_ADDR_IPV4)
		host.v4 = key_ipv4(key, hi);
	else
		memcpy(host.w, key_ipv6(key, hi), sizeof(host.w));
	return host;
}

static bool
host_is_private(const struct host *host)
{
	uint32_t addr = be32toh(host->v4);

	if (host->family == PN_ADDR_IPV6)
		return be64toh(host->w[0]) >> 57 == 0xfc >> 1; /* fc00::/7, RFC 4193 §3.1 */
	return addr >> 24 == 10 ||                             /* RFC 1918 §3 */
	       addr >> 20 == (172 << 4 | 1) ||                 /* 172.16/12 */
	       addr >> 16 == (192 << 8 | 168) ||               /* 192.168/16 */
	       addr >> 22 == (100 << 2 | 1);                   /* 100.64/10, RFC 6598 §7 */
}

static bool
host_is_nobody(const struct host *host)
{
	return addr_scope_is_nobody(host->family == PN_ADDR_IPV6 ? addr_scope_ipv6(host->w)
								 : addr_scope_ipv4(host->v4));
}

bool
addr_is_private(const struct pn_addr *addr)
{
	struct host host = host_of_addr(addr);

	return host_is_private(&host);
}

/* Both halves of the product of two words, folded: each bit depends on all of both. */
static uint64_t
fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t
hash_words(const struct sides *sides, uint64_t a, uint64_t b)
{
	uint64_t h = fold(a ^ sides->seed[0], (0x9e3779b97f4a7c15 ^ sides->seed[1]) | 1);

	return fold(h ^ b ^ sides->seed[1], (0xd1342543de82ef95 ^ sides->seed[0]) | 1);
}

static uint64_t
host_hash(const struct sides *sides, const struct host *host)
{
	return hash_words(sides, host->w[0] ^ host->v4, host->w[1]);
}

static unsigned
slot_words(uint8_t family)
{
	return family == PN_ADDR_IPV4 ? 1 : 3;
}

/* Which shard a host belongs to. */
static size_t
host_shard(const struct host *host, uint64_t hash)
{
	return (host->family == PN_ADDR_IPV6 ? SHARDS : 0) + (hash >> (64 - SHARD_BITS));
}

/* The slot of a host, or the free one where it would go. There is always a free one. */
static uint64_t *
shard_slot(const struct shard *shard, const struct host *host, uint64_t hash)
{
	unsigned words = slot_words(host->family);
	uint32_t i = (uint32_t)hash & (shard->size - 1);

	for (;; i = (i + 1) & (shard->size - 1)) {
		uint64_t *slot = shard->slots + (size_t)i * words;
		uint64_t last = slot[words - 1];

		if (!(last & SLOT_USED))
			return slot;
		if ((uint32_t)last != host->v4)
			continue;
		if (words == 1 || (slot[0] == host->w[0] && slot[1] == host->w[1]))
			return slot;
	}
}

static struct host
slot_host(const uint64_t *slot, uint8_t family)
{
	if (family == PN_ADDR_IPV4)
		return (struct host){ .v4 = (uint32_t)slot[0], .family = family };
	return (struct host){ .w = { slot[0], slot[1] }, .family = family };
}

/* Three quarters are taken, or there are no slots yet. */
static bool
shard_is_full(const struct shard *shard)
{
	return shard->used >= shard->size / 4 * 3;
}

/* Doubles the slots. False where there may be no more, or no memory. */
static bool
shard_grow(const struct sides *sides, struct shard *shard, uint8_t family)
{
	unsigned words = slot_words(family);
	struct shard grown = {
		.size = shard->size ? 2 * shard->size : SHARD_SLOTS,
		.used = shard->used,
	};

	if (grown.size > SHARD_SLOTS_MAX)
		return false;
	grown.slots = calloc(grown.size, words * sizeof(*grown.slots));
	if (!grown.slots)
		return false;

	for (uint32_t i = 0; i < shard->size; i++) {
		const uint64_t *slot = shard->slots + (size_t)i * words;
		struct host host = slot_host(slot, family);

		if (slot[words - 1] & SLOT_USED)
			memcpy(shard_slot(&grown, &host, host_hash(sides, &host)), slot,
				words * sizeof(*slot));
	}
	free(shard->slots);
	*shard = grown;
	return true;
}

/* The side a host has, or gets now. */
static bool
host_settle(struct sides *sides, const struct host *host, uint64_t hash, bool inside)
{
	struct shard *shard = &sides->shards[host_shard(host, hash)];
	uint64_t *slot = shard->size ? shard_slot(shard, host, hash) : NULL;
	unsigned last = slot_words(host->family) - 1;

	if (slot && slot[last] & SLOT_USED)
		return slot[last] & SLOT_INSIDE;
	if (sides->hosts == SIDES_MAX_HOSTS)
		return inside;
	if (shard_is_full(shard)) {
		if (!shard_grow(sides, shard, host->family))
			return inside;
		slot = shard_slot(shard, host, hash);
	}
	if (host->family == PN_ADDR_IPV6)
		memcpy(slot, host->w, sizeof(host->w));
	slot[last] = host->v4 | SLOT_USED | (inside ? SLOT_INSIDE : 0);
	shard->used++;
	sides->hosts++;
	return inside;
}

/* The side a host has, or would get. */
static bool
host_look(const struct sides *sides, const struct host *host, uint64_t hash, bool inside)
{
	const struct shard *shard = &sides->shards[host_shard(host, hash)];
	uint64_t last;

	if (!shard->size)
		return inside;
	last = shard_slot(shard, host, hash)[slot_words(host->family) - 1];
	return last & SLOT_USED ? last & SLOT_INSIDE : inside;
}

static void
host_prefetch(const struct sides *sides, const struct host *host, uint64_t hash)
{
	const struct shard *shard = &sides->shards[host_shard(host, hash)];

	if (shard->size)
		__builtin_prefetch(shard->slots +
				   ((uint32_t)hash & (shard->size - 1)) * slot_words(host->family));
	__asm__ volatile(""); /* as TABLE_KEEP_CALLS() in flow/table.h */
}

void
sides_prefetch(const struct sides *sides, const struct key *key)
{
	struct host lo = host_of_key(key, false), hi = host_of_key(key, true);

	if (sides->n_nets)
		return;
	host_prefetch(sides, &lo, host_hash(sides, &lo));
	host_prefetch(sides, &hi, host_hash(sides, &hi));
}

static enum direction
direction_between(bool src_inside, bool dst_inside)
{
	if (src_inside)
		return dst_inside ? DIRECTION_INTERNAL : DIRECTION_OUT;
	return dst_inside ? DIRECTION_IN : DIRECTION_TRANSIT;
}

static enum direction
direction_auto(struct sides *sides, const struct host *src, const struct host *dst)
{
	uint64_t src_hash = host_hash(sides, src), dst_hash = host_hash(sides, dst);
	bool src_inside = true, dst_inside = false;

	if (host_is_nobody(dst)) {
		src_inside = host_look(sides, src, src_hash, src_inside);
		return direction_between(src_inside, !src_inside);
	}
	if (host_is_private(src) != host_is_private(dst)) {
		src_inside = host_is_private(src);
		dst_inside = !src_inside;
	}
	if (!host_is_nobody(src))
		src_inside = host_settle(sides, src, src_hash, src_inside);
	dst_inside = host_settle(sides, dst, dst_hash, dst_inside);
	return direction_between(src_inside, dst_inside);
}

static bool
nets_have(const struct sides *sides, const struct host *host)
{
	uint64_t word = host->w[0] | host->v4;

	for (unsigned i = 0; i < sides->n_nets; i++) {
		const struct net *net = &sides->nets[i];
		uint64_t differ = ((word ^ net->value[0]) & net->mask[0]) |
				  ((host->w[1] ^ net->value[1]) & net->mask[1]);

		if (!differ && net->family == host->family)
			return true;
	}
	return false;
}

enum direction
sides_direction(struct sides *sides, const struct key *key, bool from_hi)
{
	struct host src = host_of_key(key, from_hi);
	struct host dst = host_of_key(key, !from_hi);
	bool inside;

	if (!sides->n_nets)
		return direction_auto(sides, &src, &dst);
	inside = nets_have(sides, &src);
	return direction_between(inside, host_is_nobody(&dst) ? !inside : nets_have(sides, &dst));
}

bool
sides_inside(const struct sides *sides, const struct pn_addr *addr)
{
	struct host host = host_of_addr(addr);
	bool unknown = sides->hosts == SIDES_MAX_HOSTS && host_is_private(&host);

	if (addr->family != PN_ADDR_IPV4 && addr->family != PN_ADDR_IPV6)
		return false;
	if (sides->n_nets)
		return nets_have(sides, &host);
	return host_look(sides, &host, host_hash(sides, &host), unknown);
}

bool
sides_auto(const struct sides *sides)
{
	return !sides->n_nets;
}

/* A mask of the first `bits` bits of a word that lies in memory as on the wire. */
static uint64_t
wire_mask(unsigned bits)
{
	if (!bits)
		return 0;
	return bits < 64 ? htobe64(~0ull << (64 - bits)) : ~0ull;
}

static struct net
net_of_prefix(const struct prefix *prefix)
{
	struct host host = host_of_addr(&prefix->addr);
	struct net net = {
		.value = { host.w[0] | host.v4, host.w[1] },
		.family = prefix->addr.family,
	};

	assert(prefix->bits <= (net.family == PN_ADDR_IPV4 ? 32u : 128u));
	if (net.family == PN_ADDR_IPV4) {
		uint32_t mask = prefix->bits ? htobe32(UINT32_MAX << (32 - prefix->bits)) : 0;

		net.mask[0] = mask;
		return net;
	}
	net.mask[0] = wire_mask(MIN(prefix->bits, 64));
	net.mask[1] = wire_mask(prefix->bits - MIN(prefix->bits, 64));
	return net;
}

struct sides *
sides_new(const struct prefix *inside, unsigned n, const uint64_t seed[static 2])
{
	struct sides *sides = g_new0(struct sides, 1);

	memcpy(sides->seed, seed, sizeof(sides->seed));
	sides->n_nets = n;
	sides->nets = g_new(struct net, n);
	for (unsigned i = 0; i < n; i++)
		sides->nets[i] = net_of_prefix(&inside[i]);
	return sides;
}

int
sides_set_nets(struct sides *sides, const struct prefix *inside, unsigned n)
{
	if (!n)
		return -EINVAL;
	sides->nets = g_renew(struct net, sides->nets, n);
	sides->n_nets = n;
	for (unsigned i = 0; i < n; i++)
		sides->nets[i] = net_of_prefix(&inside[i]);
	return 0;
}

void
sides_free(struct sides *sides)
{
	if (!sides)
		return;
	for (unsigned i = 0; i < 2 * SHARDS; i++)
		free(sides->shards[i].slots);
	g_free(sides->nets);
	g_free(sides);
}
