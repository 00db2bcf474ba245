/* SPDX-License-Identifier: MIT */
/*
 * What the fake host keeps, for its own files.
 */
#ifndef KIT_FAKEHOST_INSIDE_H
#define KIT_FAKEHOST_INSIDE_H

#include "kit/fakehost.h"

/* One direction of the stream. */
struct lane {
	uint8_t *bytes; /* not given to the helper yet */
	size_t len;
	uint64_t total; /* length that frame() told for what is at the front; 0: not asked yet */
	uint64_t skip;  /* bytes of a cut message that are still to come */
	bool after_gap;
};

struct fakehost_inside {
	struct pn_instance instance;
	struct pn_flow flow;
	struct fakehost *host;
	const struct pn_plugin *plugin;
	const struct pn_helper *helper;
	const struct fakehost_option *options;
	struct pn_flow_info info;
	struct pn_addr mapped;
	uint16_t mapped_port;
	bool is_mapped;
	bool closed;
	bool in_message;
	int refuse;
	int rewrite_error;
	uint32_t dir; /* of the current message */
	uint8_t *message;
	size_t message_len;
	int64_t next_id;
	struct lane lanes[2];
	char *text;
	size_t text_len;
	size_t text_size;
};

/* What a plugin gets of the host: functions that write down what they are asked. */
extern const struct pn_host fakehost_calls;

#endif
