// SPDX-License-Identifier: MIT
/*
 * An engine to talk through. Packets go in one by one; what the engine tells is remembered.
 */
#include "kit/talk.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <glib.h>

#include "policy/config.h"

#define MSEC UINT64_C(1000000)

static void
remember_flow(struct kit_flow_event *seen, const struct flow_event *event)
{
	const struct flow *flow = event->flow;

	*seen = (struct kit_flow_event){
		.id = event->id,
		.parent_id = event->extra ? event->extra->parent_id : 0,
		.direction = flow_direction(flow),
		.state = (enum flow_state)flow->state,
		.reason = (enum reason)flow->reason,
		.helper = event->extra ? event->extra->helper : NULL,
		.pkts = { flow->pkts[DIR_ORIGINAL], flow->pkts[DIR_REPLY] },
	};
	flow_tuple(flow, &seen->tuple);
}

static void
on_flow_begin(void *context, const struct flow_event *event)
{
	struct kit_rig *rig = context;

	rig->flows_begun++;
	remember_flow(&rig->begun_flow, event);
}

static void
on_flow_end(void *context, const struct flow_event *event)
{
	struct kit_rig *rig = context;

	rig->flows_ended++;
	rig->last_end = event->cause;
	rig->ended[event->cause]++;
	remember_flow(&rig->ended_flow, event);
}

static void
on_expectation(void *context, const struct expectation_event *event)
{
	struct kit_rig *rig = context;
	struct kit_door_event *seen;

	ck_assert_uint_lt(rig->n_doors, KIT_EVENTS_MAX);
	seen = &rig->doors[rig->n_doors++];
	seen->action = event->action;
	seen->door = *event->expectation;
	seen->child_flow_id = event->child_flow_id;
	if (event->refusal)
		g_strlcpy(seen->refusal, event->refusal, sizeof(seen->refusal));
}

static void
on_drop(void *context, const struct drop_event *event)
{
	struct kit_rig *rig = context;

	rig->drops++;
}

static void
on_late_verdict(void *context, const struct packet *p)
{
	struct kit_rig *rig = context;

	ck_assert_uint_lt(rig->n_late, KIT_EVENTS_MAX);
	rig->late[rig->n_late++] = (enum reason)p->reason;
}

static void
on_taken_back(void *context, const struct flow *flow)
{
	struct kit_rig *rig = context;

	rig->taken_back++;
	flow_tuple(flow, &rig->taken);
}

static const char *
interface_name(void *context, const struct packet *p)
{
	const struct kit_rig *rig = context;
	unsigned n = p->iface - rig->before_interfaces - 1u;

	return n < KIT_INTERFACES_MAX ? rig->interfaces[n] : NULL;
}

static const struct recorder_ops rig_ops = {
	.flow_begin = on_flow_begin,
	.flow_end = on_flow_end,
	.expectation = on_expectation,
	.drop = on_drop,
};

static struct plugins *
load_plugin(const char *name)
{
	const char *build = getenv("POSTERN_BUILD");
	g_autofree char *folder = NULL;
	g_autofree char *message = NULL;
	const char *folders[2] = { NULL };
	struct plugins *plugins = plugins_new();

	ck_assert_msg(build, "POSTERN_BUILD is not set");
	folders[0] = folder = g_build_filename(build, "plugins", NULL);
	ck_assert_msg(plugins_load_name(plugins, folders, name, &message) >= 0, "%s", message);
	return plugins;
}

/* A plugin that is part of the test program. */
static struct plugins *
wrap_plugin(const struct pn_plugin *desc)
{
	struct plugins *plugins = plugins_new();

	plugins->list = g_new0(struct plugin *, 1);
	plugins->list[0] = g_new0(struct plugin, 1);
	plugins->list[0]->desc = desc;
	plugins->list[0]->path = g_strdup(desc->name);
	plugins->count = 1;
	return plugins;
}

/* The rig takes over the policy and the plugins. */
static struct kit_rig *
rig_new(struct policy *policy, struct plugins *plugins, const char *inside, bool hooked)
{
	struct kit_rig *rig = g_new0(struct kit_rig, 1);
	g_autofree char *message = NULL;
	struct engine_options options = {
		.policy = policy,
		.plugins = plugins,
		.recorders = &rig->recorders,
		.seed = { 1, 2, 3, 4 },
		.interface_name = interface_name,
		.hooked = hooked,
		.late_verdict = on_late_verdict,
		.taken_back = on_taken_back,
		.context = rig,
	};

	rig->policy = policy;
	rig->plugins = plugins;
	if (inside)
		ck_assert_int_ge(config_parse_prefixes(inside, &rig->inside, &rig->n_inside), 0);
	options.inside = rig->inside;
	options.n_inside = rig->n_inside;
	recorders_add(&rig->recorders, &rig_ops, rig);
	rig->now = UINT64_C(1700000000000) * MSEC;
	ck_assert_msg(engine_new(&options, &rig->engine, &message) >= 0, "%s", message);
	return rig;
}

static struct policy *
parse(const char *config)
{
	g_autoptr(GPtrArray) warnings = NULL;
	g_autoptr(GError) error = NULL;
	struct policy *policy;

	config = config ? config : "";
	policy = config_parse("test", config, strlen(config), &warnings, &error);
	ck_assert_msg(policy, "%s", error ? error->message : "");
	policy->helpers_default = true;
	return policy;
}

struct kit_rig *
kit_rig_new(const char *config, const char *plugin, const char *inside)
{
	return kit_rig_policy(parse(config), plugin, inside);
}

struct kit_rig *
kit_rig_mock(const char *config, const struct pn_plugin *desc, const char *inside)
{
	return rig_new(parse(config), wrap_plugin(desc), inside, false);
}

struct kit_rig *
kit_rig_policy(struct policy *policy, const char *plugin, const char *inside)
{
	return rig_new(policy, plugin ? load_plugin(plugin) : NULL, inside, false);
}

struct kit_rig *
kit_rig_hooked(struct policy *policy, const struct pn_plugin *desc, const char *inside)
{
	return rig_new(policy, desc ? wrap_plugin(desc) : NULL, inside, true);
}

void
kit_reload(struct kit_rig *rig, struct policy *policy)
{
	engine_set_policy(rig->engine, policy);
	policy_unref(rig->policy);
	rig->policy = policy;
}

void
kit_rig_free(struct kit_rig *rig)
{
	engine_free(rig->engine);
	plugins_free(rig->plugins);
	policy_unref(rig->policy);
	g_free(rig->inside);
	g_free(rig);
}

/* The number of an interface, which gets one when it is first heard of. */
static uint16_t
interface_number(struct kit_rig *rig, const char *interface)
{
	for (uint16_t n = 0; n < KIT_INTERFACES_MAX; n++) {
		if (!rig->interfaces[n])
			rig->interfaces[n] = interface;
		if (!strcmp(rig->interfaces[n], interface))
			return (uint16_t)(rig->before_interfaces + 1 + n);
	}
	ck_abort_msg("too many interfaces");
	return 0;
}

static enum way
way_of(const struct kit_rig *rig, const struct kit_packet *packet)
{
	struct pn_addr addr;
	uint16_t port;

	ck_assert_uint_gt(rig->n_inside, 0);
	kit_endpoint(packet->from, &addr, &port);
	for (unsigned n = 0; n < rig->n_inside; n++) {
		if (addr_in_prefix(&addr, &rig->inside[n].addr, rig->inside[n].bits))
			return WAY_SENT;
	}
	return WAY_RECEIVED;
}

enum reason
kit_send(struct kit_rig *rig, const struct kit_packet *packet)
{
	enum way way = rig->interface ? way_of(rig, packet) : WAY_UNKNOWN;

	return kit_send_on(rig, rig->interface, way, packet);
}

enum reason
kit_send_on(
	struct kit_rig *rig, const char *interface, enum way way, const struct kit_packet *packet)
{
	struct batch *batch = g_new0(struct batch, 1);
	uint8_t *frame = g_malloc(KIT_FRAME_MAX);
	size_t len = kit_build(packet, frame);
	struct packet *p = &batch->packets[0];
	enum reason reason;

	rig->now += MSEC;
	kit_source_packet(
		p, frame, len, packet->raw ? LINK_RAW : LINK_ETHERNET, rig->now, ++rig->number);
	p->iface = interface ? interface_number(rig, interface) : 0;
	p->way = (uint8_t)way;
	batch->count = 1;
	engine_process(rig->engine, batch);
	reason = p->verdict == VERDICT_HELD ? REASON_NONE : (enum reason)p->reason;
	rig->last = *p;
	rig->last.data = NULL;
	g_free(frame);
	g_free(batch);
	return reason;
}

struct kit_packet
kit_icmp_error(const char *from, const char *to, uint8_t type, uint8_t code,
	const struct kit_packet *about, uint8_t quote[static KIT_QUOTE_MAX])
{
	struct kit_packet bare = *about;
	uint8_t *frame = g_malloc(KIT_FRAME_MAX);
	size_t len;
	bool is_ipv6;

	bare.raw = 1;
	bare.vlan = 0;
	len = kit_build(&bare, frame);
	is_ipv6 = frame[0] >> 4 == 6;
	len = MIN(len, (is_ipv6 ? 40u : 20u) + 20);
	memcpy(quote, frame, len);
	g_free(frame);
	return (struct kit_packet){
		.from = from,
		.to = to,
		.proto = is_ipv6 ? PROTO_ICMPV6 : PROTO_ICMP,
		.ttl = is_ipv6 && type >= 133 ? 255 : 0,
		.icmp_type = type,
		.icmp_code = code,
		.payload = quote,
		.len = len,
	};
}

unsigned
kit_doors(const struct kit_rig *rig, enum expect_action action)
{
	unsigned count = 0;

	for (unsigned n = 0; n < rig->n_doors; n++)
		count += rig->doors[n].action == action;
	return count;
}

const struct kit_door_event *
kit_door(const struct kit_rig *rig, enum expect_action action, unsigned n)
{
	for (unsigned k = 0; k < rig->n_doors; k++)
		if (rig->doors[k].action == action && !n--)
			return &rig->doors[k];
	ck_abort_msg("there is no such event");
	return NULL;
}

/* One packet of a connection, at its place in the sequence. */
static enum reason
send_tcp(struct kit_talk *talk, unsigned dir, uint8_t flags, int32_t offset, const void *bytes,
	size_t len)
{
	struct kit_packet packet = {
		.from = talk->ends[dir],
		.to = talk->ends[!dir],
		.flags = flags,
		.seq = talk->seq[dir] + (uint32_t)offset,
		.ack = flags & TCP_ACK ? talk->seq[!dir] : 0,
		.payload = bytes,
		.len = len,
	};

	return kit_send(talk->rig, &packet);
}

enum reason
kit_syn(struct kit_rig *rig, const char *client, const char *server)
{
	struct kit_talk talk = { .rig = rig, .ends = { client, server }, .seq = { 5000, 9000 } };

	return send_tcp(&talk, 0, TCP_SYN, 0, NULL, 0);
}

struct kit_talk
kit_connect(struct kit_rig *rig, const char *client, const char *server)
{
	struct kit_talk talk = {
		.rig = rig,
		.ends = { client, server },
		.seq = { 1000, 0xfffffff0 }, /* wraps soon */
	};
	enum reason reason;

	reason = send_tcp(&talk, 0, TCP_SYN, 0, NULL, 0);
	ck_assert_msg(reason_verdict(reason) == VERDICT_ACCEPT, "SYN: %s", reason_name(reason));
	talk.seq[0]++;
	reason = send_tcp(&talk, 1, TCP_SYN | TCP_ACK, 0, NULL, 0);
	ck_assert_msg(reason_verdict(reason) == VERDICT_ACCEPT, "SYN+ACK: %s", reason_name(reason));
	talk.seq[1]++;
	reason = send_tcp(&talk, 0, TCP_ACK, 0, NULL, 0);
	ck_assert_msg(reason_verdict(reason) == VERDICT_ACCEPT, "ACK: %s", reason_name(reason));
	return talk;
}

enum reason
kit_segment(struct kit_talk *talk, unsigned dir, int32_t offset, const void *bytes, size_t len)
{
	return send_tcp(talk, dir, TCP_ACK | TCP_PSH, offset, bytes, len);
}

enum reason
kit_say(struct kit_talk *talk, unsigned dir, const char *text)
{
	enum reason reason = kit_segment(talk, dir, 0, text, strlen(text));

	talk->seq[dir] += (uint32_t)strlen(text);
	send_tcp(talk, !dir, TCP_ACK, 0, NULL, 0);
	return reason;
}
