/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes of a PPTP control connection as small structs (RFC 2637 §2). Pure functions: no host, no
 * state, no allocation. Every pointer given back points into the bytes that were given.
 */
#ifndef PPTP_PARSE_H
#define PPTP_PARSE_H

#include <stddef.h>
#include <stdint.h>

#define PPTP_MESSAGE_MIN 16
#define PPTP_MESSAGE_MAX 220 /* the longest, Incoming-Call-Request */
#define PPTP_TEXT_LEN    64  /* of a host name, a vendor, a telephone number */

/* Control messages by their number on the wire. */
enum pptp_type {
	PPTP_START_REQUEST = 1,
	PPTP_START_REPLY,
	PPTP_STOP_REQUEST,
	PPTP_STOP_REPLY,
	PPTP_ECHO_REQUEST,
	PPTP_ECHO_REPLY,
	PPTP_OUTGOING_REQUEST,
	PPTP_OUTGOING_REPLY,
	PPTP_INCOMING_REQUEST,
	PPTP_INCOMING_REPLY,
	PPTP_INCOMING_CONNECTED,
	PPTP_CALL_CLEAR,
	PPTP_CALL_DISCONNECT,
	PPTP_WAN_ERROR,
	PPTP_SET_LINK_INFO,
	PPTP_TYPES,
};

/* What a result code says where it means success, in all replies. */
#define PPTP_RESULT_OK 1

/*
 * One message. What its type does not have is 0 or NULL.
 *
 * A call has two ids, one chosen by either side. Where a message names the id of its sender, that
 * is `own`; where it names that of its receiver, `peer`.
 */
struct pptp_message {
	uint32_t type;    /* enum pptp_type */
	uint16_t version; /* of the start messages; 0x0100 is 1.0 */
	uint16_t serial;
	uint16_t own;
	uint16_t peer;
	uint8_t own_at; /* offset of `own` in the message; 0: it names none */
	uint8_t peer_at;
	uint8_t result;
	uint8_t reserved;
	const uint8_t *host; /* PPTP_TEXT_LEN bytes */
	const uint8_t *vendor;
};

/*
 * Length of the message that `bytes` begins with; 0: too few bytes to tell. -EPROTO: none begins
 * here, since its length is not that of its type, or the rest of the header is not right. What is
 * refused stays so whatever follows.
 */
int64_t pptp_frame(const uint8_t *bytes, size_t len);

/* Reads one whole message. -EINVAL: it is none, or contradicts itself. */
int pptp_parse(const uint8_t *bytes, size_t len, struct pptp_message *ret_message);

/* "Start-Control-Connection-Request" … as RFC 2637 spells them; "a message" for what is none. */
const char *pptp_type_name(uint32_t type);

/* A host name or vendor up to its first NUL, as printable ASCII: anything else becomes '?'. Returns
 * the length. */
size_t pptp_text(const uint8_t *field, char text[PPTP_TEXT_LEN + 1]);

#endif
