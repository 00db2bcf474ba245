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

/* What it has seen of the last flow that began, or that ended. */
struct kit_flow_event {
	uint64_t id;
	uint64_t parent_id; /* 0: none */
	struct tuple tuple; /* originator first */
	enum direction direction;
	enum flow_state state;
	enum reason reason;
	const char *helper; /* that watches it, or NULL */
	uint32_t pkts[2];   /* by DIR_* */
};

#define KIT_INTERFACES_MAX 4

/* An engine with plugins and a recorder that remembers. */
struct kit_rig {
	struct engine *engine;
	struct policy *policy;
	struct plugins *plugins;
	struct recorders recorders;
	const char *interface; /* on which what kit_send() sends is seen; NULL: nothing is known */
	const char *interfaces[KIT_INTERFACES_MAX]; /* in the order of their numbers … */
	uint16_t before_interfaces;                 /* … the first of which is one more */
	struct prefix *inside; /* as given; NULL: auto */
	unsigned n_inside;
	uint64_t now;    /* ns; each packet is 1 ms later */
	uint64_t number; /* packets so far */
	unsigned n_doors;
	struct kit_door_event doors[KIT_EVENTS_MAX];
	unsigned flows_begun;
	unsigned flows_ended;
	enum flow_end last_end;
	unsigned ended[FLOW_END_SHUTDOWN + 1]; /* by cause */
	struct kit_flow_event begun_flow;
	struct kit_flow_event ended_flow;
	unsigned drops;
	struct packet last;   /* that was sent, with its verdict and without its bytes */
	unsigned taken_back;  /* offloaded flows that have ended here */
	struct tuple taken;   /* the last of them */
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

/* The same with a policy that was made otherwise (kit/policies.h). It becomes the rig's. */
struct kit_rig *kit_rig_policy(struct policy *policy, const char *plugin, const char *inside);

/* The same at the kernel's own hooks, with a plugin of the test program or NULL. */
struct kit_rig *kit_rig_hooked(
	struct policy *policy, const struct pn_plugin *desc, const char *inside);

/* Another policy takes its place. It becomes the rig's. */
void kit_reload(struct kit_rig *rig, struct policy *policy);

void kit_rig_free(struct kit_rig *rig);

/*
 * Sends one packet; returns its reason (REASON_NONE while it is held). Where rig->interface is set,
 * the packet is seen there, sent if its source is inside and received if not: then the rig must
 * have been told what is inside.
 */
enum reason kit_send(struct kit_rig *rig, const struct kit_packet *packet);

/* The same, seen on that interface (NULL: not known), and on that way whatever its source says. */
enum reason kit_send_on(struct kit_rig *rig, const char *interface, enum way way,
	const struct kit_packet *packet);

/* `call` must give REASON_`wanted`; says by name what it gave. */
#define kit_assert_reason(call, wanted)                                                            \
	do {                                                                                       \
		enum reason kit_got = (call);                                                      \
		ck_assert_msg(kit_got == REASON_##wanted, "%s: %s, not %s", #call,                 \
			reason_name(kit_got), reason_name(REASON_##wanted));                       \
	} while (0)

/* Longest quotation that kit_icmp_error() makes. */
#define KIT_QUOTE_MAX 128

/*
 * An ICMP error about a packet, to be sent: what it quotes stands in `quote`, the IP header and at
 * most 20 bytes behind it. Of the family of `about`; from and to may have ports, which are left
 * out.
 */
struct kit_packet kit_icmp_error(const char *from, const char *to, uint8_t type, uint8_t code,
	const struct kit_packet *about, uint8_t quote[static KIT_QUOTE_MAX]);

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
