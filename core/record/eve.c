// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events as JSON lines: one function per type of event, one per object in it.
 *
 * A drop is put down as a record, of which the writer's thread makes the line: of struct eve, what
 * stands under "lines" is that thread's alone. All else is put together on the spot.
 *
 * The only things remembered between events are which doors the living child flows came through
 * (the record of a flow knows the number of its door, not who had asked for it), one small entry
 * per child flow, so the limit of the flow table is the limit here; and names of interfaces, which
 * a record points to, at most IFACES_MAX.
 *
 * docs/eve-schema.json is the contract; tests/system/check-events.py holds lines against it.
 */
#include "record/eve.h"

#include <string.h>

#include <glib.h>

#include "record/drop.h"
#include "record/line.h"

/* Beyond them interfaces are not named. */
#define IFACES_MAX 4096u
/* Bytes of a name that are shown. */
#define IFACE_MAX 255u
_Static_assert(JSON_MAX(IFACE_MAX) + 2 <= LINE_IFACE_MAX, "a name fits a line");

struct eve {
	struct line line;
	const char *(*interface_name)(void *context, const struct packet *p);
	void *interface_context;
	GHashTable *ifaces;   /* name → the same as JSON */
	const char *iface;    /* the key in `ifaces` that was used last, or NULL … */
	const char *json;     /* … and its value */
	GHashTable *children; /* uint64_t id of a flow → struct child */

	/* lines */
	struct text_day day;
};

/* A flow that came through a door. */
struct child {
	uint64_t id;
	const char *helper; /* that had asked for the door */
};

static char *format_drop(void *context, const struct writer_item *item, char *at);

static char *format_lost(void *context, uint64_t count, uint64_t time, char *at);

static uint64_t weigh(const char *line, size_t len, bool *ret_is_lost);

static const struct writer_ops lines = {
	.format = format_drop,
	.lost = format_lost,
	.weigh = weigh,
};

struct eve *
eve_new(struct writer *writer)
{
	struct eve *eve = g_new0(struct eve, 1);

	eve->line.writer = writer;
	eve->children = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
	eve->ifaces = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	writer_attach(writer, &lines, eve);
	return eve;
}

void
eve_free(struct eve *eve)
{
	if (!eve)
		return;
	writer_detach(eve->line.writer);
	g_hash_table_unref(eve->children);
	g_hash_table_unref(eve->ifaces);
	g_free(eve);
}

void
eve_set_interfaces(
	struct eve *eve, const char *(*name)(void *context, const struct packet *p), void *context)
{
	eve->interface_name = name;
	eve->interface_context = context;
}

static const char *
direction_name(enum direction direction)
{
	static const char *const names[] = {
		[DIRECTION_OUT] = "out",
		[DIRECTION_IN] = "in",
		[DIRECTION_INTERNAL] = "internal",
		[DIRECTION_TRANSIT] = "transit",
	};

	return names[direction];
}

/* The words that readers of EVE know for a state … */
static const char *
state_word(enum flow_state state)
{
	if (state < FLOW_TCP_ESTABLISHED)
		return "new";
	return state > FLOW_TCP_ESTABLISHED && state <= FLOW_TCP_CLOSED ? "closed" : "established";
}

/* … and for how a flow came to its end. */
static const char *
cause_word(enum flow_end cause)
{
	static const char *const words[] = {
		[FLOW_END_TIMEOUT] = "timeout",
		[FLOW_END_CLOSED] = "forced",
		[FLOW_END_EVICTED] = "forced",
		[FLOW_END_POLICY] = "forced",
		[FLOW_END_SHUTDOWN] = "shutdown",
	};

	return words[cause];
}

static char *
put_flow(struct eve *eve, char *at, const struct flow_event *event)
{
	const struct flow *flow = event->flow;

	at = TEXT(at, ",\"flow\":{\"pkts_toserver\":");
	at = text_uint(at, flow->pkts[DIR_ORIGINAL]);
	at = TEXT(at, ",\"pkts_toclient\":");
	at = text_uint(at, flow->pkts[DIR_REPLY]);
	at = TEXT(at, ",\"bytes_toserver\":");
	at = text_uint(at, flow->bytes[DIR_ORIGINAL]);
	at = TEXT(at, ",\"bytes_toclient\":");
	at = text_uint(at, flow->bytes[DIR_REPLY]);
	at = TEXT(at, ",\"start\":");
	at = line_time(at, &eve->line.day, flow->start);
	at = TEXT(at, ",\"end\":");
	at = line_time(at, &eve->line.day, flow->last);
	at = TEXT(at, ",\"state\":");
	at = line_word(at, state_word(flow->state));
	at = TEXT(at, ",\"reason\":");
	at = line_word(at, cause_word(event->cause));
	return TEXT(at, "}");
}

/* Call ids of a GRE flow, each as the receiver of a packet had chosen it. Without an alias only
 * that of the originator's packets is known; GRE v0 has none (tuple.h). */
static char *
put_call_ids(char *at, const struct tuple *tuple, const struct flow_extra *extra)
{
	at = TEXT(at, ",\"call_id\":[");
	at = line_optional(at, tuple->src_port == PORT_GRE_CALL, tuple->dst_port);
	at = TEXT(at, ",");
	at = line_optional(at, extra->alias, extra->reply_call_id);
	return TEXT(at, "]");
}

static char *
put_notes(struct eve *eve, char *at, const struct flow_note *notes)
{
	at = TEXT(at, ",\"notes\":{");
	for (const struct flow_note *note = notes; note; note = note->next) {
		if (note != notes)
			at = TEXT(at, ",");
		at = line_string(&eve->line, at, note->key);
		at = TEXT(at, ":");
		at = line_string(&eve->line, at, note->value);
	}
	return TEXT(at, "}");
}

/* The object `postern` of a flow. */
static char *
put_admission(struct eve *eve, char *at, const struct flow_event *event, const struct tuple *tuple)
{
	static const struct flow_extra none;
	const struct flow_extra *extra = event->extra ? event->extra : &none;
	bool is_reset = event->flow->flags & FLOW_RESET;
	enum reason reason = is_reset ? REASON_HELPER : event->flow->reason;

	at = TEXT(at, ",\"postern\":{\"direction\":");
	at = line_word(at, direction_name(flow_direction(event->flow)));
	at = TEXT(at, ",\"verdict\":");
	at = line_word(at, is_reset ? "drop" : "accept");
	at = TEXT(at, ",\"reason\":");
	at = line_word(at, reason_name(reason));
	at = TEXT(at, ",\"helper\":");
	at = line_string(&eve->line, at, extra->helper);
	at = TEXT(at, ",\"parent_flow_id\":");
	at = line_id(at, extra->parent_id);
	at = TEXT(at, ",\"expectation_id\":");
	at = line_id(at, extra->expectation_id);
	if (tuple->proto == PROTO_GRE)
		at = put_call_ids(at, tuple, extra);
	at = put_notes(eve, at, extra->notes);
	return TEXT(at, "}");
}

static void
eve_flow_end(void *context, const struct flow_event *event)
{
	struct eve *eve = context;
	const struct flow_extra *extra = event->extra;
	const struct child *child = NULL;
	struct tuple tuple;
	struct line_subject subject = {
		.type = "flow",
		.time = event->time,
		.flow_id = event->id,
		.tuple = &tuple,
		.has_transport = true,
		.app_proto = extra ? extra->helper : NULL,
	};
	char *at;

	flow_tuple(event->flow, &tuple);
	if (proto_is_icmp(tuple.proto))
		record_icmp(&tuple, &subject.icmp_type, &subject.icmp_code);
	if (extra && extra->expectation_id)
		child = g_hash_table_lookup(eve->children, &event->id);
	if (child && !subject.app_proto) {
		subject.app_proto = child->helper;
		subject.is_data = true;
	}
	at = line_begin(&eve->line, &subject);
	at = put_flow(eve, at, event);
	at = put_admission(eve, at, event, &tuple);
	line_end(&eve->line, at);
	if (child)
		g_hash_table_remove(eve->children, &event->id);
}

static void
remember_child(struct eve *eve, uint64_t id, const char *helper)
{
	struct child *child = g_new(struct child, 1);

	*child = (struct child){ .id = id, .helper = helper };
	g_hash_table_replace(eve->children, &child->id, child);
}

/* An address that may be a prefix, or null where anyone will do or none could be made out. */
static char *
put_peer(char *at, const struct pn_addr *addr, unsigned bits)
{
	bool is_v4 = addr->family == PN_ADDR_IPV4;

	if (!is_v4 && addr->family != PN_ADDR_IPV6)
		return TEXT(at, "null");
	*at++ = '"';
	at = text_addr(at, addr);
	if (bits < (is_v4 ? 32 : 128)) {
		*at++ = '/';
		at = text_uint(at, bits);
	}
	*at++ = '"';
	return at;
}

static char *
put_door_ends(char *at, const struct expectation *e)
{
	static const struct pn_addr any;
	bool has_port = e->mask & PN_EXPECT_DST_PORT;

	at = TEXT(at, ",\"src_ip\":");
	at = put_peer(at, e->mask & PN_EXPECT_SRC ? &e->src : &any, e->src_bits);
	at = TEXT(at, ",\"src_port\":");
	at = line_optional(at, e->mask & PN_EXPECT_SRC_PORT, e->src_port);
	at = TEXT(at, ",\"dest_ip\":");
	at = put_peer(at, &e->dst, UINT8_MAX);
	at = TEXT(at, ",\"dest_port\":");
	at = line_optional(at, has_port, e->dst_port);
	at = TEXT(at, ",\"dest_port_last\":");
	return line_optional(at, has_port, e->dst_port_last ? e->dst_port_last : e->dst_port);
}

/* The object `expectation`: who may send to where. */
static char *
put_door(struct eve *eve, char *at, const struct expectation *e)
{
	bool has_call_id = e->mask & PN_EXPECT_CALL_ID;

	at = TEXT(at, ",\"expectation\":{\"proto\":");
	at = line_proto(at, e->proto);
	at = put_door_ends(at, e);
	at = TEXT(at, ",\"call_id\":");
	at = line_optional(at, has_call_id, e->call_id);
	at = TEXT(at, ",\"call_id_reply\":");
	at = line_optional(at, has_call_id, e->call_id_reply);
	at = TEXT(at, ",\"timeout\":");
	at = text_uint(at, e->timeout);
	at = TEXT(at, ",\"max_flows\":");
	at = text_uint(at, e->max_flows);
	at = TEXT(at, ",\"group\":");
	at = line_optional(at, e->mask & PN_EXPECT_GROUP, e->group);
	at = TEXT(at, ",\"child_helper\":");
	at = line_string(&eve->line, at, e->child);
	return TEXT(at, "}");
}

static void
eve_expectation(void *context, const struct expectation_event *event)
{
	struct eve *eve = context;
	const struct expectation *e = event->expectation;
	struct line_subject subject = {
		.type = "expectation",
		.time = event->time,
		.flow_id = e->parent_id,
		.tuple = &e->control,
		.has_transport = true,
		.app_proto = e->helper,
	};
	char *at = line_begin(&eve->line, &subject);

	if (event->child_flow_id)
		remember_child(eve, event->child_flow_id, e->helper);
	at = TEXT(at, ",\"postern\":{\"action\":");
	at = line_word(at, expect_action_name(event->action));
	at = TEXT(at, ",\"helper\":");
	at = line_string(&eve->line, at, e->helper);
	at = TEXT(at, ",\"message\":");
	at = line_string(&eve->line, at, event->message);
	at = TEXT(at, ",\"expectation_id\":");
	at = line_id(at, e->id);
	at = TEXT(at, ",\"child_flow_id\":");
	at = line_id(at, event->child_flow_id);
	at = TEXT(at, ",\"reason\":");
	at = line_string(&eve->line, at, event->refusal);
	at = TEXT(at, "}");
	at = put_door(eve, at, e);
	line_end(&eve->line, at);
}

static char *
put_tcp(char *at, const struct drop *drop)
{
	char flags[TCP_FLAGS_TEXT_MAX];

	at = TEXT(at, ",\"tcpflags\":\"");
	at = text_bytes(at, flags, record_tcp_flags(drop->tcp_flags, flags));
	at = TEXT(at, "\",\"tcpseq\":");
	at = text_uint(at, drop->seq);
	at = TEXT(at, ",\"tcpack\":");
	at = text_uint(at, drop->ack);
	at = TEXT(at, ",\"tcpwin\":");
	return text_uint(at, drop->window);
}

static char *
put_icmp(char *at, const struct drop *drop)
{
	at = TEXT(at, ",\"icmp_type\":");
	at = text_uint(at, drop->icmp_type);
	at = TEXT(at, ",\"icmp_code\":");
	return text_uint(at, drop->icmp_code);
}

static char *
format_drop(void *context, const struct writer_item *item, char *at)
{
	struct eve *eve = context;
	struct drop drop;
	struct line_subject subject = { .type = "drop" };

	drop_get(item, &drop);
	subject.time = drop.time;
	subject.flow_id = drop.flow_id;
	subject.tuple = drop.who;
	subject.has_transport = drop.has_transport;
	subject.icmp_type = drop.icmp_type;
	subject.icmp_code = drop.icmp_code;
	subject.iface = drop.iface;
	at = line_put(at, &eve->day, &subject);
	at = TEXT(at, ",\"drop\":{\"reason\":");
	at = line_word(at, reason_name(drop.reason));
	at = TEXT(at, ",\"len\":");
	at = text_uint(at, drop.length);
	if (drop.has_transport && drop.tuple.proto == PROTO_TCP)
		at = put_tcp(at, &drop);
	if (drop.has_transport && proto_is_icmp(drop.tuple.proto))
		at = put_icmp(at, &drop);
	return TEXT(at, "}}\n");
}

/* The name of an interface as JSON, kept. */
static const char *
keep_iface(struct eve *eve, const char *name)
{
	char *key, *json, *at;

	if (eve->iface && !strcmp(eve->iface, name))
		return eve->json;
	if (!g_hash_table_lookup_extended(
		    eve->ifaces, name, (void **)&eve->iface, (void **)&eve->json)) {
		if (g_hash_table_size(eve->ifaces) == IFACES_MAX)
			return NULL;
		key = g_strdup(name);
		at = json = g_malloc(LINE_IFACE_MAX);
		*at++ = '"';
		at = json_put(at, name, strnlen(name, IFACE_MAX));
		*at++ = '"';
		*at = '\0';
		g_hash_table_insert(eve->ifaces, key, json);
		eve->iface = key;
		eve->json = json;
	}
	return eve->json;
}

static void
eve_drop(void *context, const struct drop_event *event)
{
	struct eve *eve = context;
	const char *iface = NULL;

	if (eve->interface_name)
		iface = eve->interface_name(eve->interface_context, event->packet);
	if (iface)
		iface = keep_iface(eve, iface);
	drop_put(eve->line.writer, 0, event, iface);
}

/* The line that says that lines are missing. */
#define LOST_HEAD "{\"timestamp\":\""
#define LOST_TYPE "\",\"event_type\":\"lost\",\"postern\":{\"events_lost\":"

static char *
format_lost(void *context, uint64_t count, uint64_t time, char *at)
{
	struct eve *eve = context;

	at = TEXT(at, LOST_HEAD);
	at = text_time(at, &eve->day, time);
	at = TEXT(at, LOST_TYPE);
	at = text_uint(at, count);
	return TEXT(at, "}}\n");
}

static uint64_t
weigh(const char *line, size_t len, bool *ret_is_lost)
{
	const size_t before = sizeof(LOST_HEAD) - 1 + TEXT_TIME_MAX;
	const size_t start = before + sizeof(LOST_TYPE) - 1;
	uint64_t count = 0;

	*ret_is_lost = len > start && !memcmp(line + before, LOST_TYPE, sizeof(LOST_TYPE) - 1);
	if (!*ret_is_lost)
		return 1;
	for (size_t n = start; n < len && line[n] >= '0' && line[n] <= '9'; n++)
		count = count * 10 + (uint64_t)(line[n] - '0');
	return count;
}

static void
eve_log(void *context, const struct log_event *event)
{
	static const char *const levels[] = {
		[PN_LOG_DEBUG] = "debug",
		[PN_LOG_INFO] = "info",
		[PN_LOG_WARNING] = "warning",
	};
	struct eve *eve = context;
	struct line_subject subject = { .type = "log", .time = event->time };
	unsigned level = event->level < G_N_ELEMENTS(levels) ? event->level : PN_LOG_WARNING;
	char *at = line_begin(&eve->line, &subject);

	at = TEXT(at, ",\"postern\":{\"helper\":");
	at = line_string(&eve->line, at, event->helper);
	at = TEXT(at, ",\"level\":");
	at = line_word(at, levels[level]);
	at = TEXT(at, ",\"message\":");
	at = line_string(&eve->line, at, event->text);
	at = TEXT(at, "}");
	line_end(&eve->line, at);
}

const struct recorder_ops *
eve_ops(void)
{
	static const struct recorder_ops ops = {
		.flow_end = eve_flow_end,
		.expectation = eve_expectation,
		.drop = eve_drop,
		.log = eve_log,
	};

	return &ops;
}

struct stats_line {
	struct writer *writer;
	const char *group; /* that is open */
	bool begun;
};

static void
put_counter(void *context, const char *group, const char *name, uint64_t number)
{
	struct stats_line *line = context;

	if (group != line->group && line->group)
		write_char(line->writer, '}');
	if (line->begun)
		write_char(line->writer, ',');
	if (group != line->group) {
		write_json(line->writer, group);
		write_text(line->writer, ":{");
	}
	line->group = group;
	line->begun = true;
	write_json(line->writer, name);
	write_char(line->writer, ':');
	write_uint(line->writer, number);
}

void
eve_stats(struct eve *eve, const struct stats *stats, uint64_t time)
{
	struct writer *writer = eve->line.writer;
	struct line_subject subject = { .type = "stats", .time = time };
	struct stats_line line = { .writer = writer };
	char *at = line_begin(&eve->line, &subject);

	at = TEXT(at, ",\"stats\":{");
	writer_fill(writer, at);
	stats_each(stats, put_counter, &line);
	at = TEXT(writer_room(writer, LINE_ROOM), "},\"events_lost\":"); /* behind the last group */
	at = text_uint(at, writer_lost(writer));
	at = TEXT(at, "}");
	line_end(&eve->line, at);
}
