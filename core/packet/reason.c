// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of reasons as tables. */
#include "packet/reason.h"

#include <stdint.h>

static const char *const names[REASON_COUNT] = {
#define X(id, name, verdict) [REASON_##id] = name,
	REASONS(X)
#undef X
};

static const uint8_t verdicts[REASON_COUNT] = {
#define X(id, name, verdict) [REASON_##id] = verdict,
	REASONS(X)
#undef X
};

const char *
reason_name(enum reason reason)
{
	return names[reason];
}

enum verdict
reason_verdict(enum reason reason)
{
	return (enum verdict)verdicts[reason];
}
