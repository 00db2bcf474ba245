/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What links.c (what is known, and when it is read) and links-read.c (what the messages say) share.
 */
#ifndef KERNEL_LINKS_PRIVATE_H
#define KERNEL_LINKS_PRIVATE_H

#include <libmnl/libmnl.h>

#include "kernel/links.h"

/* More than that of a kind is left out. */
#define LINKS_MAX 65536

/* An address of ours, or a prefix behind an interface. */
struct links_reach {
	unsigned index; /* of the interface */
	struct prefix prefix;
};

/* What there is. */
struct links_state {
	GArray *links;     /* struct link_info, by index */
	GArray *addresses; /* struct links_reach */
	GArray *routes;    /* struct links_reach */
};

/* A question about all of a kind. */
struct links_question {
	uint16_t type;
	uint16_t answer;
	uint8_t family; /* the first member of the header */
	size_t header;
	void (*read)(struct links_state *state, const struct nlmsghdr *nlh);
};

#define LINKS_QUESTIONS 5
extern const struct links_question links_questions[LINKS_QUESTIONS];

/*
 * One datagram of the answer to a question. Returns 1: more is to come; 0: that was all; -EINTR:
 * things have changed meanwhile, and the answer goes on; -ESTALE: the same, and that was all; or
 * another negative errno value.
 */
int links_read_answer(const struct links_question *question, uint32_t sequence, const void *bytes,
	size_t len, struct links_state *state);

#endif
