// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The LDAP helpers under the fake host, with any bytes in both directions; and their parser alone.
 *
 * The first byte chooses the helper and options. Then come pieces: a byte with the direction in bit
 * 7 and the length in the rest (127: two more bytes tell it), and so many bytes; length 0 stands
 * for lost bytes. What must hold:
 *   - no door before both sides have spoken (of CLDAP: the client);
 *   - a door is for what its kind may be for, and no more are open than are declared;
 *   - none for a client that is not protected, nor where no option names anybody;
 *   - the helper never drops, fails or breaks a rule of the host, and gives up no flow but one of
 *     CLDAP that has come through a door, which has none itself;
 *   - sent byte by byte, the same stream has the same effect.
 */
#include <stdlib.h>
#include <string.h>

#include <postern/plugin.h>
#include <postern/reader.h>

#include "kit/fakehost.h"
#include "ldap-cldap.h"

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

/* First byte. */
enum { CLDAP = 1, OPEN = 2, IPV6 = 4, OUTSIDE = 8, REFUSE = 16, MULTICAST = 32, CHILD = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
is_child(uint8_t choice)
{
	return (choice & (CLDAP | CHILD)) == (CLDAP | CHILD);
}

/* For who has registered: it may be called. */
static void
check_registration(const struct fakehost_door *door)
{
	const struct pn_expect *e = &door->request;

	MUST(e->flags == PN_EXPECT_OUTLIVE);
	MUST(e->dst.family == PN_ADDR_IPV4);
	MUST(e->src.family == PN_ADDR_SENDER || e->src.family == PN_ADDR_NONE ||
		(e->src.family == PN_ADDR_IPV4 && e->src.bytes[0] == 203));
	MUST(e->timeout >= 60 && e->timeout <= 3600 && e->max_flows == 16);
	MUST(e->dst_port == 1720 || e->dst_port == 1503 ||
		(e->dst_port >= 5000 && e->dst_port < 5010));
}

/* To where the client has been sent. */
static void
check_outward(const struct fakehost_door *door)
{
	const struct pn_expect *e = &door->request;

	MUST(!e->flags && e->src.family == PN_ADDR_RECEIVER && e->max_flows == 4);
	MUST(e->timeout == 60 || e->timeout == 300);
	/* Of the option's prefixes, 198.51.100.0/24 and 2001:db8::/32. */
	MUST(e->dst.family == PN_ADDR_IPV4 ? e->dst.bytes[0] == 198 : e->dst.bytes[0] == 0x20);
}

static void
check_answer(const struct fakehost_door *door, uint8_t choice)
{
	const struct pn_expect *e = &door->request;

	MUST(e->proto == 17 && !e->flags && e->timeout == 5 && e->max_flows == 8);
	MUST(e->dst_port == 40000 && !strcmp(door->child, "ldap.cldap"));
	MUST(choice & (OPEN | MULTICAST));
}

static void
check(const struct fakehost *host, uint8_t choice, const size_t said[2])
{
	unsigned n, open = 0;

	MUST(!host->misuse && !host->drops && !host->closes);
	MUST(host->left != FAKEHOST_FAILED);
	MUST(host->left != FAKEHOST_RESET || is_child(choice));
	MUST(!host->n_doors || !is_child(choice));
	if (!host->n_doors)
		return;
	MUST(!(choice & OUTSIDE) && said[0] && (choice & CLDAP || said[1]));
	MUST(choice & (CLDAP | OPEN));
	for (n = 0; n < host->n_doors; n++) {
		const struct fakehost_door *door = &host->doors[n];

		MUST(door->request.dst_port && !door->request.dst_port_last);
		MUST(door->dir == (choice & CLDAP ? PN_FROM_ORIGINATOR : PN_FROM_RESPONDER));
		if (choice & CLDAP) {
			check_answer(door, choice);
		} else {
			MUST(door->request.proto == 6);
			if (door->request.flags)
				check_registration(door);
			else
				check_outward(door);
		}
		open += door->open;
	}
	MUST(open <= LDAP_DOORS_MAX);
}

static struct pn_host child_calls;
static uint8_t child_side;

static int32_t
child_info(const struct pn_flow *flow, struct pn_flow_info *info)
{
	const struct cldap_ids ids = { .n = 2, .list = { 1, 2 } };

	*info = (struct pn_flow_info){
		.size = sizeof(*info),
		.proto = 17,
		.admitted = 1,
		.protected_side = child_side,
	};
	memcpy(info->cookie, &ids, sizeof(ids));
	return 0;
}

/* A flow that has come through a door, which the fake host knows nothing of. */
static int32_t
child_open(struct pn_flow *flow)
{
	child_calls = *flow->host;
	child_calls.flow_info = child_info;
	flow->host = &child_calls;
	return cldap_open(flow);
}

static const struct pn_plugin *
plugin_for(uint8_t choice)
{
	static struct pn_plugin plugin;
	static struct pn_helper helper;
	static const struct pn_helper *const helpers[] = { &helper, NULL };

	if (!is_child(choice))
		return &postern_plugin_0;
	plugin = postern_plugin_0;
	plugin.helpers = helpers;
	helper = *postern_plugin_0.helpers[1];
	helper.flow_open = child_open;
	child_side = choice & OUTSIDE ? 2 : 1;
	return &plugin;
}

static struct fakehost *
host_for(uint8_t choice)
{
	static const struct fakehost_option set[] = {
		{ "CallersFrom", "203.0.113.7;203.0.113.128/25" },
		{ "CallPorts", "5000-5009" },
		{ "CallsTo", "198.51.100.0/24;2001:db8::/32" },
		{ "Referrals", "198.51.100.0/24;2001:db8::/32" },
		{ "Servers", "198.51.100.7;198.51.100.0/24;2001:db8::/32" },
		{ NULL, NULL },
	};
	const char *server = choice & IPV6 ? "[2001:db8:9::9]:389" : "198.51.100.9:389";
	const struct fakehost_options options = {
		.originator = choice & IPV6 ? "[2001:db8::1]:40000" : NULL,
		.responder = choice & CLDAP && choice & MULTICAST ? "224.0.0.1:389" : server,
		.helper = choice & CLDAP ? "ldap.cldap" : "ldap.directory",
		.options = choice & OPEN ? set : NULL,
		.refuse = choice & REFUSE ? PN_REFUSED_LIMIT_FLOW : 0,
		.protected_side = choice & OUTSIDE ? 2 : 1,
	};

	return fakehost_new(plugin_for(choice), &options);
}

/* Sends the pieces in `r`, each in parts of `part` bytes; returns the story, to be freed. */
static char *
play(struct pn_reader r, uint8_t choice, size_t part)
{
	struct fakehost *host = host_for(choice);
	size_t said[2] = { 0 };
	char *story;

	while (pn_left(&r)) {
		uint8_t head = pn_u8(&r);
		uint32_t dir = head >> 7;
		size_t len = (head & 127) == 127 ? pn_u16be(&r) : head & 127u;
		struct pn_reader piece = pn_sub(&r, len < pn_left(&r) ? len : pn_left(&r));

		if (!len && choice & CLDAP)
			fakehost_send(host, dir, "", 0);
		else if (!len)
			fakehost_gap(host, dir);
		while (pn_left(&piece)) {
			size_t most = pn_left(&piece) < part ? pn_left(&piece) : part;
			const uint8_t *bytes = pn_take(&piece, most);

			said[dir] += most;
			fakehost_send(host, dir, bytes, most);
		}
		check(host, choice, said);
	}
	story = strdup(fakehost_story(host));
	MUST(story);
	fakehost_free(host);
	return story;
}

static void
parse_entries(const struct ldap_message *m)
{
	struct ils_entry entry, change;
	struct ldap_search search;
	uint16_t ports[ILS_PORTS_MAX];
	struct ldap_text dn;

	if (ils_parse_entry(m->body, &dn, &entry) == 0)
		MUST(ils_ports(&entry, ports) <= ILS_PORTS_MAX && entry.ttl <= ILS_TTL_MAX);
	if (ils_parse_modify(m->body, &dn, &change) == 0) {
		entry = ils_merge(&change, &change);
		MUST(entry.n_ports == change.n_ports && entry.speaks == change.speaks);
	}
	if (ldap_parse_search(m->body, &search) == 0)
		(void)ils_parse_refresh(&search, &entry);
}

static void
parse_alone(const uint8_t *data, size_t size)
{
	struct ldap_text text = { data, size }, uri;
	struct ldap_message m, cut;
	struct ber row = ber(data, size);
	struct ldap_result result;
	struct ldap_uri where;
	struct ldap_bind bind;

	if (ldap_parse(data, size, &m) == 0) {
		MUST(ldap_parse_cut(data, size, &cut) == 0 && cut.id == m.id && cut.op == m.op);
		(void)ldap_parse_bind(m.body, &bind);
		if (ldap_parse_result(m.body, &result) == 0)
			while (ldap_next_uri(&result.referral, &uri))
				MUST(uri.len && uri.len < size);
		parse_entries(&m);
	}
	while (ber_left(&row) && ldap_parse_datagram(&row, &m) == 0)
		parse_entries(&m);
	if (ldap_parse_uri(text, &where) == 0)
		MUST(where.port);
	while (ldap_next_uri_line(&text, &uri))
		MUST(uri.len <= size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pn_reader r = pn_reader(data, size);
	uint8_t choice = pn_u8(&r);
	char *whole, *bytewise;

	parse_alone(data, size);
	if (!size)
		return 0;
	whole = play(r, choice, choice & CLDAP ? SIZE_MAX : size);
	/* A datagram that is cut is another one. */
	bytewise = play(r, choice, choice & CLDAP ? SIZE_MAX : 1);
	MUST(!strcmp(whole, bytewise));
	free(whole);
	free(bytewise);
	return 0;
}
