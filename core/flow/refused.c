// SPDX-License-Identifier: GPL-2.0-or-later
/* A direct-mapped memory of keys. Whoever makes keys fall together only makes it forget. */
#include "flow/refused.h"

static unsigned
slot_of(const struct key *key)
{
	uint64_t h = 0;

	for (unsigned n = 0; n < 5; n++)
		h = (h ^ key->w[n]) * UINT64_C(0x9e3779b97f4a7c15);
	return (unsigned)(h >> 40) % REFUSED_SLOTS;
}

void
refused_add(struct refused *refused, const struct key *key, uint64_t now)
{
	unsigned slot = slot_of(key);

	refused->slots[slot].key = *key;
	refused->slots[slot].time = now;
}

bool
refused_lately(const struct refused *refused, const struct key *key, uint64_t now)
{
	unsigned slot = slot_of(key);

	/* A slot that was never used holds a key without a family, which no packet has. */
	return key_equal(&refused->slots[slot].key, key) &&
		now - refused->slots[slot].time < REFUSED_TIME;
}
