/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the host for the door of a call, and telling the two sides each other's ids.
 */
#ifndef PPTP_DOOR_H
#define PPTP_DOOR_H

#include "pptp-parse.h"
#include "pptp-state.h"

/* The message at hand is the first to tell its sender's id of this call: asks what the other side
 * must be told. */
void pptp_door_ask(struct pn_flow *flow, const struct pn_message *msg, struct pptp_call *call);

/* The message at hand has connected this call: opens its door. */
void pptp_door_open(
	struct pn_flow *flow, const struct pn_message *msg, const struct pptp_call *call);

/* Ends what has come through the call's door, and the door. */
void pptp_door_close(struct pn_flow *flow, const struct pptp_call *call);

/* Under address translation: puts into the message at hand, which is about this call, the ids that
 * its receiver knows. */
void pptp_door_tell(struct pn_flow *flow, const struct pn_message *msg,
	const struct pptp_message *m, const struct pptp_call *call);

/* What has come through a door is a call: notes which. */
void pptp_door_passed(struct pn_flow *child, const uint8_t cookie[32]);

#endif
