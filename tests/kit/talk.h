/* SPDX-License-Identifier: MIT */
/*
 * Conversations for tests of the whole engine: packets in, verdicts and doors out.
 */
#ifndef KIT_TALK_H
#define KIT_TALK_H

#include "engine.h"
#include "kit/packets.h"

#define KIT_EVENTS_MAX 64

/* What the recorder of a rig has seen of one door. */
struct kit_door_event {
	enum expect_action action;
	struct expectation door;
	char refusal[32]; /* "" unless refused */
	uint64_t child_flow_id;
};

/* An engine with plugins and a recorder that remembers. */
struct kit_rig {
	struct engine *engine;
	struct policy *policy;
	struct plugins *plugins;
	struct recorders recorders;
	uint64_t now;    /* ns; each packet is 1 ms later */
	uint64_t number; /* packets so far */
	unsigned n_doors;
	struct kit_door_event doors[KIT_EVENTS_MAX];
	unsigned flows_begun;
	unsigned flows_ended;
	enum flow_end last_end;
	unsigned drops;
	enum reason late[KIT_EVENTS_MAX]; /* late verdicts, in order */
	unsigned n_late;
};

/*
 * Makes a rig. `config`: text of a configuration file, or NULL; `plugin`: name of a plugin of the
 * build tree ($POSTERN_BUILD/plugins/NAME/NAME.so), or NULL; `inside`: prefixes as on the command
 * line, or NULL for auto. Ends the test on any failure.
 */
struct kit_rig *kit_rig_new(const char *config, const char *plugin, const char *inside);

/* The same with a plugin that is part of the test program. */
struct kit_rig *kit_rig_mock(
	const char *config, const struct pn_plugin *desc, const char *inside);

void kit_rig_free(struct kit_rig *rig);

/* Sends one packet; returns its reason (REASON_NONE while it is held). */
enum reason kit_send(struct kit_rig *rig, const struct kit_packet *packet);

/* How many doors have been opened, refused, matched … so far. */
unsigned kit_doors(const struct kit_rig *rig, enum expect_action action);

/* The n-th (from 0) event of that kind; ends the test if there is none. */
const struct kit_door_event *kit_door(
	const struct kit_rig *rig, enum expect_action action, unsigned n);

/* A TCP connection. */
struct kit_talk {
	struct kit_rig *rig;
	const char *ends[2]; /* originator, responder: "ADDR:PORT" */
	uint32_t seq[2];
};

/* Handshake. Ends the test unless the engine accepts it. */
struct kit_talk kit_connect(struct kit_rig *rig, const char *client, const char *server);

/* The SYN alone: its reason. */
enum reason kit_syn(struct kit_rig *rig, const char *client, const char *server);

/* Says `text` (dir 0: the originator) in one segment, which the other side acknowledges. Returns
 * the reason of the segment. */
enum reason kit_say(struct kit_talk *talk, unsigned dir, const char *text);

/* The same for bytes, without the acknowledgement, and with an offset to the next sequence number
 * that is not remembered. */
enum reason kit_segment(
	struct kit_talk *talk, unsigned dir, int32_t offset, const void *bytes, size_t len);

#endif
