/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the plugin remembers of a flow, for its own files.
 */
#ifndef FTP_STATE_H
#define FTP_STATE_H

#include <stdint.h>
#include <string.h>

#include "ftp-pairs.h"

enum { FTP_CLIENT = PN_FROM_ORIGINATOR, FTP_SERVER = PN_FROM_RESPONDER };

/* The options, as bits of pn_instance.data. */
enum {
	FTP_OPTION_SERVER_ADDRESS = 1 << 0,
	FTP_OPTION_CCC = 1 << 1,
	FTP_OPTION_EARLY_DATA = 1 << 2,
};

struct ftp_side {
	uint8_t begun;    /* its first line was that of FTP */
	uint8_t skipping; /* in the middle of a line that is too long */
	uint8_t tls;      /* it speaks TLS */
	uint8_t alerted;  /* … and its last record was an alert */
	uint32_t eol;     /* FTP_EOL_* of its first line */
};

/* Zero when the flow begins. */
struct ftp {
	struct ftp_side side[2];
	int64_t door;     /* id of the last door, or 0 */
	uint16_t multi;   /* code of the reply of several lines that is being read, or 0 */
	uint8_t greeted;  /* the server has said 220 */
	uint8_t user;     /* USER or AUTH was seen */
	uint8_t epsv_all; /* RFC 2428 §4: nothing but EPSV any more */
	uint8_t reserved[3];
	char auth[8]; /* what the last AUTH asked for */
	struct ftp_pairs pairs;
};

_Static_assert(sizeof(struct ftp) < 1024, "state per flow stays small");

static inline int
ftp_option(const struct pn_flow *flow, uintptr_t option)
{
	return ((uintptr_t)flow->instance->data & option) != 0;
}

static inline void
ftp_note(struct pn_flow *flow, const char *key, const char *value)
{
	(void)flow->host->note(flow, key, value, strlen(value));
}

#endif
