// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Printing an answer.
 *
 * The JSON has the names that events have, and its members are always there: null says that there
 * is none. Limits: none. Relies on: names and paths being shown by page_foreign() only.
 */
#include "explained.h"

#include "page.h"
#include "record/record.h"

#define FOREIGN_MAX 4096

static const char *
direction_name(enum direction direction)
{
	switch (direction) {
	case DIRECTION_OUT:
		return "out";
	case DIRECTION_IN:
		return "in";
	case DIRECTION_INTERNAL:
		return "internal";
	case DIRECTION_TRANSIT:
		return "transit";
	}
	return "in";
}

static const char *
verdict_name(const struct explained *ed)
{
	return reason_verdict(ed->facts.explanation->reason) == VERDICT_ACCEPT ? "accept" : "drop";
}

/* TCP flags as letters; the caller's. */
static char *
flags_text(uint8_t flags)
{
	char text[TCP_FLAGS_TEXT_MAX];
	size_t n = record_tcp_flags(flags, text);

	return g_strndup(text, n);
}

/* How the connection was found, in words; the caller's. */
static char *
chosen_text(const struct explained *ed)
{
	const struct connection *connection = ed->facts.explanation->connection;
	const struct tuple *tuple = &ed->facts.question->tuple;
	char peer[ADDR_TEXT_MAX];

	if (ed->chosen == CHOSEN_BY_NAME)
		return g_strdup("asked for");
	if (ed->chosen == CHOSEN_AS_THE_ONLY)
		return g_strdup(connection == ed->facts.policy->connections
					? "the only one"
					: "the only one beside default");
	if (ed->interface && connection_has_interface(connection, ed->interface))
		return g_strdup_printf("which has the interface %s", ed->interface);
	if (connection_has_peer(connection, &tuple->src))
		addr_format(&tuple->src, peer);
	else if (connection_has_peer(connection, &tuple->dst))
		addr_format(&tuple->dst, peer);
	else
		return g_strdup("which takes what matches no other");
	return g_strdup_printf("whose networks hold %s", peer);
}

static void
begin_line(struct page *page, const char *head)
{
	page_style(page, STYLE_DIM);
	page_add(page, "  %-11s ", head);
	page_style(page, STYLE_PLAIN);
}

static void
add_line(struct page *page, const char *head, const char *text, const struct place *at)
{
	g_autofree char *place = at ? answer_place_text(at) : g_strdup("");

	begin_line(page, head);
	page_foreign(page, text, FOREIGN_MAX);
	page_foreign(page, place, FOREIGN_MAX);
	page_add(page, "\n");
}

static void
add_packet(struct page *page, const struct question *q)
{
	g_autofree char *flags = flags_text(q->tcp_flags);

	begin_line(page, "packet");
	page_tuple(page, &q->tuple);
	if (q->tuple.proto == PROTO_TCP)
		page_add(page, ", %s%s", *flags ? "flags " : "no flags", flags);
	if (question_is_icmp(q))
		page_add(page, ", type %u code %u", q->icmp_type, q->icmp_code);
	page_add(page, "\n");
}

static bool
sides_are_guessed(const struct explained *ed)
{
	const struct tuple *tuple = &ed->facts.question->tuple;

	return !ed->inside_given && addr_is_private(&tuple->src) == addr_is_private(&tuple->dst);
}

static void
add_direction(struct page *page, const struct explained *ed)
{
	const struct explanation *ex = ed->facts.explanation;
	bool guessed = sides_are_guessed(ed);

	if (!ex->has_direction)
		return;
	begin_line(page, "direction");
	page_add(page, "%s", direction_name(ex->direction));
	switch (ex->direction) {
	case DIRECTION_OUT:
		page_add(page, ": from the protected side");
		break;
	case DIRECTION_IN:
		page_add(page, ": from outside to the protected side");
		break;
	case DIRECTION_INTERNAL:
		page_add(page, ": within the protected side");
		break;
	case DIRECTION_TRANSIT:
		page_add(page, ": past the protected side");
		break;
	}
	if (guessed)
		page_add(page, " (the addresses do not tell, so the sender was taken to be inside; "
			       "--inside says it)");
	page_add(page, "\n");
}

static void
add_connection(struct page *page, const struct explained *ed)
{
	const struct connection *connection = ed->facts.explanation->connection;
	g_autofree char *why = NULL;
	g_autofree char *text = NULL;
	struct place at;

	if (!connection)
		return;
	why = chosen_text(ed);
	text = g_strdup_printf("%s, %s", connection->name, why);
	at = (struct place){ connection->file, connection->line };
	add_line(page, "connection", text, &at);
}

int
explained_print(const struct explained *ed, FILE *out)
{
	const struct explanation *ex = ed->facts.explanation;
	const struct answer *answer = &ed->answer;
	struct page page;

	page_init(&page, out);
	page_style(&page, reason_verdict(ex->reason) == VERDICT_ACCEPT ? STYLE_GOOD : STYLE_BAD);
	page_add(&page, "%s: %s", verdict_name(ed), reason_name(ex->reason));
	page_style(&page, STYLE_PLAIN);
	page_add(&page, "\n");
	add_packet(&page, ed->facts.question);
	add_direction(&page, ed);
	add_connection(&page, ed);
	add_line(&page, "rule", answer->text, &answer->at);
	if (ex->helper) {
		begin_line(&page, "helper");
		page_add(&page, "%s watches the flow\n", ex->helper);
	}
	for (guint i = 0; i < answer->notes->len; i++)
		add_line(&page, "note", answer->notes->pdata[i], NULL);
	return page_print(&page);
}

/* A string as JSON (RFC 8259 §7), or null. What is no UTF-8 becomes U+FFFD. */
static void
put_string(GString *json, const char *text)
{
	g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

	if (!text) {
		g_string_append(json, "null");
		return;
	}
	g_string_append_c(json, '"');
	for (const char *at = valid; *at; at++) {
		if (*at == '"' || *at == '\\')
			g_string_append_c(json, '\\');
		if ((unsigned char)*at < 0x20)
			g_string_append_printf(json, "\\u%04x", (unsigned)*at);
		else
			g_string_append_c(json, *at);
	}
	g_string_append_c(json, '"');
}

/* `,"NAME":"TEXT"`, or null. */
static void
put_member(GString *json, const char *name, const char *text)
{
	g_string_append_printf(json, ",\"%s\":", name);
	put_string(json, text);
}

static void
put_place(GString *json, const struct place *at)
{
	put_member(json, "file", at->file);
	g_string_append(json, ",\"line\":");
	if (at->file)
		g_string_append_printf(json, "%u", at->line);
	else
		g_string_append(json, "null");
}

static void
put_packet(GString *json, const struct question *q)
{
	g_autofree char *number = g_strdup_printf("%u", q->tuple.proto);
	g_autofree char *flags = flags_text(q->tcp_flags);
	const char *name = proto_name(q->tuple.proto);
	char src[ADDR_TEXT_MAX], dst[ADDR_TEXT_MAX];

	addr_format(&q->tuple.src, src);
	addr_format(&q->tuple.dst, dst);
	g_string_append(json, ",\"packet\":{\"proto\":");
	put_string(json, name ? name : number);
	g_string_append_printf(json, ",\"src_ip\":\"%s\",\"dest_ip\":\"%s\"", src, dst);
	if (question_has_ports(q))
		g_string_append_printf(json, ",\"src_port\":%u,\"dest_port\":%u", q->tuple.src_port,
			q->tuple.dst_port);
	if (q->tuple.proto == PROTO_TCP)
		g_string_append_printf(json, ",\"tcpflags\":\"%s\"", flags);
	if (question_is_icmp(q))
		g_string_append_printf(
			json, ",\"icmp_type\":%u,\"icmp_code\":%u", q->icmp_type, q->icmp_code);
	g_string_append_c(json, '}');
}

static void
put_connection(GString *json, const struct explained *ed)
{
	const struct connection *connection = ed->facts.explanation->connection;
	g_autofree char *why = NULL;
	struct place at;

	g_string_append(json, ",\"connection\":");
	if (!connection) {
		g_string_append(json, "null");
		return;
	}
	why = chosen_text(ed);
	at = (struct place){ connection->file, connection->line };
	g_string_append(json, "{\"name\":");
	put_string(json, connection->name);
	put_member(json, "chosen", why);
	put_place(json, &at);
	g_string_append_c(json, '}');
}

static void
put_rule(GString *json, const struct answer *answer)
{
	g_string_append(json, ",\"rule\":{\"kind\":");
	put_string(json, answer->kind);
	put_member(json, "name", answer->name);
	put_member(json, "text", answer->text);
	put_place(json, &answer->at);
	g_string_append_c(json, '}');
}

int
explained_print_json(const struct explained *ed, FILE *out)
{
	const struct explanation *ex = ed->facts.explanation;
	const GPtrArray *notes = ed->answer.notes;
	GString *json = g_string_new(NULL);
	struct page page;

	g_string_append_printf(json, "{\"verdict\":\"%s\",\"reason\":\"%s\"", verdict_name(ed),
		reason_name(ex->reason));
	put_packet(json, ed->facts.question);
	put_member(json, "direction", ex->has_direction ? direction_name(ex->direction) : NULL);
	put_connection(json, ed);
	put_rule(json, &ed->answer);
	put_member(json, "helper", ex->helper);
	g_string_append(json, ",\"notes\":[");
	for (guint i = 0; i < notes->len; i++) {
		g_string_append(json, i ? "," : "");
		put_string(json, notes->pdata[i]);
	}
	g_string_append(json, "]}\n");
	page_init(&page, out);
	g_string_append(page.text, json->str);
	g_string_free(json, TRUE);
	return page_print(&page);
}
