// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registrations: who can be called where, for how long, and the doors for that.
 *
 * Of each host and directory one entry is remembered, the last that the host has registered: other
 * messages change, keep or delete it, from whatever connection they come. Doors open only towards
 * the address that the entry tells, which the host (of this plugin) accepts only if it is that of
 * the client; only to ports that are meant for calls; and only if CallersFrom= names somebody.
 *
 * Life-cycle of a record: made by the first answer that says that an entry is there, over when its
 * time is up or the entry is deleted. When all places are taken by others, a new host is noted and
 * gets no door.
 * Limits: LDAP_RECORDS_MAX records, LDAP_DOORS_MAX doors for an entry, an hour.
 */
#include "ldap-ils.h"

#include <stdio.h>
#include <string.h>

#include "ldap-config.h"
#include "ldap-door.h"

#define PROTO_TCP     6
#define SECOND        UINT64_C(1000000000)
#define MINUTE        60u
#define TTL_DEFAULT   10  /* minutes, where an entry does not say; NetMeeting's own value */
#define CALLS_MAX     16  /* that may come while one registration lasts */
#define TRIES_MAX     4   /* connections to somebody who was found */
#define FOUND_TIMEOUT 300 /* seconds until the user has decided to call */

static struct pn_addr
address_of(const struct ils_entry *entry)
{
	struct pn_addr addr = { .family = PN_ADDR_IPV4 };

	memcpy(addr.bytes, entry->address, sizeof(entry->address));
	return addr;
}

/* "192.0.2.1:1720,1503" */
static void
format_entry(char *text, size_t size, const struct ils_entry *entry)
{
	const uint8_t *a = entry->address;
	uint16_t ports[ILS_PORTS_MAX];
	unsigned count = ils_ports(entry, ports), n;
	size_t len = (size_t)snprintf(text, size, "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);

	for (n = 0; n < count && len < size; n++)
		len += (size_t)snprintf(text + len, size - len, "%c%u", n ? ',' : ':', ports[n]);
}

/* The record of this client with this server; NULL: there is none, or its time is up. */
static struct ldap_record *
find(const struct pn_flow *flow, const struct pn_flow_info *info)
{
	struct ldap_engine *engine = ldap_engine(flow);
	uint64_t now = flow->host->now(flow->instance);
	unsigned n;

	for (n = 0; n < LDAP_RECORDS_MAX; n++) {
		struct ldap_record *r = &engine->records[n];

		if (r->deadline > now && ldap_same_addr(&r->client, &info->originator) &&
			ldap_same_addr(&r->server, &info->responder))
			return r;
	}
	return NULL;
}

static struct ldap_record *
make(const struct pn_flow *flow, const struct pn_flow_info *info)
{
	struct ldap_engine *engine = ldap_engine(flow);
	uint64_t now = flow->host->now(flow->instance);
	struct ldap_record *r = engine->records;

	while (r < engine->records + LDAP_RECORDS_MAX && r->deadline > now)
		r++;
	if (r == engine->records + LDAP_RECORDS_MAX)
		return NULL;
	*r = (struct ldap_record){ .client = info->originator, .server = info->responder };
	return r;
}

static void
close_port(struct pn_flow *flow, const struct ldap_record *record, uint16_t port)
{
	struct pn_addr addr = address_of(&record->entry);

	(void)flow->host->unexpect_destination(flow, PROTO_TCP, &addr, port);
}

/* Closes the doors of a record, but for those that `next` (or NULL) has too. */
static void
close_doors(struct pn_flow *flow, const struct ldap_record *record, const struct ils_entry *next)
{
	uint16_t ports[ILS_PORTS_MAX], kept[ILS_PORTS_MAX];
	unsigned count = ils_ports(&record->entry, ports), n_kept = 0, n, m;

	if (next && !memcmp(next->address, record->entry.address, sizeof(next->address)))
		n_kept = ils_ports(next, kept);
	for (n = 0; n < count; n++) {
		for (m = 0; m < n_kept && kept[m] != ports[n]; m++)
			;
		if (m == n_kept)
			close_port(flow, record, ports[n]);
	}
}

/* The door of one port, for all who may call. Returns how many more may be asked for. */
static unsigned
open_port(struct pn_flow *flow, const struct ldap_record *record, uint16_t port, unsigned room)
{
	const struct ldap_config *config = ldap_config(flow);
	const struct ils_entry *entry = &record->entry;
	struct pn_expect expect = {
		.size = sizeof(expect),
		.mask = PN_EXPECT_DST | PN_EXPECT_DST_PORT | PN_EXPECT_TIMEOUT |
			PN_EXPECT_MAX_FLOWS,
		.flags = PN_EXPECT_OUTLIVE,
		.proto = PROTO_TCP,
		.dst = address_of(entry),
		.dst_port = port,
		.max_flows = CALLS_MAX,
		.timeout = entry->ttl * MINUTE,
		.child = ldap_call_helper(port, entry->speaks),
	};
	int64_t refusal;

	(void)ldap_doors_from(flow, expect, &config->callers_from, room, NULL, &refusal);
	/* An address that is not the client's own is refused whoever calls. */
	if (refusal <= -PN_REFUSED_ADDRESS_FOREIGN && refusal >= -PN_REFUSED_ADDRESS_FIREWALL)
		return 0;
	room -= room < config->callers_from.n ? room : config->callers_from.n;
	if (!room || ldap_prefixes_have(&config->callers_from, &record->server))
		return room;
	expect.mask |= PN_EXPECT_SRC;
	expect.src = (struct pn_addr){ .family = PN_ADDR_SENDER };
	(void)flow->host->expect(flow, &expect, NULL);
	return room - 1;
}

static void
open_doors(struct pn_flow *flow, const struct ldap_record *record)
{
	uint16_t ports[ILS_PORTS_MAX];
	unsigned count = ils_ports(&record->entry, ports), room = LDAP_DOORS_MAX, n;
	char text[64];

	for (n = 0; n < count; n++) {
		if (ldap_is_call_port(ldap_config(flow), ports[n])) {
			room = open_port(flow, record, ports[n], room);
			continue;
		}
		snprintf(text, sizeof(text), "port %u is not for calls", ports[n]);
		ldap_note(flow, "refused", text);
	}
}

/* What is registered now: for a while, and for whom. */
static void
renew(struct pn_flow *flow, struct ldap_record *record)
{
	uint64_t now = flow->host->now(flow->instance);
	struct ils_entry *entry = &record->entry;
	struct pn_flow_info info;
	char text[96], where[64];

	if (!(entry->says & ILS_TTL))
		entry->ttl = TTL_DEFAULT;
	record->deadline = now + entry->ttl * MINUTE * SECOND;
	format_entry(where, sizeof(where), entry);
	snprintf(text, sizeof(text), "%s for %u s", where, entry->ttl * MINUTE);
	ldap_note(flow, "registered", text);
	if (ldap_config(flow)->callers_from.n && ldap_client_is_protected(flow, &info))
		open_doors(flow, record);
}

/* The host has registered this entry, in the place of what it had registered before. */
static void
put(struct pn_flow *flow, const struct pn_flow_info *info, struct ldap_record *record,
	const struct ils_entry *entry)
{
	if (record)
		close_doors(flow, record, entry);
	else
		record = make(flow, info);
	if (!record) {
		ldap_note(flow, "refused", "too many hosts have registered");
		return;
	}
	record->entry = *entry;
	renew(flow, record);
}

static void
forget(struct pn_flow *flow, struct ldap_record *record)
{
	close_doors(flow, record, NULL);
	record->deadline = 0;
}

void
ldap_ils_added(struct pn_flow *flow, const struct ils_entry *entry)
{
	struct pn_flow_info info = { .size = sizeof(info) };

	if (!(entry->says & ILS_PERSON) || !(entry->says & ILS_ADDRESS))
		return;
	if (flow->host->flow_info(flow, &info) == 0)
		put(flow, &info, find(flow, &info), entry);
}

void
ldap_ils_modified(struct pn_flow *flow, const struct ils_entry *change)
{
	struct pn_flow_info info = { .size = sizeof(info) };
	struct ils_entry entry;
	struct ldap_record *record;

	if (flow->host->flow_info(flow, &info) < 0)
		return;
	record = find(flow, &info);
	if (!record || record->entry.dn != change->dn) {
		/* A change of an entry that is not known, but says all that matters. */
		if (change->says & ILS_PERSON && change->says & ILS_ADDRESS)
			put(flow, &info, record, change);
		return;
	}
	entry = ils_merge(&record->entry, change);
	if (entry.says & ILS_ADDRESS)
		put(flow, &info, record, &entry);
	else
		forget(flow, record);
}

void
ldap_ils_deleted(struct pn_flow *flow, uint64_t dn)
{
	struct pn_flow_info info = { .size = sizeof(info) };
	struct ldap_record *record;

	if (flow->host->flow_info(flow, &info) < 0)
		return;
	record = find(flow, &info);
	if (record && record->entry.dn == dn)
		forget(flow, record);
}

void
ldap_ils_refreshed(struct pn_flow *flow, const struct ils_entry *wanted)
{
	struct pn_flow_info info = { .size = sizeof(info) };
	struct ldap_record *record;

	if (flow->host->flow_info(flow, &info) < 0)
		return;
	record = find(flow, &info);
	if (!record || !(record->entry.says & ILS_NAME) || record->entry.cn != wanted->cn)
		return;
	record->entry.ttl = wanted->ttl;
	record->entry.says |= ILS_TTL;
	renew(flow, record);
}

/* The client may call whom it has found: it could do so without a door, but this one tells which
 * call belongs to which search, and brings the helper for it to whatever port it is. */
static void
open_call(struct pn_flow *flow, const struct pn_flow_info *info, const struct ils_entry *entry)
{
	struct pn_expect expect = {
		.size = sizeof(expect),
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT | PN_EXPECT_TIMEOUT |
			PN_EXPECT_MAX_FLOWS,
		.proto = PROTO_TCP,
		.src = { .family = PN_ADDR_RECEIVER },
		.dst = address_of(entry),
		.timeout = FOUND_TIMEOUT,
		.max_flows = TRIES_MAX,
	};
	uint16_t ports[ILS_PORTS_MAX];
	unsigned count = ils_ports(entry, ports), n;

	if (ldap_same_addr(&expect.dst, &info->originator))
		return;
	for (n = 0; n < count; n++) {
		if (!ldap_is_call_port(ldap_config(flow), ports[n]))
			continue;
		expect.dst_port = ports[n];
		expect.child = ldap_call_helper(ports[n], entry->speaks);
		(void)flow->host->expect(flow, &expect, NULL);
	}
}

void
ldap_ils_found(struct pn_flow *flow, struct ldap_list *found, const struct ils_entry *entry)
{
	struct pn_addr addr = address_of(entry);
	struct pn_flow_info info;
	char where[64];

	if (!(entry->says & ILS_ADDRESS))
		return;
	format_entry(where, sizeof(where), entry);
	ldap_list_add(flow, found, "found", where);
	if (ldap_prefixes_have(&ldap_config(flow)->calls_to, &addr) &&
		ldap_client_is_protected(flow, &info))
		open_call(flow, &info, entry);
}
