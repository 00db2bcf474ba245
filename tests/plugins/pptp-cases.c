// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Control connections of PPTP: honest ones, ones that end in every way, messages that do not fit,
 * and what is no PPTP.
 */
#include "pptp-cases.h"

#define START  PPTP_START
#define CLIENT PPTP_CLIENT
#define SERVER PPTP_SERVER

const struct pptp_case pptp_cases[] = {
	{ .name = "outgoing call",
		.script = START "C OCRQ 36600 7\nS OCRP 128 36600\nC SLI 128\nS SLI 36600\n"
				"C ECHORQ\nS ECHORP\nS ECHORQ\nC ECHORP\n",
		.doors = "1 " SERVER " > " CLIENT " 36600/128\n",
		.notes = "client-host=host\nclient-vendor=vendor\nserver-host=host\n"
			 "server-vendor=vendor\ncall=call 1, serial 7, PNS id 36600, PAC id 128\n"
			 "-out-of-state\n-ended\n",
		.split = true },
	{ .name = "outgoing call, the server protected",
		.script = START "C OCRQ 36600\nS OCRP 128 36600\n",
		.doors = "1 " CLIENT " > " SERVER " 128/36600\n",
		.protected_side = 2 },
	{ .name = "outgoing call, both protected",
		.script = START "C OCRQ 36600\nS OCRP 128 36600\n",
		.doors = "1 " SERVER " > " CLIENT " 36600/128\n",
		.protected_side = 3 },
	{ .name = "outgoing call of a server that is PNS",
		.script = START "S OCRQ 5\nC OCRP 6 5\nC SLI 5\n",
		.doors = "1 " SERVER " > " CLIENT " 6/5\n" },
	{ .name = "the same, both protected",
		.script = START "S OCRQ 5\nC OCRP 6 5\n",
		.doors = "1 " CLIENT " > " SERVER " 5/6\n",
		.protected_side = 3 },
	{ .name = "0 is an id",
		.script = START "C OCRQ 0\nS OCRP 0 0\n",
		.doors = "1 " SERVER " > " CLIENT " 0/0\n" },
	{ .name = "incoming call",
		.script = START "S ICRQ 9 3\nC ICRP 10 9\nS ICCN 10\nS WEN 10\n",
		.doors = "1 " SERVER " > " CLIENT " 10/9\n",
		.notes = "call=call 1, serial 3, PNS id 10, PAC id 9\n-out-of-state\n",
		.split = true },
	{ .name = "incoming call of a client that is PAC",
		.script = START "C ICRQ 9\nS ICRP 10 9\nC ICCN 10\n",
		.doors = "1 " SERVER " > " CLIENT " 9/10\n" },
	{ .name = "not before the call is connected",
		.script = START "S ICRQ 9\nC ICRP 10 9\n",
		.doors = "" },
	{ .name = "an incoming call refused",
		.script = START "S ICRQ 9\nC ICRP 10 9 3\nS ICCN 10\n",
		.doors = "",
		.notes = "out-of-state=1 message; the first: Incoming-Call-Connected, of a call "
			 "that was not answered\n" },
	{ .name = "several calls, answered in another order",
		.script = START "C OCRQ 1\nC OCRQ 2\nC OCRQ 3\nS OCRP 30 3\nS OCRP 20 2 2\n"
				"S OCRP 10 1\nS ICRQ 11\nC ICRP 4 11\nS ICCN 4\n",
		.doors = "3 " SERVER " > " CLIENT " 3/30\n1 " SERVER " > " CLIENT " 1/10\n"
			 "4 " SERVER " > " CLIENT " 4/11\n" },
	{ .name = "cleared by the PNS",
		.script = START "C OCRQ 1\nS OCRP 10 1\nC CCRQ 1\nS CDN 10\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10 closed\n",
		.notes = "ended=call 1 by Call-Clear-Request\n-out-of-state\n" },
	{ .name = "cleared, and the notice has the other id",
		.script = START "C OCRQ 1\nS OCRP 10 1\nC CCRQ 1\nS CDN 1\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10 closed\n",
		.notes = "-out-of-state\n" },
	{ .name = "disconnected by the PAC",
		.script = START "C OCRQ 1\nS OCRP 10 1\nS CDN 10\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10 closed\n",
		.notes = "ended=call 1 by Call-Disconnect-Notify\n-out-of-state\n" },
	{ .name = "disconnected by the PAC with the id of the PNS",
		.script = START "C OCRQ 1\nS OCRP 10 1\nS CDN 1\nS CDN 1\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10 closed\n",
		.notes =
			"out-of-state=1 message; the first: Call-Disconnect-Notify, of no call\n" },
	{ .name = "the PAC's id wins",
		.script = START "C OCRQ 1\nS OCRP 2 1\nC OCRQ 2\nS OCRP 3 2\nS CDN 2\n",
		.doors = "1 " SERVER " > " CLIENT " 1/2 closed\n2 " SERVER " > " CLIENT " 2/3\n" },
	{ .name = "one of several ends",
		.script = START "C OCRQ 1\nS OCRP 10 1\nC OCRQ 2\nS OCRP 20 2\nC CCRQ 2\n",
		.doors =
			"1 " SERVER " > " CLIENT " 1/10\n2 " SERVER " > " CLIENT " 2/20 closed\n" },
	{ .name = "the id of a call that is over is free",
		.script =
			START "C OCRQ 1\nS OCRP 10 1\nC CCRQ 1\nC OCRQ 1\nS CDN 10\nS OCRP 10 1\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10 closed\n2 " SERVER " > " CLIENT " 1/10\n",
		.notes = "-out-of-state\n" },
	{ .name = "the notice of the old call does not end the new one",
		.script = START "C OCRQ 0\nS OCRP 10 0\nC CCRQ 0\nC OCRQ 0\nS CDN 0\nS OCRP 11 0\n",
		.doors = "1 " SERVER " > " CLIENT " 0/10 closed\n2 " SERVER " > " CLIENT " 0/11\n",
		.notes = "-out-of-state\n" },
	{ .name = "no notice of the old call: it is not awaited for ever",
		.script = START "C OCRQ 0\nS OCRP 10 0\nC CCRQ 0\nC OCRQ 0\nS OCRP 11 0\nS CDN 0\n",
		.doors = "1 " SERVER " > " CLIENT " 0/10 closed\n2 " SERVER " > " CLIENT
			 " 0/11 closed\n" },
	{ .name = "cleared before it was answered",
		.script = START "C OCRQ 1\nC CCRQ 1\nS OCRP 10 1\n",
		.doors = "",
		.notes = "out-of-state=1 message; the first: Outgoing-Call-Reply, which answers no "
			 "request\n-ended\n" },
	{ .name = "disconnected instead of answered",
		.script = START "C OCRQ 1\nS CDN 1\nS OCRP 10 1\n",
		.doors = "" },
	{ .name = "the connection is stopped by the client",
		.script =
			START "C OCRQ 1\nS OCRP 10 1\nC OCRQ 2\nS OCRP 20 2\nC STOPRQ\nS STOPRP\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10 closed\n2 " SERVER " > " CLIENT
			 " 2/20 closed\n",
		.notes = "ended=Stop-Control-Connection-Request\n-out-of-state\n" },
	{ .name = "the connection is stopped by the server",
		.script = START "C OCRQ 1\nS OCRP 10 1\nS STOPRQ\nS ECHORQ\nC STOPRP\nC OCRQ 2\n"
				"S OCRP 20 2\nC SCCRQ\nS SCCRP\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10 closed\n",
		.notes = "out-of-state=4 messages; the first: Outgoing-Call-Request, at the wrong "
			 "time\n" },
	{ .name = "no call while the connection is being stopped",
		.script = START "C OCRQ 1\nC STOPRQ\nS OCRP 10 1\n",
		.doors = "" },

	/* Messages that do not fit. */
	{ .name = "a reply without a request",
		.script = START "S OCRP 10 1\nS OCRP 10 0\nS OCRP 0 0\nS ICCN 0\nC ICRP 1 0\n",
		.doors = "",
		.notes =
			"out-of-state=5 messages; the first: Outgoing-Call-Reply, which answers no "
			"request\n" },
	{ .name = "a reply to another id",
		.script = START "C OCRQ 1\nS OCRP 10 2\nS OCRP 1 10\n",
		.doors = "" },
	{ .name = "a reply to an incoming call with another id",
		.script = START
		"S ICRQ 9\nC ICRP 10 8\nS ICCN 10\nC ICRP 10 9\nS ICCN 11\nS ICCN 9\n",
		.doors = "" },
	{ .name = "results that are no success",
		.script =
			START "C OCRQ 1\nS OCRP 10 1 0\nC OCRQ 1\nS OCRP 10 1 2\nC OCRQ 1\n"
			      "S OCRP 10 1 3\nC OCRQ 1\nS OCRP 10 1 7\nC OCRQ 1\nS OCRP 10 1 255\n",
		.doors = "",
		.notes = "-out-of-state\n" },
	{ .name = "a refused request is over",
		.script = START "C OCRQ 1\nS OCRP 10 1 2\nS OCRP 10 1\n",
		.doors = "" },
	{ .name = "a reply that comes twice",
		.script = START "C OCRQ 1\nS OCRP 10 1\nS OCRP 11 1\nS OCRP 10 1\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10\n",
		.notes =
			"out-of-state=2 messages; the first: Outgoing-Call-Reply, which answers no "
			"request\n" },
	{ .name = "an id of the PNS twice",
		.script = START "C OCRQ 1\nC OCRQ 1\nS OCRP 10 1\nC OCRQ 1\nS OCRP 11 1\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10\n",
		.notes =
			"out-of-state=3 messages; the first: Outgoing-Call-Request, its call id is "
			"in use\n" },
	{ .name = "an id of the PAC twice",
		.script = START "C OCRQ 1\nS OCRP 10 1\nC OCRQ 2\nS OCRP 10 2\nS OCRP 11 2\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10\n" },
	{ .name = "an incoming call with an id in use",
		.script = START "C OCRQ 1\nS OCRP 10 1\nS ICRQ 10\nC ICRP 2 10\nS ICCN 2\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10\n" },
	{ .name = "the same id on both sides is no conflict",
		.script = START "C OCRQ 1\nS OCRP 1 1\nC OCRQ 2\nS OCRP 2 2\n",
		.doors = "1 " SERVER " > " CLIENT " 1/1\n2 " SERVER " > " CLIENT " 2/2\n" },
	{ .name = "roles are for good",
		.script = START
		"C OCRQ 1\nS OCRP 10 1\nS OCRQ 2\nC OCRP 20 2\nC ICRQ 3\nS ICRP 30 3\n"
		"C ICCN 30\nS CCRQ 10\nC CDN 1\nC WEN 10\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10\n",
		.notes =
			"out-of-state=8 messages; the first: Outgoing-Call-Request, from the wrong "
			"side\n" },
	{ .name = "a client that answers itself",
		.script = START "C OCRQ 1\nC OCRP 10 1\nC ICRQ 5\nC ICRP 6 5\nC ICCN 6\n",
		.doors = "" },
	{ .name = "a server that answers itself",
		.script = START "S ICRQ 5\nS ICRP 6 5\nS ICCN 6\nS OCRQ 1\nS OCRP 10 1\n",
		.doors = "" },
	{ .name = "a server that answers for the client",
		.script = START "S ICRQ 5\nS ICRP 6 5\nC ICCN 6\nS ICCN 6\n",
		.doors = "" },
	{ .name = "no call before the connection stands",
		.script = "C SCCRQ\nC OCRQ 1\nS OCRP 10 1\nS SCCRP\nS OCRP 10 1\n",
		.doors = "",
		.notes = "out-of-state=3 messages; the first: Outgoing-Call-Request, at the wrong "
			 "time\n" },
	{ .name = "an ended call of another",
		.script = START "C OCRQ 1\nS OCRP 10 1\nC CCRQ 10\nC CCRQ 2\nS CDN 3\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10\n" },
	{ .name = "link info of no call",
		.script = START "C SLI 0\nC OCRQ 1\nC SLI 1\nS SLI 1\nS WEN 1\n",
		.doors = "",
		.notes = "out-of-state=4 messages; the first: Set-Link-Info, of no call\n" },
	{ .name = "a count that lies",
		.script = START "C hex 00 a8 00 01 1a 2b 3c 4d 00 07 00 00 00 01 00 00 00 00 00 00"
				" 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ff ff 00 00"
				" 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
				" 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
				" 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
				" 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
				" 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
				" 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
				" 00 00 00 00 00 00 00 00\nS OCRP 10 1\n",
		.doors = "",
		.notes = "out-of-state=2 messages; the first: a message, which contradicts "
			 "itself\n" },

	/* What is no PPTP, or not any more. */
	{ .name = "a web page",
		.script =
			"C hex 50 4f 53 54 20 2f 20 48 54 54 50\nS SCCRP\nC OCRQ 1\nS OCRP 10 1\n",
		.doors = "",
		.left = true },
	{ .name = "the server speaks first",
		.script = "S SCCRP\nC SCCRQ\nS SCCRP\nC OCRQ 1\nS OCRP 10 1\n",
		.doors = "",
		.notes = "left=it does not begin with Start-Control-Connection-Request\n",
		.left = true },
	{ .name = "the server asks",
		.script = "S SCCRQ\nC SCCRP\nC OCRQ 1\nS OCRP 10 1\n",
		.doors = "",
		.left = true },
	{ .name = "a client that begins with a call",
		.script = "C OCRQ 1\nS OCRP 10 1\n",
		.doors = "",
		.left = true },
	{ .name = "a server that refuses",
		.script = "C SCCRQ\nS SCCRP 2\nC OCRQ 1\nS OCRP 10 1\n",
		.doors = "",
		.notes = "left=the server has refused the connection\n-server-host\n",
		.left = true },
	{ .name = "result 0 is no success",
		.script = "C SCCRQ\nS SCCRP 0\nC OCRQ 1\nS OCRP 10 1\n",
		.doors = "",
		.left = true },
	{ .name = "a wrong magic cookie within",
		.script = START "C OCRQ 1\nS hex 00 20 00 01 1a 2b 3c 4e 00 08\nS OCRP 10 1\n",
		.doors = "",
		.left = true },
	{ .name = "a length that lies, in front of a reply",
		.script = START "C OCRQ 1\nS hex ff ff\nS OCRP 10 1\n",
		.doors = "",
		.left = true },
	{ .name = "doors stay when the helper goes",
		.script = START "C OCRQ 1\nS OCRP 10 1\nS hex 00 00\nC CCRQ 1\n",
		.doors = "1 " SERVER " > " CLIENT " 1/10\n",
		.left = true },
};

const size_t pptp_cases_count = sizeof(pptp_cases) / sizeof(pptp_cases[0]);
