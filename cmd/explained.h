/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An answer of `postern explain`, for a person and for a program. */
#ifndef CMD_EXPLAINED_H
#define CMD_EXPLAINED_H

#include <stdio.h>

#include "answer.h"

/* How the connection was found. */
enum chosen_by {
	CHOSEN_BY_PEER,      /* by a prefix of peers or, where none fits, as what is left over */
	CHOSEN_BY_NAME,      /* it was asked for */
	CHOSEN_BY_INTERFACE, /* its interface was asked for */
	CHOSEN_AS_THE_ONLY,
};

struct explained {
	struct answer_facts facts;
	struct answer answer;
	enum chosen_by chosen;
	const char *interface; /* that was asked for, or NULL */
	bool inside_given;     /* false: sides are found out */
};

/* 0 or a negative errno value. */
int explained_print(const struct explained *explained, FILE *out);
int explained_print_json(const struct explained *explained, FILE *out);

#endif
