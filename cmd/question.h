/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packet that `postern explain` is asked about: from words to bytes.
 */
#ifndef CMD_QUESTION_H
#define CMD_QUESTION_H

#include <stddef.h>

#include "packet/packet.h"
#include "packet/tuple.h"

/* As they were given; what was not is NULL. */
struct question_words {
	char *from;  /* "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80" */
	char *to;
	char *proto; /* a name or a number */
	char *flags; /* of TCP: letters of AFPRSU, or "none" */
	char *icmp;  /* "8", "3:4" */
	char *way;   /* "sent", "received" */
};

struct question {
	struct tuple tuple; /* ports are 0 where the protocol has none */
	uint8_t tcp_flags;  /* TCP_* */
	uint8_t icmp_type;
	uint8_t icmp_code;
	enum way way;
};

#define QUESTION_PACKET_MAX 128

/* 0, or -EINVAL: it makes no sense, and that has been told. */
int question_parse(const struct question_words *words, struct question *ret_question);

bool question_is_icmp(const struct question *question);
bool question_has_ports(const struct question *question);

/* Writes the packet, without a link header, and returns its length. Its checksums are right. */
size_t question_packet(
	const struct question *question, uint8_t bytes[static QUESTION_PACKET_MAX]);

#endif
