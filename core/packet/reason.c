// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of reasons as tables. */
#include "packet/reason.h"

static const char *const names[REASON_COUNT] = {
#define X(id, name, verdict) [REASON_##id] = name,
	REASONS(X)
#undef X
};

/* Each stands on the side of REASON_DROPS that its verdict says. */
#define X(id, name, verdict)                                                                       \
	_Static_assert((REASON_##id < REASON_DROPS) == (verdict == VERDICT_ACCEPT),                \
		"all reasons to accept stand before all reasons to drop");
REASONS(X)
#undef X

const char *
reason_name(enum reason reason)
{
	return names[reason];
}
