/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One line of the event log: what all types of event have in common.
 *
 * line_begin() writes the beginning and returns where to go on; the caller puts its own members
 * behind it with text.h and the functions here, and gives the place to line_end(). Between two
 * strings of any length there is room for LINE_ROOM bytes, and nobody checks: more than that is
 * written nowhere.
 *
 * line_put() is the beginning alone, for a line that is made of a record.
 */
#ifndef RECORD_LINE_H
#define RECORD_LINE_H

#include "packet/packet.h"
#include "record/text.h"
#include "record/write.h"

#define LINE_ROOM 2048

struct line {
	struct writer *writer;
	struct text_day day;
};

/* What a line is about. */
struct line_subject {
	const char *type;
	uint64_t time;
	uint64_t flow_id;          /* 0: no flow */
	const struct tuple *tuple; /* who to whom; NULL: not known */
	bool has_transport;        /* ports, or ICMP type and code, are known */
	uint8_t icmp_type;
	uint8_t icmp_code;
	const char *iface;     /* where the packet was seen, as JSON; or NULL */
	const char *app_proto; /* name of a helper, or NULL */
	bool is_data;          /* not what app_proto speaks itself, but what it has announced */
};

char *line_begin(struct line *line, const struct line_subject *subject);
void line_end(struct line *line, char *at);

/* `iface` may have LINE_IFACE_MAX bytes. */
#define LINE_IFACE_MAX 1536
char *line_put(char *at, struct text_day *day, const struct line_subject *subject);

/* A string of any length, or null for NULL. */
char *line_string(struct line *line, char *at, const char *text);

/* A time as a string. */
static inline char *
line_time(char *at, struct text_day *day, uint64_t time)
{
	*at++ = '"';
	at = text_time(at, day, time);
	*at++ = '"';
	return at;
}

/* One of our own words as a string. */
static inline char *
line_word(char *at, const char *word)
{
	*at++ = '"';
	at = text_bytes(at, word, strlen(word));
	*at++ = '"';
	return at;
}

/* A number, or null. */
static inline char *
line_optional(char *at, bool is_set, uint64_t number)
{
	return is_set ? text_uint(at, number) : TEXT(at, "null");
}

/* Ids count from 1; 0 is null. */
static inline char *
line_id(char *at, uint64_t id)
{
	return line_optional(at, id != 0, id);
}

/* The name of a protocol, or its number as a string. */
char *line_proto(char *at, uint8_t proto);

static inline bool
proto_is_icmp(uint8_t proto)
{
	return proto == PROTO_ICMP || proto == PROTO_ICMPV6;
}

#endif
