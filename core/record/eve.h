/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events as JSON lines in the shape of Suricata's EVE; docs/eve-schema.json describes each.
 */
#ifndef RECORD_EVE_H
#define RECORD_EVE_H

#include "record/record.h"
#include "record/stats.h"
#include "record/writer.h"

struct eve;

/* Uses the writer, which the caller closes behind eve_free(). */
struct eve *eve_new(struct writer *writer);

/* Waits until all lines are written. */
void eve_free(struct eve *eve);

const struct recorder_ops *eve_ops(void);

/* Names interfaces: where a packet was seen, or NULL (then in_iface is left out). It may be a
 * packet of long ago, whose verdict comes only now. */
void eve_set_interfaces(
	struct eve *eve, const char *(*name)(void *context, const struct packet *p), void *context);

/* The line of type `stats`. How many events are lost it says exactly behind writer_sync(). */
void eve_stats(struct eve *eve, const struct stats *stats, uint64_t time);

#endif
