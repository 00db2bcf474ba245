/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the plugin remembers of a control connection, for its own files.
 */
#ifndef PPTP_STATE_H
#define PPTP_STATE_H

#include <stdint.h>
#include <string.h>

#include <postern/plugin.h>

#include "pptp-calls.h"

/* Of the control connection (RFC 2637 §3.1). */
enum pptp_state {
	PPTP_IDLE,
	PPTP_ASKED, /* Start-Control-Connection-Request */
	PPTP_UP,
	PPTP_STOPPING, /* Stop-Control-Connection-Request */
	PPTP_OVER,
};

/* Zero when the flow begins. */
struct pptp {
	uint8_t state;       /* enum pptp_state */
	uint8_t inside;      /* bit per side (PN_FROM_*): it is on the protected side */
	uint8_t has_pns;     /* the first call has shown … */
	uint8_t pns;         /* … which side is the PNS; the other is the PAC */
	uint32_t strays;     /* messages out of state */
	uint32_t stray_type; /* of the first of them … */
	uint32_t reserved;
	const char *stray_why; /* … and what was wrong with it */
	struct pptp_calls calls;
};

_Static_assert(sizeof(struct pptp) < 2048, "state per flow stays small");

static inline void
pptp_note(struct pn_flow *flow, const char *key, const char *value)
{
	(void)flow->host->note(flow, key, value, strlen(value));
}

#endif
