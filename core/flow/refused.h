/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections that were refused a moment ago.
 *
 * A capture holds what went on around the firewall, not behind it: the answers of a host whose
 * caller would have been refused are in it all the same. Picked up mid-stream, they would make a
 * flow of what had just been refused. So the key of a refused SYN is kept for a minute. The memory
 * is small and fixed; a newer one may take the place of an older one, which then is forgotten.
 * Which one does not depend on the secret seed of the flow table, so results never do.
 */
#ifndef FLOW_REFUSED_H
#define FLOW_REFUSED_H

#include <stdbool.h>
#include <stdint.h>

#include "packet/tuple.h"

#define REFUSED_SLOTS 4096u
#define REFUSED_TIME  (UINT64_C(60) * 1000000000)

struct refused {
	struct {
		struct key key;
		uint64_t time;
	} slots[REFUSED_SLOTS];
};

/* A SYN with this key has been refused at `now` (ns). */
void refused_add(struct refused *refused, const struct key *key, uint64_t now);

/* Was one refused within the last minute? */
bool refused_lately(const struct refused *refused, const struct key *key, uint64_t now);

#endif
