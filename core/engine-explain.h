/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an engine does with one packet, and why.
 */
#ifndef ENGINE_EXPLAIN_H
#define ENGINE_EXPLAIN_H

#include "engine.h"
#include "policy/judge.h"

struct explanation {
	enum reason reason;       /* its verdict is reason_verdict() */
	bool has_direction;       /* false: nobody has asked where it goes */
	enum direction direction;
	const struct connection *connection; /* whose settings count; NULL: none was asked */
	enum way way;             /* as far as it is known and believed */
	struct judge_rule rule;   /* of `connection`, where one has spoken */
	const char *helper;       /* that watches the flow from here on, or NULL */
};

/*
 * Processes a packet, of which a source's part is filled in, as engine_process() does, and tells
 * what gave its verdict. `on`: the connection that it is seen on, found as always where it is NULL.
 *
 * The verdict is the engine's own, so it cannot be another than that of a replay; the rule is asked
 * for once more, of the same functions. What the packet changes stays changed, and `on` holds for
 * all packets from there on: this is for an engine that was made for the question.
 */
void engine_explain(struct engine *engine, struct packet *p, const struct connection *on,
	struct explanation *ret_explanation);

#endif
