// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connectionless LDAP: a query in a datagram, which somebody else may answer.
 *
 * A server with several addresses answers from another one, or from another port; a query to a
 * multicast or broadcast address is answered by each server from its own. For a few seconds a query
 * opens a door to the port it came from: for those whom Servers= names, or, where the query was for
 * everybody and Servers= names nobody, for those whom policy names. Each answer is a flow of its
 * own, and the door counts them.
 *
 * This is no amplifier: a flow that comes through such a door is watched, and is given up as soon
 * as it holds anything but the answer to a query of that client, or more than one. Answers of the
 * server that was asked close the door.
 *
 * Life-cycle: the state is zero when a flow begins; a child takes the numbers of the queries from
 * its cookie. Limits: ldap-cldap.h.
 */
#include "ldap-cldap.h"

#include <string.h>

#include "ldap-config.h"
#include "ldap-door.h"

#define PROTO_UDP  17
#define DOMAIN_MAX 255 /* RFC 1035 §2.3.4 */

static const char helper_name[] = "ldap.cldap";

_Static_assert(sizeof(struct cldap_ids) == sizeof(((struct pn_expect *)0)->cookie), "it fits");

int32_t
cldap_open(struct pn_flow *flow)
{
	struct pn_flow_info info = { .size = sizeof(info) };
	struct cldap *c = flow->state;

	if (flow->host->flow_info(flow, &info) < 0 || !info.admitted)
		return 0;
	c->child = 1;
	/* One that the client itself has begun is another query, from the same port. */
	c->answers = !(info.protected_side & 1);
	memcpy(&c->ids, info.cookie, sizeof(c->ids));
	if (c->ids.n > CLDAP_IDS_MAX)
		c->ids.n = 0;
	return 0;
}

static int
has_id(const struct cldap_ids *ids, uint32_t id)
{
	uint32_t n;

	for (n = 0; n < ids->n; n++)
		if (ids->list[n] == id)
			return 1;
	return 0;
}

static void
remove_id(struct cldap_ids *ids, uint32_t id)
{
	uint32_t n, kept = 0;

	for (n = 0; n < ids->n; n++)
		if (ids->list[n] != id)
			ids->list[kept++] = ids->list[n];
	ids->n = kept;
}

/* The newest is the last; when there is no room, the oldest goes. */
static void
add_id(struct cldap_ids *ids, uint32_t id)
{
	remove_id(ids, id);
	if (ids->n == CLDAP_IDS_MAX)
		remove_id(ids, ids->list[0]);
	ids->list[ids->n++] = id;
}

static int
is_for_everybody(const struct pn_addr *addr)
{
	static const uint8_t broadcast[4] = { 255, 255, 255, 255 };

	if (addr->family == PN_ADDR_IPV6)
		return addr->bytes[0] == 0xff; /* RFC 4291 §2.7 */
	return addr->bytes[0] >> 4 == 14 || !memcmp(addr->bytes, broadcast, sizeof(broadcast));
}

static void
close_doors(struct pn_flow *flow, struct cldap *c)
{
	while (c->n_doors)
		(void)flow->host->unexpect(flow, c->doors[--c->n_doors]);
}

static void
open_doors(struct pn_flow *flow, struct cldap *c, const struct pn_flow_info *info)
{
	const struct ldap_config *config = ldap_config(flow);
	struct pn_expect expect = {
		.size = sizeof(expect),
		.mask = PN_EXPECT_DST | PN_EXPECT_DST_PORT | PN_EXPECT_TIMEOUT |
			PN_EXPECT_MAX_FLOWS,
		.proto = PROTO_UDP,
		.dst = info->originator,
		.dst_port = info->originator_port,
		.timeout = CLDAP_TIMEOUT,
		.max_flows = (uint16_t)config->answers,
		.child = helper_name,
	};
	int64_t id;

	memcpy(expect.cookie, &c->ids, sizeof(c->ids));
	if (config->servers.n) {
		c->n_doors = ldap_doors_from(
			flow, expect, &config->servers, LDAP_DOORS_MAX, c->doors, &id);
		return;
	}
	if (!is_for_everybody(&info->responder))
		return;
	id = flow->host->expect(flow, &expect, NULL);
	if (id > 0)
		c->doors[c->n_doors++] = id;
}

/* Active Directory: which domain a server is wanted for. */
static void
note_domain(struct pn_flow *flow, const struct ldap_search *search)
{
	struct ldap_text domain;

	if (ldap_filter_value(search->filter, "dnsdomain", &domain) < 0)
		return;
	if (domain.len && domain.len <= DOMAIN_MAX)
		(void)flow->host->note(flow, "domain", (const char *)domain.at, domain.len);
}

static int32_t
query(struct pn_flow *flow, const struct pn_message *msg)
{
	struct cldap *c = flow->state;
	struct ber row = ber(msg->bytes, msg->len);
	struct ldap_search search;
	struct ldap_message m;
	struct pn_flow_info info;

	if (ldap_parse_datagram(&row, &m) < 0 || !ldap_is_request(m.op)) {
		ldap_note(flow, "left", "a datagram that is no query of LDAP");
		return PN_DETACH;
	}
	if (m.op != LDAP_SEARCH || ldap_parse_search(m.body, &search) < 0)
		return PN_PASS;
	add_id(&c->ids, m.id);
	note_domain(flow, &search);
	/* The door of its parent is for the same port. */
	if (c->child || !ldap_client_is_protected(flow, &info))
		return PN_PASS;
	c->n_doors = 0;
	open_doors(flow, c, &info);
	return PN_PASS;
}

/* From the server that was asked. Anybody can send what pretends to be that, so what is no answer
 * means nothing. */
static int32_t
expected_answer(struct pn_flow *flow, const struct pn_message *msg)
{
	struct cldap *c = flow->state;
	struct ber row = ber(msg->bytes, msg->len);
	struct ldap_message m;

	while (ber_left(&row) && ldap_parse_datagram(&row, &m) == 0)
		if (m.op == LDAP_SEARCH_DONE)
			remove_id(&c->ids, m.id);
	if (!c->ids.n)
		close_doors(flow, c);
	return PN_PASS;
}

static int
is_answer(uint32_t op)
{
	return op == LDAP_SEARCH_ENTRY || op == LDAP_SEARCH_DONE || op == LDAP_SEARCH_REFERENCE;
}

static int32_t
refuse(struct pn_flow *flow, const char *why)
{
	ldap_note(flow, "refused", why);
	return PN_RESET;
}

static int32_t
answer_from_elsewhere(struct pn_flow *flow, const struct pn_message *msg)
{
	struct cldap *c = flow->state;
	struct ber row = ber(msg->bytes, msg->len);
	struct ldap_message m;

	if (c->done || c->datagrams++ == CLDAP_DATAGRAMS_MAX)
		return refuse(flow, "more than one answer");
	do {
		if (ldap_parse_datagram(&row, &m) < 0 || !is_answer(m.op) || !has_id(&c->ids, m.id))
			return refuse(flow, "no answer to a query");
		c->done |= m.op == LDAP_SEARCH_DONE;
	} while (ber_left(&row));
	return PN_PASS;
}

int32_t
cldap_message(struct pn_flow *flow, const struct pn_message *msg)
{
	const struct cldap *c = flow->state;

	if (c->answers)
		return msg->dir == PN_FROM_ORIGINATOR ? answer_from_elsewhere(flow, msg) : PN_PASS;
	return msg->dir == PN_FROM_ORIGINATOR ? query(flow, msg) : expected_answer(flow, msg);
}
