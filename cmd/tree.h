/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control flows, their doors and what came through them, drawn as trees. */
#ifndef CMD_TREE_H
#define CMD_TREE_H

#include "controls.h"
#include "page.h"

/* Adds a tree per control flow that is no child of another one there. Times are told from `start`
 * on. */
void tree_add(struct page *page, const struct controls *controls, uint64_t start);

#endif
