// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a verdict to the rule behind it.
 *
 * The engine says which reason, which mapping, which ICMP option; here they get words and the place
 * where they are configured. Nothing is judged here, so nothing can be judged otherwise.
 *
 * Life-cycle: answer_init() to answer_done(). Limits: none. Relies on: the policy and its origins
 * living longer.
 */
#include "answer.h"

#include <stdarg.h>

/* In its own place in a configuration, or that of the connection "default". */
struct place
answer_setting(const struct answer_facts *facts, const char *section, const char *key)
{
	const char *owner = facts->explanation->connection->name;
	const struct config_origin *at = config_origins_find(facts->origins, owner, section, key);

	if (!at)
		at = config_origins_find(facts->origins, "default", section, key);
	return at ? (struct place){ at->file, at->line } : (struct place){ 0 };
}

static struct place
program_setting(const struct answer_facts *facts, const char *section, const char *key)
{
	const struct config_origin *at = config_origins_find(facts->origins, "", section, key);

	return at ? (struct place){ at->file, at->line } : (struct place){ 0 };
}

char *
answer_place_text(const struct place *place)
{
	return place->file ? g_strdup_printf(" (%s:%u)", place->file, place->line) : g_strdup("");
}

G_GNUC_PRINTF(3, 4)
static void
say(struct answer *answer, const char *kind, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	answer->kind = kind;
	answer->text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
}

static void
say_mapping(struct answer *answer, const struct port_mapping *mapping, const char *what)
{
	say(answer, "port-mapping", "the port mapping %s %s", mapping->name, what);
	answer->name = g_strdup(mapping->name);
	answer->at = (struct place){ mapping->file, mapping->line };
}

static void
say_option(struct answer *answer, const struct answer_facts *facts)
{
	const struct explanation *ex = facts->explanation;
	const char *name = icmp_option_name(ex->rule.icmp_option);
	bool is_on = ex->connection->icmp >> ex->rule.icmp_option & 1;

	if (is_on && reason_verdict(ex->reason) == VERDICT_DROP)
		say(answer, "icmp-option",
			"the ICMP option %s is on, but lets in only what speaks of a known flow",
			name);
	else
		say(answer, "icmp-option", "the ICMP option %s is %s", name, is_on ? "on" : "off");
	answer->name = g_strdup(name);
	answer->at = answer_setting(facts, "Firewall", "Icmp");
}

static const char *
midstream_name(enum midstream midstream)
{
	switch (midstream) {
	case MIDSTREAM_NONE:
		return "none";
	case MIDSTREAM_OUTBOUND:
		return "outbound";
	case MIDSTREAM_ANY:
		return "any";
	}
	return "none";
}

/* Whether TCP may begin without its SYN. */
static void
say_midstream(struct answer *answer, const struct answer_facts *facts, const char *what)
{
	say(answer, "setting", "[Stateful] Midstream=%s: %s",
		midstream_name(facts->policy->midstream), what);
	answer->name = g_strdup("Midstream");
	answer->at = program_setting(facts, "Stateful", "Midstream");
}

static void
say_no_handshake(struct answer *answer, const struct answer_facts *facts)
{
	const struct explanation *ex = facts->explanation;

	if (ex->rule.mapping)
		say_mapping(answer, ex->rule.mapping,
			"opens the port, but only to TCP that begins with a SYN");
	else if (facts->question->tcp_flags & (TCP_SYN | TCP_RST))
		say(answer, "default", "these TCP flags never begin a flow");
	else
		say_midstream(answer, facts, "TCP that is first seen without its SYN is dropped");
}

static void
say_unsolicited(struct answer *answer, const struct answer_facts *facts)
{
	const struct question *q = facts->question;
	const char *proto = proto_name(q->tuple.proto);

	if (facts->explanation->rule.has_icmp_option)
		say_option(answer, facts);
	else if (question_has_ports(q))
		say(answer, "default",
			"what comes in is dropped unless a flow is known, a helper awaits it or a "
			"port mapping opens %s port %u",
			proto, q->tuple.dst_port);
	else
		say(answer, "default",
			"what comes in is dropped unless a flow is known or a helper awaits it");
}

static void
say_no_firewall(struct answer *answer, const struct answer_facts *facts)
{
	const struct connection *connection = facts->explanation->connection;
	const char *why = connection_refuses_firewall(connection);

	if (why)
		say(answer, "setting", "the connection has no firewall: %s", why);
	else
		say(answer, "setting", "[Firewall] Enabled=false: the connection has no firewall");
	answer->name = g_strdup("Enabled");
	answer->at = why ? (struct place){ connection->file, connection->line }
			 : answer_setting(facts, "Firewall", "Enabled");
}

static void
say_spoofed(struct answer *answer, const struct answer_facts *facts)
{
	const struct explanation *ex = facts->explanation;
	const char *why = "nobody can have this source";

	if (ex->way == WAY_SENT)
		why = "it is sent from here, but its source is not ours, or nobody's";
	else if (ex->way == WAY_RECEIVED)
		why = "it comes from outside, but its source is ours, or nobody's";
	say(answer, "anti-spoofing", "[Firewall] AntiSpoof=%s: %s",
		anti_spoof_name(ex->connection->anti_spoof), why);
	answer->name = g_strdup("AntiSpoof");
	answer->at = answer_setting(facts, "Firewall", "AntiSpoof");
}

/* What needs no configuration. */
static const char *
default_text(enum reason reason)
{
	switch ((int)reason) {
	case REASON_OUTBOUND:
		return "what is sent from the protected side passes";
	case REASON_INTERNAL:
		return "both ends are on the protected side";
	case REASON_TRANSIT:
		return "neither end is on the protected side";
	case REASON_ICMP_NEEDED:
		return "IPv6 does not work without it: what says that it comes from the link "
		       "passes";
	case REASON_TCP_FLAGS:
		return "no TCP sends these flags together";
	case REASON_MALFORMED:
		return "headers that contradict themselves";
	default:
		return "no rule of the policy; the reason says it all";
	}
}

static void
find_rule(struct answer *answer, const struct answer_facts *facts)
{
	const struct explanation *ex = facts->explanation;

	switch ((int)ex->reason) {
	case REASON_PORT_MAPPING:
		say_mapping(answer, ex->rule.mapping, "opens the port");
		return;
	case REASON_ICMP_OPTION:
	case REASON_ICMP_REFUSED:
		say_option(answer, facts);
		return;
	case REASON_MID_STREAM:
		say_midstream(answer, facts, "TCP that is first seen without its SYN is picked up");
		return;
	case REASON_NO_HANDSHAKE:
		say_no_handshake(answer, facts);
		return;
	case REASON_UNSOLICITED:
		say_unsolicited(answer, facts);
		return;
	case REASON_NO_FIREWALL:
		say_no_firewall(answer, facts);
		return;
	case REASON_SPOOFED:
		say_spoofed(answer, facts);
		return;
	default:
		say(answer, "default", "%s", default_text(ex->reason));
	}
}

void
answer_init(struct answer *answer, const struct answer_facts *facts)
{
	*answer = (struct answer){ .notes = g_ptr_array_new_with_free_func(g_free) };
	find_rule(answer, facts);
	if (facts->explanation->connection)
		answer_add_notes(answer, facts);
}

void
answer_done(struct answer *answer)
{
	g_free(answer->name);
	g_free(answer->text);
	g_ptr_array_unref(answer->notes);
}
