// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The log of the Internet Connection Firewall: a line per dropped packet and per connection.
 *
 * The engine's thread puts down what a line tells, and the writer's thread makes the line: of
 * struct w3c, what stands under "lines" is that thread's alone. What a new policy changes there
 * goes through the writer's queue, so it comes between two lines.
 *
 * Fields are separated by one space, and one that has no value is "-". The order of fields is the
 * same in all dialects; later ones only have more of them behind. Times are those of the packets,
 * on the local clock (TZ) unless the policy asks for UTC; then, as W3C wants it, a #Date directive
 * stands before the first entry instead of the old log's own #Time Format. In a log that knows only
 * TCP, UDP and ICMP, other protocols have drops but no connections.
 */
#include "record/w3c.h"

#include <time.h>

#include <glib.h>

#include "record/drop.h"
#include "record/text.h"

#define NS UINT64_C(1000000000)

#define FIELDS                                                                                     \
	"#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn " \
	"tcpack tcpwin icmptype icmpcode info"

/* A second, spelled out. */
#define STAMP_LEN (sizeof("2001-07-11 19:31:05") - 1)

#define ACTION_LOST "INFO-EVENTS-LOST"

/* Records of this log. */
enum kind {
	KIND_DROP,
	KIND_OPEN,
	KIND_OPEN_INBOUND,
	KIND_CLOSE,
};

/* A connection, put down. */
struct connection_record {
	struct writer_item item; /* tag: kind, reason */
	struct tuple tuple;
	uint64_t packets; /* of both directions; at its end only */
	uint64_t bytes;
	uint64_t duration; /* ns */
};

_Static_assert(sizeof(struct connection_record) % 8 == 0, "as writer_record() wants it");

/* How lines look. */
struct style {
	bool utc;
	bool has_path;
	bool is_extended;
};

struct w3c {
	struct writer *writer;
	bool dropped;
	bool connections;

	/* lines */
	struct style style;
	uint64_t second; /* that `stamp` tells, + 1; 0: none yet */
	char stamp[STAMP_LEN];
};

/* What makes up an entry; what is NULL or not `has_…` is "-". */
struct entry {
	const char *action;
	uint64_t time;
	const struct tuple *tuple;
	bool has_transport;
	const struct drop *drop;
	const struct connection_record *connection; /* that is over */
	uint64_t lost;                              /* or 0 */
	const char *path;
	const char *reason;
};

static struct style
style_of(const struct policy_log *log)
{
	return (struct style){
		.utc = log->utc,
		.has_path = log->dialect != W3C_ICF_1_0,
		.is_extended = log->dialect == W3C_EXTENDED,
	};
}

/* Spells a second out on the clock of the log, and keeps it: many lines share theirs. */
static void
set_stamp(struct w3c *w3c, uint64_t second)
{
	time_t seconds = (time_t)second;
	char *at = w3c->stamp;
	struct tm tm;

	if (w3c->style.utc)
		gmtime_r(&seconds, &tm);
	else
		localtime_r(&seconds, &tm);
	at = text_padded(at, (uint64_t)tm.tm_year + 1900, 4);
	*at++ = '-';
	at = text_padded(at, (uint64_t)tm.tm_mon + 1, 2);
	*at++ = '-';
	at = text_padded(at, (uint64_t)tm.tm_mday, 2);
	*at++ = ' ';
	at = text_padded(at, (uint64_t)tm.tm_hour, 2);
	*at++ = ':';
	at = text_padded(at, (uint64_t)tm.tm_min, 2);
	*at++ = ':';
	text_padded(at, (uint64_t)tm.tm_sec, 2);
	w3c->second = second + 1;
}

static char *
put_stamp(struct w3c *w3c, char *at, uint64_t time)
{
	uint64_t second = time / NS;

	if (w3c->second != second + 1)
		set_stamp(w3c, second);
	return text_bytes(at, w3c->stamp, STAMP_LEN);
}

static char *
put_head(void *context, uint64_t time, char *at)
{
	struct w3c *w3c = context;
	const struct style *style = &w3c->style;

	at = style->has_path ? TEXT(at, "#Version: 1.5\n") : TEXT(at, "#Version: 1.0\n");
	at = TEXT(at, "#Software: Postern\n");
	if (!style->utc)
		at = TEXT(at, "#Time Format: Local\n");
	at = TEXT(at, FIELDS);
	if (style->has_path)
		at = TEXT(at, " path");
	if (style->is_extended)
		at = TEXT(at, " x-reason x-packets x-bytes x-duration");
	*at++ = '\n';
	/* Readers of the 1.5 dialect are used to an empty line here. */
	if (style->has_path && !style->is_extended)
		*at++ = '\n';
	if (!style->utc || !time)
		return at;
	at = TEXT(at, "#Date: ");
	at = put_stamp(w3c, at, time);
	*at++ = '\n';
	return at;
}

static char *
put_missing(char *at, unsigned n)
{
	while (n--)
		at = TEXT(at, " -");
	return at;
}

static char *
put_number(char *at, uint64_t number)
{
	*at++ = ' ';
	return text_uint(at, number);
}

static char *
put_word(char *at, const char *word)
{
	*at++ = ' ';
	return text_bytes(at, word, strlen(word));
}

/* TCP, UDP and ICMP have names here, all others are numbers. */
static char *
put_protocol(char *at, uint8_t proto)
{
	switch (proto) {
	case PROTO_TCP:
		return TEXT(at, " TCP");
	case PROTO_UDP:
		return TEXT(at, " UDP");
	case PROTO_ICMP:
		return TEXT(at, " ICMP");
	default:
		return put_number(at, proto);
	}
}

static bool
has_ports(const struct entry *entry)
{
	uint8_t proto = entry->tuple->proto;

	return entry->has_transport && (proto == PROTO_TCP || proto == PROTO_UDP);
}

static bool
is_icmp(uint8_t proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

/* protocol src-ip dst-ip src-port dst-port */
static char *
put_endpoints(char *at, const struct entry *entry)
{
	const struct tuple *tuple = entry->tuple;

	if (!tuple)
		return put_missing(at, 5);
	at = put_protocol(at, tuple->proto);
	*at++ = ' ';
	at = text_addr(at, &tuple->src);
	*at++ = ' ';
	at = text_addr(at, &tuple->dst);
	if (!has_ports(entry))
		return put_missing(at, 2);
	at = put_number(at, tuple->src_port);
	return put_number(at, tuple->dst_port);
}

/* tcpflags tcpsyn tcpack tcpwin */
static char *
put_tcp(char *at, const struct drop *drop)
{
	char flags[TCP_FLAGS_TEXT_MAX];
	size_t n = record_tcp_flags(drop->tcp_flags, flags);

	*at++ = ' ';
	at = n ? text_bytes(at, flags, n) : TEXT(at, "-");
	at = put_number(at, drop->seq);
	at = put_number(at, drop->ack);
	return put_number(at, drop->window);
}

/* size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode */
static char *
put_packet(char *at, const struct entry *entry)
{
	const struct drop *drop = entry->drop;

	if (!drop)
		return put_missing(at, 7);
	at = put_number(at, drop->length);
	if (drop->has_transport && drop->tuple.proto == PROTO_TCP)
		at = put_tcp(at, drop);
	else
		at = put_missing(at, 4);
	if (!drop->has_transport || !is_icmp(drop->tuple.proto))
		return put_missing(at, 2);
	at = put_number(at, drop->icmp_type);
	return put_number(at, drop->icmp_code);
}

/* x-reason x-packets x-bytes x-duration: of both directions, and in seconds */
static char *
put_extended(char *at, const struct entry *entry)
{
	const struct connection_record *c = entry->connection;

	at = put_word(at, entry->reason);
	if (!c)
		return put_missing(at, 3);
	at = put_number(at, c->packets);
	at = put_number(at, c->bytes);
	at = put_number(at, c->duration / NS);
	*at++ = '.';
	return text_padded(at, c->duration / 1000000 % 1000, 3);
}

static char *
put_entry(struct w3c *w3c, char *at, const struct entry *entry)
{
	at = put_stamp(w3c, at, entry->time);
	at = put_word(at, entry->action);
	at = put_endpoints(at, entry);
	at = put_packet(at, entry);
	at = entry->lost ? put_number(at, entry->lost) : put_missing(at, 1);
	if (w3c->style.has_path)
		at = put_word(at, entry->path);
	if (w3c->style.is_extended)
		at = put_extended(at, entry);
	*at++ = '\n';
	return at;
}

static const char *
path_word(const struct drop *drop)
{
	static const char *const words[] = {
		[DIRECTION_OUT] = "SEND",
		[DIRECTION_IN] = "RECEIVE",
		[DIRECTION_INTERNAL] = "FORWARD",
		[DIRECTION_TRANSIT] = "FORWARD",
	};

	return drop->has_direction ? words[drop->direction] : "UNKNOWN";
}

static char *
format_drop(struct w3c *w3c, const struct writer_item *item, char *at)
{
	struct drop drop;
	struct entry entry = { .action = "DROP", .drop = &drop };

	drop_get(item, &drop);
	entry.time = drop.time;
	entry.tuple = drop.who;
	entry.has_transport = drop.has_transport;
	entry.path = path_word(&drop);
	entry.reason = reason_name(drop.reason);
	return put_entry(w3c, at, &entry);
}

static char *
format(void *context, const struct writer_item *item, char *at)
{
	static const char *const actions[] = {
		[KIND_OPEN] = "OPEN",
		[KIND_OPEN_INBOUND] = "OPEN-INBOUND",
		[KIND_CLOSE] = "CLOSE",
	};
	const struct connection_record *connection = (const void *)item;
	const struct entry entry = {
		.action = actions[item->tag[0]],
		.time = item->time,
		.tuple = &connection->tuple,
		.has_transport = true,
		.connection = item->tag[0] == KIND_CLOSE ? connection : NULL,
		.path = "-",
		.reason = reason_name((enum reason)item->tag[1]),
	};

	if (item->tag[DROP_KIND] == KIND_DROP)
		return format_drop(context, item, at);
	return put_entry(context, at, &entry);
}

static char *
format_lost(void *context, uint64_t count, uint64_t time, char *at)
{
	const struct entry entry = {
		.action = ACTION_LOST,
		.time = time,
		.lost = count,
		.path = "-",
		.reason = "-",
	};

	return put_entry(context, at, &entry);
}

/* Directives and empty lines stand for nothing. */
static uint64_t
weigh(const char *line, size_t len, bool *ret_is_lost)
{
	static const char lost[] = " " ACTION_LOST " - - - - - - - - - - - - ";
	const size_t start = STAMP_LEN + sizeof(lost) - 1;
	uint64_t count = 0;

	if (line[0] == '#' || line[0] == '\n')
		return 0;
	*ret_is_lost = len > start && !memcmp(line + STAMP_LEN, lost, sizeof(lost) - 1);
	if (!*ret_is_lost)
		return 1;
	for (size_t n = start; n < len && line[n] >= '0' && line[n] <= '9'; n++)
		count = count * 10 + (uint64_t)(line[n] - '0');
	return count;
}

static void
change(void *context, const void *message)
{
	struct w3c *w3c = context;

	w3c->style = *(const struct style *)message;
	w3c->second = 0;
}

static const struct writer_ops lines = {
	.format = format,
	.lost = format_lost,
	.weigh = weigh,
	.head = put_head,
	.change = change,
};

void
w3c_options(const struct policy_log *log, struct writer_options *ret_options)
{
	ret_options->append = true;
	ret_options->guarded = true;
	ret_options->max_size = (uint64_t)log->max_size_kib * 1024;
	ret_options->rotations = log->rotations;
}

struct w3c *
w3c_new(struct writer *writer, const struct policy_log *log)
{
	struct w3c *w3c = g_new0(struct w3c, 1);

	w3c->writer = writer;
	w3c->dropped = log->dropped;
	w3c->connections = log->connections;
	w3c->style = style_of(log);
	writer_attach(writer, &lines, w3c);
	return w3c;
}

void
w3c_free(struct w3c *w3c)
{
	if (!w3c)
		return;
	writer_detach(w3c->writer);
	g_free(w3c);
}

void
w3c_set_policy(struct w3c *w3c, const struct policy_log *log, const char *path)
{
	struct style *style = g_new(struct style, 1);
	struct writer_options options;

	w3c_options(log, &options);
	w3c->dropped = log->dropped;
	w3c->connections = log->connections;
	*style = style_of(log);
	writer_change(w3c->writer, path, &options, style);
}

/* Does the log tell of connections of this protocol? */
static bool
is_connection(const struct w3c *w3c, const struct flow *flow)
{
	uint8_t proto = key_proto(&flow->key);

	return w3c->connections && (proto == PROTO_TCP || proto == PROTO_UDP || is_icmp(proto));
}

static void
put_connection(struct w3c *w3c, enum kind kind, const struct flow_event *event)
{
	const struct flow *flow = event->flow;
	struct connection_record *record;

	if (!is_connection(w3c, flow))
		return;
	record = (void *)writer_record(w3c->writer, sizeof(*record), event->time);
	if (!record)
		return;
	record->item.tag[0] = (uint8_t)kind;
	record->item.tag[1] = flow->reason;
	flow_tuple(flow, &record->tuple);
	record->packets = (uint64_t)flow->pkts[DIR_ORIGINAL] + flow->pkts[DIR_REPLY];
	record->bytes = flow->bytes[DIR_ORIGINAL] + flow->bytes[DIR_REPLY];
	record->duration = flow->last - flow->start;
}

static void
w3c_flow_begin(void *context, const struct flow_event *event)
{
	bool inbound = flow_direction(event->flow) == DIRECTION_IN;

	put_connection(context, inbound ? KIND_OPEN_INBOUND : KIND_OPEN, event);
}

static void
w3c_flow_end(void *context, const struct flow_event *event)
{
	put_connection(context, KIND_CLOSE, event);
}

static void
w3c_drop(void *context, const struct drop_event *event)
{
	struct w3c *w3c = context;

	if (w3c->dropped)
		drop_put(w3c->writer, KIND_DROP, event, NULL);
}

const struct recorder_ops *
w3c_ops(void)
{
	static const struct recorder_ops ops = {
		.flow_begin = w3c_flow_begin,
		.flow_end = w3c_flow_end,
		.drop = w3c_drop,
	};

	return &ops;
}
