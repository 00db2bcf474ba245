// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of expectations: a fixed array of doors, found through four kinds of chains.
 *
 * Chains by destination address serve first packets, chains by parent and by root serve limits and
 * ends, chains by id the rest. All are as long as a limit allows at most, and all memory is there
 * from the start. Deadlines stand apart, so that a sweep for overdue doors reads little; a sweep
 * happens only when the earliest known deadline has come.
 */
#include "flow/expect.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

enum chain { CHAIN_DST, CHAIN_PARENT, CHAIN_ROOT, CHAIN_ID, CHAINS };

#define NEVER      UINT64_MAX
#define SWEEP_TIME UINT64_C(1000000000) /* ns between sweeps, at least */

struct door {
	struct expectation e;  /* id 0: not in use */
	uint32_t next[CHAINS]; /* index + 1 */
	uint32_t hash[CHAINS];
};

struct expects {
	struct expect_limits limits;
	uint32_t room; /* doors that there is memory for */
	struct expect_owner owner;
	struct expect_stats stats;
	uint64_t seed[2];
	uint64_t next_id;
	uint64_t due;  /* no door is overdue before */
	uint32_t mask; /* of the chains */
	uint32_t free; /* chain of free doors by next[0] */
	uint32_t high; /* doors that were ever used */
	struct door *doors;
	uint64_t *deadlines; /* by door; NEVER if not in use */
	uint32_t *heads[CHAINS];
};

static const char *const action_names[] = {
	[EXPECT_OPENED] = "opened",
	[EXPECT_MATCHED] = "matched",
	[EXPECT_EXPIRED] = "expired",
	[EXPECT_CLOSED] = "closed",
	[EXPECT_REFUSED] = "refused",
};

const char *
expect_action_name(enum expect_action action)
{
	return action_names[action];
}

int
expects_new(const struct expect_limits *limits, const struct expect_owner *owner,
	const uint64_t seed[static 2], struct expects **ret_expects)
{
	struct expects *expects;
	uint32_t chains = 64;

	if (!limits->total || limits->total > (UINT32_C(1) << 24))
		return -EINVAL;
	while (chains < limits->total)
		chains *= 2;
	expects = g_new0(struct expects, 1);
	expects->limits = *limits;
	expects->room = limits->total;
	expects->owner = *owner;
	memcpy(expects->seed, seed, sizeof(expects->seed));
	expects->due = NEVER;
	expects->mask = chains - 1;
	expects->doors = g_new0(struct door, limits->total);
	expects->deadlines = g_new(uint64_t, limits->total);
	memset(expects->deadlines, 0xff, limits->total * sizeof(uint64_t));
	for (unsigned n = 0; n < CHAINS; n++)
		expects->heads[n] = g_new0(uint32_t, chains);
	*ret_expects = expects;
	return 0;
}

void
expects_set_limits(struct expects *expects, const struct expect_limits *limits)
{
	uint32_t room = expects->room;

	expects->limits = *limits;
	if (expects->limits.total > room)
		expects->limits.total = room;
}

void
expects_free(struct expects *expects)
{
	if (!expects)
		return;
	for (unsigned n = 0; n < CHAINS; n++)
		g_free(expects->heads[n]);
	g_free(expects->deadlines);
	g_free(expects->doors);
	g_free(expects);
}

static uint32_t
mix(const struct expects *expects, uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)(a ^ expects->seed[0]) * (b ^ expects->seed[1]);

	return (uint32_t)((uint64_t)product ^ (uint64_t)(product >> 64)) & expects->mask;
}

static uint32_t
hash_addr(const struct expects *expects, const struct pn_addr *addr)
{
	uint64_t words[2];

	memcpy(words, addr->bytes, sizeof(words));
	return mix(expects, words[0] ^ addr->family, words[1]);
}

/* The doors of one chain, to be walked with chain_next(). */
static struct door *
chain_first(const struct expects *expects, enum chain chain, uint32_t hash)
{
	uint32_t n = expects->heads[chain][hash];

	return n ? &expects->doors[n - 1] : NULL;
}

static struct door *
chain_next(const struct expects *expects, enum chain chain, const struct door *door)
{
	uint32_t n = door->next[chain];

	return n ? &expects->doors[n - 1] : NULL;
}

static void
chain_remove(struct expects *expects, enum chain chain, const struct door *door)
{
	uint32_t *at = &expects->heads[chain][door->hash[chain]];

	while (&expects->doors[*at - 1] != door)
		at = &expects->doors[*at - 1].next[chain];
	*at = door->next[chain];
}

static void
door_remove(struct expects *expects, struct door *door)
{
	uint32_t n = (uint32_t)(door - expects->doors);

	for (unsigned chain = 0; chain < CHAINS; chain++)
		chain_remove(expects, (enum chain)chain, door);
	door->e.id = 0;
	expects->deadlines[n] = NEVER;
	door->next[0] = expects->free;
	expects->free = n + 1;
	expects->stats.open--;
}

static void
door_end(struct expects *expects, struct door *door, enum expect_action action)
{
	struct expectation e = door->e;

	door_remove(expects, door);
	if (action == EXPECT_EXPIRED)
		expects->stats.expired++;
	else
		expects->stats.closed++;
	expects->owner.ended(expects->owner.context, &e, action);
}

/* What a door is for, and when its time is up. */
static void
door_fill(struct expects *expects, struct door *door, const struct expectation *wanted,
	uint32_t dst_hash)
{
	door->e = *wanted;
	door->hash[CHAIN_DST] = dst_hash;
	expects->deadlines[door - expects->doors] = wanted->deadline;
	if (wanted->deadline < expects->due)
		expects->due = wanted->deadline;
}

/* Puts a door that has its id into its chains. */
static void
chain_add(struct expects *expects, struct door *door)
{
	door->hash[CHAIN_PARENT] = mix(expects, door->e.parent_id, 1);
	door->hash[CHAIN_ROOT] = mix(expects, door->e.root_id, 2);
	door->hash[CHAIN_ID] = (uint32_t)door->e.id & expects->mask;
	for (unsigned chain = 0; chain < CHAINS; chain++) {
		door->next[chain] = expects->heads[chain][door->hash[chain]];
		expects->heads[chain][door->hash[chain]] = (uint32_t)(door - expects->doors) + 1;
	}
}

static struct door *
door_add(struct expects *expects, const struct expectation *wanted, uint32_t dst_hash)
{
	uint32_t n = expects->free;
	struct door *door;

	if (n)
		expects->free = expects->doors[n - 1].next[0];
	else
		n = ++expects->high;
	door = &expects->doors[n - 1];
	door_fill(expects, door, wanted, dst_hash);
	door->e.id = ++expects->next_id;
	door->e.flows = 0;
	chain_add(expects, door);
	expects->stats.opened++;
	if (++expects->stats.open > expects->stats.peak)
		expects->stats.peak = expects->stats.open;
	return door;
}

/* Are both for the same destination and source? Source ports may differ. */
static bool
same_ends(const struct expectation *a, const struct expectation *b)
{
	const uint32_t what = PN_EXPECT_SRC | PN_EXPECT_CALL_ID;

	return a->proto == b->proto && addr_equal(&a->dst, &b->dst) && a->dst_port == b->dst_port &&
	       a->dst_port_last == b->dst_port_last && !((a->mask ^ b->mask) & what) &&
	       (!(a->mask & PN_EXPECT_SRC) ||
		       (a->src_bits == b->src_bits && addr_equal(&a->src, &b->src))) &&
	       (!(a->mask & PN_EXPECT_CALL_ID) ||
		       (a->call_id == b->call_id && a->call_id_reply == b->call_id_reply));
}

/* May `wanted` renew `e`, which is for the same ends? */
static bool
may_refresh(const struct expectation *e, const struct expectation *wanted)
{
	if (e->parent_id == wanted->parent_id)
		return true;
	return e->flags & wanted->flags & PN_EXPECT_OUTLIVE && !strcmp(e->helper, wanted->helper) &&
	       addr_equal(&e->registrant, &wanted->registrant);
}

/* What is open already, counted in one walk of each chain. */
struct census {
	struct door *same;   /* for the same ends; of this flow, if it has one */
	struct door *oldest; /* of this flow */
	uint32_t flow, root, host;
};

static struct census
take_census(struct expects *expects, const struct expectation *wanted, uint32_t dst_hash)
{
	struct census census = { 0 };
	struct door *d;

	for (d = chain_first(expects, CHAIN_DST, dst_hash); d;
		d = chain_next(expects, CHAIN_DST, d)) {
		census.host += addr_equal(&d->e.dst, &wanted->dst);
		if (same_ends(&d->e, wanted) &&
			(!census.same || d->e.parent_id == wanted->parent_id))
			census.same = d;
	}
	d = chain_first(expects, CHAIN_PARENT, mix(expects, wanted->parent_id, 1));
	for (; d; d = chain_next(expects, CHAIN_PARENT, d)) {
		if (d->e.parent_id != wanted->parent_id)
			continue;
		census.flow++;
		if (!census.oldest || d->e.id < census.oldest->e.id)
			census.oldest = d;
	}
	d = chain_first(expects, CHAIN_ROOT, mix(expects, wanted->root_id, 2));
	for (; d; d = chain_next(expects, CHAIN_ROOT, d))
		census.root += d->e.root_id == wanted->root_id;
	return census;
}

/* All that was asked for is new, also whose door it is; its id and what came through it stay. */
static const struct expectation *
refresh(struct expects *expects, struct door *door, const struct expectation *wanted)
{
	struct expectation was = door->e;

	for (unsigned chain = 0; chain < CHAINS; chain++)
		chain_remove(expects, (enum chain)chain, door);
	door_fill(expects, door, wanted, door->hash[CHAIN_DST]);
	door->e.id = was.id;
	door->e.flows = was.flows;
	door->e.flags &= ~(uint32_t)PN_EXPECT_REFRESH;
	chain_add(expects, door);
	expects->stats.refreshed++;
	return &door->e;
}

/* Two calls between the same hosts have no id in common (RFC 2637 §2.7): what somebody else has
 * asked for before is of a call that is no more. */
static void
end_older_calls(struct expects *expects, const struct expectation *wanted, uint32_t dst_hash)
{
	struct door *d = chain_first(expects, CHAIN_DST, dst_hash), *next;

	for (; d; d = next) {
		next = chain_next(expects, CHAIN_DST, d);
		if (d->e.parent_id != wanted->parent_id && d->e.proto == wanted->proto &&
			d->e.mask & PN_EXPECT_CALL_ID && addr_equal(&d->e.dst, &wanted->dst) &&
			addr_equal(&d->e.src, &wanted->src) &&
			(d->e.call_id == wanted->call_id ||
				d->e.call_id_reply == wanted->call_id_reply))
			door_end(expects, d, EXPECT_CLOSED);
	}
}

int
expects_open(struct expects *expects, const struct expectation *wanted, uint32_t max_doors,
	uint64_t now, bool *ret_refreshed, const struct expectation **ret)
{
	uint32_t dst_hash = hash_addr(expects, &wanted->dst);
	struct census census;
	bool replaces;

	expects_expire(expects, now);
	if (wanted->mask & PN_EXPECT_CALL_ID)
		end_older_calls(expects, wanted, dst_hash);
	census = take_census(expects, wanted, dst_hash);
	if (census.same) {
		if (!may_refresh(&census.same->e, wanted))
			return -PN_REFUSED_CONFLICT;
		*ret = refresh(expects, census.same, wanted);
		*ret_refreshed = true;
		return 0;
	}
	if (wanted->flags & PN_EXPECT_REFRESH)
		return -PN_REFUSED_GONE;
	if (max_doors > expects->limits.per_flow)
		max_doors = expects->limits.per_flow;
	if (!max_doors)
		return -PN_REFUSED_LIMIT_FLOW;
	/* The flow's own oldest door makes room, so it counts for nothing below. */
	replaces = census.flow >= max_doors;
	if (census.root - replaces >= expects->limits.per_root)
		return -PN_REFUSED_LIMIT_ROOT;
	if (census.host - (replaces && addr_equal(&census.oldest->e.dst, &wanted->dst)) >=
		expects->limits.per_host)
		return -PN_REFUSED_LIMIT_HOST;
	if (expects->stats.open - replaces >= expects->limits.total)
		return -PN_REFUSED_LIMIT_TOTAL;
	if (replaces) {
		expects->stats.evicted++;
		door_end(expects, census.oldest, EXPECT_CLOSED);
	}
	*ret = &door_add(expects, wanted, dst_hash)->e;
	*ret_refreshed = false;
	return 0;
}

bool
expects_any(const struct expects *expects)
{
	return expects->stats.open;
}

static bool
src_matches(const struct expectation *e, const struct pn_addr *addr, uint16_t port)
{
	if (e->mask & PN_EXPECT_SRC && !addr_in_prefix(addr, &e->src, e->src_bits))
		return false;
	return !(e->mask & PN_EXPECT_SRC_PORT) || e->src_port == port;
}

static bool
dst_port_matches(const struct expectation *e, uint16_t port)
{
	return port >= e->dst_port && port <= e->dst_port_last;
}

/* GRE v1 has its call id where others have a port (tuple.h). */
static bool
call_matches(const struct tuple *tuple, uint16_t call_id)
{
	return tuple->src_port == PORT_GRE_CALL && tuple->dst_port == call_id;
}

/* A packet to the door. */
static bool
matches(const struct expectation *e, const struct tuple *tuple)
{
	if (e->proto != tuple->proto || !addr_equal(&e->dst, &tuple->dst))
		return false;
	if (e->mask & PN_EXPECT_CALL_ID && !call_matches(tuple, e->call_id))
		return false;
	if (e->mask & PN_EXPECT_DST_PORT && !dst_port_matches(e, tuple->dst_port))
		return false;
	return src_matches(e, &tuple->src, tuple->src_port);
}

/* A packet from the door to its peer, who must be known. */
static bool
matches_reverse(const struct expectation *e, const struct tuple *tuple)
{
	if (e->proto != tuple->proto || !addr_equal(&e->dst, &tuple->src) ||
		!(e->mask & PN_EXPECT_SRC))
		return false;
	if (e->mask & PN_EXPECT_CALL_ID && !call_matches(tuple, e->call_id_reply))
		return false;
	if (e->mask & PN_EXPECT_DST_PORT && !dst_port_matches(e, tuple->src_port))
		return false;
	return src_matches(e, &tuple->dst, tuple->dst_port);
}

const struct expectation *
expects_match(
	const struct expects *expects, const struct tuple *tuple, uint64_t now, bool *ret_reverse)
{
	const struct expectation *found = NULL;
	bool reverse = false;
	struct door *d;

	d = chain_first(expects, CHAIN_DST, hash_addr(expects, &tuple->dst));
	for (; d; d = chain_next(expects, CHAIN_DST, d)) {
		if (d->e.deadline > now && (!found || d->e.id < found->id) && matches(&d->e, tuple))
			found = &d->e;
	}
	if (!found) {
		d = chain_first(expects, CHAIN_DST, hash_addr(expects, &tuple->src));
		for (; d; d = chain_next(expects, CHAIN_DST, d)) {
			if (d->e.deadline > now && (!found || d->e.id < found->id) &&
				matches_reverse(&d->e, tuple))
				found = &d->e;
		}
		reverse = found;
	}
	if (found)
		*ret_reverse = reverse;
	return found;
}

static struct door *
door_by_id(const struct expects *expects, uint64_t id)
{
	struct door *d = chain_first(expects, CHAIN_ID, (uint32_t)id & expects->mask);

	while (d && d->e.id != id)
		d = chain_next(expects, CHAIN_ID, d);
	return d;
}

void
expects_consume(struct expects *expects, uint64_t id)
{
	struct door *door = door_by_id(expects, id);

	if (!door)
		return;
	expects->stats.matched++;
	if (++door->e.flows >= door->e.max_flows)
		door_remove(expects, door);
}

const struct expectation *
expects_get(const struct expects *expects, uint64_t id)
{
	struct door *door = door_by_id(expects, id);

	return door ? &door->e : NULL;
}

void
expects_each(const struct expects *expects,
	void (*visit)(void *context, const struct expectation *door), void *context)
{
	for (uint32_t n = 0; n < expects->high; n++) {
		if (expects->doors[n].e.id)
			visit(context, &expects->doors[n].e);
	}
}

int
expects_close(struct expects *expects, uint64_t id)
{
	struct door *door = door_by_id(expects, id);

	if (!door)
		return -ENOENT;
	door_end(expects, door, EXPECT_CLOSED);
	return 0;
}

unsigned
expects_close_flow(struct expects *expects, uint64_t parent_id, const uint32_t *group, bool all)
{
	struct door *d, *next;
	unsigned closed = 0;

	d = chain_first(expects, CHAIN_PARENT, mix(expects, parent_id, 1));
	for (; d; d = next) {
		next = chain_next(expects, CHAIN_PARENT, d);
		if (d->e.parent_id != parent_id)
			continue;
		if (group && (!(d->e.mask & PN_EXPECT_GROUP) || d->e.group != *group))
			continue;
		if (!all && d->e.flags & PN_EXPECT_OUTLIVE) {
			d->e.parent = 0;
			continue;
		}
		door_end(expects, d, EXPECT_CLOSED);
		closed++;
	}
	return closed;
}

unsigned
expects_close_destination(struct expects *expects, const char *helper,
	const struct pn_addr *registrant, uint8_t proto, const struct pn_addr *dst, uint16_t port)
{
	struct door *d, *next;
	unsigned closed = 0;

	d = chain_first(expects, CHAIN_DST, hash_addr(expects, dst));
	for (; d; d = next) {
		next = chain_next(expects, CHAIN_DST, d);
		if (d->e.proto != proto || !addr_equal(&d->e.dst, dst) || d->e.dst_port != port ||
			strcmp(d->e.helper, helper) || !addr_equal(&d->e.registrant, registrant))
			continue;
		door_end(expects, d, EXPECT_CLOSED);
		closed++;
	}
	return closed;
}

void
expects_expire(struct expects *expects, uint64_t now)
{
	uint64_t due = NEVER;

	if (now < expects->due)
		return;
	for (uint32_t n = 0; n < expects->high; n++) {
		if (expects->deadlines[n] <= now)
			door_end(expects, &expects->doors[n], EXPECT_EXPIRED);
		else if (expects->deadlines[n] < due)
			due = expects->deadlines[n];
	}
	/* Matching is exact at any time, so a sweep a second is enough however many are due. */
	expects->due = MAX(due, now + SWEEP_TIME);
}

void
expects_get_stats(const struct expects *expects, struct expect_stats *ret_stats)
{
	*ret_stats = expects->stats;
}
