// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The log of the Internet Connection Firewall: a line per dropped packet and per connection.
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

#include "record/text.h"

#define FIELDS                                                                                     \
	"#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn " \
	"tcpack tcpwin icmptype icmpcode info"

/* More than any line needs. */
#define LINE_MAX_LEN 1024

/* A second, spelled out. */
#define STAMP_LEN (sizeof("2001-07-11 19:31:05") - 1)

struct w3c {
	struct writer *writer;
	const struct policy_log *log;
	uint64_t second; /* that `stamp` tells, + 1; 0: none yet */
	char stamp[STAMP_LEN];
	bool dated;
};

/* What makes up an entry; what is NULL or not `has_…` is "-". */
struct entry {
	const char *action;
	uint64_t time;
	const struct tuple *tuple;
	bool has_transport;
	uint8_t icmp_type, icmp_code;
	const struct packet *packet; /* of a drop */
	const struct flow *flow;     /* of a connection that is over */
	const char *path;
	enum reason reason;
};

static void
write_header(struct w3c *w3c)
{
	struct writer *writer = w3c->writer;
	bool is_first = w3c->log->dialect == W3C_ICF_1_0;

	write_text(writer, is_first ? "#Version: 1.0\n" : "#Version: 1.5\n");
	write_text(writer, "#Software: Postern\n");
	if (!w3c->log->utc)
		write_text(writer, "#Time Format: Local\n");
	write_text(writer, FIELDS);
	if (!is_first)
		write_text(writer, " path");
	if (w3c->log->dialect == W3C_EXTENDED)
		write_text(writer, " x-reason x-packets x-bytes x-duration");
	write_end_line(writer);
	/* Readers of the 1.5 dialect are used to an empty line here. */
	if (w3c->log->dialect == W3C_WF_1_5)
		write_end_line(writer);
}

struct w3c *
w3c_new(struct writer *writer, const struct policy_log *log)
{
	struct w3c *w3c = g_new0(struct w3c, 1);

	w3c->writer = writer;
	w3c->log = log;
	write_header(w3c);
	return w3c;
}

void
w3c_free(struct w3c *w3c)
{
	g_free(w3c);
}

/* Spells a second out on the clock of the log, and keeps it: many lines share theirs. */
static void
set_stamp(struct w3c *w3c, uint64_t second)
{
	time_t seconds = (time_t)second;
	char *at = w3c->stamp;
	struct tm tm;

	if (w3c->log->utc)
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
put_tcp(char *at, const struct packet *p)
{
	char flags[TCP_FLAGS_TEXT_MAX];
	size_t n = record_tcp_flags(p->tcp.flags, flags);

	*at++ = ' ';
	at = n ? text_bytes(at, flags, n) : TEXT(at, "-");
	at = put_number(at, p->tcp.seq);
	at = put_number(at, p->tcp.ack);
	return put_number(at, p->tcp.window);
}

/* size tcpflags tcpsyn tcpack tcpwin icmptype icmpcode */
static char *
put_packet(char *at, const struct entry *entry)
{
	const struct packet *p = entry->packet;

	if (!p)
		return put_missing(at, 7);
	at = put_number(at, entry->tuple ? p->length : p->wirelen);
	if (entry->has_transport && p->proto == PROTO_TCP)
		at = put_tcp(at, p);
	else
		at = put_missing(at, 4);
	if (!entry->has_transport || !is_icmp(p->proto))
		return put_missing(at, 2);
	at = put_number(at, p->icmp.type);
	return put_number(at, p->icmp.code);
}

/* x-reason x-packets x-bytes x-duration: of both directions, and in seconds */
static char *
put_extended(char *at, const struct entry *entry)
{
	const struct flow *flow = entry->flow;
	uint64_t ns;

	at = put_word(at, reason_name(entry->reason));
	if (!flow)
		return put_missing(at, 3);
	ns = flow->last - flow->start;
	at = put_number(at, (uint64_t)flow->pkts[DIR_ORIGINAL] + flow->pkts[DIR_REPLY]);
	at = put_number(at, flow->bytes[DIR_ORIGINAL] + flow->bytes[DIR_REPLY]);
	at = put_number(at, ns / UINT64_C(1000000000));
	*at++ = '.';
	return text_padded(at, ns / 1000000 % 1000, 3);
}

static void
write_entry(struct w3c *w3c, const struct entry *entry)
{
	uint64_t second = entry->time / UINT64_C(1000000000);
	char *at = writer_room(w3c->writer, LINE_MAX_LEN);

	if (w3c->second != second + 1)
		set_stamp(w3c, second);
	if (w3c->log->utc && !w3c->dated) {
		at = TEXT(at, "#Date: ");
		at = text_bytes(at, w3c->stamp, STAMP_LEN);
		*at++ = '\n';
	}
	w3c->dated = true;
	at = text_bytes(at, w3c->stamp, STAMP_LEN);
	at = put_word(at, entry->action);
	at = put_endpoints(at, entry);
	at = put_packet(at, entry);
	at = put_missing(at, 1);
	if (w3c->log->dialect != W3C_ICF_1_0)
		at = put_word(at, entry->path);
	if (w3c->log->dialect == W3C_EXTENDED)
		at = put_extended(at, entry);
	writer_fill(w3c->writer, at);
	write_end_line(w3c->writer);
}

/* Does the log tell of connections of this protocol? */
static bool
is_connection(const struct w3c *w3c, const struct flow *flow)
{
	uint8_t proto = key_proto(&flow->key);

	return w3c->log->connections &&
	       (proto == PROTO_TCP || proto == PROTO_UDP || is_icmp(proto));
}

static void
w3c_flow_begin(void *context, const struct flow_event *event)
{
	struct w3c *w3c = context;
	struct tuple tuple;
	struct entry entry = {
		.action = "OPEN",
		.time = event->time,
		.tuple = &tuple,
		.has_transport = true,
		.path = "-",
		.reason = event->flow->reason,
	};

	if (!is_connection(w3c, event->flow))
		return;
	if (flow_direction(event->flow) == DIRECTION_IN)
		entry.action = "OPEN-INBOUND";
	flow_tuple(event->flow, &tuple);
	write_entry(w3c, &entry);
}

static void
w3c_flow_end(void *context, const struct flow_event *event)
{
	struct w3c *w3c = context;
	struct tuple tuple;
	struct entry entry = {
		.action = "CLOSE",
		.time = event->time,
		.tuple = &tuple,
		.has_transport = true,
		.flow = event->flow,
		.path = "-",
		.reason = event->flow->reason,
	};

	if (!is_connection(w3c, event->flow))
		return;
	flow_tuple(event->flow, &tuple);
	write_entry(w3c, &entry);
}

static const char *
path_word(const struct drop_event *event)
{
	static const char *const words[] = {
		[DIRECTION_OUT] = "SEND",
		[DIRECTION_IN] = "RECEIVE",
		[DIRECTION_INTERNAL] = "FORWARD",
		[DIRECTION_TRANSIT] = "FORWARD",
	};

	return event->has_direction ? words[event->direction] : "UNKNOWN";
}

static void
w3c_drop(void *context, const struct drop_event *event)
{
	struct w3c *w3c = context;
	struct tuple tuple;
	struct entry entry = {
		.action = "DROP",
		.time = event->packet->time,
		.has_transport = record_has_transport(event->packet),
		.packet = event->packet,
		.path = path_word(event),
		.reason = event->reason,
	};

	if (!w3c->log->dropped)
		return;
	if (record_endpoints(event->packet, &tuple))
		entry.tuple = &tuple;
	write_entry(w3c, &entry);
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
