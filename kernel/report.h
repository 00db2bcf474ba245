/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a wall has to say of itself, for people and for programs.
 */
#ifndef KERNEL_REPORT_H
#define KERNEL_REPORT_H

#include "kernel/wall.h"

/*
 * Appends the answer to one of
 *
 *	status | flows [MAX] | doors | stats		as a text
 *	json status | json flows [MAX] | …		as JSON, one line for each thing
 *
 * Flows and doors have the shape of events (docs/eve-schema.json). False: that is no question.
 */
bool report_answer(struct wall *wall, const char *question, GString *text);

#endif
