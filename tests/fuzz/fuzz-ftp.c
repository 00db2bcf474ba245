// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The FTP helper under the fake host, with any stream in both directions; and its parser alone.
 *
 * The first byte chooses options. Then come pieces: a byte with the direction in bit 7 and the
 * length in the rest, and so many bytes; length 0 stands for lost bytes. What must hold:
 *   - no door before the server has said 220 and the client USER or AUTH;
 *   - a door is for TCP, one flow, one port of at least 1024, between the two who talk here;
 *   - no more doors than lines of either side;
 *   - the helper never drops, fails or breaks a rule of the host;
 *   - sent byte by byte, the same stream has the same effect.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <postern/plugin.h>
#include <postern/reader.h>

#include "ftp-parse.h"
#include "kit/fakehost.h"

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

/* First byte. */
enum { IPV6 = 1, CCC = 2, SERVER_ADDRESS = 4, MAPPED = 8, REFUSE = 16, EARLY_DATA = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All that one side has said. */
struct speech {
	char *text;
	size_t len;
	unsigned lines;
};

static void
hear(struct speech *speech, const uint8_t *bytes, size_t len)
{
	size_t n;

	memcpy(speech->text + speech->len, bytes, len);
	speech->len += len;
	for (n = 0; n < len; n++)
		speech->lines += bytes[n] == '\n';
}

static int
has_said(const struct speech *speech, const char *word)
{
	size_t n, len = strlen(word);

	for (n = 0; n + len <= speech->len; n++)
		if (!strncasecmp(speech->text + n, word, len))
			return 1;
	return 0;
}

static void
check_door(const struct fakehost_door *door)
{
	const struct pn_expect *e = &door->request;

	MUST(e->proto == 6);
	MUST((e->mask & ~(uint32_t)PN_EXPECT_SRC_PORT) ==
		(PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT | PN_EXPECT_MAX_FLOWS));
	MUST(e->dst_port >= 1024 && !e->dst_port_last);
	MUST(e->max_flows == 1 && !(e->flags & ~(uint32_t)PN_EXPECT_REFRESH) && !door->child[0]);
	MUST(e->src.family == PN_ADDR_SENDER || e->src.family == PN_ADDR_RECEIVER);
	MUST(e->dst.family == PN_ADDR_SENDER || e->dst.family == PN_ADDR_IPV4 ||
		e->dst.family == PN_ADDR_IPV6);
	MUST(e->dst.family != e->src.family);
	/* Before the server's reply, for its port 20 alone. */
	if (e->mask & PN_EXPECT_SRC_PORT)
		MUST(e->src_port == 20 && e->src.family == PN_ADDR_RECEIVER);
	else
		MUST(door->dir == PN_FROM_RESPONDER);
}

static void
check(const struct fakehost *host, const struct speech speech[2])
{
	unsigned n, open = 0;

	MUST(!host->misuse && !host->drops && !host->closes);
	MUST(host->left != FAKEHOST_FAILED && host->left != FAKEHOST_RESET);
	if (!host->n_doors)
		return;
	MUST(has_said(&speech[1], "220"));
	MUST(has_said(&speech[0], "USER") || has_said(&speech[0], "AUTH"));
	MUST(host->n_doors <= speech[0].lines);
	for (n = 0; n < host->n_doors; n++) {
		check_door(&host->doors[n]);
		open += host->doors[n].open;
	}
	MUST(open <= 1);
}

static struct fakehost *
host_for(uint8_t choice)
{
	const struct fakehost_option set[] = {
		{ "CCC", choice & CCC ? "yes" : "no" },
		{ "ServerAddress", choice & SERVER_ADDRESS ? "yes" : "no" },
		{ "EarlyData", choice & EARLY_DATA ? "yes" : "no" },
		{ NULL, NULL },
	};
	const struct fakehost_options options = {
		.originator = choice & IPV6 ? "[2001:db8::1]:40000" : NULL,
		.options = set,
		.mapped = choice & MAPPED ? "203.0.113.5:40000" : NULL,
		.refuse = choice & REFUSE ? PN_REFUSED_LIMIT_FLOW : 0,
	};

	return fakehost_new(&postern_plugin_0, &options);
}

/* Sends the pieces in `r`, each in parts of `part` bytes; returns the story, to be freed. */
static char *
play(struct pn_reader r, uint8_t choice, size_t part)
{
	struct fakehost *host = host_for(choice);
	struct speech speech[2] = { 0 };
	char *story;
	int n;

	for (n = 0; n < 2; n++) {
		speech[n].text = malloc(pn_left(&r) + 1);
		MUST(speech[n].text);
	}
	while (pn_left(&r)) {
		uint8_t head = pn_u8(&r);
		uint32_t dir = head >> 7;
		size_t len = head & 127u;
		struct pn_reader piece = pn_sub(&r, len < pn_left(&r) ? len : pn_left(&r));

		if (!len)
			fakehost_gap(host, dir);
		while (pn_left(&piece)) {
			size_t most = pn_left(&piece) < part ? pn_left(&piece) : part;
			const uint8_t *bytes = pn_take(&piece, most);

			hear(&speech[dir], bytes, most);
			fakehost_send(host, dir, bytes, most);
		}
		check(host, speech);
	}
	story = strdup(fakehost_story(host));
	MUST(story);
	fakehost_free(host);
	free(speech[0].text);
	free(speech[1].text);
	return story;
}

/* What is found lies within the bytes, and means the same when it is written again. */
static void
check_endpoint(uint32_t code, const struct ftp_endpoint *found, const char *begin,
	int (*parse)(const uint8_t *, size_t, struct ftp_endpoint *), size_t size)
{
	char text[FTP_TEXT_MAX + 8], formatted[FTP_TEXT_MAX];
	struct ftp_endpoint again;
	size_t len, n = strlen(begin);

	MUST(found->len && found->offset < size && found->len <= size - found->offset);
	if (!code)
		return;
	len = ftp_format(code, found, formatted);
	MUST(len && len < FTP_TEXT_MAX);
	memcpy(text, begin, n);
	if (code == 229)
		text[n++] = (char)found->delimiter;
	memcpy(text + n, formatted, len);
	n += len;
	text[n++] = code == 229 ? (char)found->delimiter : ')';
	MUST(parse((const uint8_t *)text, n, &again) == 0);
	MUST(again.port == found->port);
	MUST(!memcmp(&again.addr, &found->addr, sizeof(again.addr)));
}

static void
parse_alone(const uint8_t *data, size_t size)
{
	static const struct {
		uint32_t code;
		int (*parse)(const uint8_t *, size_t, struct ftp_endpoint *);
	} parsers[] = { { 0, ftp_parse_port }, { 0, ftp_parse_eprt }, { 0, ftp_parse_lprt },
		{ 227, ftp_parse_227 }, { 228, ftp_parse_228 }, { 229, ftp_parse_229 } };
	struct ftp_endpoint endpoint;
	struct ftp_command command;
	struct ftp_reply reply;
	size_t n;

	ftp_parse_command(data, size, &command);
	MUST(command.arg_len <= size && memchr(command.name, 0, sizeof(command.name)));
	if (ftp_parse_reply(data, size, &reply) == 0)
		MUST(reply.code >= 100 && reply.code < 700 && reply.text_len <= size - 3);
	MUST(ftp_frame_line(data, size) <= (int64_t)size);
	MUST(ftp_frame_record(data, size) <= 5 + 16384 + 2048);
	for (n = 0; n < sizeof(parsers) / sizeof(parsers[0]); n++)
		if (parsers[n].parse(data, size, &endpoint) == 0)
			check_endpoint(parsers[n].code, &endpoint, "(", parsers[n].parse, size);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pn_reader r = pn_reader(data, size);
	uint8_t choice = pn_u8(&r);
	char *whole, *bytewise;

	parse_alone(data, size);
	if (!size)
		return 0;
	whole = play(r, choice, size);
	bytewise = play(r, choice, 1);
	MUST(!strcmp(whole, bytewise));
	free(whole);
	free(bytewise);
	return 0;
}
