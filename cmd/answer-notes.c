// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is worth knowing besides the rule that gave a verdict: what nearly let a packet in, what
 * would be otherwise, and what the packet sets going.
 *
 * Life-cycle: once per answer. Limits: as many notes as the connection has mappings and triggers.
 * Relies on: the rooms that judge being asked, and their answer not being guessed.
 */
#include "answer.h"

#include <stdarg.h>
#include <string.h>

G_GNUC_PRINTF(3, 4)
static void
note(struct answer *answer, const struct place *at, const char *format, ...)
{
	g_autofree char *place = at ? answer_place_text(at) : g_strdup("");
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_ptr_array_add(answer->notes, g_strconcat(text, place, NULL));
}

static bool
in_range(const struct port_range *range, uint16_t port)
{
	return port >= range->first && port <= range->last;
}

static bool
comes_from(const struct port_mapping *mapping, const struct pn_addr *src)
{
	for (unsigned i = 0; i < mapping->n_sources; i++) {
		const struct prefix *prefix = &mapping->sources[i];

		if (addr_in_prefix(src, &prefix->addr, prefix->bits))
			return true;
	}
	return !mapping->n_sources;
}

/* A mapping that is for this port, and did not let the packet in. */
static void
note_mapping(struct answer *answer, const struct tuple *tuple, const struct port_mapping *mapping)
{
	const struct place at = { mapping->file, mapping->line };
	char target[ADDR_TEXT_MAX];

	if (mapping->proto != tuple->proto || !in_range(&mapping->external, tuple->dst_port))
		return;
	if (!mapping->enabled)
		note(answer, &at, "the port mapping %s for this port is disabled", mapping->name);
	else if (mapping->target_name)
		note(answer, &at,
			"the port mapping %s for this port has a target that is known by its name "
			"only, %s, and waits for sharing",
			mapping->name, mapping->target_name);
	else if (!comes_from(mapping, &tuple->src))
		note(answer, &at, "the port mapping %s for this port is for other sources",
			mapping->name);
	else if (mapping->target.family) {
		addr_format(&mapping->target, target);
		note(answer, &at,
			"the port mapping %s for this port leads to %s port %u, and opens nothing "
			"else",
			mapping->name, target,
			mapping->internal + (tuple->dst_port - mapping->external.first));
	}
}

/* A flow to the trigger's ports would let the packet in for a while. */
static void
note_opening_trigger(
	struct answer *answer, const struct tuple *tuple, const struct port_trigger *trigger)
{
	const struct place at = { trigger->file, trigger->line };

	if (!trigger->enabled || trigger->open_proto != tuple->proto ||
		!in_range(&trigger->open, tuple->dst_port))
		return;
	note(answer, &at, "the port trigger %s would let it in for %u s after a flow to its peer",
		trigger->name, trigger->timeout);
}

static void
note_unsolicited(struct answer *answer, const struct answer_facts *facts)
{
	const struct connection *connection = facts->explanation->connection;
	const struct tuple *tuple = &facts->question->tuple;

	if (!question_has_ports(facts->question))
		return;
	for (unsigned i = 0; i < connection->mappings.n; i++)
		note_mapping(answer, tuple, &connection->mappings.list[i]);
	for (unsigned i = 0; i < connection->n_triggers; i++)
		note_opening_trigger(answer, tuple, &connection->triggers[i]);
}

/* What this flow opens. */
static void
note_pulled_triggers(struct answer *answer, const struct answer_facts *facts)
{
	const struct connection *connection = facts->explanation->connection;
	const struct tuple *tuple = &facts->question->tuple;

	for (unsigned i = 0; i < connection->n_triggers; i++) {
		const struct port_trigger *trigger = &connection->triggers[i];
		const struct place at = { trigger->file, trigger->line };
		char last[8] = "";

		if (!trigger_matches(trigger, tuple->proto, tuple->dst_port))
			continue;
		if (trigger->open.last > trigger->open.first)
			g_snprintf(last, sizeof(last), "-%u", trigger->open.last);
		note(answer, &at, "the port trigger %s opens %s port %u%s to its peer for %u s",
			trigger->name, proto_name(trigger->open_proto), trigger->open.first, last,
			trigger->timeout);
	}
}

/* An ICMP error is judged by the flow that it speaks of, which is not known here. */
static void
note_error(struct answer *answer, const struct answer_facts *facts)
{
	const struct explanation *ex = facts->explanation;
	struct judge_rule rule;
	enum reason reason = judge_error(ex->connection, facts->packet, ex->direction, &rule);
	const char *verdict = reason_verdict(reason) == VERDICT_ACCEPT ? "accept" : "drop";
	struct place at = answer_setting(facts, "Firewall", "Icmp");

	if (rule.has_icmp_option)
		note(answer, &at,
			"about a packet of a known flow it would be: %s, %s; the ICMP option %s is "
			"%s",
			verdict, reason_name(reason), icmp_option_name(rule.icmp_option),
			ex->connection->icmp >> rule.icmp_option & 1 ? "on" : "off");
	else
		note(answer, NULL, "about a packet of a known flow it would be: %s, %s", verdict,
			reason_name(reason));
}

static void
note_open_wall(struct answer *answer, const struct answer_facts *facts)
{
	const struct explanation *ex = facts->explanation;
	struct connection walled = *ex->connection;
	enum reason reason;

	walled.firewall = true;
	reason = judge_first(facts->policy, &walled, facts->packet, ex->direction, NULL);
	note(answer, NULL, "with a firewall it would be: %s, %s",
		reason_verdict(reason) == VERDICT_ACCEPT ? "accept" : "drop", reason_name(reason));
}

/* Is the helper for that port, as far as is known of it? */
static bool
is_for_port(const struct pn_helper *helper, const struct policy_helper *section, uint16_t port)
{
	const struct pn_bind *bind = helper->binds;

	if (section && section->ports_set) {
		for (unsigned i = 0; i < section->n_ports; i++) {
			if (in_range(&section->ports[i], port))
				return true;
		}
		return false;
	}
	for (; bind && bind->first; bind++) {
		if (port >= bind->first && port <= bind->last)
			return true;
	}
	return false;
}

/* A helper that would watch the flow, if it were let. */
static void
note_idle_helper(
	struct answer *answer, const struct answer_facts *facts, const struct pn_helper *helper)
{
	const struct policy_helper *section = policy_helper_find(facts->policy, helper->name);
	const struct connection *connection = facts->explanation->connection;
	bool is_on = section ? section->enabled : facts->policy->helpers_default;
	struct place at = answer_setting(facts, "Firewall", "Helpers");

	if (helper->transport != facts->question->tuple.proto ||
		!is_for_port(helper, section, facts->question->tuple.dst_port))
		return;
	if (!is_on)
		note(answer, NULL, "the helper %s is for this port, but is off", helper->name);
	else if (!connection_allows_helper(connection, helper->name))
		note(answer, &at, "the helper %s is for this port, but not for the connection %s",
			helper->name, connection->name);
}

static void
note_idle_helpers(struct answer *answer, const struct answer_facts *facts)
{
	const struct plugins *plugins = facts->plugins;

	for (unsigned i = 0; plugins && i < plugins->count; i++) {
		const struct pn_plugin *plugin = plugins->list[i]->desc;

		for (unsigned j = 0; plugin->helpers[j]; j++)
			note_idle_helper(answer, facts, plugin->helpers[j]);
	}
}

void
answer_add_notes(struct answer *answer, const struct answer_facts *facts)
{
	const struct explanation *ex = facts->explanation;

	if (facts->packet->flags & PACKET_ICMP_ERROR)
		note_error(answer, facts);
	if (ex->reason == REASON_NO_FIREWALL)
		note_open_wall(answer, facts);
	if (ex->reason == REASON_UNSOLICITED)
		note_unsolicited(answer, facts);
	if (reason_verdict(ex->reason) == VERDICT_DROP)
		return;
	if (ex->direction == DIRECTION_OUT)
		note_pulled_triggers(answer, facts);
	if (!ex->helper && question_has_ports(facts->question))
		note_idle_helpers(answer, facts);
}
