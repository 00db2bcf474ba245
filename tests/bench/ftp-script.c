// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The script is a table: who sends what on which of the two connections.
 *
 * Life-cycle: none. Limits: one file of five segments. Relies on data ports that no policy denies.
 */
#include "ftp-script.h"

#include <stdio.h>
#include <string.h>

#include "packet/packet.h"

/* Ports that the server offers: above those of services, see DenyTcp= in postern.conf(5). */
#define DATA_PORT_FIRST 40000
#define DATA_PORTS      20000

enum { CLIENT, SERVER };
enum { SYN = TCP_SYN, SYN_ACK = TCP_SYN | TCP_ACK, ACK = TCP_ACK, PUSH = TCP_PSH | TCP_ACK };
enum { FIN = TCP_FIN | TCP_ACK };
enum { CONTROL, DATA };

/* Stands for a reply that names a port. */
#define PASSIVE "227"
#define SEGMENT 1400

struct step {
	uint8_t connection;
	uint8_t from;
	uint8_t flags;
	uint16_t len;     /* bytes of a file */
	const char *line; /* or a line */
};

static const struct step script[] = {
	{ CONTROL, CLIENT, SYN },
	{ CONTROL, SERVER, SYN_ACK },
	{ CONTROL, CLIENT, ACK },
	{ CONTROL, SERVER, PUSH, 0, "220 ready\r\n" },
	{ CONTROL, CLIENT, PUSH, 0, "USER anonymous\r\n" },
	{ CONTROL, SERVER, PUSH, 0, "331 Please specify the password.\r\n" },
	{ CONTROL, CLIENT, PUSH, 0, "PASS guest@example.net\r\n" },
	{ CONTROL, SERVER, PUSH, 0, "230 Login successful.\r\n" },
	{ CONTROL, CLIENT, PUSH, 0, "TYPE I\r\n" },
	{ CONTROL, SERVER, PUSH, 0, "200 Switching to Binary mode.\r\n" },
	{ CONTROL, CLIENT, PUSH, 0, "PASV\r\n" },
	{ CONTROL, SERVER, PUSH, 0, PASSIVE },
	{ DATA, CLIENT, SYN },
	{ DATA, SERVER, SYN_ACK },
	{ DATA, CLIENT, ACK },
	{ CONTROL, CLIENT, PUSH, 0, "RETR file.bin\r\n" },
	{ CONTROL, SERVER, PUSH, 0, "150 Opening BINARY mode data connection.\r\n" },
	{ DATA, SERVER, PUSH, SEGMENT },
	{ DATA, SERVER, PUSH, SEGMENT },
	{ DATA, CLIENT, ACK },
	{ DATA, SERVER, PUSH, SEGMENT },
	{ DATA, SERVER, PUSH, SEGMENT },
	{ DATA, CLIENT, ACK },
	{ DATA, SERVER, PUSH, SEGMENT },
	{ DATA, SERVER, FIN },
	{ DATA, CLIENT, FIN },
	{ DATA, SERVER, ACK },
	{ CONTROL, SERVER, PUSH, 0, "226 Transfer complete.\r\n" },
	{ CONTROL, CLIENT, PUSH, 0, "QUIT\r\n" },
	{ CONTROL, SERVER, PUSH, 0, "221 Goodbye.\r\n" },
	{ CONTROL, SERVER, FIN },
	{ CONTROL, CLIENT, ACK },
	{ CONTROL, CLIENT, FIN },
	{ CONTROL, SERVER, ACK },
};

unsigned
ftp_script_steps(void)
{
	return sizeof(script) / sizeof(script[0]);
}

static uint16_t
data_port(uint32_t number)
{
	return (uint16_t)(DATA_PORT_FIRST + number % DATA_PORTS);
}

/* "227 Entering Passive Mode (198,18,0,1,156,64)." */
static void
passive_reply(char text[static 80], const struct frame_flow *control, uint32_t number)
{
	uint32_t host = control->host[SERVER];
	unsigned port = data_port(number);

	snprintf(text, 80, "227 Entering Passive Mode (%u,%u,%u,%u,%u,%u).\r\n", host >> 24,
		host >> 16 & 255, host >> 8 & 255, host & 255, port >> 8, port & 255);
}

static void
control_frame(
	struct frame *frame, const struct step *step, uint32_t number, struct frame_flow *control)
{
	const char *line = step->line;
	char text[80];

	if (line && !strcmp(line, PASSIVE)) {
		passive_reply(text, control, number);
		line = text;
	}
	frame_tcp(frame, control, step->from, step->flags, line, line ? strlen(line) : 0);
}

void
ftp_script_frame(struct frame *frame, unsigned n, uint32_t number, struct frame_flow *control,
	uint32_t data_seq[2])
{
	const struct step *step = &script[n];
	struct frame_flow data = {
		.host = { control->host[CLIENT], control->host[SERVER] },
		.port = { (uint16_t)(control->port[CLIENT] + 1), data_port(number) },
		.seq = { data_seq[CLIENT], data_seq[SERVER] },
	};

	if (step->connection == CONTROL) {
		control_frame(frame, step, number, control);
		return;
	}
	frame_tcp(frame, &data, step->from, step->flags, NULL, step->len);
	memcpy(data_seq, data.seq, sizeof(data.seq));
}
