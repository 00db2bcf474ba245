// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The counters by name, in one table: whoever shows them shows all, under the same names.
 *
 * What depends on more than packets, policy and plugins (bytes of tables, which hang on the secret
 * seed of the hashes) is not among them, so two runs tell the same.
 */
#include "record/stats.h"

#include <stdbool.h>

#define FIELD(group_, name_, member_)                                                              \
	{                                                                                          \
		.group = group_, .name = name_, .offset = offsetof(struct stats, member_),         \
		.is_wide = sizeof(((struct stats *)NULL)->member_) == 8,                           \
	}

static const char flows[] = "flows";
static const char doors[] = "expectations";
static const char fragments[] = "fragments";
static const char helpers[] = "helpers";

static const struct field {
	const char *group;
	const char *name;
	size_t offset;
	bool is_wide; /* 64 bits, not 32 */
} fields[] = {
	FIELD(flows, "open", table.flows),
	FIELD(flows, "peak", table.peak),
	FIELD(flows, "created", table.created),
	FIELD(flows, "expired", expired),
	FIELD(flows, "evicted", evicted),
	FIELD(flows, "refused", refused_flows),
	FIELD(doors, "open", expect.open),
	FIELD(doors, "peak", expect.peak),
	FIELD(doors, "opened", expect.opened),
	FIELD(doors, "refreshed", expect.refreshed),
	FIELD(doors, "matched", expect.matched),
	FIELD(doors, "expired", expect.expired),
	FIELD(doors, "closed", expect.closed),
	FIELD(doors, "evicted", expect.evicted),
	FIELD(doors, "refused", refused_doors),
	FIELD(fragments, "seen", defrag.fragments),
	FIELD(fragments, "reassembled", defrag.reassembled),
	FIELD(fragments, "overlaps", defrag.overlaps),
	FIELD(fragments, "timeouts", defrag.timeouts),
	FIELD(fragments, "evicted", defrag.evicted),
	FIELD(fragments, "refused", defrag.refused),
	FIELD(helpers, "messages", helper.messages),
	FIELD(helpers, "detached", helper.detached),
	FIELD(helpers, "failed", helper.failed),
	FIELD(helpers, "conflicts", helper.conflicts),
	FIELD(helpers, "gaps", helper.gaps),
	FIELD(helpers, "out_of_memory", helper.out_of_memory),
	FIELD(helpers, "peak_memory", helper.peak_memory),
};

static uint64_t
field_value(const struct stats *stats, const struct field *field)
{
	const char *at = (const char *)stats + field->offset;

	return field->is_wide ? *(const uint64_t *)(const void *)at
			      : *(const uint32_t *)(const void *)at;
}

uint64_t
stats_verdicts(const struct stats *stats, enum verdict verdict)
{
	uint64_t sum = 0;

	for (unsigned reason = 0; reason < REASON_COUNT; reason++) {
		if (reason_verdict(reason) == verdict)
			sum += stats->verdicts[reason];
	}
	return sum;
}

void
stats_each(const struct stats *stats, stats_visit visit, void *context)
{
	static const char by_reason[] = "verdicts";
	static const char admitted[] = "admitted";

	visit(context, NULL, "packets", stats->packets);
	visit(context, NULL, "bytes", stats->bytes);
	visit(context, NULL, "accepted", stats_verdicts(stats, VERDICT_ACCEPT));
	visit(context, NULL, "dropped", stats_verdicts(stats, VERDICT_DROP));
	visit(context, NULL, "time_backwards", stats->time_backwards);
	for (unsigned reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
		visit(context, by_reason, reason_name(reason), stats->verdicts[reason]);
	for (unsigned reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
		if (reason_verdict(reason) == VERDICT_ACCEPT)
			visit(context, admitted, reason_name(reason), stats->flows[reason]);
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		visit(context, fields[i].group, fields[i].name, field_value(stats, &fields[i]));
}
