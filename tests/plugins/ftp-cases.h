/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions of FTP and what the helper must make of them.
 *
 * A script has a line per step: "C text" and "S text" are a line of the client and the server, sent
 * with CR LF; "c text" and "s text" are sent as they stand; "C!" and "S!" lose bytes there. \xHH,
 * \r and \n in a text stand for bytes. The client is 192.0.2.1 or 2001:db8::1, the server
 * 198.51.100.9 or 2001:db8:9::9.
 */
#ifndef FTP_CASES_H
#define FTP_CASES_H

#include <stdbool.h>
#include <stddef.h>

struct ftp_case {
	const char *name;
	const char *script;
	const char *doors; /* as fakehost_doors() tells them; NULL: none */
	const char *notes; /* "key=value" lines that must be there; NULL: no matter */
	bool ipv6;
	bool ccc;
	bool server_address;
	bool early;
	bool left; /* the helper leaves the flow */
};

extern const struct ftp_case ftp_cases[];
extern const size_t ftp_cases_count;

#endif
