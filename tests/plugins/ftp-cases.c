// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of sessions: what opens a door, and all that must not. */
#include "ftp-cases.h"

#define LOGIN                                                                                      \
	"S 220 ready\n"                                                                            \
	"C USER anna\n"                                                                            \
	"S 331 password\n"                                                                         \
	"C PASS secret\n"                                                                          \
	"S 230 welcome\n"

#define PORT    "C PORT 192,0,2,1,19,137\n"
#define ACTIVE  "198.51.100.9 > 192.0.2.1:5001\n"
#define EARLY   "198.51.100.9:20 > 192.0.2.1:5001"
#define REPLY   "S 227 Entering Passive Mode (198,51,100,9,19,137).\n"
#define PASSIVE "192.0.2.1 > 198.51.100.9:5001\n"

/* A TLS record of this type with two bytes in it. */
#define RECORD(type) "\\x" type "\\x03\\x01\\x00\\x02\\x0a\\xff\n"
#define TLS_ON                                                                                     \
	"S 220 ready\n"                                                                            \
	"C AUTH TLS\n"                                                                             \
	"S 234 go ahead\n"                                                                         \
	"c " RECORD("16") "s " RECORD("16") "c " RECORD("17") "s " RECORD("17")
#define TLS_OFF "s " RECORD("15") "c " RECORD("15")

#define FOUR_OKS    "S 200 ok\nS 200 ok\nS 200 ok\nS 200 ok\n"
#define EIGHT_OKS   FOUR_OKS FOUR_OKS
#define FOUR_NOOPS  "C NOOP\nC NOOP\nC NOOP\nC NOOP\n"
#define EIGHT_NOOPS FOUR_NOOPS FOUR_NOOPS

const struct ftp_case ftp_cases[] = {
	/* --- what opens a door --- */
	{ "active", LOGIN PORT "S 200 ok\nC RETR a\nS 150 here\nS 226 done\n", ACTIVE,
		"user=anna\ncommand=RETR a\n" },
	{ "active, answered with another 2xx", LOGIN PORT "S 250 ok\n", ACTIVE },
	{ "active, reply of several lines", LOGIN PORT "S 200-fine\nS  really\nS 200 ok\n",
		ACTIVE },
	{ "active, bare code", LOGIN PORT "S 200\n", ACTIVE },
	{ "active, EPRT", LOGIN "C EPRT |1|192.0.2.1|5001|\nS 200 ok\n", ACTIVE },
	{ "active, LPRT", LOGIN "C LPRT 4,4,192,0,2,1,2,19,137\nS 200 ok\n", ACTIVE },
	{ "active, EPRT, IPv6", LOGIN "C EPRT |2|2001:db8::1|5001|\nS 200 ok\n",
		"[2001:db8:9::9] > [2001:db8::1]:5001\n", .ipv6 = true },
	{ "active, LPRT, IPv6",
		LOGIN "C LPRT 6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,2,19,137\nS 200 ok\n",
		"[2001:db8:9::9] > [2001:db8::1]:5001\n", .ipv6 = true },
	{ "passive", LOGIN "C PASV\n" REPLY "C STOR b\nS 150 here\nS 226 done\n", PASSIVE,
		"command=STOR b\n" },
	{ "passive, no parentheses", LOGIN "C PASV\nS 227 198,51,100,9,19,137\n", PASSIVE },
	{ "passive, equal sign", LOGIN "C PASV\nS 227 =198,51,100,9,19,137\n", PASSIVE },
	{ "passive, lower case, spaces", LOGIN "C pasv  \n" REPLY, PASSIVE },
	{ "passive, reply of several lines", LOGIN "C PASV\nS 227-one moment (1,2,3,4,5,6)\n" REPLY,
		PASSIVE },
	{ "passive, EPSV", LOGIN "C EPSV\nS 229 Extended (|||5001|)\n", PASSIVE },
	{ "passive, EPSV 1, other delimiter", LOGIN "C EPSV 1\nS 229 (!!!5001!)\n", PASSIVE },
	{ "passive, EPSV, address told", LOGIN "C EPSV\nS 229 (|1|198.51.100.9|5001|)\n", PASSIVE },
	{ "passive, EPSV, IPv6", LOGIN "C EPSV\nS 229 (|||5001|)\n",
		"[2001:db8::1] > [2001:db8:9::9]:5001\n", .ipv6 = true },
	{ "passive, LPSV", LOGIN "C LPSV\nS 228 Long (4,4,198,51,100,9,2,19,137)\n", PASSIVE },
	{ "passive, LPSV, IPv6",
		LOGIN "C LPSV\nS 228 (6,16,32,1,13,184,0,9,0,0,0,0,0,0,0,0,0,9,2,19,137)\n",
		"[2001:db8::1] > [2001:db8:9::9]:5001\n", .ipv6 = true },
	{ "passive, private address told, ServerAddress", LOGIN "C PASV\nS 227 (10,0,0,9,19,137)\n",
		PASSIVE, .server_address = true },
	{ "the greeting has lines and comes late",
		"S 120 soon\nS 220-hello\nS 227 (198,51,100,9,1,1)\nS 220 ready\n"
		"C USER anna\nS 331 x\nC PASV\n" REPLY,
		PASSIVE },
	{ "commands before the greeting", "C USER anna\nC PASV\nS 220 hi\nS 331 x\n" REPLY,
		PASSIVE },
	{ "bare LF throughout",
		"s 220 hi\\n\nc USER a\\n\ns 331 x\\n\nc PASV\\n\n"
		"s 227 (198,51,100,9,19,137)\\n\n",
		PASSIVE },
	{ "a new data port replaces the old one", LOGIN PORT "S 200 ok\nC PASV\n" REPLY,
		"198.51.100.9 > 192.0.2.1:5001 closed\n" PASSIVE },
	{ "the same again", LOGIN PORT "S 200 ok\n" PORT "S 200 ok\n",
		"198.51.100.9 > 192.0.2.1:5001 closed\n" ACTIVE },
	{ "early: port 20 before the reply", LOGIN PORT, EARLY "\n", .early = true },
	{ "early: any port behind it", LOGIN PORT "S 200 ok\n", ACTIVE, .early = true },
	{ "early: closed when refused", LOGIN PORT "S 500 no\n", EARLY " closed\n", .early = true },
	{ "early: not while another command waits", LOGIN "C NOOP\n" PORT "S 500 no\n",
		.early = true },
	{ "early: two at once", LOGIN PORT "C PORT 192,0,2,1,19,138\nS 200 ok\nS 200 ok\n",
		"198.51.100.9 > 192.0.2.1:5001 closed\n198.51.100.9 > 192.0.2.1:5002\n",
		.early = true },
	{ "early: two at once, the second refused",
		LOGIN PORT "C PORT 192,0,2,1,19,138\nS 200 ok\nS 500 no\n",
		ACTIVE, .early = true },
	{ "early: a third party, asked once", LOGIN "C PORT 203,0,113,7,19,137\nS 200 ok\n",
		"refused 198.51.100.9:20 > 203.0.113.7:5001\n", .early = true },
	{ "early: not to a service", LOGIN "C PORT 192,0,2,1,0,22\nS 200 ok\n", NULL,
		"refused=port 22 in PORT\n", .early = true },
	{ "early: not before USER", "S 220 hi\n" PORT "S 200 ok\n", .early = true },
	{ "early: not before the greeting", "C USER a\n" PORT, .early = true },
	{ "early: not behind EPSV ALL", LOGIN "C EPSV ALL\nS 200 ok\n" PORT, .early = true },
	{ "early: not while in doubt", LOGIN "S nonsense\n" PORT, .early = true },
	{ "early: closed by REIN", LOGIN PORT "C REIN\n", EARLY " closed\n", .early = true },
	{ "Telnet before ABOR",
		LOGIN "C RETR a\nS 150 here\nc \\xff\\xf4\\xff\\xf2\nC ABOR\n"
		      "S 426 aborted\nS 226 done\nC PASV\n" REPLY,
		PASSIVE },
	{ "Telnet negotiation first",
		"S 220 hi\nc \\xff\\xfb\\x01\nC USER a\nS 331 x\nC PASV\n" REPLY, PASSIVE },
	{ "one reply to the transfer and ABOR",
		LOGIN "C RETR a\nS 150 here\nC ABOR\nS 226 done\nC PASV\n" REPLY, PASSIVE },
	{ "body that looks like replies",
		LOGIN "C STAT\nS 211-status\nS 200 fine\nS 227 (198,51,100,9,9,9)\nS 211 end\n"
		      "C PASV\n" REPLY,
		PASSIVE },
	{ "preliminary replies take nothing",
		LOGIN "C PASV\nS 125 wait\nS 150-wait\nS 150 wait\n" REPLY, PASSIVE },
	{ "pipelined", LOGIN "C TYPE I\nC PASV\nC RETR a\nS 200 ok\n" REPLY "S 150 x\nS 226 x\n",
		PASSIVE },
	{ "pipelined, active, one of two refused",
		LOGIN "C PORT 192,0,2,1,19,136\n" PORT "S 501 no\nS 200 ok\n", ACTIVE },
	{ "unknown commands count", LOGIN "C FROBNICATE\nC PASV\nS 500 what?\n" REPLY, PASSIVE },
	{ "an empty line does not count", LOGIN "C \nC PASV\n" REPLY, PASSIVE },
	{ "sixteen commands at once",
		LOGIN EIGHT_NOOPS EIGHT_NOOPS "S 200 ok\n" EIGHT_OKS
					      "C PASV\nS 200 ok\nS 200 ok\nS 200 ok\nS 200 ok\nS "
					      "200 ok\nS 200 ok\nS 200 ok\n" REPLY,
		PASSIVE },
	{ "EPSV ALL, then EPSV", LOGIN "C EPSV ALL\nS 200 ok\nC EPSV\nS 229 (|||5001|)\n",
		PASSIVE },
	{ "EPSV ALL refused", LOGIN "C EPSV ALL\nS 522 no\nC PASV\n" REPLY, PASSIVE },
	{ "REIN and a new user",
		LOGIN "C EPSV ALL\nS 200 ok\nC REIN\nS 220 again\nC USER b\nS 331 x\n"
		      "C PASV\n" REPLY,
		PASSIVE, "user=b\n" },
	{ "a refused AUTH", "S 220 hi\nC AUTH TLS\nS 502 no\nC USER a\nS 331 x\nC PASV\n" REPLY,
		PASSIVE },
	{ "names in UTF-8 and not",
		LOGIN "C RETR \\xc3\\xa9\\x01\nS 550 no\nC USER \\xe9\nS 331 x\n", NULL,
		"command=RETR \xc3\xa9?\nuser=?\n" },
	{ "no argument", LOGIN "C LIST\nS 425 no\n", NULL, "command=LIST\n" },

	/* --- what opens none --- */
	{ "no user", "S 220 hi\nC PASV\n" REPLY "C PORT 192,0,2,1,19,137\nS 200 ok\n" },
	{ "PORT without its reply", LOGIN PORT },
	{ "PORT refused", LOGIN PORT "S 500 no\nC NOOP\nS 200 ok\n" },
	{ "PORT half answered", LOGIN PORT "S 200-ok\nS 200-ok\n" },
	{ "PORT, preliminary reply only", LOGIN PORT "S 150 ok\n" },
	{ "PORT answered with 3xx", LOGIN PORT "S 350 ok\n" },
	{ "PORT of a third party", LOGIN "C PORT 203,0,113,7,19,137\nS 200 ok\n",
		"refused 198.51.100.9 > 203.0.113.7:5001\n" },
	{ "EPRT of another family", LOGIN "C EPRT |2|2001:db8::1|5001|\nS 200 ok\n",
		"refused 198.51.100.9 > [2001:db8::1]:5001\n" },
	{ "PORT to a service", LOGIN "C PORT 192,0,2,1,0,22\nS 200 ok\n", NULL,
		"refused=port 22 in PORT\n" },
	{ "PORT 0", LOGIN "C PORT 192,0,2,1,0,0\nS 200 ok\n", NULL, "refused=port 0 in PORT\n" },
	{ "PORT 1023", LOGIN "C PORT 192,0,2,1,3,255\nS 200 ok\n", NULL,
		"refused=port 1023 in PORT\n" },
	{ "bad PORT", LOGIN "C PORT 192,0,2,1,19\nS 200 ok\nC PORT\nS 200 ok\n" },
	{ "227 to a service", LOGIN "C PASV\nS 227 (198,51,100,9,0,80)\n", NULL,
		"refused=port 80 in 227\n" },
	{ "229 to a service", LOGIN "C EPSV\nS 229 (|||443|)\n", NULL,
		"refused=port 443 in 229\n" },
	{ "227 of a third party", LOGIN "C PASV\nS 227 (10,0,0,9,19,137)\n",
		"refused 192.0.2.1 > 10.0.0.9:5001\n" },
	{ "229 with another address", LOGIN "C EPSV\nS 229 (|1|203.0.113.7|5001|)\n",
		"refused 192.0.2.1 > 203.0.113.7:5001\n" },
	{ "227 without PASV", LOGIN REPLY, NULL,
		"refused=a passive reply that nobody asked for\n" },
	{ "227 to another command", LOGIN "C NOOP\n" REPLY },
	{ "227 to EPSV", LOGIN "C EPSV\n" REPLY },
	{ "229 to PASV", LOGIN "C PASV\nS 229 (|||5001|)\n" },
	{ "228 to PASV", LOGIN "C PASV\nS 228 (4,4,198,51,100,9,2,19,137)\n" },
	{ "200 to PASV", LOGIN "C PASV\nS 200 (198,51,100,9,19,137)\n" },
	{ "227 Logout", LOGIN "C PASV\nS 227 Logout.\n" },
	{ "227 after PASV was refused", LOGIN "C PASV\nS 502 no\n" REPLY },
	{ "227 within 211", LOGIN "C FEAT\nC PASV\nS 211-Features\n" REPLY "S 211 End\n" },
	{ "227 within 214", LOGIN "C PASV\nS 214-Help\n" REPLY "S 214-more\n" REPLY "S 214 End\n" },
	{ "PORT said by the server", LOGIN "S PORT 192,0,2,1,19,137\nS 200 ok\n" },
	{ "227 said by the client", LOGIN "C PASV\nC 227 (198,51,100,9,19,137)\n" },
	{ "a second 227 behind the first", LOGIN "C PASV\nS 227 (198,51,100,9,19,138)\n" REPLY,
		"192.0.2.1 > 198.51.100.9:5002 closed\n",
		"refused=a passive reply that nobody asked for\n" },
	{ "EPSV ALL, then the others", LOGIN
		"C EPSV ALL\nS 200 ok\n" PORT "S 200 ok\nC PASV\n" REPLY
		"C EPRT |1|192.0.2.1|5001|\nS 200 ok\nC LPRT 4,4,192,0,2,1,2,19,137\nS 200 ok\n"
		"C LPSV\nS 228 (4,4,198,51,100,9,2,19,137)\n" },
	{ "EPSV ALL in lower case, pipelined", LOGIN "C epsv all\nC PASV\nS 200 ok\n" REPLY },
	{ "REIN without a new user", LOGIN "C REIN\nS 220 again\nC PASV\n" REPLY },
	{ "REIN behind PORT", LOGIN PORT "C REIN\nC USER b\nS 200 ok\nS 220 again\nS 331 x\n" },
	{ "REIN closes", LOGIN PORT "S 200 ok\nC REIN\nS 220 again\n",
		"198.51.100.9 > 192.0.2.1:5001 closed\n" },
	{ "too many commands at once",
		LOGIN EIGHT_NOOPS EIGHT_NOOPS "C PASV\n" EIGHT_OKS EIGHT_OKS REPLY, NULL,
		"refused=too many commands at once\n" },
	{ "too many commands, then calm",
		LOGIN EIGHT_NOOPS EIGHT_NOOPS "C NOOP\n" EIGHT_OKS EIGHT_OKS
					      "C PASV\nS 200 ok\n" REPLY "C PASV\n" REPLY,
		PASSIVE },

	/* --- text that the server repeats (VU#328867) --- */
	{ "echo in the text of a reply",
		LOGIN "C PASV\nC CWD 227 (198,51,100,9,19,137)\n"
		      "S 502 no\nS 550 227 (198,51,100,9,19,137): no such file\n" },
	{ "echo with a bare LF, server reads CR LF only",
		LOGIN "c CWD x\\nPASV\\n227 (198,51,100,9,19,137)\\r\\n\n"
		      "s 550 x\\nPASV\\n227 (198,51,100,9,19,137)\\r\\n\n" },
	{ "the same, commands that the server sees as one", LOGIN
		"c X\\nZ\\nPASV\\r\\n\nS 500 what?\nc CWD \\n227 (198,51,100,9,19,137)\\r\\n\n"
		"s 550 \\n227 (198,51,100,9,19,137): no such file\\r\\n\n" },
	{ "echo with a bare LF, nothing odd from the client",
		LOGIN "C CWD x\nC PASV\ns 550 x\\n227 (198,51,100,9,9,9)\\r\\n\n" REPLY },
	{ "a bare LF that the server takes for an end",
		LOGIN "c X\\nPASV\\r\\n\nS 500 what?\n" REPLY "C PASV\n" REPLY, PASSIVE },
	{ "echo at the begin of a packet",
		LOGIN "C NOOP\ns 200 ok xx\ns 227 (198,51,100,9,19,137)\\r\\n\n" },
	{ "a line that is no reply makes doubt",
		LOGIN "C NOOP\nC PASV\nS 200 ok\nS what is this\n" REPLY },
	{ "… until all is answered",
		LOGIN "C NOOP\nS 200 ok\nS what is this\nC NOOP\nS 200 ok\nC PASV\n" REPLY,
		PASSIVE },

	/* --- lines --- */
	{ "NUL in a command", LOGIN "C PASV\\x00\n" REPLY },
	{ "NUL in a reply", LOGIN "C PASV\nS 227 (198,51,100,9,19,137)\\x00\nC PASV\n" REPLY,
		PASSIVE },
	{ "Telnet data in front of a command", LOGIN "C \\xff\\xffPASV\n" REPLY },

	/* --- what is not FTP --- */
	{ "HTTP", "C GET / HTTP/1.1\nS 220 hi\nC USER a\nS 331 x\n" PORT "S 200 ok\n",
		.left = true },
	{ "HTTP POST with commands in it (slipstream)",
		"S 220 hi\nC POST / HTTP/1.1\nC Host: x\nC \nC USER a\nS 331 x\n" PORT "S 200 ok\n",
		NULL, "left=the client does not begin with a command\n", .left = true },
	{ "HTTP server", "S HTTP/1.1 200 OK\nC USER a\n", .left = true },
	{ "TLS at once", "c " RECORD("16") "S 220 hi\nC USER a\nC PASV\n" REPLY, .left = true },
	{ "TLS without AUTH", LOGIN "c " RECORD("16") "C PASV\n" REPLY, .left = true },
	{ "SSH", "S SSH-2.0-x\nC SSH-2.0-y\n", .left = true },
	{ "SSH client", "C SSH-2.0-y\nS 220 hi\nC USER a\nC PASV\n", .left = true },
	{ "STUN", "c \\x00\\x01\\x00\\x08!\\x12\\xa4B\nS 220 hi\nC USER a\nC PASV\n" REPLY,
		.left = true },
	{ "TPKT", "c \\x03\\x00\\x00\\x0b\nS 220 hi\nC USER a\nC PASV\n" REPLY, .left = true },
	{ "SMTP", "S 220 mail\nC EHLO x\nS 250 x\nC USER a\nS 500 x\nC PASV\n" REPLY,
		.left = true },
	{ "no 220", "S 200 ok\nC USER a\nS 331 x\nC PASV\n" REPLY, NULL,
		"left=the server does not greet with 220\n", .left = true },
	{ "421 first", "S 421 too many users\nC USER a\n", .left = true },
	{ "an empty line first", "S 220 hi\nC \nC USER a\nS 331 x\nC PASV\n" REPLY, .left = true },
	{ "PORT first, from a stranger", "S 220 hi\nC ABRACADABRA\nC USER a\nC PASV\n" REPLY,
		.left = true },

	/* --- TLS and other protection --- */
	{ "AUTH TLS", TLS_ON "c " RECORD("17") "s " RECORD("17"), NULL, "tls=AUTH TLS\n" },
	{ "AUTH ssl", "S 220 hi\nC AUTH ssl\nS 234 ok\nc " RECORD("16") "s " RECORD("16"), NULL,
		"tls=AUTH SSL\n" },
	{ "a door stays under TLS",
		LOGIN "C PASV\n" REPLY "C AUTH TLS-C\nS 234 ok\nc " RECORD("16"), PASSIVE,
		"tls=AUTH TLS-C\n" },
	{ "plain text instead of TLS", "S 220 hi\nC AUTH TLS\nS 234 ok\nC PASV\n" REPLY,
		.left = true },
	{ "plain text behind TLS, CCC not wanted", TLS_ON TLS_OFF "C PASV\n" REPLY, .left = true },
	{ "plain text behind TLS, CCC wanted", TLS_ON TLS_OFF "C PASV\n" REPLY PORT "S 200 ok\n",
		"192.0.2.1 > 198.51.100.9:5001 closed\n" ACTIVE, "tls=AUTH TLS, ended by CCC\n",
		.ccc = true },
	{ "CCC, a command behind AUTH was never answered",
		"S 220 ready\nC AUTH TLS\nC PBSZ 0\nS 234 go ahead\nc " RECORD("16") TLS_OFF
		"C PASV\n" REPLY,
		PASSIVE, .ccc = true },
	{ "CCC, plain text without an alert", TLS_ON "C PASV\n" REPLY, .ccc = true, .left = true },
	{ "CCC, only the client has ended TLS", TLS_ON "c " RECORD("15") "C PASV\n" REPLY,
		.ccc = true, .left = true },
	{ "CCC, the alert was not the last record",
		TLS_ON TLS_OFF "c " RECORD("17") "C PASV\n" REPLY, .ccc = true, .left = true },
	{ "CCC, no command behind it", TLS_ON TLS_OFF "C GET / HTTP/1.1\n", .ccc = true,
		.left = true },
	{ "CCC, no reply behind it", TLS_ON TLS_OFF "C PASV\nS 22\n", .ccc = true, .left = true },
	{ "CCC, then AUTH again", TLS_ON TLS_OFF "C AUTH SSL\nS 234 ok\nc " RECORD("16"), NULL,
		"tls=AUTH SSL\n", .ccc = true },
	{ "TLS record of a wrong version", TLS_ON "c \\x17\\x02\\x01\\x00\\x01x\n", .left = true },
	{ "TLS record too long", TLS_ON "c \\x17\\x03\\x01\\x50\\x00\n", .left = true },
	{ "bytes of TLS are lost", TLS_ON "C!\nc " RECORD("17"), .left = true },
	{ "AUTH GSSAPI", "S 220 hi\nC AUTH GSSAPI\nS 334 more\nC PASV\n" REPLY, NULL,
		"left=the control connection is protected\n", .left = true },
	{ "AUTH KERBEROS, accepted at once", "S 220 hi\nC AUTH K\nS 234 ok\nC PASV\n" REPLY,
		.left = true },
	{ "AUTH refused, then plain",
		"S 220 hi\nC AUTH GSSAPI\nS 504 no\nC USER a\nS 331 x\nC PASV\n" REPLY, PASSIVE },
	{ "MIC", LOGIN "C MIC abcd\nC PASV\n" REPLY, .left = true },
	{ "protected reply", LOGIN "C PASV\nS 631 abcd\n" REPLY, .left = true },

	/* --- lost bytes --- */
	{ "lost commands", LOGIN "C!\nC half a line\nC PASV\n" REPLY "C PASV\n" REPLY, PASSIVE },
	{ "the tail of a line is no command", LOGIN "C!\nC PASV\n" REPLY },
	{ "lost commands, unknown words do not count",
		LOGIN "C!\nC tail\nC FROB\nS 500 x\nC PASV\n" REPLY "C PASV\n" REPLY, PASSIVE },
	{ "lost reply to PORT", LOGIN PORT "S!\nS tail\nC NOOP\nS 200 ok\nC PASV\n" REPLY,
		PASSIVE },
	{ "lost within a reply of several lines",
		LOGIN "C STAT\nS 211-x\nS!\nS tail\nS 211 end\nC NOOP\nS 200 ok\nC PASV\n" REPLY,
		PASSIVE },
	{ "lost end of a reply of several lines",
		LOGIN "C STAT\nS 211-x\nS!\nS tail\nC NOOP\nS 200 ok\nC PASV\n" REPLY, PASSIVE },
	{ "lost behind PASV", LOGIN "C PASV\nC!\nC tail\n" REPLY },
	{ "lost greeting", "S!\nS 220 hi\nC USER a\nS 331 x\nC PASV\n" REPLY, .left = true },
};

const size_t ftp_cases_count = sizeof(ftp_cases) / sizeof(ftp_cases[0]);
