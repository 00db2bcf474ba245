/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a replay, or watching an interface, has found, for a person.
 *
 * The summary is a recorder while packets are played, and a page of text when they are over.
 */
#ifndef CMD_SUMMARY_H
#define CMD_SUMMARY_H

#include <stdio.h>

#include "policy/policy.h"
#include "record/record.h"
#include "record/stats.h"

struct summary;

/* What the recorder does not see. */
struct summary_facts {
	const struct stats *stats;
	const char *const *inputs;   /* captures or interfaces, NULL-terminated */
	bool live;                   /* they are interfaces */
	unsigned n_broken;           /* of these, that could not be read to their end */
	bool nothing;                /* none of them could be opened: there is nothing to say */
	bool unmatched;              /* no packet was on a connection that has interfaces, … */
	bool has_names;              /* … though some named their interface */
	bool has_networks;           /* some connections are known by their peers */
	uint64_t lost;               /* packets that came too fast to be seen */
	const struct prefix *inside; /* as configured; n_inside == 0: found out */
	unsigned n_inside;
	uint64_t duration; /* of the replay itself, or as long as was watched, ns */
};

struct summary *summary_new(void);
void summary_free(struct summary *summary);

const struct recorder_ops *summary_ops(void);

/* 0 or a negative errno value. */
int summary_print(const struct summary *summary, const struct summary_facts *facts, FILE *out);

#endif
