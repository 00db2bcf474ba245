/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What comes of reading a configuration, for tests. */
#ifndef TESTS_CORE_CONFIG_RESULT_H
#define TESTS_CORE_CONFIG_RESULT_H

#include "kit/kit.h"
#include "policy/config.h"

/* Nothing, or a policy and warnings, or an error; freed by result_done(). */
struct result {
	struct policy *policy;
	GPtrArray *warnings;
	GError *error;
};

/* It is one of the two, whole. */
static inline void
result_check(const struct result *r)
{
	ck_assert((r->policy == NULL) == (r->error != NULL));
	ck_assert((r->policy == NULL) == (r->warnings == NULL));
}

static inline void
result_done(struct result *r)
{
	policy_unref(r->policy);
	if (r->warnings)
		g_ptr_array_unref(r->warnings);
	g_clear_error(&r->error);
}

static inline const char *
result_warning(const struct result *r, unsigned i)
{
	return r->warnings && i < r->warnings->len ? r->warnings->pdata[i] : NULL;
}

#endif
