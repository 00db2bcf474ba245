// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The beginning of a line of the event log.
 *
 * Members and their order are those of other writers of EVE; a member that makes no sense for the
 * subject (ports of ICMP, the flow of a packet that has none) is left out. Lines have no state but
 * the date, which is kept because it hardly ever changes.
 */
#include "record/line.h"

static bool
has_ports(uint8_t proto)
{
	return proto == PROTO_TCP || proto == PROTO_UDP;
}

char *
line_proto(char *at, uint8_t proto)
{
	const char *name = proto_name(proto);

	if (name)
		return line_word(at, name);
	*at++ = '"';
	at = text_uint(at, proto);
	*at++ = '"';
	return at;
}

static char *
put_endpoints(char *at, const struct line_subject *subject)
{
	const struct tuple *tuple = subject->tuple;
	bool ports = subject->has_transport && has_ports(tuple->proto);

	at = TEXT(at, ",\"src_ip\":\"");
	at = text_addr(at, &tuple->src);
	*at++ = '"';
	if (ports) {
		at = TEXT(at, ",\"src_port\":");
		at = text_uint(at, tuple->src_port);
	}
	at = TEXT(at, ",\"dest_ip\":\"");
	at = text_addr(at, &tuple->dst);
	*at++ = '"';
	if (ports) {
		at = TEXT(at, ",\"dest_port\":");
		at = text_uint(at, tuple->dst_port);
	}
	at = TEXT(at, ",\"proto\":");
	return line_proto(at, tuple->proto);
}

static char *
put_icmp(char *at, const struct line_subject *subject)
{
	at = TEXT(at, ",\"icmp_type\":");
	at = text_uint(at, subject->icmp_type);
	at = TEXT(at, ",\"icmp_code\":");
	return text_uint(at, subject->icmp_code);
}

/* Names of helpers are short and need no escape: helper/loader-check.c has seen to that. */
static char *
put_app_proto(char *at, const struct line_subject *subject)
{
	at = TEXT(at, ",\"app_proto\":\"");
	at = text_bytes(at, subject->app_proto, strnlen(subject->app_proto, 128));
	if (subject->is_data)
		at = TEXT(at, "-data");
	*at++ = '"';
	return at;
}

char *
line_put(char *at, struct text_day *day, const struct line_subject *subject)
{
	const struct tuple *tuple = subject->tuple;

	at = TEXT(at, "{\"timestamp\":");
	at = line_time(at, day, subject->time);
	if (subject->flow_id) {
		at = TEXT(at, ",\"flow_id\":");
		at = text_uint(at, subject->flow_id);
	}
	if (subject->iface) {
		at = TEXT(at, ",\"in_iface\":");
		at = text_bytes(at, subject->iface, strnlen(subject->iface, LINE_IFACE_MAX));
	}
	at = TEXT(at, ",\"event_type\":");
	at = line_word(at, subject->type);
	if (tuple)
		at = put_endpoints(at, subject);
	if (tuple && subject->has_transport && proto_is_icmp(tuple->proto))
		at = put_icmp(at, subject);
	if (subject->app_proto)
		at = put_app_proto(at, subject);
	return at;
}

char *
line_begin(struct line *line, const struct line_subject *subject)
{
	writer_time(line->writer, subject->time);
	return line_put(writer_room(line->writer, LINE_ROOM), &line->day, subject);
}

void
line_end(struct line *line, char *at)
{
	*at++ = '}';
	writer_fill(line->writer, at);
	writer_end_line(line->writer);
}

char *
line_string(struct line *line, char *at, const char *text)
{
	if (!text)
		return TEXT(at, "null");
	writer_fill(line->writer, at);
	write_json(line->writer, text);
	return writer_room(line->writer, LINE_ROOM);
}
