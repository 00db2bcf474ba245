// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Collecting and printing the summary of a replay: what was played, the verdicts, the control flows
 * with their doors (tree.c), what would be different without helpers, and what deserves a look.
 *
 * What is collected is bounded (controls.h), so that a summary can be read, and costs next to
 * nothing for a flow that has no helper.
 */
#include "summary.h"

#include <inttypes.h>
#include <time.h>

#include <glib.h>

#include "controls.h"
#include "page.h"
#include "tree.h"

/* Hosts or prefixes that are named as the protected side. */
#define HOSTS_SHOWN 4

struct summary {
	struct controls *controls;
	struct pn_addr inside[HOSTS_SHOWN]; /* that were found out to be inside */
	unsigned n_inside;
	bool more_inside;
};

struct summary *
summary_new(void)
{
	struct summary *summary = g_new0(struct summary, 1);

	summary->controls = controls_new();
	return summary;
}

void
summary_free(struct summary *summary)
{
	if (!summary)
		return;
	controls_free(summary->controls);
	g_free(summary);
}

static void
add_inside(struct summary *summary, const struct pn_addr *host)
{
	for (unsigned i = 0; i < summary->n_inside; i++) {
		if (addr_equal(&summary->inside[i], host))
			return;
	}
	if (summary->n_inside == HOSTS_SHOWN)
		summary->more_inside = true;
	else
		summary->inside[summary->n_inside++] = *host;
}

/* Which host of a flow is on the protected side shows in its direction. */
static void
note_sides(struct summary *summary, const struct flow *flow)
{
	enum direction direction = flow_direction(flow);
	struct tuple tuple;

	flow_tuple(flow, &tuple);
	if (direction == DIRECTION_OUT || direction == DIRECTION_INTERNAL)
		add_inside(summary, &tuple.src);
	if (direction == DIRECTION_IN || direction == DIRECTION_INTERNAL)
		add_inside(summary, &tuple.dst);
}

static void
summary_flow_begin(void *context, const struct flow_event *event)
{
	struct summary *summary = context;

	if (!summary->more_inside)
		note_sides(summary, event->flow);
	controls_flow_begin(summary->controls, event);
}

static void
summary_flow_end(void *context, const struct flow_event *event)
{
	struct summary *summary = context;

	controls_flow_end(summary->controls, event);
}

static void
summary_expectation(void *context, const struct expectation_event *event)
{
	struct summary *summary = context;

	controls_expectation(summary->controls, event);
}

const struct recorder_ops *
summary_ops(void)
{
	static const struct recorder_ops ops = {
		.flow_begin = summary_flow_begin,
		.flow_end = summary_flow_end,
		.expectation = summary_expectation,
	};

	return &ops;
}

static void
add_head(struct page *page, const char *head)
{
	page_add(page, "\n");
	page_style(page, STYLE_HEAD);
	page_add(page, "%s", head);
	page_style(page, STYLE_PLAIN);
	page_add(page, "\n");
}

/* "3 packets" */
static void
add_number(struct page *page, uint64_t number, const char *what)
{
	char text[FIGURE_MAX];

	page_add(page, "%s %s%s", figure_count(number, text), what, number == 1 ? "" : "s");
}

static void
add_inputs(struct page *page, const struct summary_facts *facts)
{
	unsigned n = g_strv_length((char **)facts->inputs);
	const unsigned shown = 5;

	page_style(page, STYLE_HEAD);
	page_add(page, facts->live ? "Watched " : "Replayed ");
	for (unsigned i = 0; i < n && i < shown; i++) {
		page_add(page, i ? ", " : "");
		page_foreign(page, facts->inputs[i], 200);
	}
	if (n > shown)
		page_add(page, " and %u more captures", n - shown);
	page_style(page, STYLE_PLAIN);
	page_add(page, "\n");
}

static void
add_broken(struct page *page, unsigned n_broken)
{
	if (!n_broken)
		return;
	page_style(page, STYLE_BAD);
	page_add(page, "  incomplete %u capture%s could not be read to the end", n_broken,
		n_broken == 1 ? "" : "s");
	page_style(page, STYLE_PLAIN);
	page_add(page, "\n");
}

static void
add_packets(struct page *page, const struct stats *stats)
{
	time_t first = (time_t)(stats->first_time / UINT64_C(1000000000));
	char text[FIGURE_MAX], when[32];
	struct tm tm;

	page_add(page, "  packets    %s", figure_count(stats->packets, text));
	page_add(page, ", %s", figure_bytes(stats->bytes, text));
	if (stats->packets) {
		gmtime_r(&first, &tm);
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
		page_add(page, ", within %s from %s UTC on",
			figure_time(stats->last_time - stats->first_time, text), when);
	}
	page_add(page, "\n");
}

static void
add_sides(struct page *page, const struct summary *summary, const struct summary_facts *facts)
{
	unsigned n = facts->n_inside ? facts->n_inside : summary->n_inside;
	bool more = facts->n_inside ? n > HOSTS_SHOWN : summary->more_inside;

	page_add(page, "  inside     ");
	for (unsigned i = 0; i < n && i < HOSTS_SHOWN; i++) {
		bool given = facts->n_inside > 0;
		const struct pn_addr *addr = given ? &facts->inside[i].addr : &summary->inside[i];
		unsigned whole = addr->family == PN_ADDR_IPV4 ? 32 : 128;
		char text[ADDR_TEXT_MAX];

		addr_format(addr, text);
		page_add(page, "%s%s", i ? ", " : "", text);
		if (given && facts->inside[i].bits != whole)
			page_add(page, "/%u", facts->inside[i].bits);
	}
	page_add(page, "%s%s%s\n", n ? "" : "nobody", more ? " and others" : "",
		facts->n_inside ? "" : " (found out; --inside would say it)");
}

/* A policy of connections was given, and what tells them apart is not in the packets. */
static void
add_connections(struct page *page, const struct summary_facts *facts)
{
	if (!facts->unmatched || !facts->stats->packets)
		return;
	page_add(page, "  connections  default%s (no packet %s; --connection=NAME says which)\n",
		facts->has_networks ? ", or by the networks of peers" : "",
		facts->has_names ? "is on an interface of another" : "names an interface");
}

static void
add_flows(struct page *page, const struct stats *stats)
{
	char text[FIGURE_MAX];
	uint64_t flows = 0;

	for (unsigned reason = 0; reason < REASON_COUNT; reason++)
		flows += stats->flows[reason];
	page_add(page, "  flows      %s", figure_count(flows, text));
	if (flows)
		page_add(page, ", at most %s at once", figure_count(stats->table.peak, text));
	page_add(page, "\n");
}

static void
add_speed(struct page *page, const struct summary_facts *facts)
{
	char text[FIGURE_MAX];
	double seconds = (double)facts->duration / 1e9;

	if (facts->live)
		return;
	if (seconds < 1)
		page_add(page, "  speed      played in %.1f ms", seconds * 1000);
	else
		page_add(page, "  speed      played in %s", figure_time(facts->duration, text));
	if (facts->duration)
		page_add(page, ", %s packets/s",
			figure_count((uint64_t)((double)facts->stats->packets / seconds), text));
	page_add(page, "\n");
}

/* The reason with the most packets among those of this verdict that have fewer than `below`, or as
 * many and come later in the list than `behind`. REASON_COUNT: none is left. */
static unsigned
next_reason(const struct stats *stats, enum verdict verdict, uint64_t below, unsigned behind)
{
	unsigned best = REASON_COUNT;

	for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
		uint64_t n = stats->verdicts[reason];

		if (!n || reason_verdict(reason) != verdict || n > below ||
			(n == below && reason <= behind))
			continue;
		if (best == REASON_COUNT || n > stats->verdicts[best])
			best = reason;
	}
	return best;
}

/* Tenths of a per cent, rounded; but some are never none, and not all never all. */
static unsigned
share(uint64_t part, uint64_t whole)
{
	unsigned tenths = whole ? (unsigned)((double)part * 1000 / (double)whole + 0.5) : 0;

	if (part && !tenths)
		return 1;
	return part < whole && tenths == 1000 ? 999 : tenths;
}

static void
add_verdict(struct page *page, const struct stats *stats, enum verdict verdict, const char *name)
{
	uint64_t sum = stats_verdicts(stats, verdict), below = UINT64_MAX;
	unsigned tenths = share(sum, stats->packets);
	char text[FIGURE_MAX];
	unsigned reason = 0;

	page_style(page, !sum ? STYLE_PLAIN : verdict == VERDICT_DROP ? STYLE_BAD : STYLE_GOOD);
	page_add(page, "  %-20s %15s", name, figure_count(sum, text));
	page_style(page, STYLE_PLAIN);
	page_add(page, "  %3u.%u %%\n", tenths / 10, tenths % 10);
	while ((reason = next_reason(stats, verdict, below, reason)) != REASON_COUNT) {
		below = stats->verdicts[reason];
		page_add(page, "    %-18s %15s\n", reason_name(reason), figure_count(below, text));
	}
}

static void
add_verdicts(struct page *page, const struct stats *stats)
{
	add_head(page, "Verdicts, by packets");
	add_verdict(page, stats, VERDICT_ACCEPT, "accepted");
	add_verdict(page, stats, VERDICT_DROP, "dropped");
}

static void
add_controls(struct page *page, const struct controls *controls, uint64_t start)
{
	char text[FIGURE_MAX];

	if (!controls->count)
		return;
	add_head(page, "Control connections and their doors");
	tree_add(page, controls, start);
	if (controls->count > controls->list->len) {
		page_style(page, STYLE_DIM);
		page_add(page, "  and %s more; --events tells of all\n",
			figure_count(controls->count - controls->list->len, text));
		page_style(page, STYLE_PLAIN);
	}
}

static void
add_outcome(struct page *page, const struct controls *c)
{
	uint64_t flows = c->flows[VERDICT_ACCEPT] + c->flows[VERDICT_DROP];

	add_head(page, "Without helpers");
	page_add(page, "  ");
	if (!flows) {
		page_add(page, "the same: no flow came through a door\n");
		return;
	}
	add_number(page, flows, "flow");
	page_add(page, " came through doors; policy alone would have dropped ");
	page_style(page, c->flows[VERDICT_DROP] ? STYLE_BAD : STYLE_PLAIN);
	page_add(page, "%" PRIu64, c->flows[VERDICT_DROP]);
	page_style(page, STYLE_PLAIN);
	page_add(page, " of them (");
	add_number(page, c->packets[VERDICT_DROP], "packet");
	page_add(page, ")\n  and let in %" PRIu64 " all the same (", c->flows[VERDICT_ACCEPT]);
	add_number(page, c->packets[VERDICT_ACCEPT], "packet");
	page_add(page, ")\n");
}

/* What hardly ever happens, and is worth knowing when it does. */
static void
add_oddities(struct page *page, const struct summary_facts *facts)
{
	const struct stats *stats = facts->stats;
	const struct {
		uint64_t number;
		const char *text;
	} rows[] = {
		{ facts->lost, "packets came too fast to be seen" },
		{ stats->time_backwards, "packets are older than one before them" },
		{ stats->refused_flows, "times the flow table had no room" },
		{ stats->evicted, "unanswered flows made room in a full table" },
		{ stats->refused_doors, "requests for doors were refused" },
		{ stats->helper.failed, "times a helper failed and left its flow" },
		{ stats->helper.conflicts, "streams had overlaps that contradict each other" },
		{ stats->helper.gaps, "streams lost bytes for good" },
		{ stats->helper.out_of_memory, "streams went beyond the memory for them" },
		{ stats->defrag.overlaps, "datagrams had fragments that overlap" },
		{ stats->defrag.timeouts, "datagrams were never whole" },
		{ stats->defrag.evicted, "datagrams made room for others before they were whole" },
	};
	bool any = false;
	char text[FIGURE_MAX];

	for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (!rows[i].number)
			continue;
		if (!any)
			add_head(page, "Worth a look");
		any = true;
		page_add(page, "  %15s  %s\n", figure_count(rows[i].number, text), rows[i].text);
	}
}

int
summary_print(const struct summary *summary, const struct summary_facts *facts, FILE *out)
{
	struct page page;

	page_init(&page, out);
	add_inputs(&page, facts);
	add_broken(&page, facts->n_broken);
	add_packets(&page, facts->stats);
	add_sides(&page, summary, facts);
	add_connections(&page, facts);
	add_flows(&page, facts->stats);
	add_speed(&page, facts);
	add_verdicts(&page, facts->stats);
	add_controls(&page, summary->controls, facts->stats->first_time);
	add_outcome(&page, summary->controls);
	add_oddities(&page, facts);
	return page_print(&page);
}
