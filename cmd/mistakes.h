/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every mistake in a configuration, not just the first.
 */
#ifndef CMD_MISTAKES_H
#define CMD_MISTAKES_H

#include "policy/config.h"

#define MISTAKES_MAX 100

struct mistakes {
	GPtrArray *errors;   /* char *: "FILE:LINE: …", MISTAKES_MAX at most */
	GPtrArray *warnings; /* likewise */
	struct policy *policy; /* what is left without the mistakes; NULL: nothing can be read */
};

/*
 * Reads it all. What only others than the configuration's own room can judge is judged by `judge`,
 * which may be NULL: it returns a message like an error of config_read(), or NULL, and adds its
 * warnings.
 */
typedef char *mistakes_judge(void *context, const struct policy *policy,
	const struct config_origins *origins, GPtrArray *warnings);

void mistakes_find(const struct config_options *options, mistakes_judge *judge, void *context,
	struct mistakes *ret_mistakes);
void mistakes_done(struct mistakes *mistakes);

#endif
