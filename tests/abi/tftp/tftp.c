// SPDX-License-Identifier: MIT
/*
 * A helper for the Trivial File Transfer Protocol (RFC 1350), built as a stranger builds one:
 * against what is installed, with pkg-config. The server answers a request to its port 69 from a
 * port that nobody knows yet (§4), so each request opens one door: from the server to the client's
 * port.
 */
#include <postern/plugin.h>
#include <postern/reader.h>
#include <strings.h>

enum { READ_REQUEST = 1, WRITE_REQUEST = 2 };

/* Takes a string and the zero behind it (§5); NULL if there is none. */
static const char *
take_string(struct pn_reader *r)
{
	const char *text = (const char *)r->at;
	const char *zero = pn_left(r) ? memchr(text, 0, pn_left(r)) : NULL;

	return zero ? (const char *)pn_take(r, (size_t)(zero - text) + 1) : NULL;
}

/* The name of the file that is asked for; NULL if this is no request. */
static const char *
parse_request(const struct pn_message *message)
{
	struct pn_reader r = pn_reader(message->bytes, message->len);
	unsigned opcode = pn_u16be(&r);
	const char *name = take_string(&r);
	const char *mode = take_string(&r);

	if ((opcode != READ_REQUEST && opcode != WRITE_REQUEST) || !name || !*name || !mode)
		return NULL;
	return !strcasecmp(mode, "octet") || !strcasecmp(mode, "netascii") ? name : NULL;
}

static int32_t
tftp_message(struct pn_flow *flow, const struct pn_message *message)
{
	const char *name = message->dir == PN_FROM_ORIGINATOR ? parse_request(message) : NULL;
	struct pn_flow_info info = { .size = sizeof(info) };
	struct pn_expect expect = { .size = sizeof(expect) };

	if (!name || flow->host->flow_info(flow, &info) < 0)
		return PN_PASS;
	flow->host->note(flow, "file", name, strlen(name));
	expect.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT;
	expect.proto = 17;
	expect.src.family = PN_ADDR_RECEIVER;
	expect.dst.family = PN_ADDR_SENDER;
	expect.dst_port = info.originator_port;
	flow->host->expect(flow, &expect, NULL); /* refused: the host has noted why */
	return PN_PASS;
}

static const struct pn_bind ports[] = { { 69, 69 }, { 0, 0 } };
static const struct pn_helper helper = { .size = sizeof(helper),
	.transport = 17,
	.max_message = 512,
	.max_doors = 1,
	.door_timeout = 30,
	.name = "tftp",
	.summary = "watches requests and lets their answers in",
	.binds = ports,
	.message = tftp_message };
static const struct pn_helper *const helpers[] = { &helper, NULL };

PN_EXPORT const struct pn_plugin postern_plugin_0 = { .size = sizeof(postern_plugin_0),
	.name = "tftp",
	.version = "1.0",
	.summary = "Trivial File Transfer Protocol",
	.licence = "MIT",
	.helpers = helpers };
