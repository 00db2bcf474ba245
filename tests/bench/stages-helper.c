// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stages of one FTP control connection, without a capture: commands and replies by turns.
 *
 *   message LINES    one message per packet: NOOP, and 200
 *   door LINES       PASV and 227: each pair opens a door, and closes the one before
 *
 * With -p the helper watches, without it nobody does: the difference is what the helper costs, from
 * the bytes in order to what it answers. Life-cycle: one connection, never closed. Relies on the
 * engine's time alone being measured, not the making of packets.
 */
#include "stages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet/packet.h"

/* Messages that begin() sends. */
#define BEGUN 3

enum { CLIENT, SERVER };

struct conversation {
	struct rig rig;
	struct frame_flow flow;
};

static void
send_line(struct conversation *c, unsigned from, uint8_t flags, const char *line)
{
	frame_tcp(rig_frame(&c->rig), &c->flow, from, flags, line, strlen(line));
	if (rig_full(&c->rig))
		rig_flush(&c->rig);
}

static void
begin(struct conversation *c)
{
	c->flow = (struct frame_flow){
		.host = { 0x0a000001, 0xc6120001 },
		.port = { 50000, 21 },
		.seq = { 1, 1 },
	};
	send_line(c, CLIENT, TCP_SYN, "");
	send_line(c, SERVER, TCP_SYN | TCP_ACK, "");
	send_line(c, CLIENT, TCP_ACK, "");
	send_line(c, SERVER, TCP_ACK | TCP_PSH, "220 ready\r\n");
	send_line(c, CLIENT, TCP_ACK | TCP_PSH, "USER anonymous\r\n");
	send_line(c, SERVER, TCP_ACK | TCP_PSH, "230 welcome\r\n");
	rig_flush(&c->rig);
}

static int
tell_results(const struct conversation *c, const struct stage_options *options, unsigned long lines)
{
	struct stats stats;

	engine_get_stats(c->rig.engine, &stats);
	tell("ns", c->rig.engine_ns);
	tell("packets", c->rig.number);
	tell("messages", stats.helper.messages);
	tell("doors", stats.expect.opened);
	if (stats_verdicts(&stats, VERDICT_DROP) ||
		(options->plugins && stats.helper.messages != lines + BEGUN)) {
		fprintf(stderr, "stages: the helper did not see every message\n");
		return -EPROTO;
	}
	return 0;
}

static int
converse(const struct stage_options *options, const char *argument, bool doors)
{
	unsigned long lines = strtoul(argument, NULL, 10) / 2 * 2;
	struct conversation c;
	char reply[80];
	int r;

	r = rig_init(&c.rig, options);
	if (r < 0)
		return r;
	begin(&c);
	c.rig.engine_ns = 0;
	for (unsigned long n = 0; n < lines; n += 2) {
		snprintf(reply, sizeof(reply),
			"227 Entering Passive Mode (198,18,0,1,%lu,%lu).\r\n", 200 + n / 512 % 32,
			n / 2 % 256);
		send_line(&c, CLIENT, TCP_ACK | TCP_PSH, doors ? "PASV\r\n" : "NOOP\r\n");
		send_line(&c, SERVER, TCP_ACK | TCP_PSH, doors ? reply : "200 ok\r\n");
	}
	rig_flush(&c.rig);
	r = tell_results(&c, options, lines);
	rig_done(&c.rig);
	return r;
}

static int
run_message(const struct stage_options *options, const char *argument)
{
	return converse(options, argument, false);
}

static int
run_door(const struct stage_options *options, const char *argument)
{
	return converse(options, argument, true);
}

const struct stage stages_of_helpers[] = {
	{ "message", "LINES", run_message },
	{ "door", "LINES", run_door },
	{ 0 },
};
