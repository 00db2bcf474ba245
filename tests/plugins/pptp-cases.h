/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control connections of PPTP (pptp-script.h) and what the helper must make of them.
 */
#ifndef PPTP_CASES_H
#define PPTP_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PPTP_START  "C SCCRQ\nS SCCRP\n"
#define PPTP_CLIENT "192.0.2.1"
#define PPTP_SERVER "198.51.100.9"

struct pptp_case {
	const char *name;
	const char *script;
	const char *doors; /* a line each: group, source > destination, ids there and back */
	const char *notes; /* "key=value" lines that must be there; "-key": one that must not */
	uint8_t protected_side; /* 0: the client's */
	bool left;
	bool split; /* it is cut at every point, which takes its time */
};

extern const struct pptp_case pptp_cases[];
extern const size_t pptp_cases_count;

#endif
