// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * LDAP: what a directory's connection means for a firewall.
 *
 * A directory tells who can be reached where: hosts register themselves with it to be called
 * (ldap-ils.c), and it refers clients to other servers (ldap-refer.c). A request means something
 * when the server has answered it with success, by its number; what the server says without being
 * asked means nothing. So both sides have spoken LDAP before anything opens.
 *
 * Life-cycle: the state of a flow is zero when it begins. A connection that does not begin as LDAP,
 * or stops being it, is left for life: under TLS, once StartTLS has succeeded; under SASL, when the
 * first wrapped bytes come (RFC 4513 §5.2.1.6: a layer is a matter of the mechanism, and its frames
 * never begin as messages do). Registrations are remembered for the whole engine, since they
 * outlive the connection. Nothing is allocated but that, once.
 *
 * Limits: messages of LDAP_MESSAGE_MAX bytes, of longer ones only number and kind are read;
 * LDAP_PAIRS_MAX requests without answers.
 *
 * Relies on the host to check every door, above all that it leads to the client itself.
 */
#include "ldap-state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <postern/plugin.h>
#include <postern/reader.h>

#include "ldap-cldap.h"
#include "ldap-config.h"
#include "ldap-ils.h"
#include "ldap-refer.h"

#define PROTO_TCP    6
#define PROTO_UDP    17
#define NAME_MAX_LEN 200 /* bytes of a name that go into a note */

static const char starttls_oid[] = "1.3.6.1.4.1.1466.20037"; /* RFC 4511 §4.14 */

static int32_t
leave(struct pn_flow *flow, const char *why)
{
	ldap_note(flow, "left", why);
	return PN_DETACH;
}

static void
note_text(struct pn_flow *flow, const char *key, struct ldap_text text)
{
	size_t len = text.len < NAME_MAX_LEN ? text.len : NAME_MAX_LEN;

	if (len)
		(void)flow->host->note(flow, key, (const char *)text.at, len);
}

static void
ask_bind(struct pn_flow *flow, const struct ldap_message *m, struct ldap_pending *pending)
{
	struct ldap *ldap = flow->state;
	struct ldap_bind bind;
	struct pn_reader r;
	size_t n;

	if (ldap_parse_bind(m->body, &bind) < 0)
		return;
	note_text(flow, "user", bind.name);
	if (!bind.mechanism.len)
		return;
	pending->kind = LDAP_KIND_SASL;
	r = pn_reader(bind.mechanism.at, bind.mechanism.len);
	for (n = 0; n < sizeof(ldap->mechanism) - 1 && pn_left(&r); n++) {
		uint8_t c = pn_u8(&r);

		ldap->mechanism[n] = (char)(c > ' ' && c < 127 ? c : '?');
	}
	ldap->mechanism[n] = '\0';
}

static void
ask_search(struct pn_flow *flow, const struct ldap_message *m, struct ldap_pending *pending)
{
	struct ldap_search search;

	pending->kind = LDAP_KIND_SEARCH;
	if (ldap_parse_search(m->body, &search) == 0 &&
		ils_parse_refresh(&search, &pending->entry) == 0)
		pending->kind = LDAP_KIND_REFRESH;
}

static void
ask_change(struct pn_flow *flow, const struct ldap_message *m, struct ldap_pending *pending)
{
	struct ils_entry *entry = &pending->entry;
	struct ldap_text dn;
	int error;

	error = m->op == LDAP_ADD ? ils_parse_entry(m->body, &dn, entry)
				  : ils_parse_modify(m->body, &dn, entry);
	if (error < 0)
		return;
	pending->kind = m->op == LDAP_ADD ? LDAP_KIND_ADD : LDAP_KIND_MODIFY;
	if (entry->says & ILS_ADDRESS)
		note_text(flow, "entry", dn);
}

static void
ask_delete(struct pn_flow *flow, const struct ldap_message *m, struct ldap_pending *pending)
{
	pending->kind = LDAP_KIND_DELETE;
	pending->entry.dn = ils_dn(m->bytes);
}

/* ModifyDNRequest (RFC 4511 §4.9) begins with the name that the entry had. */
static void
ask_rename(struct pn_flow *flow, const struct ldap_message *m, struct ldap_pending *pending)
{
	struct ber body = m->body;
	struct ldap_text dn;

	dn.at = ber_bytes(&body, BER_OCTETS, &dn.len);
	if (!ber_ok(&body))
		return;
	pending->kind = LDAP_KIND_DELETE;
	pending->entry.dn = ils_dn(dn);
}

static void
ask_extended(struct pn_flow *flow, const struct ldap_message *m, struct ldap_pending *pending)
{
	struct ldap_extended extended;

	if (ldap_parse_extended(m->body, &extended) == 0 && ldap_is(extended.name, starttls_oid))
		pending->kind = LDAP_KIND_STARTTLS;
}

/* AbandonRequest (§4.11): nobody waits for that answer any more. */
static void
ask_abandon(struct pn_flow *flow, const struct ldap_message *m)
{
	struct ldap *ldap = flow->state;
	struct pn_reader r = pn_reader(m->bytes.at, m->bytes.len);
	uint32_t id = 0;

	if (m->bytes.len > 4)
		return;
	while (pn_left(&r))
		id = id << 8 | pn_u8(&r);
	ldap_pairs_remove(&ldap->pairs, id);
}

static const struct {
	uint32_t op;
	uint32_t answer; /* the last one; 0: there is none */
	void (*ask)(
		struct pn_flow *flow, const struct ldap_message *m, struct ldap_pending *pending);
} requests[] = {
	{ LDAP_BIND, LDAP_BIND_DONE, ask_bind },
	{ LDAP_SEARCH, LDAP_SEARCH_DONE, ask_search },
	{ LDAP_ADD, LDAP_ADD_DONE, ask_change },
	{ LDAP_MODIFY, LDAP_MODIFY_DONE, ask_change },
	{ LDAP_DELETE, LDAP_DELETE_DONE, ask_delete },
	{ LDAP_RENAME, LDAP_RENAME_DONE, ask_rename },
	{ LDAP_COMPARE, LDAP_COMPARE_DONE, NULL },
	{ LDAP_EXTENDED, LDAP_EXTENDED_DONE, ask_extended },
};

static int32_t
request(struct pn_flow *flow, const struct ldap_message *m, int cut)
{
	struct ldap *ldap = flow->state;
	struct ldap_pending *pending;
	size_t n;

	ldap->begun = 1;
	if (m->op == LDAP_ABANDON)
		ask_abandon(flow, m);
	for (n = 0; n < sizeof(requests) / sizeof(requests[0]); n++) {
		if (requests[n].op != m->op)
			continue;
		pending = ldap_pairs_add(&ldap->pairs, m->id, LDAP_KIND_OTHER);
		pending->answer = requests[n].answer;
		if (!cut && requests[n].ask)
			requests[n].ask(flow, m, pending);
	}
	return PN_PASS;
}

static int32_t
succeeded(struct pn_flow *flow, const struct ldap_pending *pending)
{
	struct ldap *ldap = flow->state;

	switch ((enum ldap_kind)pending->kind) {
	case LDAP_KIND_SASL:
		ldap->may_wrap = 1;
		ldap_note(flow, "sasl", ldap->mechanism);
		break;
	case LDAP_KIND_STARTTLS:
		ldap_note(flow, "tls", "StartTLS");
		return leave(flow, "the connection goes on under TLS");
	case LDAP_KIND_REFRESH:
		if (pending->entries)
			ldap_ils_refreshed(flow, &pending->entry);
		break;
	case LDAP_KIND_ADD:
		ldap_ils_added(flow, &pending->entry);
		break;
	case LDAP_KIND_MODIFY:
		ldap_ils_modified(flow, &pending->entry);
		break;
	case LDAP_KIND_DELETE:
		ldap_ils_deleted(flow, pending->entry.dn);
		break;
	case LDAP_KIND_NONE:
	case LDAP_KIND_OTHER:
	case LDAP_KIND_SEARCH:
		break;
	}
	return PN_PASS;
}

static int32_t
final_answer(struct pn_flow *flow, const struct ldap_message *m, const struct ldap_pending *pending)
{
	struct ldap *ldap = flow->state;
	struct ldap_result result;

	if (m->op != pending->answer || ldap_parse_result(m->body, &result) < 0)
		return PN_PASS;
	if (result.code == LDAP_REFERRAL)
		ldap_refer_row(flow, ldap, result.referral);
	if (result.code == LDAP_PARTIAL)
		ldap_refer_text(flow, ldap, result.text);
	return result.code == LDAP_SUCCESS ? succeeded(flow, pending) : PN_PASS;
}

static void
found_entry(struct pn_flow *flow, const struct ldap_message *m, struct ldap_pending *pending)
{
	struct ldap *ldap = flow->state;
	struct ils_entry entry;
	struct ldap_text dn;

	pending->entries++;
	if (ils_parse_entry(m->body, &dn, &entry) == 0)
		ldap_ils_found(flow, &ldap->found, &entry);
}

static int32_t
response(struct pn_flow *flow, const struct ldap_message *m, int cut)
{
	struct ldap *ldap = flow->state;
	struct ldap_pending *pending = ldap_pairs_find(&ldap->pairs, m->id), answered;

	if (!ldap->begun && m->id)
		return leave(flow, "the server speaks first");
	if (!pending)
		return PN_PASS;
	if (ldap_is_final(m->op)) {
		answered = *pending;
		ldap_pairs_remove(&ldap->pairs, m->id);
		return cut ? PN_PASS : final_answer(flow, m, &answered);
	}
	if (pending->answer != LDAP_SEARCH_DONE || cut)
		return PN_PASS;
	if (m->op == LDAP_SEARCH_ENTRY)
		found_entry(flow, m, pending);
	else if (m->op == LDAP_SEARCH_REFERENCE)
		ldap_refer_row(flow, ldap, m->body);
	return PN_PASS;
}

static int32_t
directory_message(struct pn_flow *flow, const struct pn_message *msg)
{
	const struct ldap *ldap = flow->state;
	struct pn_reader r = pn_reader(msg->bytes, msg->len);
	int cut = (msg->flags & PN_MSG_CUT) != 0, error;
	struct ldap_message m;

	if (ldap->may_wrap && pn_u8(&r) != BER_SEQUENCE)
		return leave(flow, "the connection goes on under SASL");
	error = cut ? ldap_parse_cut(msg->bytes, msg->len, &m)
		    : ldap_parse(msg->bytes, msg->len, &m);
	if (error < 0)
		return leave(flow, "a message that is none of LDAP");
	if (cut)
		ldap_note(flow, "skipped", "a message that is too long to be read");
	if (ldap_is_request(m.op) != (msg->dir == LDAP_CLIENT))
		return leave(flow, "client and server have changed their parts");
	return msg->dir == LDAP_CLIENT ? request(flow, &m, cut) : response(flow, &m, cut);
}

static int64_t
directory_frame(struct pn_flow *flow, uint32_t dir, const uint8_t *bytes, size_t len)
{
	const struct ldap *ldap = flow->state;
	struct pn_reader r = pn_reader(bytes, len);
	int64_t total;

	if (!len)
		return 0;
	/* Of what is wrapped one byte will do to see that it is. */
	if (pn_u8(&r) != BER_SEQUENCE)
		return ldap->may_wrap ? 1 : -EPROTO;
	total = ber_frame(bytes, len, LDAP_LENGTH_MAX);
	return total < 0 ? -EPROTO : total;
}

static int32_t
ldap_start(struct pn_instance *instance)
{
	struct ldap_engine *engine = calloc(1, sizeof(*engine));
	int32_t error;

	if (!engine)
		return -ENOMEM;
	error = ldap_config_read(instance, &engine->config);
	if (error < 0) {
		free(engine);
		return error;
	}
	instance->data = engine;
	return 0;
}

static void
ldap_stop(struct pn_instance *instance)
{
	free(instance->data);
	instance->data = NULL;
}

/* 3268: the global catalogue of Active Directory. 1002: an ILS beside one that has taken 389. */
static const struct pn_bind directory_binds[] = { { 389, 389 }, { 1002, 1002 }, { 3268, 3268 },
	{ 0, 0 } };
static const struct pn_bind cldap_binds[] = { { 389, 389 }, { 0, 0 } };

static const struct pn_helper directory = {
	.size = sizeof(directory),
	.transport = PROTO_TCP,
	.gap = PN_GAP_DETACH,
	.flow_size = sizeof(struct ldap),
	.max_message = LDAP_MESSAGE_MAX,
	.max_doors = LDAP_DOORS_MAX,
	.door_timeout = 60,
	.name = "ldap.directory",
	.summary = "registrations with a directory (ILS), searches and referrals",
	.binds = directory_binds,
	.frame = directory_frame,
	.message = directory_message,
};

static const struct pn_helper cldap = {
	.size = sizeof(cldap),
	.transport = PROTO_UDP,
	.flow_size = sizeof(struct cldap),
	.max_message = CLDAP_MESSAGE_MAX,
	.max_doors = LDAP_DOORS_MAX,
	.door_timeout = CLDAP_TIMEOUT,
	.name = "ldap.cldap",
	.summary = "answers to connectionless queries from other servers",
	.binds = cldap_binds,
	.flow_open = cldap_open,
	.message = cldap_message,
};

static const struct pn_helper *const helpers[] = { &directory, &cldap, NULL };

PN_EXPORT const struct pn_plugin postern_plugin_0 = {
	.size = sizeof(postern_plugin_0),
	.name = "ldap",
	.version = POSTERN_VERSION,
	.summary = "Lightweight Directory Access Protocol (RFC 4511), ILS, CLDAP",
	.licence = "GPL-2.0-or-later",
	.helpers = helpers,
	.options = ldap_options,
	.start = ldap_start,
	.stop = ldap_stop,
};
