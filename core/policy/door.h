/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be true before a door opens. Each check has a reason code of its own (PN_REFUSED_*),
 * so a helper, the log and the counters can say which one failed. docs/security.md tells why each
 * is there.
 */
#ifndef POLICY_DOOR_H
#define POLICY_DOOR_H

#include "policy/policy.h"

/* Seconds that a registration (PN_EXPECT_OUTLIVE) may last. */
#define DOOR_OUTLIVE_MAX 3600

/* What door_check() must know of the flow whose helper asks. */
struct door_asker {
	struct tuple control;      /* originator first */
	struct pn_addr sender;     /* of the message at hand, as seen on the wire */
	struct pn_addr receiver;
	bool midstream;
	bool established;          /* both sides have spoken */
	uint8_t depth;             /* of the asking flow; its child is one deeper */
	uint32_t default_timeout;  /* seconds, the helper's */
	const struct sides *sides;
	const struct pn_addr *firewall; /* the firewall's own addresses */
	unsigned n_firewall;
	const struct prefix *sources; /* beside those of policy; of the plugin's options */
	unsigned n_sources;
	const struct prefix *targets; /* where its own side may be led */
	unsigned n_targets;
};

/*
 * Checks a request and turns it into *ret_wanted, roles resolved, defaults filled in and capped.
 * Returns 0 or a negative PN_REFUSED_*; where several things are wrong, the first of: form, flow,
 * destination, source, ports. On refusal *ret_wanted still holds what could be understood of it,
 * for the record; helper, child, owner, times and ids are the caller's to fill. The limits on how
 * many doors are open are the expectation table's to apply.
 *
 * The struct may be of an older plugin, and end early: what is not in it is not set. A bit of
 * `mask` or `flags` that is not known here is a restriction that cannot be kept: INVALID.
 *
 * With no PN_EXPECT_SRC in ret_wanted->mask anybody may send; src_bits is less than all bits where
 * policy names a prefix.
 */
int door_check(const struct policy *policy, const struct door_asker *asker,
	const struct pn_expect *request, struct expectation *ret_wanted);

/*
 * The door that a trigger opens for a flow that has gone out: from the peer that was asked to whoever
 * asked it. As many flows may come through as policy lets through any one door. `control` is the
 * flow, originator first, and `depth` its own: triggers take part in chains like helpers. 0, or
 * -PN_REFUSED_DEPTH; *ret_wanted is filled as by door_check().
 */
int door_of_trigger(const struct policy *policy, const struct port_trigger *trigger,
	const struct tuple *control, uint8_t depth, struct expectation *ret_wanted);

/* "address-foreign" for -PN_REFUSED_ADDRESS_FOREIGN, …; "invalid" for anything else. */
const char *door_refusal_name(int refusal);

#endif
