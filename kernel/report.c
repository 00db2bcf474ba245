// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Answers about a wall: its state, flows, doors and counters.
 *
 * The JSON of flows, doors and counters is made by the very recorder that makes events, into a file
 * in memory; so whoever reads events can read this.
 *
 * Life-cycle: nothing is kept between two questions.
 * Limits: REPORT_FLOWS_MAX flows in one answer; who wants more asks for events.
 */
#include "kernel/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "record/eve.h"

#define REPORT_FLOWS     1000 /* where no number is given */
#define REPORT_FLOWS_MAX 100000

/* One answer on its way. */
struct report {
	struct wall *wall;
	GString *text;
	struct eve *eve; /* NULL: for people */
	uint64_t left;   /* flows that may still be told */
	uint64_t now;
};

/* `port`: 0 stands for any. */
static void
append_end(GString *text, const struct pn_addr *addr, uint16_t port)
{
	char name[ADDR_TEXT_MAX];

	(void)addr_format(addr, name);
	g_string_append_printf(text, addr->family == PN_ADDR_IPV6 ? "[%s]:" : "%s:", name);
	if (port)
		g_string_append_printf(text, "%u", port);
	else
		g_string_append_c(text, '*');
}

/* One end of a flow. What stands for ports where there are none is nobody's concern. */
static void
append_flow_end(GString *text, uint8_t proto, const struct pn_addr *addr, uint16_t port)
{
	char name[ADDR_TEXT_MAX];

	if (proto == PROTO_TCP || proto == PROTO_UDP) {
		append_end(text, addr, port);
		return;
	}
	(void)addr_format(addr, name);
	g_string_append(text, name);
}

static void
tell_flow(struct report *r, const struct flow_event *event)
{
	const struct flow *flow = event->flow;
	const char *proto = proto_name(key_proto(&flow->key));
	struct tuple tuple;

	flow_tuple(flow, &tuple);
	g_string_append_printf(r->text, "%" PRIu64 " ", event->id);
	if (proto)
		g_string_append(r->text, proto);
	else
		g_string_append_printf(r->text, "%u", tuple.proto);
	g_string_append_c(r->text, ' ');
	append_flow_end(r->text, tuple.proto, &tuple.src, tuple.src_port);
	g_string_append(r->text, " > ");
	append_flow_end(r->text, tuple.proto, &tuple.dst, tuple.dst_port);
	g_string_append_printf(r->text, " %s %s packets %u/%u bytes %" PRIu64 "/%" PRIu64,
		flow_state_name((enum flow_state)flow->state),
		reason_name((enum reason)flow->reason), flow->pkts[0], flow->pkts[1],
		flow->bytes[0], flow->bytes[1]);
	if (flow->flags & FLOW_OFFLOADED)
		g_string_append(r->text, " offloaded");
	if (event->extra && event->extra->helper)
		g_string_append_printf(r->text, " helper %s", event->extra->helper);
	if (event->extra && event->extra->parent_id)
		g_string_append_printf(r->text, " parent %" PRIu64, event->extra->parent_id);
	g_string_append_c(r->text, '\n');
}

static void
visit_flow(void *context, const struct flow_event *event)
{
	struct report *r = context;

	if (!r->left)
		return;
	r->left--;
	if (r->eve)
		eve_ops()->flow_end(r->eve, event);
	else
		tell_flow(r, event);
}

static void
tell_door(struct report *r, const struct expectation *door)
{
	const char *proto = proto_name(door->proto);

	g_string_append_printf(
		r->text, "%" PRIu64 " %s %s: ", door->id, door->helper, proto ? proto : "other");
	if (door->mask & PN_EXPECT_SRC)
		append_end(
			r->text, &door->src, door->mask & PN_EXPECT_SRC_PORT ? door->src_port : 0);
	else
		g_string_append(r->text, "anybody");
	g_string_append(r->text, " > ");
	append_end(r->text, &door->dst, door->dst_port);
	if (door->dst_port_last > door->dst_port)
		g_string_append_printf(r->text, "-%u", door->dst_port_last);
	g_string_append_printf(r->text,
		" flows %u of %u, %" PRIu64 " s to go, opened by flow %" PRIu64 "\n", door->flows,
		door->max_flows,
		door->deadline > r->now ? (door->deadline - r->now) / UINT64_C(1000000000) : 0,
		door->parent_id);
}

static void
visit_door(void *context, const struct expectation *door)
{
	struct report *r = context;
	const struct expectation_event event = {
		.action = EXPECT_OPENED,
		.expectation = door,
		.time = r->now,
	};

	if (r->eve)
		eve_ops()->expectation(r->eve, &event);
	else
		tell_door(r, door);
}

/* A counter on a line of its own: "group.name number". */
static void
tell_counter(void *context, const char *group, const char *name, uint64_t number)
{
	GString *text = context;

	g_string_append_printf(
		text, "%s%s%s %" PRIu64 "\n", group ? group : "", group ? "." : "", name, number);
}

static void
tell_queue(const struct wall *wall, GString *text)
{
	struct queue_stats q;

	wall_get_queue_stats(wall, &q);
	tell_counter(text, "queue", "packets", q.packets);
	tell_counter(text, "queue", "receptions", q.receptions);
	tell_counter(text, "queue", "verdict_messages", q.messages);
	tell_counter(text, "queue", "overruns", q.overruns);
	tell_counter(text, "queue", "held", q.held);
	tell_counter(text, "queue", "depth", q.kernel_queued);
	tell_counter(text, "queue", "dropped_full", q.kernel_dropped);
	tell_counter(text, "queue", "dropped_socket", q.user_dropped);
}

static void
answer_stats(struct report *r)
{
	struct stats stats;

	engine_get_stats(wall_engine(r->wall), &stats);
	if (r->eve) {
		eve_stats(r->eve, &stats, r->now);
		return;
	}
	stats_each(&stats, tell_counter, r->text);
	tell_queue(r->wall, r->text);
}

static void
answer_status(struct report *r)
{
	struct queue_stats q;
	struct stats stats;

	engine_get_stats(wall_engine(r->wall), &stats);
	wall_get_queue_stats(r->wall, &q);
	g_string_append_printf(r->text,
		r->eve ? "{\"state\":\"running\",\"flows\":%u,\"doors\":%u,\"packets\":%" PRIu64
			 ",\"dropped\":%" PRIu64 ",\"queue_depth\":%" PRIu64
			 ",\"queue_lost\":%" PRIu64 "}\n"
		       : "running: %u flows, %u doors; %" PRIu64 " packets judged, %" PRIu64
			 " dropped; %" PRIu64 " in the queue, %" PRIu64 " lost by it\n",
		stats.table.flows, stats.expect.open, stats.packets,
		stats_verdicts(&stats, VERDICT_DROP), q.kernel_queued,
		q.kernel_dropped + q.user_dropped);
}

static void
answer_flows(struct report *r)
{
	engine_each_flow(wall_engine(r->wall), visit_flow, r);
}

static void
answer_doors(struct report *r)
{
	engine_each_door(wall_engine(r->wall), visit_door, r);
}

static const struct {
	const char *question;
	void (*answer)(struct report *r);
} answers[] = {
	{ "status", answer_status },
	{ "flows", answer_flows },
	{ "doors", answer_doors },
	{ "stats", answer_stats },
};

/* What was written to a file in memory. */
static void
append_file(GString *text, int fd)
{
	off_t len = lseek(fd, 0, SEEK_END);
	char *bytes = len > 0 ? mmap(NULL, (size_t)len, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (bytes == MAP_FAILED)
		return;
	g_string_append_len(text, bytes, len);
	munmap(bytes, (size_t)len);
}

/* Lets the recorder of events write the answer. */
static void
answer_json(struct report *r, void (*answer)(struct report *r))
{
	int fd = memfd_create("postern-report", MFD_CLOEXEC), copy = fd < 0 ? -1 : dup(fd);
	struct writer *writer;

	if (copy < 0 || writer_new(copy, false, &writer) < 0) {
		g_string_append(r->text, "{\"error\":\"out of memory\"}\n");
	} else {
		r->eve = eve_new(writer);
		answer(r);
		eve_free(r->eve);
		(void)writer_close(writer);
		append_file(r->text, fd);
	}
	if (fd >= 0)
		close(fd);
}

static uint64_t
flows_wanted(const char *argument)
{
	uint64_t n = argument ? strtoull(argument, NULL, 10) : REPORT_FLOWS;

	return MIN(n, REPORT_FLOWS_MAX);
}

bool
report_answer(struct wall *wall, const char *question, GString *text)
{
	g_auto(GStrv) words = g_strsplit(question, " ", 3);
	bool json = words[0] && !strcmp(words[0], "json");
	const char *asked = words[0] && json ? words[1] : words[0];
	struct stats stats;
	struct report r = { .wall = wall, .text = text };

	if (!asked)
		return false;
	engine_get_stats(wall_engine(wall), &stats);
	r.now = stats.last_time;
	r.left = flows_wanted(json ? words[1] ? words[2] : NULL : words[1]);
	for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
		if (strcmp(answers[i].question, asked) != 0)
			continue;
		if (json)
			answer_json(&r, answers[i].answer);
		else
			answers[i].answer(&r);
		return true;
	}
	return false;
}
