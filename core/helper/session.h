/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session: one helper watching one flow. Bytes are put in order (stream.h), cut into messages by
 * the helper's frame(), and given to its message(); what it answers becomes a verdict.
 */
#ifndef HELPER_SESSION_H
#define HELPER_SESSION_H

#include "helper/host.h"

struct session;

/*
 * Lets a helper watch a flow that begins now; its first packet (TCP: the SYN), too, is given to
 * session_packet(). The flow gets an extra. -ENOSPC, -ENOMEM, -EEXIST (somebody watches it), or
 * what flow_open() answered: then the helper does not watch it.
 */
int session_open(struct host *host, uint32_t index, const struct helper *helper);

/*
 * Gives a packet of the flow to its helper; the packet has been accepted by everything else. When
 * it returns, every door that the packet's bytes asked for is open. REASON_NONE or REASON_HELPER.
 *
 * A helper that goes before the flow ends (it wishes so, fails, or its bytes cannot be trusted any
 * more) leaves a note, "helper-off", that says why, and its name in the extra; the session is gone
 * then, unless there are bytes that it wants dropped.
 */
enum reason session_packet(struct host *host, uint32_t index, const struct packet *p, unsigned dir);

/* The flow ends: flow_close(), and all memory is given back. Its doors are the caller's. */
void session_close(struct host *host, uint32_t index);

#endif
