/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The helper room for its tests: a host with plugins that are part of the test program, a flow
 * table, doors, and packets that go straight to the sessions, without an engine.
 */
#ifndef TESTS_ROOM_H
#define TESTS_ROOM_H

#include <glib.h>
#include <string.h>

#include "flow/tcp.h"
#include "helper/host.h"
#include "helper/session.h"
#include "kit/kit.h"
#include "kit/packets.h"
#include "policy/config.h"

#define ROOM_SECOND UINT64_C(1000000000)
#define ROOM_EVENTS 128

struct room_door {
	enum expect_action action;
	struct expectation e;
	char refusal[32];
	char message[96]; /* "" if none was told */
};

struct room_log {
	char text[128];
	uint32_t level;
	char helper[16];
};

struct room {
	struct policy *policy;
	struct plugin plugin[4];
	struct plugin *list[4];
	struct plugins plugins;
	struct table *table;
	struct expects *expects;
	struct sides *sides;
	struct recorders recorders;
	struct host *host;
	GPtrArray *warnings;
	uint64_t now;
	unsigned n_doors;
	struct room_door doors[ROOM_EVENTS];
	unsigned n_logs;
	struct room_log logs[ROOM_EVENTS * 2];
	unsigned n_ended;
	uint32_t ended[ROOM_EVENTS];
	bool keep_ended; /* end_flow() does nothing */
	unsigned late;   /* flows that end_flow() was asked to end a second time */
};

static struct room room;

static inline void
room_expectation(void *context, const struct expectation_event *event)
{
	struct room_door *door = &room.doors[room.n_doors++];

	ck_assert_uint_le(room.n_doors, ROOM_EVENTS);
	*door = (struct room_door){ .action = event->action, .e = *event->expectation };
	ck_assert_int_eq(!event->refusal, event->action != EXPECT_REFUSED);
	if (event->refusal)
		g_strlcpy(door->refusal, event->refusal, sizeof(door->refusal));
	if (event->message)
		g_strlcpy(door->message, event->message, sizeof(door->message));
}

static inline void
room_door_ended(void *context, const struct expectation *e, enum expect_action action)
{
	struct expectation_event event = { .action = action, .expectation = e };

	room_expectation(context, &event);
}

static inline void
room_logged(void *context, const struct log_event *event)
{
	struct room_log *log = &room.logs[room.n_logs++];

	ck_assert_uint_le(room.n_logs, ROOM_EVENTS * 2);
	ck_assert(g_utf8_validate(event->text, -1, NULL));
	g_strlcpy(log->text, event->text, sizeof(log->text));
	g_strlcpy(log->helper, event->helper, sizeof(log->helper));
	log->level = event->level;
}

static inline void
room_end_flow(void *context, uint32_t index)
{
	ck_assert_uint_lt(room.n_ended, ROOM_EVENTS);
	for (unsigned i = 0; i < room.n_ended; i++)
		room.late += room.ended[i] == index;
	room.ended[room.n_ended++] = index;
	if (room.keep_ended)
		return;
	session_close(room.host, index);
	table_remove(room.table, index);
}

/* Makes all but the host. `config`: text of a configuration file, or NULL. */
static inline void
room_furnish(const char *config, const struct pn_plugin *const *descs)
{
	static const struct recorder_ops ops = { .expectation = room_expectation,
		.log = room_logged };
	struct expect_owner owner = { .ended = room_door_ended };
	const uint64_t seed[2] = { 1, 2 };
	struct prefix inside = { .bits = 16 };
	struct table_options table;
	GError *error = NULL;

	memset(&room, 0, sizeof(room));
	room.now = 1000 * ROOM_SECOND;
	config = config ? config : "[Helpers]\nDefault=true\n";
	room.policy = config_parse("test.conf", config, strlen(config), NULL, &error);
	ck_assert_msg(room.policy != NULL, "%s", error ? error->message : "");
	for (; *descs; descs++) {
		unsigned n = room.plugins.count++;

		room.plugin[n].desc = *descs;
		room.list[n] = &room.plugin[n];
	}
	room.plugins.list = room.list;
	inside.addr = addr_ipv4((const uint8_t[]){ 192, 168, 0, 0 });
	room.sides = sides_new(&inside, 1, seed);
	table = room.policy->table;
	table.max_flows = 4096;
	table.max_extras = 64;
	ck_assert_int_eq(table_new(&table, &room.table), 0);
	ck_assert_int_eq(expects_new(&room.policy->doors.limits, &owner, seed, &room.expects), 0);
	ck_assert_int_eq(recorders_add(&room.recorders, &ops, NULL), 0);
	room.warnings = g_ptr_array_new_with_free_func(g_free);
}

/* Makes the host. NULL, or why it cannot be made (g_free). */
static inline char *
room_try_open(void)
{
	struct host_options options = {
		.warnings = room.warnings,
		.policy = room.policy,
		.plugins = &room.plugins,
		.table = room.table,
		.expects = room.expects,
		.sides = room.sides,
		.recorders = &room.recorders,
		.end_flow = room_end_flow,
	};
	char *message = NULL;
	int r = host_new(&options, &room.host, &message);

	ck_assert_int_eq(r < 0, message != NULL);
	if (room.host)
		host_set_time(room.host, room.now);
	return message;
}

static inline void
room_open(const char *config, const struct pn_plugin *desc)
{
	const struct pn_plugin *descs[] = { desc, NULL };
	char *message;

	room_furnish(config, descs);
	message = room_try_open();
	ck_assert_msg(!message, "%s", message);
}

static inline void
room_visit_close(void *context, uint32_t index)
{
	session_close(room.host, index);
}

/* Ends everything; nothing that reassembly holds may be left. */
static inline void
room_close(void)
{
	struct stats stats = { 0 };

	if (room.host) {
		table_each(room.table, room_visit_close, NULL);
		host_get_stats(room.host, &stats);
		ck_assert_uint_eq(stats.helper.memory, 0);
	}
	host_free(room.host);
	table_free(room.table);
	expects_free(room.expects);
	sides_free(room.sides);
	policy_unref(room.policy);
	g_ptr_array_unref(room.warnings);
}

static inline struct stats
room_stats(void)
{
	struct stats stats = { 0 };

	host_get_stats(room.host, &stats);
	return stats;
}

static inline struct flow_extra *
room_extra(uint32_t index)
{
	return table_extra_get(room.table, table_flow(room.table, index));
}

/* The value of a note, or "". */
static inline const char *
room_note(uint32_t index, const char *key)
{
	const struct flow_extra *extra = room_extra(index);
	const struct flow_note *note = extra ? extra->notes : NULL;

	while (note && strcmp(note->key, key))
		note = note->next;
	return note ? note->value : "";
}

/* The flow of a packet, made if there is none: like an engine that accepts everything. */
static inline uint32_t
room_flow(struct packet *p, bool *ret_new)
{
	uint64_t hash = table_hash(room.table, &p->key);
	uint32_t index = table_find(room.table, &p->key, hash);
	enum direction direction;
	struct flow *flow;

	*ret_new = !index;
	if (index)
		return index;
	ck_assert_int_eq(table_add(room.table, &p->key, hash, room.now, &index), 0);
	flow = table_flow(room.table, index);
	direction = sides_direction(room.sides, &p->key, p->flags & PACKET_FROM_HI);
	flow->flags = (uint16_t)(direction << FLOW_DIRECTION_SHIFT);
	if (p->flags & PACKET_FROM_HI)
		flow->flags |= FLOW_FROM_HI;
	if (p->proto == PROTO_TCP)
		(void)tcp_begin(flow, p, !(p->tcp.flags & TCP_SYN));
	else
		flow->state = FLOW_UDP_NEW;
	timer_add(table_timer(room.table), table_slab(room.table), index);
	return index;
}

/* Sends a packet that has been decoded; *ret_index (may be NULL) is its flow. */
static inline enum reason
room_packet(struct packet *p, uint32_t *ret_index)
{
	const struct helper *helper;
	struct tuple tuple;
	struct flow *flow;
	uint32_t index;
	bool new;

	ck_assert_int_eq(p->error, REASON_NONE);
	index = room_flow(p, &new);
	flow = table_flow(room.table, index);
	key_spell(&p->key, p->flags & PACKET_FROM_HI, &tuple);
	helper = host_bound(room.host, 0, p->proto, tuple.dst_port);
	if (new &&helper && !(flow->flags & FLOW_MIDSTREAM))
		(void)session_open(room.host, index, helper);
	if (!new && p->proto == PROTO_TCP)
		(void)tcp_track(flow, p, flow_dir(flow, p));
	if (ret_index)
		*ret_index = index;
	return session_packet(room.host, index, p, flow_dir(flow, p));
}

static inline enum reason
room_send(const struct kit_packet *packet, uint32_t *ret_index)
{
	struct packet p;

	kit_packet(packet, room.now, NULL, &p);
	return room_packet(&p, ret_index);
}

/* A TCP connection. */
struct room_talk {
	const char *ends[2];
	uint32_t seq[2]; /* next number of each side */
	uint32_t index;
};

/* One segment, `offset` bytes beyond what comes next; nothing is remembered. */
static inline enum reason
room_segment(struct room_talk *talk, unsigned dir, uint8_t flags, int32_t offset, const void *bytes,
	size_t len)
{
	return room_send(
		&(struct kit_packet){
			.from = talk->ends[dir],
			.to = talk->ends[!dir],
			.flags = flags,
			.seq = talk->seq[dir] + (uint32_t)offset,
			.ack = flags & TCP_ACK ? talk->seq[!dir] : 0,
			.payload = bytes,
			.len = len,
		},
		&talk->index);
}

/* Says something; the other side has not acknowledged it. */
static inline enum reason
room_say(struct room_talk *talk, unsigned dir, const void *bytes, size_t len)
{
	enum reason reason = room_segment(talk, dir, TCP_ACK | TCP_PSH, 0, bytes, len);

	talk->seq[dir] += (uint32_t)len;
	return reason;
}

/* Acknowledges all that the other side has said. */
static inline enum reason
room_ack(struct room_talk *talk, unsigned dir)
{
	return room_segment(talk, dir, TCP_ACK, 0, NULL, 0);
}

static inline struct room_talk
room_connect(const char *client, const char *server, uint32_t client_seq, uint32_t server_seq)
{
	struct room_talk talk = {
		.ends = { client, server },
		.seq = { client_seq, server_seq },
	};

	ck_assert_int_eq(room_segment(&talk, 0, TCP_SYN, 0, NULL, 0), REASON_NONE);
	talk.seq[0]++;
	ck_assert_int_eq(room_segment(&talk, 1, TCP_SYN | TCP_ACK, 0, NULL, 0), REASON_NONE);
	talk.seq[1]++;
	ck_assert_int_eq(room_ack(&talk, 0), REASON_NONE);
	ck_assert(tcp_is_established(table_flow(room.table, talk.index)));
	return talk;
}

#endif
