// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The PPTP helper under the fake host, with any stream in both directions; and its parser alone.
 *
 * The first byte chooses how the flow is. Then come steps, each a byte with the direction in bit 7
 * and what to send in the low five:
 *     1 … 15   a whole message of this type; its two ids and its result are the next three bytes.
 *              With bit 6 set two more follow: a place in it, and what stands there instead
 *     0        the next byte is a length, and so many bytes follow
 *     others   bytes are lost
 * What must hold:
 *   - a door is for GRE, for one flow, between the two who talk here, in a group of its own, and
 * its ids are of a request, of a reply to it from the other side that says success, and, for an
 *     incoming call, of the word that it is connected;
 *   - no door before the server has agreed to the control connection;
 *   - no more doors open than there is room for calls;
 *   - the helper never drops, fails or breaks a rule of the host;
 *   - sent byte by byte, the same stream has the same effect.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <postern/plugin.h>
#include <postern/reader.h>

#include "kit/fakehost.h"
#include "pptp-calls.h"
#include "pptp-parse.h"

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

/* First byte; bits 0 and 1 are the protected side. */
enum { SIDES = 3, IPV6 = 4, MAPPED = 8, REFUSE = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that one side has said. */
struct speech {
	uint8_t *bytes;
	size_t len;
};

/* Lengths of messages, from RFC 2637. */
static const uint8_t lengths[16] = { 0, 156, 156, 16, 16, 16, 20, 168, 32, 220, 24, 28, 16, 148, 40,
	24 };

static unsigned
u16(const uint8_t *bytes)
{
	return (unsigned)bytes[0] << 8 | bytes[1];
}

/* The next whole message of this side, which is moved past it; NULL: there is none. */
static const uint8_t *
next_message(struct pn_reader *r)
{
	struct pn_reader ahead = *r;
	unsigned len = pn_u16be(&ahead);

	return len < 16 ? NULL : pn_take(r, len);
}

/* Has it sent one of this type with these numbers? -1: no matter. */
static int
has_said(const struct speech *speech, unsigned type, int at12, int at14, int result)
{
	struct pn_reader r = pn_reader(speech->bytes, speech->len);
	const uint8_t *m;

	while ((m = next_message(&r))) {
		if (u16(m + 8) == type && u16(m) == lengths[type] &&
			(at12 < 0 || u16(m + 12) == (unsigned)at12) &&
			(at14 < 0 || u16(m + 14) == (unsigned)at14) &&
			(result < 0 || m[16] == result))
			return 1;
	}
	return 0;
}

/* Has the server agreed to the connection? */
static int
has_agreed(const struct speech *server)
{
	struct pn_reader r = pn_reader(server->bytes, server->len);
	const uint8_t *m;

	while ((m = next_message(&r))) {
		if (u16(m + 8) == PPTP_START_REPLY && m[12] == 1 && m[14] == PPTP_RESULT_OK)
			return 1;
	}
	return 0;
}

/* Was this call agreed on, as far as words go? `pns` and `pac` are what the two sides said. */
static int
is_agreed(const struct speech *pns, const struct speech *pac, int pns_id, int pac_id)
{
	if (has_said(pns, PPTP_OUTGOING_REQUEST, pns_id, -1, -1) &&
		has_said(pac, PPTP_OUTGOING_REPLY, pac_id, pns_id, 1))
		return 1;
	return has_said(pac, PPTP_INCOMING_REQUEST, pac_id, -1, -1) &&
	       has_said(pns, PPTP_INCOMING_REPLY, pns_id, pac_id, 1) &&
	       has_said(pac, PPTP_INCOMING_CONNECTED, pns_id, -1, -1);
}

static void
check_door(const struct fakehost_door *door, const struct speech speech[2], unsigned protected_side)
{
	const struct pn_expect *e = &door->request;
	uint32_t dst = e->dst.family == PN_ADDR_SENDER ? door->dir : !door->dir;
	int id[2];

	MUST(e->mask == (PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_CALL_ID | PN_EXPECT_MAX_FLOWS |
				PN_EXPECT_GROUP));
	MUST(e->proto == 47 && e->max_flows == 1 && e->group && !door->child[0]);
	MUST(e->flags == PN_EXPECT_DIE_WITH_PARENT);
	MUST(e->src.family == PN_ADDR_SENDER || e->src.family == PN_ADDR_RECEIVER);
	MUST(e->dst.family == PN_ADDR_SENDER || e->dst.family == PN_ADDR_RECEIVER);
	MUST(e->dst.family != e->src.family);
	if (protected_side == 1 || protected_side == 2)
		MUST(dst == protected_side - 1);
	id[dst] = e->call_id;
	id[!dst] = e->call_id_reply;
	MUST(is_agreed(&speech[0], &speech[1], id[0], id[1]) ||
		is_agreed(&speech[1], &speech[0], id[1], id[0]));
}

static void
check(const struct fakehost *host, const struct speech speech[2], unsigned protected_side)
{
	unsigned n, m, open = 0;

	MUST(!host->misuse && !host->drops && !host->cuts);
	MUST(host->left != FAKEHOST_FAILED && host->left != FAKEHOST_RESET);
	if (!host->n_doors)
		return;
	MUST(has_said(&speech[0], PPTP_START_REQUEST, -1, -1, -1) && has_agreed(&speech[1]));
	for (n = 0; n < host->n_doors; n++) {
		check_door(&host->doors[n], speech, protected_side);
		open += host->doors[n].open;
		for (m = 0; m < n; m++)
			MUST(host->doors[m].request.group != host->doors[n].request.group);
	}
	MUST(open <= PPTP_CALLS_MAX);
}

static struct fakehost *
host_for(uint8_t choice)
{
	const struct fakehost_options options = {
		.originator = choice & IPV6 ? "[2001:db8::1]:40000" : NULL,
		.protected_side = choice & SIDES ? choice & SIDES : 1,
		.mapped = choice & MAPPED ? "203.0.113.5:40000" : NULL,
		.refuse = choice & REFUSE ? PN_REFUSED_LIMIT_FLOW : 0,
	};

	return fakehost_new(&postern_plugin_0, &options);
}

/* A message of this type; its numbers are read from `r`. */
static size_t
make(struct pn_reader *r, unsigned type, uint8_t bytes[PPTP_MESSAGE_MAX])
{
	static const uint8_t header[8] = { 0, 0, 0, 1, 0x1a, 0x2b, 0x3c, 0x4d };
	uint8_t ids[2] = { pn_u8(r), pn_u8(r) }, result = pn_u8(r);

	memset(bytes, 0, PPTP_MESSAGE_MAX);
	memcpy(bytes, header, sizeof(header));
	bytes[1] = lengths[type];
	bytes[9] = (uint8_t)type;
	if (type <= 2) {
		bytes[12] = 1;
		bytes[14] = result;
		bytes[28] = ids[0];
		return lengths[type];
	}
	bytes[12] = bytes[13] = ids[0];
	bytes[14] = bytes[15] = ids[1];
	/* No message of 16 bytes has a result here. */
	if (lengths[type] > 16)
		bytes[16] = result;
	return lengths[type];
}

/* The next step; its length, and what is sent. -1: bytes are lost. */
static int
read_step(struct pn_reader *r, uint32_t *ret_dir, uint8_t bytes[256])
{
	uint8_t head = pn_u8(r), at;
	unsigned what = head & 31u;
	size_t len;

	*ret_dir = head >> 7;
	if (what > 15)
		return -1;
	if (!what) {
		const uint8_t *raw;

		len = pn_u8(r);
		len = len < pn_left(r) ? len : pn_left(r);
		raw = pn_take(r, len);
		if (len)
			memcpy(bytes, raw, len);
		return (int)len;
	}
	len = make(r, what, bytes);
	if (head & 64) {
		at = pn_u8(r);
		bytes[at % len] = pn_u8(r);
	}
	return (int)len;
}

/* What became of it, with the ids of all doors; to be freed. */
static char *
tell(struct fakehost *host)
{
	const char *story = fakehost_story(host);
	size_t len = strlen(story), size = len + 64 * FAKEHOST_DOORS_MAX + 1;
	char *text = malloc(size);
	unsigned n;

	MUST(text);
	memcpy(text, story, len + 1);
	for (n = 0; n < host->n_doors; n++) {
		const struct pn_expect *e = &host->doors[n].request;

		len += (size_t)snprintf(text + len, size - len, "%u %u %u %d\n", e->group,
			e->call_id, e->call_id_reply, host->doors[n].open);
	}
	return text;
}

/* Takes the steps in `r`, each in parts of `part` bytes. */
static char *
play(struct pn_reader r, uint8_t choice, size_t part)
{
	struct fakehost *host = host_for(choice);
	struct speech speech[2] = { 0 };
	size_t room = 256 * (pn_left(&r) + 1);
	uint8_t bytes[256];
	uint32_t dir;
	char *story;
	int len, n;

	for (n = 0; n < 2; n++) {
		speech[n].bytes = malloc(room);
		MUST(speech[n].bytes);
	}
	while (pn_left(&r) && host->n_doors < FAKEHOST_DOORS_MAX) {
		len = read_step(&r, &dir, bytes);
		if (len < 0)
			fakehost_gap(host, dir);
		for (n = 0; n < len; n += (int)part) {
			size_t most = (size_t)(len - n) < part ? (size_t)(len - n) : part;

			memcpy(speech[dir].bytes + speech[dir].len, bytes + n, most);
			speech[dir].len += most;
			fakehost_send(host, dir, bytes + n, most);
		}
	}
	check(host, speech, choice & SIDES ? choice & SIDES : 1);
	story = tell(host);
	fakehost_free(host);
	free(speech[0].bytes);
	free(speech[1].bytes);
	return story;
}

static void
parse_alone(const uint8_t *data, size_t size)
{
	int64_t length = pptp_frame(data, size);
	char text[PPTP_TEXT_LEN + 1];
	struct pptp_message m;
	size_t n;

	MUST(length == 0 || length == -EPROTO ||
		(length >= PPTP_MESSAGE_MIN && length <= PPTP_MESSAGE_MAX));
	/* What is refused or told by some bytes is so by more. */
	for (n = 0; n < size && n < 16; n++) {
		int64_t less = pptp_frame(data, n);

		MUST(!less || less == length);
	}
	if (length <= 0 || size < (size_t)length || pptp_parse(data, (size_t)length, &m) < 0)
		return;
	MUST(m.type >= 1 && m.type < PPTP_TYPES && lengths[m.type] == length);
	MUST((!m.own_at || m.own_at + 2 <= length) && (!m.peer_at || m.peer_at + 2 <= length));
	if (m.host)
		MUST(pptp_text(m.host, text) <= PPTP_TEXT_LEN && !text[PPTP_TEXT_LEN]);
	if (m.vendor)
		MUST(pptp_text(m.vendor, text) == strlen(text));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pn_reader r = pn_reader(data, size);
	uint8_t choice = pn_u8(&r);
	char *whole, *bytewise;

	parse_alone(data, size);
	if (!size || size > 4096)
		return 0;
	whole = play(r, choice, 256);
	bytewise = play(r, choice, 1);
	MUST(!strcmp(whole, bytewise));
	free(whole);
	free(bytewise);
	return 0;
}
