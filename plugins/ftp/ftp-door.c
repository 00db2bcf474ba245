// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Doors for data connections: one flow, TCP, from the other end of the control connection.
 *
 * The destination is always passed as it was told, so that it is the host who refuses a third
 * party's address. What is refused here is noted under "refused".
 */
#include "ftp-door.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROTO_TCP       6
#define PORT_FTP_DATA   20   /* a server's own, where it does not choose another (RFC 959 §3.2) */
#define PORT_USER_FIRST 1024 /* below are services (RFC 6335 §6); no FTP data is sent there */

/* No command is answered before the greeting, so it need not be asked for here. */
static int
may_open(struct pn_flow *flow, uint16_t port, const char *told_in)
{
	const struct ftp *ftp = flow->state;
	char text[48];

	if (!ftp->user)
		return 0;
	if (port >= PORT_USER_FIRST)
		return 1;
	snprintf(text, sizeof(text), "port %u in %s", port, told_in);
	ftp_note(flow, "refused", text);
	return 0;
}

/* `src` is a role. */
static struct pn_expect
door_from(uint8_t src, const struct pn_addr *dst, uint16_t port)
{
	return (struct pn_expect){
		.size = sizeof(struct pn_expect),
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT | PN_EXPECT_MAX_FLOWS,
		.proto = PROTO_TCP,
		.src = { .family = src },
		.dst = *dst,
		.dst_port = port,
		.max_flows = 1,
	};
}

static int64_t
ask(struct pn_flow *flow, const struct pn_expect *expect, struct pn_mapped *ret_mapped)
{
	struct ftp *ftp = flow->state;
	int64_t id = flow->host->expect(flow, expect, ret_mapped);

	/* A new data port takes the place of the old one, even if it gets no door itself. */
	if (id > 0)
		ftp->door = id;
	else if (id != -PN_REFUSED_GONE)
		ftp_door_close(flow);
	return id;
}

void
ftp_door_early(struct pn_flow *flow, struct ftp_pending *command)
{
	struct pn_expect expect = door_from(PN_ADDR_RECEIVER, &command->addr, command->port);

	if (!may_open(flow, command->port, "PORT"))
		return;
	expect.mask |= PN_EXPECT_SRC_PORT;
	expect.src_port = PORT_FTP_DATA;
	command->door = ask(flow, &expect, NULL);
}

void
ftp_door_to_client(struct pn_flow *flow, const struct ftp_pending *command)
{
	struct pn_expect expect = door_from(PN_ADDR_SENDER, &command->addr, command->port);

	if (command->door < 0 || !may_open(flow, command->port, "PORT"))
		return;
	/* The early door is widened. If the connection has come already, that was the one. */
	if (command->door)
		expect.flags = PN_EXPECT_REFRESH;
	ask(flow, &expect, NULL);
}

void
ftp_door_refused(struct pn_flow *flow, const struct ftp_pending *command)
{
	struct ftp *ftp = flow->state;

	if (command->door <= 0)
		return;
	(void)flow->host->unexpect(flow, command->door);
	if (ftp->door == command->door)
		ftp->door = 0;
}

/* Will the client go elsewhere than the reply says? */
static int
is_mapped(const struct ftp_endpoint *told, const struct pn_mapped *mapped)
{
	if (mapped->port != told->port)
		return 1;
	if (mapped->addr.family != PN_ADDR_IPV4 && mapped->addr.family != PN_ADDR_IPV6)
		return 0;
	return told->addr.family != PN_ADDR_NONE &&
	       (told->addr.family != mapped->addr.family ||
		       memcmp(told->addr.bytes, mapped->addr.bytes, sizeof(told->addr.bytes)));
}

/* Under address translation the client must be told another endpoint than the server has told. */
static int32_t
tell_mapped(struct pn_flow *flow, uint32_t code, const struct ftp_endpoint *told,
	const struct pn_mapped *mapped)
{
	struct ftp_endpoint now = *told;
	char text[FTP_TEXT_MAX];
	size_t len;
	int32_t r;

	if (!is_mapped(told, mapped))
		return 0;
	now.port = mapped->port;
	if (told->addr.family != PN_ADDR_NONE)
		now.addr = mapped->addr;
	len = ftp_format(code, &now, text);
	if (!len)
		return -EAFNOSUPPORT;
	r = flow->host->rewrite(flow, told->offset, told->len, (const uint8_t *)text, len);
	/* With ServerAddress another address is no sign of translation. */
	return r == -EOPNOTSUPP ? 0 : r;
}

static int
parse(const struct ftp_reply *reply, struct ftp_endpoint *ret_told)
{
	switch (reply->code) {
	case 227:
		return ftp_parse_227(reply->text, reply->text_len, ret_told);
	case 228:
		return ftp_parse_228(reply->text, reply->text_len, ret_told);
	case 229:
		return ftp_parse_229(reply->text, reply->text_len, ret_told);
	}
	return -EINVAL;
}

void
ftp_door_to_server(
	struct pn_flow *flow, const struct pn_message *msg, const struct ftp_reply *reply)
{
	struct pn_mapped mapped = { .size = sizeof(mapped) };
	struct ftp_endpoint told;
	struct pn_expect expect;
	struct pn_addr dst;
	char name[16];
	int64_t id;

	snprintf(name, sizeof(name), "%u", (unsigned)reply->code);
	if (parse(reply, &told) < 0 || !may_open(flow, told.port, name))
		return;
	told.offset += (size_t)(reply->text - msg->bytes);
	dst = told.addr;
	if (dst.family == PN_ADDR_NONE || ftp_option(flow, FTP_OPTION_SERVER_ADDRESS))
		dst = (struct pn_addr){ .family = PN_ADDR_SENDER };
	expect = door_from(PN_ADDR_RECEIVER, &dst, told.port);
	id = ask(flow, &expect, &mapped);
	if (id > 0 && tell_mapped(flow, reply->code, &told, &mapped) < 0) {
		ftp_note(flow, "refused", "the reply cannot be translated");
		ftp_door_close(flow);
	}
}

void
ftp_door_close(struct pn_flow *flow)
{
	struct ftp *ftp = flow->state;

	if (ftp->door)
		(void)flow->host->unexpect(flow, ftp->door);
	ftp->door = 0;
}
