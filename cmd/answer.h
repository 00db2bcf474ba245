/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What gave a verdict, in words: the answer to a question about a packet.
 */
#ifndef CMD_ANSWER_H
#define CMD_ANSWER_H

#include <glib.h>

#include "engine-explain.h"
#include "helper/loader.h"
#include "policy/config.h"
#include "question.h"

/* What is known when the engine has spoken. */
struct answer_facts {
	const struct question *question;
	const struct packet *packet; /* as the engine left it */
	const struct explanation *explanation;
	const struct policy *policy;
	const struct config_origins *origins;
	const struct plugins *plugins; /* or NULL */
};

/* A place in a configuration; file NULL: no file says so. */
struct place {
	const char *file;
	unsigned line;
};

/* Strings belong to it, but for those of `at`, which belong to the facts. */
struct answer {
	const char *kind; /* of the rule: "default", "port-mapping", … */
	char *name;       /* of the mapping, the ICMP option or the key; or NULL */
	char *text;       /* the rule */
	struct place at;
	GPtrArray *notes; /* char *: what is worth knowing besides */
};

void answer_init(struct answer *answer, const struct answer_facts *facts);
void answer_done(struct answer *answer);

/* Adds what is worth knowing besides the rule. */
void answer_add_notes(struct answer *answer, const struct answer_facts *facts);

/* Where a setting of a connection comes from. */
struct place answer_setting(
	const struct answer_facts *facts, const char *section, const char *key);

/* " (FILE:LINE)", or "". The caller's. */
char *answer_place_text(const struct place *place);

#endif
