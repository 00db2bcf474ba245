/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What may have been meant by a name that is not known.
 */
#ifndef POLICY_CONFIG_SUGGEST_H
#define POLICY_CONFIG_SUGGEST_H

/* A search for the likest of several names. */
struct suggest {
	const char *name;  /* what was written */
	const char *meant; /* the likest so far, or NULL */
	unsigned best;     /* its unlikeness, doubled; odd: the first letters differ */
};

void suggest_begin(struct suggest *suggest, const char *name);

/* Is it this one? `candidate` must live as long as the search. */
void suggest_try(struct suggest *suggest, const char *candidate);

/* The end of a message: " (did you mean UdpTimeout?)", or "". The caller's to g_free(). */
char *suggest_end(const struct suggest *suggest);

#endif
