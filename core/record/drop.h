/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A drop in a cache line: what the engine's thread puts down of it, and what a line is made of
 * later. A packet over IPv6 takes 24 bytes more.
 */
#ifndef RECORD_DROP_H
#define RECORD_DROP_H

#include <string.h>

#include "record/record.h"
#include "record/writer.h"

/* item.tag[] of a drop. */
enum {
	DROP_KIND, /* the recorder's: tells it from its other records */
	DROP_REASON,
	DROP_BITS,
};

/* item.tag[DROP_BITS] */
enum {
	DROP_IP = 1 << 0,            /* addresses and protocol are known */
	DROP_FROM_HI = 1 << 1,       /* the sender is the higher endpoint of the key */
	DROP_TRANSPORT = 1 << 2,     /* ports or ICMP type and code too */
	DROP_HAS_DIRECTION = 1 << 3, /* enum direction is above these bits */
	DROP_DIRECTION_SHIFT = 4,
};

struct drop_record {
	struct writer_item item;
	uint64_t flow_id;  /* or 0 */
	const char *iface; /* as JSON; or NULL. Must stay until the line is made */
	uint32_t length;   /* of the IP packet, or of the frame if there is none */
	uint32_t words[3]; /* of the transport, as struct packet has them */
	uint64_t key[];    /* two words of struct key, or five */
};

enum {
	DROP_LEN_IPV4 = sizeof(struct drop_record) + 2 * sizeof(uint64_t),
	DROP_LEN_IPV6 = sizeof(struct drop_record) + 5 * sizeof(uint64_t),
};

/* The same in full. */
struct drop {
	uint64_t time;
	uint64_t flow_id;
	const char *iface;
	const struct tuple *who; /* `tuple`, or NULL: not known */
	struct tuple tuple;
	uint32_t length;
	uint32_t seq; /* of TCP */
	uint32_t ack;
	uint16_t window;
	uint8_t tcp_flags;
	uint8_t icmp_type;
	uint8_t icmp_code;
	bool has_transport; /* one of the two */
	bool has_direction;
	enum direction direction;
	enum reason reason;
};

_Static_assert(DROP_LEN_IPV4 == 64, "a cache line");
_Static_assert(sizeof(((struct packet *)NULL)->tcp) == 12, "what stands in words");

_Static_assert((int)DROP_IP == (int)PACKET_IP && (int)DROP_FROM_HI == (int)PACKET_FROM_HI,
	"flags of a packet are bits of a drop");

/* Puts a drop down. Nothing, if there is no room for it (writer_record()). */
static inline void
drop_put(struct writer *writer, uint8_t kind, const struct drop_event *event, const char *iface)
{
	const struct packet *p = event->packet;
	bool is_v6 = key_family(&p->key) == 6;
	unsigned len = is_v6 ? DROP_LEN_IPV6 : DROP_LEN_IPV4;
	struct drop_record *record = (void *)writer_record(writer, len, p->time);
	unsigned bits = (p->flags & (PACKET_IP | PACKET_FROM_HI)) | (unsigned)event->direction
									    << DROP_DIRECTION_SHIFT;

	if (!record)
		return;
	if (event->has_direction)
		bits |= DROP_HAS_DIRECTION;
	if (record_has_transport(p))
		bits |= DROP_TRANSPORT;
	record->item.tag[DROP_KIND] = kind;
	record->item.tag[DROP_REASON] = (uint8_t)event->reason;
	record->item.tag[DROP_BITS] = (uint8_t)bits;
	record->flow_id = event->flow_id;
	record->iface = iface;
	record->length = p->flags & PACKET_IP ? p->length : p->wirelen;
	memcpy(record->words, &p->tcp, sizeof(record->words));
	record->key[0] = p->key.w[0];
	record->key[1] = p->key.w[1];
	if (is_v6)
		memcpy(&record->key[2], &p->key.w[2], 3 * sizeof(uint64_t));
}

/* Reads it again. */
static inline void
drop_get(const struct writer_item *item, struct drop *ret_drop)
{
	const struct drop_record *record = (const void *)item;
	unsigned bits = item->tag[DROP_BITS];
	struct key key = { 0 };
	struct packet p;

	ret_drop->time = item->time;
	ret_drop->flow_id = record->flow_id;
	ret_drop->iface = record->iface;
	ret_drop->who = NULL;
	ret_drop->length = record->length;
	ret_drop->reason = (enum reason)item->tag[DROP_REASON];
	ret_drop->direction = (enum direction)(bits >> DROP_DIRECTION_SHIFT);
	ret_drop->has_direction = bits & DROP_HAS_DIRECTION;
	ret_drop->has_transport = bits & DROP_TRANSPORT;
	memcpy(&p.tcp, record->words, sizeof(record->words));
	ret_drop->seq = p.tcp.seq;
	ret_drop->ack = p.tcp.ack;
	ret_drop->window = p.tcp.window;
	ret_drop->tcp_flags = p.tcp.flags;
	ret_drop->icmp_type = p.icmp.type;
	ret_drop->icmp_code = p.icmp.code;
	memcpy(key.w, record->key, item->len - sizeof(*record));
	if (!(bits & DROP_IP))
		return;
	key_spell(&key, bits & DROP_FROM_HI, &ret_drop->tuple);
	ret_drop->who = &ret_drop->tuple;
}

#endif
