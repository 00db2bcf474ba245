// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Door checks: pure functions from a request and what is known of its flow to an expectation.
 *
 * Life-cycle: none; nothing is kept between two calls.
 * Limits: those of struct policy_doors.
 * Relies on: sender and receiver of the message being the two endpoints of the control flow.
 */
#include "policy/door.h"

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include <glib.h>

/* Seconds, where neither the request nor its helper says. */
#define TIMEOUT_DEFAULT 30

/* Ports below belong to services (RFC 6335 §6). */
#define PORT_USER_FIRST 1024

#define FLAGS_KNOWN                                                                                \
	(PN_EXPECT_DIE_WITH_PARENT | PN_EXPECT_OUTLIVE | PN_EXPECT_REFRESH | PN_EXPECT_ASK)

#define MEMBER_END(member)                                                                         \
	(offsetof(struct pn_expect, member) + sizeof(((struct pn_expect *)0)->member))

/* How long the request must be for a bit of its mask to mean something. */
static const struct {
	uint32_t bit;
	size_t end;
} members[] = {
	{ PN_EXPECT_SRC, MEMBER_END(src) },
	{ PN_EXPECT_SRC_PORT, MEMBER_END(src_port) },
	{ PN_EXPECT_DST, MEMBER_END(dst) },
	{ PN_EXPECT_DST_PORT, MEMBER_END(dst_port) },
	{ PN_EXPECT_CALL_ID, MEMBER_END(call_id_reply) },
	{ PN_EXPECT_TIMEOUT, MEMBER_END(timeout) },
	{ PN_EXPECT_MAX_FLOWS, MEMBER_END(max_flows) },
	{ PN_EXPECT_GROUP, MEMBER_END(group) },
	{ PN_EXPECT_SRC_BITS, MEMBER_END(src_bits) },
};

/* Of those, what a packet is matched against. */
#define MATCHED                                                                                    \
	(PN_EXPECT_SRC | PN_EXPECT_SRC_PORT | PN_EXPECT_DST_PORT | PN_EXPECT_CALL_ID |             \
		PN_EXPECT_GROUP)

/* One request on its way through the checks. */
struct check {
	const struct policy_doors *doors;
	const struct door_asker *asker;
	struct pn_expect request; /* of this version's length */
	bool unknown;             /* it asks for something this version does not know */
	bool inward;              /* the destination is on the protected side */
	struct expectation *wanted;
};

typedef int (*door_rule)(struct check *check);

static bool
is_set(const struct check *check, uint32_t bit)
{
	return check->request.mask & bit;
}

static bool
has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP;
}

/* The same host, whatever zone either was written with. */
static bool
same_host(const struct pn_addr *a, const struct pn_addr *b)
{
	return a->family == b->family && addr_in_prefix(a, b, addr_bits(b));
}

/* Copies a request of any length; what is not in it is not set. */
static void
read_request(struct check *check, const struct pn_expect *request)
{
	size_t size = MIN(request->size, sizeof(*request));
	uint32_t known = 0;

	memcpy(&check->request, request, size);
	for (size_t i = 0; i < G_N_ELEMENTS(members); i++)
		known |= members[i].bit;
	check->unknown = (check->request.mask & ~known) || (check->request.flags & ~FLAGS_KNOWN);

	for (size_t i = 0; i < G_N_ELEMENTS(members); i++) {
		if (size < members[i].end)
			check->request.mask &= ~members[i].bit;
	}
	if (size < MEMBER_END(dst_port_last))
		check->request.dst_port_last = 0;
	if (size < MEMBER_END(cookie))
		memset(check->request.cookie, 0, sizeof(check->request.cookie));
}

/* The address that a role or a literal stands for; family NONE if it is neither. */
static struct pn_addr
resolve(const struct door_asker *asker, const struct pn_addr *addr)
{
	struct pn_addr literal;

	switch (addr->family) {
	case PN_ADDR_SENDER:
		return asker->sender;
	case PN_ADDR_RECEIVER:
		return asker->receiver;
	case PN_ADDR_IPV4:
		literal = addr_ipv4(addr->bytes);
		break;
	case PN_ADDR_IPV6:
		literal = addr_ipv6(addr->bytes);
		break;
	default:
		return (struct pn_addr){ .family = PN_ADDR_NONE };
	}
	/* An endpoint of the control flow is taken as it is known there, with its zone. */
	if (same_host(&literal, &asker->sender))
		return asker->sender;
	if (same_host(&literal, &asker->receiver))
		return asker->receiver;
	return literal;
}

static uint32_t
wanted_timeout(const struct check *check)
{
	uint32_t most = check->request.flags & PN_EXPECT_OUTLIVE ? DOOR_OUTLIVE_MAX
								 : check->doors->max_timeout;
	uint32_t timeout = is_set(check, PN_EXPECT_TIMEOUT) ? check->request.timeout : 0;

	if (!timeout)
		timeout = check->asker->default_timeout;
	if (!timeout)
		timeout = TIMEOUT_DEFAULT;
	return MIN(timeout, most);
}

static uint16_t
wanted_flows(const struct check *check)
{
	uint16_t flows = is_set(check, PN_EXPECT_MAX_FLOWS) ? check->request.max_flows : 1;

	return (uint16_t)CLAMP(flows, 1, check->doors->max_flows);
}

/* Fills in all that the request says, right or wrong. */
static void
understand(struct check *check)
{
	const struct door_asker *asker = check->asker;
	const struct pn_expect *request = &check->request;
	struct expectation *wanted = check->wanted;

	*wanted = (struct expectation){
		.mask = request->mask & MATCHED,
		.flags = request->flags & FLAGS_KNOWN,
		.proto = request->proto,
		.timeout = wanted_timeout(check),
		.max_flows = wanted_flows(check),
		.depth = (uint8_t)MIN(asker->depth + 1, UINT8_MAX),
		.registrant = asker->sender,
		.control = asker->control,
	};
	memcpy(wanted->cookie, request->cookie, sizeof(wanted->cookie));
	if (is_set(check, PN_EXPECT_DST))
		wanted->dst = resolve(asker, &request->dst);
	if (is_set(check, PN_EXPECT_SRC)) {
		wanted->src = resolve(asker, &request->src);
		wanted->src_bits = is_set(check, PN_EXPECT_SRC_BITS)
					   ? request->src_bits
					   : (uint8_t)addr_bits(&wanted->src);
	}
	if (is_set(check, PN_EXPECT_SRC_PORT))
		wanted->src_port = request->src_port;
	if (is_set(check, PN_EXPECT_DST_PORT)) {
		wanted->dst_port = request->dst_port;
		wanted->dst_port_last =
			request->dst_port_last ? request->dst_port_last : request->dst_port;
	}
	if (is_set(check, PN_EXPECT_CALL_ID)) {
		wanted->call_id = request->call_id;
		wanted->call_id_reply = request->call_id_reply;
	}
	if (is_set(check, PN_EXPECT_GROUP))
		wanted->group = request->group;
	check->inward = sides_inside(asker->sides, &wanted->dst);
}

/* Ports where there are ports, a call id where there are calls. */
static int
check_form_of_proto(struct check *check)
{
	const struct expectation *wanted = check->wanted;
	bool ports = has_ports(wanted->proto);

	if (!wanted->proto || ports != is_set(check, PN_EXPECT_DST_PORT))
		return -PN_REFUSED_INVALID;
	if (ports && !wanted->dst_port)
		return -PN_REFUSED_INVALID;
	if (is_set(check, PN_EXPECT_SRC_PORT) && (!ports || !wanted->src_port))
		return -PN_REFUSED_INVALID;
	if (is_set(check, PN_EXPECT_CALL_ID) && wanted->proto != PROTO_GRE)
		return -PN_REFUSED_INVALID;
	return 0;
}

static bool
is_one_host(const struct expectation *wanted)
{
	return wanted->mask & PN_EXPECT_SRC && wanted->src_bits == addr_bits(&wanted->src);
}

/* A prefix is of somebody known, and no bits are set behind it. */
static int
check_form_of_source(const struct expectation *wanted)
{
	uint8_t bytes[16];
	unsigned i;

	if (wanted->src.family == PN_ADDR_NONE || wanted->src_bits > addr_bits(&wanted->src))
		return -PN_REFUSED_INVALID;
	memcpy(bytes, wanted->src.bytes, sizeof(bytes));
	for (i = wanted->src_bits; i < addr_bits(&wanted->src); i++) {
		if (bytes[i / 8] >> (7 - i % 8) & 1)
			return -PN_REFUSED_INVALID;
	}
	return 0;
}

static int
check_form(struct check *check)
{
	const struct expectation *wanted = check->wanted;
	int r = check_form_of_proto(check);

	if (r < 0)
		return r;
	if (check->unknown || wanted->dst.family == PN_ADDR_NONE)
		return -PN_REFUSED_INVALID;
	if (wanted->dst_port_last < wanted->dst_port)
		return -PN_REFUSED_PORT_RANGE;
	if (!is_set(check, PN_EXPECT_SRC))
		return is_set(check, PN_EXPECT_SRC_BITS) ? -PN_REFUSED_INVALID : 0;
	r = check_form_of_source(wanted);
	if (r < 0)
		return r;
	/* A host that talks to itself over the control flow may do so over its child. */
	if (is_one_host(wanted) && same_host(&wanted->src, &wanted->dst) &&
		!same_host(&check->asker->sender, &check->asker->receiver))
		return -PN_REFUSED_INVALID;
	return 0;
}

/* What must be true of the flow that asks. */
static int
check_flow(struct check *check)
{
	if (check->asker->midstream)
		return -PN_REFUSED_MIDSTREAM;
	if (!check->asker->established)
		return -PN_REFUSED_NOT_ESTABLISHED;
	if (check->asker->depth >= check->doors->max_depth)
		return -PN_REFUSED_DEPTH;
	return 0;
}

/* An address that is never somebody else's host. */
static bool
is_bogus(const struct pn_addr *addr)
{
	enum addr_scope scope = addr_scope(addr);

	return scope == ADDR_LOOPBACK || addr_scope_is_nobody(scope);
}

static bool
is_firewall(const struct door_asker *asker, const struct pn_addr *addr)
{
	for (unsigned i = 0; i < asker->n_firewall; i++) {
		if (same_host(addr, &asker->firewall[i]))
			return true;
	}
	return false;
}

static bool
is_in(const struct prefix *list, unsigned n, const struct pn_addr *addr, unsigned bits)
{
	for (unsigned i = 0; i < n; i++) {
		if (list[i].addr.family == addr->family && bits >= list[i].bits &&
			addr_in_prefix(addr, &list[i].addr, list[i].bits))
			return true;
	}
	return false;
}

/*
 * May one end of the control flow, on the protected side, be led to this third party? It could go
 * there by itself; the door tells that this flow is why. Never to somebody on its own side.
 */
static bool
is_led(const struct check *check)
{
	const struct door_asker *asker = check->asker;
	const struct expectation *wanted = check->wanted;

	if (check->inward || !is_one_host(wanted) || !sides_inside(asker->sides, &wanted->src))
		return false;
	if (!same_host(&wanted->src, &asker->sender) && !same_host(&wanted->src, &asker->receiver))
		return false;
	return is_in(asker->targets, asker->n_targets, &wanted->dst, addr_bits(&wanted->dst));
}

/*
 * The destination must be one of the two who talk on the control flow: a third host has not asked
 * for anything, unless policy names it as one to be led to. That the address is one which nobody's
 * host can have is told apart from that, for whoever reads the reason; an endpoint itself is
 * believed, so that captures of loopback work.
 */
static int
check_destination(struct check *check)
{
	const struct door_asker *asker = check->asker;
	const struct pn_addr *dst = &check->wanted->dst;

	if (same_host(dst, &asker->sender) || same_host(dst, &asker->receiver))
		return 0;
	if (is_bogus(dst))
		return -PN_REFUSED_ADDRESS_BOGUS;
	if (is_firewall(asker, dst))
		return -PN_REFUSED_ADDRESS_FIREWALL;
	return is_led(check) ? 0 : -PN_REFUSED_ADDRESS_FOREIGN;
}

/*
 * The prefix that any sender must be in. A door has room for one, so of several there must be one
 * that covers all the others.
 */
static int
take_source_from_policy(struct check *check)
{
	const struct policy_doors *doors = check->doors;
	struct expectation *wanted = check->wanted;
	const struct prefix *widest = NULL;

	for (unsigned i = 0; i < doors->n_sources; i++) {
		const struct prefix *source = &doors->sources[i];

		if (source->addr.family == wanted->dst.family &&
			(!widest || source->bits < widest->bits))
			widest = source;
	}
	if (!widest)
		return -PN_REFUSED_SOURCE_WILD;
	for (unsigned i = 0; i < doors->n_sources; i++) {
		const struct prefix *source = &doors->sources[i];

		if (source->addr.family == wanted->dst.family &&
			!addr_in_prefix(&source->addr, &widest->addr, widest->bits))
			return -PN_REFUSED_SOURCE_WILD;
	}
	wanted->src = widest->addr;
	wanted->src_bits = (uint8_t)widest->bits;
	if (widest->bits)
		wanted->mask |= PN_EXPECT_SRC;
	return 0;
}

/* The source is the other end of the control flow, or one that policy names. */
static int
check_source(struct check *check)
{
	const struct policy_doors *doors = check->doors;
	const struct door_asker *asker = check->asker;
	const struct expectation *wanted = check->wanted;
	const struct pn_addr *src = &wanted->src;

	if (!is_set(check, PN_EXPECT_SRC))
		return take_source_from_policy(check);
	if (is_one_host(wanted) &&
		(same_host(src, &asker->sender) || same_host(src, &asker->receiver)))
		return 0;
	if (src->family == wanted->dst.family &&
		(is_in(doors->sources, doors->n_sources, src, wanted->src_bits) ||
			is_in(asker->sources, asker->n_sources, src, wanted->src_bits)))
		return 0;
	return -PN_REFUSED_SOURCE_FOREIGN;
}

static bool
overlaps(const struct port_range *ranges, unsigned n, const struct expectation *wanted)
{
	for (unsigned i = 0; i < n; i++) {
		if (wanted->dst_port <= ranges[i].last && wanted->dst_port_last >= ranges[i].first)
			return true;
	}
	return false;
}

static int
check_ports(struct check *check)
{
	const struct policy_doors *doors = check->doors;
	const struct expectation *wanted = check->wanted;
	bool denied = false;

	if (!has_ports(wanted->proto))
		return 0;
	if (check->inward && wanted->dst_port < PORT_USER_FIRST)
		return -PN_REFUSED_PORT_LOW;
	if (wanted->proto == PROTO_TCP)
		denied = overlaps(doors->deny_tcp, doors->n_deny_tcp, wanted);
	else
		denied = overlaps(doors->deny_udp, doors->n_deny_udp, wanted);
	if (check->inward && denied)
		return -PN_REFUSED_PORT_DENIED;
	if ((unsigned)(wanted->dst_port_last - wanted->dst_port) >= doors->max_range)
		return -PN_REFUSED_PORT_RANGE;
	return 0;
}

int
door_check(const struct policy *policy, const struct door_asker *asker,
	const struct pn_expect *request, struct expectation *ret_wanted)
{
	static const door_rule rules[] = {
		check_form,
		check_flow,
		check_destination,
		check_source,
		check_ports,
	};
	struct check check = { .doors = &policy->doors, .asker = asker, .wanted = ret_wanted };
	int r = 0;

	read_request(&check, request);
	understand(&check);
	for (size_t i = 0; r == 0 && i < G_N_ELEMENTS(rules); i++)
		r = rules[i](&check);
	return r;
}

/* It stays when its flow ends: what was asked for may come later. */
int
door_of_trigger(const struct policy *policy, const struct port_trigger *trigger,
	const struct tuple *control, uint8_t depth, struct expectation *ret_wanted)
{
	*ret_wanted = (struct expectation){
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST_PORT,
		.flags = PN_EXPECT_OUTLIVE,
		.proto = trigger->open_proto,
		.src = control->dst,
		.src_bits = (uint8_t)addr_bits(&control->dst),
		.dst = control->src,
		.dst_port = trigger->open.first,
		.dst_port_last = trigger->open.last,
		.timeout = trigger->timeout,
		.max_flows = (uint16_t)policy->doors.max_flows,
		.depth = (uint8_t)MIN(depth + 1, UINT8_MAX),
		.registrant = control->src,
		.control = *control,
	};
	return depth < policy->doors.max_depth ? 0 : -PN_REFUSED_DEPTH;
}

static const char *const refusals[] = {
#define NAME(id, name) [PN_REFUSED_##id - PN_REFUSED_INVALID] = name
	NAME(INVALID, "invalid"),
	NAME(MIDSTREAM, "mid-stream"),
	NAME(NOT_ESTABLISHED, "not-established"),
	NAME(ADDRESS_FOREIGN, "address-foreign"),
	NAME(ADDRESS_BOGUS, "address-bogus"),
	NAME(ADDRESS_FIREWALL, "address-firewall"),
	NAME(SOURCE_WILD, "source-wild"),
	NAME(SOURCE_FOREIGN, "source-foreign"),
	NAME(PORT_LOW, "port-low"),
	NAME(PORT_DENIED, "port-denied"),
	NAME(PORT_RANGE, "port-range"),
	NAME(LIMIT_FLOW, "limit-flow"),
	NAME(LIMIT_ROOT, "limit-root"),
	NAME(LIMIT_HOST, "limit-host"),
	NAME(LIMIT_TOTAL, "limit-total"),
	NAME(DEPTH, "depth"),
	NAME(CONFLICT, "conflict"),
	NAME(GONE, "gone"),
#undef NAME
};

_Static_assert(G_N_ELEMENTS(refusals) == PN_REFUSED_END - PN_REFUSED_INVALID, "one name each");

const char *
door_refusal_name(int refusal)
{
	if (refusal > -PN_REFUSED_INVALID || refusal <= -PN_REFUSED_END)
		return "invalid";
	return refusals[-refusal - PN_REFUSED_INVALID];
}
