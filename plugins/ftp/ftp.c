// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * FTP: what a control connection means for a firewall.
 *
 * A door opens only for a data connection that both sides have agreed on: a PORT, EPRT or LPRT of
 * the client that the server has answered with 2xx, or a 227, 229 or 228 of the server that
 * answers the client's PASV, EPSV or LPSV. Some servers connect first and answer PORT afterwards;
 * so until it is answered, the server's port 20 alone may come, and its coming is the answer.
 * Text that merely looks like a reply answers nothing (CERT VU#328867). Where the pairing of
 * commands and replies is in doubt no door opens until it is certain again (ftp-pairs.h). Doubt
 * never drops anything.
 *
 * Life-cycle: the state is zero when the flow begins. A flow that does not begin as FTP is left
 * for life. After AUTH TLS and 234 both sides speak TLS until, with the option CCC, each has
 * closed it with a visible alert and gone on in plain text. Nothing is allocated.
 *
 * Limits: lines of FTP_LINE_MAX bytes, FTP_PAIRS_MAX commands at once, one door at a time (a new
 * data port replaces the old one, RFC 959 §3.2).
 *
 * Relies on the host to check every door, above all that its destination is an end of this flow.
 */
#include "ftp-state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <postern/plugin.h>
#include <postern/reader.h>

#include "ftp-door.h"

#define PROTO_TCP    6
#define TLS_ALERT    21
#define TELNET_IAC   255
#define ARGUMENT_MAX 200 /* bytes of an argument that go into a note */

static int32_t
leave(struct pn_flow *flow, const char *why)
{
	ftp_note(flow, "left", why);
	return PN_DETACH;
}

/* RFC 2228 §3: what follows is wrapped so that only the two ends can read it. */
static int32_t
leave_protected(struct pn_flow *flow)
{
	return leave(flow, "the control connection is protected");
}

/* A side whose lines end now so, now so, may see other lines than its peer does. */
static void
check_eol(struct ftp *ftp, struct ftp_side *side, uint32_t eol)
{
	if (side->eol == FTP_EOL_NONE)
		side->eol = eol;
	else if (side->eol != eol)
		ftp_pairs_doubt(&ftp->pairs);
}

static int32_t
start_tls(struct pn_flow *flow)
{
	struct ftp *ftp = flow->state;
	char text[24];
	int n;

	snprintf(text, sizeof(text), "AUTH %s", ftp->auth);
	ftp_note(flow, "tls", text);
	for (n = 0; n < 2; n++)
		ftp->side[n] = (struct ftp_side){ .begun = 1, .tls = 1 };
	ftp_pairs_forget(&ftp->pairs);
	return PN_PASS;
}

/* A reply of 2xx to this command. */
static int32_t
accepted(struct pn_flow *flow, const struct pn_message *msg, const struct ftp_reply *reply,
	const struct ftp_pending *command)
{
	const struct ftp *ftp = flow->state;

	switch ((enum ftp_kind)command->kind) {
	case FTP_KIND_PORT:
		if (!ftp->epsv_all)
			ftp_door_to_client(flow, command);
		break;
	case FTP_KIND_PASV:
		if (!ftp->epsv_all && reply->code == 227)
			ftp_door_to_server(flow, msg, reply);
		break;
	case FTP_KIND_LPSV:
		if (!ftp->epsv_all && reply->code == 228)
			ftp_door_to_server(flow, msg, reply);
		break;
	case FTP_KIND_EPSV:
		if (reply->code == 229)
			ftp_door_to_server(flow, msg, reply);
		break;
	case FTP_KIND_AUTH_TLS:
		return start_tls(flow);
	case FTP_KIND_AUTH_OTHER:
		return leave_protected(flow);
	case FTP_KIND_OTHER:
	case FTP_KIND_ABOR:
	case FTP_KIND_EPSV_ALL:
		break;
	}
	return PN_PASS;
}

/* A reply of 3xx, 4xx or 5xx to this command. */
static int32_t
not_accepted(struct pn_flow *flow, uint32_t code, const struct ftp_pending *command)
{
	struct ftp *ftp = flow->state;

	switch ((enum ftp_kind)command->kind) {
	case FTP_KIND_AUTH_TLS:
	case FTP_KIND_AUTH_OTHER:
		if (code < 400) /* 334: the mechanism goes on (RFC 2228 §3) */
			return leave_protected(flow);
		break;
	case FTP_KIND_EPSV_ALL:
		ftp->epsv_all = 0;
		break;
	case FTP_KIND_PORT:
		ftp_door_refused(flow, command);
		break;
	case FTP_KIND_OTHER:
	case FTP_KIND_ABOR:
	case FTP_KIND_PASV:
	case FTP_KIND_LPSV:
	case FTP_KIND_EPSV:
		break;
	}
	return PN_PASS;
}

/* Where a passive reply comes right behind one that was believed, one of the two is text that
 * somebody made the server repeat, and nobody knows which. */
static void
unasked(struct pn_flow *flow, uint32_t code)
{
	if (code < 227 || code > 229)
		return;
	ftp_note(flow, "refused", "a passive reply that nobody asked for");
	ftp_door_close(flow);
}

static int32_t
final_reply(struct pn_flow *flow, const struct pn_message *msg, const struct ftp_reply *reply)
{
	struct ftp *ftp = flow->state;
	struct ftp_pending command;

	if (!ftp->greeted) {
		ftp->greeted = reply->code == 220;
		return PN_PASS;
	}
	if (reply->code < 200) /* preliminary: the final one is still to come */
		return PN_PASS;
	if (reply->code >= 600)
		return leave_protected(flow);
	if (ftp_pairs_pop(&ftp->pairs, reply->code, &command) < 0) {
		unasked(flow, reply->code);
		return PN_PASS;
	}
	if (reply->code < 300)
		return accepted(flow, msg, reply, &command);
	return not_accepted(flow, reply->code, &command);
}

static int32_t
server_line(struct pn_flow *flow, const struct pn_message *msg)
{
	struct ftp *ftp = flow->state;
	struct ftp_side *side = &ftp->side[FTP_SERVER];
	struct ftp_reply reply;
	int bad = ftp_parse_reply(msg->bytes, msg->len, &reply) < 0;

	/* RFC 959 §4.2: nothing counts within but the line that begins with the same code. */
	if (ftp->multi && (bad || reply.code != ftp->multi))
		return PN_PASS;
	if (!ftp->greeted && (bad || (reply.code != 120 && reply.code != 220)))
		return leave(flow, "the server does not greet with 220");
	side->begun = 1;
	ftp->multi = 0;
	if (bad) {
		ftp_pairs_doubt(&ftp->pairs);
		return PN_PASS;
	}
	if (reply.more) {
		ftp->multi = (uint16_t)reply.code;
		return PN_PASS;
	}
	if (reply.eol == FTP_EOL_NONE)
		ftp_pairs_doubt(&ftp->pairs);
	else
		check_eol(ftp, side, reply.eol);
	return final_reply(flow, msg, &reply);
}

static void
push(struct pn_flow *flow, enum ftp_kind kind, const struct ftp_endpoint *endpoint)
{
	struct ftp *ftp = flow->state;

	if (ftp_pairs_push(&ftp->pairs, kind, endpoint) < 0)
		ftp_note(flow, "refused", "too many commands at once");
}

/* Notes the argument, behind the verb if that is wanted: cut, and without control characters. */
static void
note_argument(struct pn_flow *flow, const char *key, const struct ftp_command *command, int verb)
{
	struct pn_reader r = pn_reader(command->arg, command->arg_len);
	char text[sizeof(command->name) + 1 + ARGUMENT_MAX];
	size_t start = 0, len, n;

	if (verb)
		start = (size_t)snprintf(
			text, sizeof(text), "%s%s", command->name, command->arg_len ? " " : "");
	for (len = start; len < start + ARGUMENT_MAX && pn_left(&r); len++) {
		uint8_t c = pn_u8(&r);

		text[len] = (char)(c < ' ' || c == 127 ? '?' : c);
	}
	/* Cut between characters of UTF-8 (RFC 2640), not within one. */
	if ((pn_peek(&r) & 0xc0) == 0x80) {
		while (len > start && (text[len - 1] & 0xc0) == 0x80)
			len--;
		len -= len > start;
	}
	if (flow->host->note(flow, key, text, len) >= 0)
		return;
	/* Most likely not UTF-8. */
	for (n = start; n < len; n++)
		text[n] = (char)(text[n] & 0x80 ? '?' : text[n]);
	(void)flow->host->note(flow, key, text, len);
}

static int
is_word(const struct ftp_command *command, const char *word)
{
	struct pn_reader r = pn_reader(command->arg, command->arg_len);

	for (; *word; word++) {
		uint8_t c = pn_u8(&r);

		if (c >= 'a' && c <= 'z')
			c = (uint8_t)(c - 'a' + 'A');
		if (c != (uint8_t)*word)
			return 0;
	}
	return !pn_left(&r);
}

/* The names that RFC 4217 §2 and the drafts before it gave to TLS; the rest is RFC 2228. */
static enum ftp_kind
auth_kind(struct ftp *ftp, const struct ftp_command *command)
{
	static const char names[][8] = { "TLS", "TLS-C", "SSL", "TLS-P" };
	size_t n;

	ftp->user = 1;
	for (n = 0; n < sizeof(names) / sizeof(names[0]); n++)
		if (is_word(command, names[n])) {
			memcpy(ftp->auth, names[n], sizeof(ftp->auth));
			return FTP_KIND_AUTH_TLS;
		}
	return FTP_KIND_AUTH_OTHER;
}

static enum ftp_kind
port_kind(const struct ftp_command *command, struct ftp_endpoint *ret_endpoint)
{
	int (*parse)(const uint8_t *, size_t, struct ftp_endpoint *) = ftp_parse_port;

	if (command->verb == FTP_EPRT)
		parse = ftp_parse_eprt;
	else if (command->verb == FTP_LPRT)
		parse = ftp_parse_lprt;
	if (parse(command->arg, command->arg_len, ret_endpoint) < 0)
		return FTP_KIND_OTHER;
	return FTP_KIND_PORT;
}

static enum ftp_kind
epsv_kind(struct ftp *ftp, const struct ftp_command *command)
{
	if (!is_word(command, "ALL"))
		return FTP_KIND_EPSV;
	ftp->epsv_all = 1;
	return FTP_KIND_EPSV_ALL;
}

/* RFC 959 §4.1.1: as if the connection had just begun. */
static void
reinitialise(struct pn_flow *flow)
{
	struct ftp *ftp = flow->state;

	ftp_pairs_disarm(&ftp->pairs);
	ftp_door_close(flow);
	ftp->user = 0;
	ftp->epsv_all = 0;
}

/* For a server that connects before it answers PORT. */
static void
open_early(struct pn_flow *flow)
{
	struct ftp *ftp = flow->state;
	struct ftp_pending *command = ftp_pairs_last(&ftp->pairs);

	/* Nor while another command waits: then it may be part of what somebody slipped in. */
	if (command && ftp->pairs.outstanding == 1 && ftp->greeted && !ftp->epsv_all &&
		ftp_option(flow, FTP_OPTION_EARLY_DATA))
		ftp_door_early(flow, command);
}

static int32_t
run_command(struct pn_flow *flow, const struct ftp_command *command)
{
	struct ftp *ftp = flow->state;
	struct ftp_endpoint endpoint = { 0 };
	enum ftp_kind kind = FTP_KIND_OTHER;

	switch ((enum ftp_verb)command->verb) {
	case FTP_BLANK:
		return PN_PASS;
	case FTP_PROTECTED:
		return leave_protected(flow);
	case FTP_USER:
		ftp->user = 1;
		note_argument(flow, "user", command, 0);
		break;
	case FTP_TRANSFER:
		note_argument(flow, "command", command, 1);
		break;
	case FTP_REIN:
		reinitialise(flow);
		break;
	case FTP_AUTH:
		kind = auth_kind(ftp, command);
		break;
	case FTP_PORT:
	case FTP_EPRT:
	case FTP_LPRT:
		kind = port_kind(command, &endpoint);
		break;
	case FTP_PASV:
		kind = FTP_KIND_PASV;
		break;
	case FTP_LPSV:
		kind = FTP_KIND_LPSV;
		break;
	case FTP_EPSV:
		kind = epsv_kind(ftp, command);
		break;
	case FTP_ABOR:
		kind = FTP_KIND_ABOR;
		break;
	case FTP_UNKNOWN:
	case FTP_OTHER:
		break;
	}
	push(flow, kind, &endpoint);
	if (kind == FTP_KIND_PORT)
		open_early(flow);
	return PN_PASS;
}

static int32_t
client_line(struct pn_flow *flow, const struct pn_message *msg)
{
	struct ftp *ftp = flow->state;
	struct ftp_side *side = &ftp->side[FTP_CLIENT];
	struct ftp_command command;
	int known;

	ftp_parse_command(msg->bytes, msg->len, &command);
	known = command.eol != FTP_EOL_NONE && command.verb != FTP_BLANK &&
		command.verb != FTP_UNKNOWN;
	if (!side->begun && !known)
		return leave(flow, "the client does not begin with a command");
	side->begun = 1;
	if (command.eol == FTP_EOL_NONE) {
		/* Too long: the server may read it as one command, or as several. */
		ftp_pairs_doubt(&ftp->pairs);
		push(flow, FTP_KIND_OTHER, NULL);
		return PN_PASS;
	}
	check_eol(ftp, side, command.eol);
	if (known)
		ftp_pairs_see_verb(&ftp->pairs);
	return run_command(flow, &command);
}

/* A line of plain text behind the end of TLS (RFC 4217 §12.3): it must be one of FTP. */
static int32_t
resume(struct pn_flow *flow, const struct pn_message *msg)
{
	struct ftp *ftp = flow->state;
	struct ftp_command command;
	struct ftp_reply reply;
	char text[40];

	if (msg->dir == FTP_CLIENT) {
		ftp_parse_command(msg->bytes, msg->len, &command);
		if (command.verb == FTP_BLANK || command.verb == FTP_UNKNOWN)
			return leave(flow, "no command behind the end of TLS");
	} else {
		if (ftp_parse_reply(msg->bytes, msg->len, &reply) < 0)
			return leave(flow, "no reply behind the end of TLS");
		snprintf(text, sizeof(text), "AUTH %s, ended by CCC", ftp->auth);
		ftp_note(flow, "tls", text);
	}
	ftp->side[msg->dir] = (struct ftp_side){ .begun = 1 };
	return PN_PASS;
}

/* A message of a side that speaks TLS; `*ret_line`: it has gone on in plain text. */
static int32_t
tls_message(struct pn_flow *flow, const struct pn_message *msg, int *ret_line)
{
	struct ftp *ftp = flow->state;
	struct pn_reader r = pn_reader(msg->bytes, msg->len);

	*ret_line = 0;
	if (msg->flags & PN_MSG_AFTER_GAP)
		return leave(flow, "bytes of TLS were lost");
	if (ftp_frame_record(msg->bytes, msg->len) >= 0) {
		ftp->side[msg->dir].alerted = pn_u8(&r) == TLS_ALERT;
		return PN_PASS;
	}
	*ret_line = 1;
	return resume(flow, msg);
}

static int32_t
ftp_message(struct pn_flow *flow, const struct pn_message *msg)
{
	struct ftp *ftp = flow->state;
	struct ftp_side *side = &ftp->side[msg->dir];
	int was_skipping = side->skipping, line = 1;
	int32_t action = PN_PASS;

	if (side->tls)
		action = tls_message(flow, msg, &line);
	if (action != PN_PASS || !line)
		return action;
	side->skipping = !ftp_ends_line(msg->bytes, msg->len);
	if (msg->flags & PN_MSG_AFTER_GAP) {
		/* What is lost may have been commands or replies; this may be the tail of one. */
		if (msg->dir == FTP_SERVER)
			ftp->multi = 0;
		ftp_pairs_forget(&ftp->pairs);
		ftp_pairs_doubt(&ftp->pairs);
		return PN_PASS;
	}
	if (was_skipping)
		return PN_PASS;
	return msg->dir == FTP_CLIENT ? client_line(flow, msg) : server_line(flow, msg);
}

/* May a line of plain text begin so? One byte decides, so it does not matter how the stream is
 * cut into segments. */
static int
may_begin(const struct ftp_side *side, uint32_t dir, uint8_t c)
{
	if (side->begun && !side->tls)
		return c != 22; /* a TLS handshake that nobody announced */
	if (dir == FTP_SERVER)
		return c >= '0' && c <= '9';
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == TELNET_IAC;
}

static int64_t
ftp_frame(struct pn_flow *flow, uint32_t dir, const uint8_t *bytes, size_t len)
{
	const struct ftp *ftp = flow->state;
	const struct ftp_side *side = &ftp->side[dir];
	struct pn_reader r = pn_reader(bytes, len);
	uint8_t first = pn_u8(&r);

	if (!len)
		return 0;
	if (side->tls) {
		int over = side->alerted && ftp_option(flow, FTP_OPTION_CCC);

		if (!over || !may_begin(side, dir, first))
			return ftp_frame_record(bytes, len);
	} else if (!side->skipping && !may_begin(side, dir, first)) {
		return -EPROTO;
	}
	return ftp_frame_line(bytes, len);
}

static int
is_on(const struct pn_instance *instance, const char *name)
{
	struct pn_value value = { .size = sizeof(value) };

	return instance->host->option(instance, name, &value) >= 0 && value.number;
}

static int32_t
ftp_start(struct pn_instance *instance)
{
	uintptr_t bits = 0;

	if (is_on(instance, "ServerAddress"))
		bits |= FTP_OPTION_SERVER_ADDRESS;
	if (is_on(instance, "CCC"))
		bits |= FTP_OPTION_CCC;
	if (is_on(instance, "EarlyData"))
		bits |= FTP_OPTION_EARLY_DATA;
	instance->data = (void *)bits;
	return 0;
}

static const struct pn_bind binds[] = { { 21, 21 }, { 0, 0 } };

static const struct pn_helper helper = {
	.size = sizeof(helper),
	.transport = PROTO_TCP,
	.gap = PN_GAP_RESUME,
	.flow_size = sizeof(struct ftp),
	.max_message = FTP_LINE_MAX,
	.max_doors = 1,
	.door_timeout = 60,
	.name = "ftp",
	.summary = "data connections of FTP, active and passive, IPv4 and IPv6",
	.binds = binds,
	.frame = ftp_frame,
	.message = ftp_message,
};

static const struct pn_option server_address = {
	.size = sizeof(server_address),
	.type = PN_OPTION_BOOL,
	.name = "ServerAddress",
	.fallback = "no",
	.help = "take the server's own address, whatever address its reply tells",
};

static const struct pn_option ccc = {
	.size = sizeof(ccc),
	.type = PN_OPTION_BOOL,
	.name = "CCC",
	.fallback = "no",
	.help = "go on reading where both sides have ended TLS (RFC 4217)",
};

static const struct pn_option early_data = {
	.size = sizeof(early_data),
	.type = PN_OPTION_BOOL,
	.name = "EarlyData",
	.fallback = "yes",
	.help = "let the server's port 20 come before the server has answered PORT",
};

static const struct pn_helper *const helpers[] = { &helper, NULL };
static const struct pn_option *const options[] = { &server_address, &ccc, &early_data, NULL };

PN_EXPORT const struct pn_plugin postern_plugin_0 = {
	.size = sizeof(postern_plugin_0),
	.name = "ftp",
	.version = POSTERN_VERSION,
	.summary = "File Transfer Protocol (RFC 959, 1123, 1639, 2428, 4217)",
	.licence = "GPL-2.0-or-later",
	.helpers = helpers,
	.options = options,
	.start = ftp_start,
};
