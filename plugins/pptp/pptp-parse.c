// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fifteen control messages of PPTP, by one table.
 *
 * Each type has one length and its fields at fixed places, so a table says all. Pure functions;
 * nothing is allocated, and nothing is read but through the bounded reader. What a message means
 * is pptp.c's business.
 */
#include "pptp-parse.h"

#include <errno.h>

#include <postern/reader.h>

#define MAGIC           0x1a2b3c4d
#define CONTROL_MESSAGE 1  /* the only kind there is (RFC 2637 §1.4) */
#define HEADER          10 /* up to the type; two reserved bytes follow */

/* Where the fields of a message are, from its first byte on; 0: it has no such field. */
struct layout {
	const char *name;
	uint8_t len;
	uint8_t own;  /* id that the sender has chosen */
	uint8_t peer; /* id that the receiver has chosen */
	uint8_t serial;
	uint8_t result;
	uint8_t version;
	uint8_t host;
	uint8_t vendor;
	uint8_t counts[2]; /* lengths of texts of PPTP_TEXT_LEN bytes */
	uint8_t reserved[6];
};

static const struct layout layouts[PPTP_TYPES] = {
	[PPTP_START_REQUEST] = { /* §2.1 */
		.name = "Start-Control-Connection-Request",
		.len = 156,
		.version = 12,
		.host = 28,
		.vendor = 92,
	},
	[PPTP_START_REPLY] = { /* §2.2 */
		.name = "Start-Control-Connection-Reply",
		.len = 156,
		.version = 12,
		.result = 14,
		.host = 28,
		.vendor = 92,
	},
	[PPTP_STOP_REQUEST] = { /* §2.3 */
		.name = "Stop-Control-Connection-Request",
		.len = 16,
	},
	[PPTP_STOP_REPLY] = { /* §2.4 */
		.name = "Stop-Control-Connection-Reply",
		.len = 16,
		.result = 12,
	},
	[PPTP_ECHO_REQUEST] = { /* §2.5 */
		.name = "Echo-Request",
		.len = 16,
	},
	[PPTP_ECHO_REPLY] = { /* §2.6 */
		.name = "Echo-Reply",
		.len = 20,
		.result = 16,
	},
	[PPTP_OUTGOING_REQUEST] = { /* §2.7 */
		.name = "Outgoing-Call-Request",
		.len = 168,
		.own = 12,
		.serial = 14,
		.counts = { 36 },
	},
	[PPTP_OUTGOING_REPLY] = { /* §2.8 */
		.name = "Outgoing-Call-Reply",
		.len = 32,
		.own = 12,
		.peer = 14,
		.result = 16,
	},
	[PPTP_INCOMING_REQUEST] = { /* §2.9 */
		.name = "Incoming-Call-Request",
		.len = 220,
		.own = 12,
		.serial = 14,
		.counts = { 24, 26 },
	},
	[PPTP_INCOMING_REPLY] = { /* §2.10 */
		.name = "Incoming-Call-Reply",
		.len = 24,
		.own = 12,
		.peer = 14,
		.result = 16,
	},
	[PPTP_INCOMING_CONNECTED] = { /* §2.11 */
		.name = "Incoming-Call-Connected",
		.len = 28,
		.peer = 12,
	},
	[PPTP_CALL_CLEAR] = { /* §2.12 */
		.name = "Call-Clear-Request",
		.len = 16,
		.own = 12,
	},
	[PPTP_CALL_DISCONNECT] = { /* §2.13; some servers put the id of the other side there */
		.name = "Call-Disconnect-Notify",
		.len = 148,
		.own = 12,
		.result = 14,
	},
	[PPTP_WAN_ERROR] = { /* §2.14 */
		.name = "WAN-Error-Notify",
		.len = 40,
		.peer = 12,
	},
	[PPTP_SET_LINK_INFO] = { /* §2.15 */
		.name = "Set-Link-Info",
		.len = 24,
		.peer = 12,
	},
};

int64_t
pptp_frame(const uint8_t *bytes, size_t len)
{
	struct pn_reader r = pn_reader(bytes, len);
	uint16_t length = pn_u16be(&r);
	uint16_t kind, type;
	uint32_t magic;

	if (!pn_ok(&r))
		return 0;
	if (length < PPTP_MESSAGE_MIN || length > PPTP_MESSAGE_MAX)
		return -EPROTO;
	kind = pn_u16be(&r);
	if (pn_ok(&r) && kind != CONTROL_MESSAGE)
		return -EPROTO;
	magic = pn_u32be(&r);
	if (pn_ok(&r) && magic != MAGIC)
		return -EPROTO;
	type = pn_u16be(&r);
	if (!pn_ok(&r))
		return 0;
	if (type >= PPTP_TYPES || !layouts[type].len || layouts[type].len != length)
		return -EPROTO;
	return length;
}

/* The number at this place. */
static uint16_t
u16_at(const uint8_t *bytes, size_t len, size_t at)
{
	struct pn_reader r = pn_reader(bytes, len);

	pn_skip(&r, at);
	return pn_u16be(&r);
}

static const uint8_t *
text_at(const uint8_t *bytes, size_t len, size_t at)
{
	struct pn_reader r = pn_reader(bytes, len);

	pn_skip(&r, at);
	return pn_take(&r, PPTP_TEXT_LEN);
}

int
pptp_parse(const uint8_t *bytes, size_t len, struct pptp_message *ret_message)
{
	struct pptp_message message = { 0 };
	const struct layout *layout;
	size_t n;

	if (pptp_frame(bytes, len) != (int64_t)len || len < HEADER)
		return -EINVAL;
	message.type = u16_at(bytes, len, 8);
	layout = &layouts[message.type];
	for (n = 0; n < sizeof(layout->counts); n++)
		if (layout->counts[n] && u16_at(bytes, len, layout->counts[n]) > PPTP_TEXT_LEN)
			return -EINVAL;
	message.own_at = layout->own;
	message.peer_at = layout->peer;
	if (layout->own)
		message.own = u16_at(bytes, len, layout->own);
	if (layout->peer)
		message.peer = u16_at(bytes, len, layout->peer);
	if (layout->serial)
		message.serial = u16_at(bytes, len, layout->serial);
	if (layout->result) /* of one byte; the error code is behind it */
		message.result = (uint8_t)(u16_at(bytes, len, layout->result) >> 8);
	if (layout->version)
		message.version = u16_at(bytes, len, layout->version);
	if (layout->host)
		message.host = text_at(bytes, len, layout->host);
	if (layout->vendor)
		message.vendor = text_at(bytes, len, layout->vendor);
	*ret_message = message;
	return 0;
}

const char *
pptp_type_name(uint32_t type)
{
	return type < PPTP_TYPES && layouts[type].name ? layouts[type].name : "a message";
}

size_t
pptp_text(const uint8_t *field, char text[PPTP_TEXT_LEN + 1])
{
	struct pn_reader r = pn_reader(field, PPTP_TEXT_LEN);
	size_t len = 0;

	while (pn_peek(&r)) {
		uint8_t c = pn_u8(&r);

		text[len++] = (char)(c < ' ' || c > '~' ? '?' : c);
	}
	text[len] = '\0';
	return len;
}
