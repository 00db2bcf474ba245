/* SPDX-License-Identifier: MIT */
/*
 * The plugin ABI of Postern: everything a helper may know of its host.
 *
 * A plugin is one shared object that exports one data symbol, `postern_plugin_0`, a constant
 * struct pn_plugin. It has no undefined symbol of the host: all it can do goes through the table
 * of functions in struct pn_host. A helper asks, the host decides.
 *
 * Versions. The digit in the symbol is the major version: another shape is another symbol, so a
 * struct of another shape is never read. Within a major, structs whose first member is `size` only
 * grow at the end; whoever makes one sets `size` to sizeof it, and a reader asks PN_HAS() before it
 * touches a member that was not there from the start. Such structs are never embedded and never
 * array elements. pn_addr and pn_bind are frozen for the whole major.
 * While the major is 0, any release may change any of this, and says so in NEWS.
 *
 * Ownership. Whoever allocates frees. A pointer given to a callback is valid until the callback
 * returns, except struct pn_flow, its `state`, and struct pn_instance, which live until
 * flow_close() and stop() have returned.
 *
 * Threads. One engine is one thread. All callbacks of one flow, and start() and stop() of one
 * instance, run on the thread of the engine they belong to; several engines may run the same
 * plugin at once, so a plugin keeps no writable statics. Host functions may be called only on the
 * thread, and during the callback, that was handed the flow or the instance.
 *
 * Errors. Functions that return int32_t return 0 or a positive value on success and a negative
 * errno value on failure, unless said otherwise.
 */
#ifndef POSTERN_PLUGIN_H
#define POSTERN_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PN_ABI_MAJOR 0

/* True if struct *s is long enough to have `member`, and the member is set. */
#define PN_HAS(s, member)                                                                          \
	((size_t)(s)->size >=                                                                      \
			(size_t)((const char *)&(s)->member - (const char *)(s)) +                 \
				sizeof((s)->member) &&                                             \
		(s)->member)

struct pn_flow;
struct pn_host;
struct pn_instance;

/* Address families as pn_addr uses them. */
enum {
	PN_ADDR_NONE = 0,     /* no address; as a field of pn_expect: not set */
	PN_ADDR_SENDER = 1,   /* whoever sent the current message, seen on the wire */
	PN_ADDR_RECEIVER = 2, /* whoever the current message is sent to */
	PN_ADDR_IPV4 = 4,     /* bytes[0..3], network order; the rest zero */
	PN_ADDR_IPV6 = 6,     /* bytes[0..15], network order */
};

/* An address, or a role that stands for one. Frozen. */
struct pn_addr {
	uint8_t family; /* PN_ADDR_* */
	uint8_t reserved[3];
	uint32_t zone; /* 0, or the number of the scope of a link-local address (RFC 4007) */
	uint8_t bytes[16];
};

/* Ports that a helper is bound to by default, both included. A list ends with first == 0. Frozen. */
struct pn_bind {
	uint16_t first;
	uint16_t last;
};

/* Directions of a message or of an address. */
enum {
	PN_FROM_ORIGINATOR = 0, /* sent by whoever opened the flow */
	PN_FROM_RESPONDER = 1,
};

/* What message() answers; a negative errno value says "I failed". */
enum {
	PN_PASS = 0,   /* nothing against it */
	PN_DROP = 1,   /* drop the message; on TCP every packet that carries a byte of it */
	PN_RESET = 2,  /* drop it and give up the flow: no more packet of it passes */
	PN_DETACH = 3, /* let it pass and never look at this flow again */
};

/* pn_message.flags */
enum {
	PN_MSG_CUT = 1u << 0,       /* longer than max_message: len < total_len, the rest is skipped */
	PN_MSG_AFTER_GAP = 1u << 1, /* bytes before it were lost: it may be the tail of a message */
};

/* One whole message. Made by the host. */
struct pn_message {
	uint32_t size;
	uint32_t dir;   /* PN_FROM_* */
	uint32_t flags; /* PN_MSG_* */
	uint32_t reserved;
	uint64_t total_len; /* length that frame() told; for a datagram, its length */
	const uint8_t *bytes;
	size_t len; /* how many of them are at `bytes` */
};

/* pn_expect.mask: which fields are set. A field that is not set means "any"; 0 never does. */
enum {
	PN_EXPECT_SRC = 1u << 0,
	PN_EXPECT_SRC_PORT = 1u << 1,
	PN_EXPECT_DST = 1u << 2,
	PN_EXPECT_DST_PORT = 1u << 3,
	PN_EXPECT_CALL_ID = 1u << 4, /* call_id and call_id_reply */
	PN_EXPECT_TIMEOUT = 1u << 5,
	PN_EXPECT_MAX_FLOWS = 1u << 6,
	PN_EXPECT_GROUP = 1u << 7,
	PN_EXPECT_SRC_BITS = 1u << 8,
};

/* pn_expect.flags */
enum {
	PN_EXPECT_DIE_WITH_PARENT = 1u << 0, /* child flows end when this flow ends */
	PN_EXPECT_OUTLIVE = 1u << 1,         /* a registration: stays when this flow ends; the
					      * timeout is capped at 3600 s; asking again for the
					      * same destination, from any flow of the same helper
					      * and registrant, refreshes it */
	PN_EXPECT_REFRESH = 1u << 2,         /* change the door of this flow for the same
					      * destination, if it is still open; otherwise
					      * nothing happens: -PN_REFUSED_GONE */
	PN_EXPECT_ASK = 1u << 3,             /* opens nothing: expect() returns 0 and fills
					      * `mapped`. For a message that tells a destination
					      * before both sides have agreed; the same
					      * destination, and call_id, will be asked for when
					      * they have. call_id_reply means nothing */
};

/*
 * A request for a door: these packets, which this flow's protocol has announced, may come.
 * Made by the helper. Destination, protocol and (for TCP and UDP) destination port must be set.
 */
struct pn_expect {
	uint32_t size;
	uint32_t mask;  /* PN_EXPECT_* */
	uint32_t flags; /* PN_EXPECT_DIE_WITH_PARENT … */
	uint8_t proto;  /* IP protocol number: 6, 17, 47 … */
	uint8_t src_bits; /* so many bits of src count; not set: all of them */
	uint8_t reserved[2];
	struct pn_addr src;     /* who may send: an end of this flow, or whom policy names */
	struct pn_addr dst;     /* to whom: an end of this flow, or whom policy names */
	uint16_t src_port;      /* host order, as all numbers here */
	uint16_t dst_port;      /* the port, or the first of a range */
	uint16_t dst_port_last; /* the last of a range; 0: just dst_port */
	uint16_t call_id;       /* GRE v1 (RFC 2637 §4.1): the call id in packets to dst */
	uint16_t call_id_reply; /* … and in packets from dst */
	uint16_t max_flows;     /* flows that may come through; default 1 */
	uint32_t timeout;       /* seconds the door stays open; default: the helper's */
	uint32_t group;         /* a number of the helper's own: one call among many */
	uint8_t cookie[32];     /* copied into the child flow's first callback */
	uint32_t reserved2;
	const char *child;      /* name of the helper for the child flow, or NULL */
};

/* What the other side must be told. Without address translation, what was asked for. */
struct pn_mapped {
	uint32_t size;
	uint16_t port;
	uint16_t call_id;
	struct pn_addr addr;
};

/* Why the host refused a door. expect() returns the negative of one of these. */
enum {
	PN_REFUSED_INVALID = 1001,   /* the request itself is not well-formed */
	PN_REFUSED_MIDSTREAM,        /* the flow was not seen from its first packet */
	PN_REFUSED_NOT_ESTABLISHED,  /* both sides have not spoken yet */
	PN_REFUSED_ADDRESS_FOREIGN,  /* the destination is neither end of this flow */
	PN_REFUSED_ADDRESS_BOGUS,    /* loopback, multicast, broadcast, mapped, this network … */
	PN_REFUSED_ADDRESS_FIREWALL, /* one of the firewall's own addresses */
	PN_REFUSED_SOURCE_WILD,      /* the source is not known and policy names no prefixes */
	PN_REFUSED_SOURCE_FOREIGN,   /* the source is neither the peer nor allowed by policy */
	PN_REFUSED_PORT_LOW,         /* below 1024, towards the protected side */
	PN_REFUSED_PORT_DENIED,      /* on the deny list, towards the protected side */
	PN_REFUSED_PORT_RANGE,       /* a range wider than policy allows, or reversed */
	PN_REFUSED_LIMIT_FLOW,       /* this flow may have no door at all; else its oldest goes */
	PN_REFUSED_LIMIT_ROOT,       /* … for all descendants of one flow */
	PN_REFUSED_LIMIT_HOST,       /* … towards one host */
	PN_REFUSED_LIMIT_TOTAL,      /* … in all */
	PN_REFUSED_DEPTH,            /* a chain of children too deep */
	PN_REFUSED_CONFLICT,         /* the same door is already open for somebody else */
	PN_REFUSED_GONE,             /* PN_EXPECT_REFRESH: there is no such door (any more) */
	PN_REFUSED_END,
};

/* What the host knows of a flow. Made by the caller with `size` set, filled by the host. */
struct pn_flow_info {
	uint32_t size;
	uint8_t proto;
	uint8_t mid_stream; /* 1: not seen from its first packet; it never gets a door */
	uint8_t protected_side; /* bit 0: originator, bit 1: responder is on the protected side */
	uint8_t admitted; /* 0 by policy, 1 as the child of another flow */
	struct pn_addr originator;
	struct pn_addr responder;
	uint16_t originator_port;
	uint16_t responder_port;
	uint32_t group;         /* of the expectation that admitted it, else 0 */
	uint8_t cookie[32];     /* of the expectation that admitted it, else zero */
};

/* Types of options and values. */
enum {
	PN_OPTION_BOOL = 1,
	PN_OPTION_INT = 2,
	PN_OPTION_STRING = 3,
	PN_OPTION_PORTS = 4,    /* a list of ports and ranges, as in the configuration file */
	PN_OPTION_PREFIXES = 5, /* a list of address prefixes */
	PN_OPTION_SOURCES = 6,  /* the same: from there the plugin's doors may be used */
	PN_OPTION_TARGETS = 7,  /* the same: to there the protected side may be led through them */
};

/* An option of a plugin, for its section of the configuration file. */
struct pn_option {
	uint32_t size;
	uint32_t type; /* PN_OPTION_* */
	int64_t min;   /* of an int */
	int64_t max;
	const char *name; /* CamelCase, as keys of the configuration file are */
	const char *fallback; /* default, written as in the file */
	const char *help; /* one line */
};

/* The value of an option. Made by the caller with `size` set; what it points to belongs to the
 * host and lives as long as the instance. */
struct pn_value {
	uint32_t size;
	uint32_t type;
	int64_t number;           /* bool (0, 1) and int */
	const char *string;       /* the value as it was written, whatever its type */
	const char *const *items; /* of a list: its items, NULL-terminated; else NULL */
};

/* A plugin at work in one engine. Made by the host, the same pointer for the whole run. */
struct pn_instance {
	uint32_t size;
	uint32_t reserved;
	const struct pn_host *host;
	void *data; /* the plugin's own */
};

/* A flow that a helper watches. Made by the host, the same pointer for the life of the flow. */
struct pn_flow {
	uint32_t size;
	uint32_t reserved;
	const struct pn_host *host;
	struct pn_instance *instance;
	void *state; /* pn_helper.flow_size bytes, zeroed when the flow begins; NULL if that is 0 */
};

enum { PN_LOG_DEBUG = 0, PN_LOG_INFO = 1, PN_LOG_WARNING = 2 };

/*
 * The host's functions. Made by the host, valid for the whole life of the instance.
 */
struct pn_host {
	uint32_t size;
	uint32_t reserved;

	/* Writes one line of UTF-8; it is escaped, and dropped when there are too many. */
	void (*log)(const struct pn_instance *instance, uint32_t level, const char *text);

	/* Gets the value of a declared option. -ENOENT: not declared. */
	int32_t (*option)(const struct pn_instance *instance, const char *name,
		struct pn_value *value);

	/* Packet time, ns since 1970-01-01 UTC. It never goes back. */
	uint64_t (*now)(const struct pn_instance *instance);

	/* Tells what the host knows of the flow. */
	int32_t (*flow_info)(const struct pn_flow *flow, struct pn_flow_info *info);

	/*
	 * Asks for a door. Returns its id (> 0) and fills `mapped` (may be NULL); or a negative
	 * PN_REFUSED_* value. Asking again for a door of this flow that is still open refreshes it
	 * and returns the same id: its time begins anew, and what else the request says (another
	 * source port, too) takes the place of what was said before. With PN_EXPECT_ASK: 0.
	 * Only in message() and expected().
	 */
	int64_t (*expect)(
		struct pn_flow *flow, const struct pn_expect *expect, struct pn_mapped *mapped);

	/* Closes a door of this flow. -ENOENT: it has none of that id. */
	int32_t (*unexpect)(struct pn_flow *flow, int64_t id);

	/* Closes the doors of this helper towards that destination which the sender of the current
	 * message has opened, from this flow or another. Returns how many. -EINVAL: not in
	 * message(), or no address. */
	int32_t (*unexpect_destination)(
		struct pn_flow *flow, uint8_t proto, const struct pn_addr *dst, uint16_t port);

	/* Adds a fact to the flow's record: a short key of a-z0-9-_, a value of ≤ 256 bytes,
	 * and escaped wherever it is shown; what is not UTF-8 in it becomes U+FFFD. A second note
	 * of a key replaces the first. -EINVAL: the key; -E2BIG: the value; -ENOSPC: too many. */
	int32_t (*note)(struct pn_flow *flow, const char *key, const char *value, size_t len);

	/* Closes the doors of this flow and ends its descendants. */
	int32_t (*close)(struct pn_flow *flow);

	/* The same for the doors and flows of one group. */
	int32_t (*close_group)(struct pn_flow *flow, uint32_t group);

	/* Replaces `old_len` bytes at `offset` of the current message; only in message().
	 * -EOPNOTSUPP: nothing is translated here. */
	int32_t (*rewrite)(struct pn_flow *flow, size_t offset, size_t old_len,
		const uint8_t *bytes, size_t len);

	/* An optional interface, by an id that carries its revision ("nat/1"); NULL: not here. */
	const void *(*extension)(const struct pn_instance *instance, const char *id);
};

/* pn_helper.gap: what happens when bytes of a TCP stream are lost for good. */
enum {
	PN_GAP_DETACH = 0, /* the helper is switched off for this flow */
	PN_GAP_RESUME = 1, /* framing goes on behind the gap, with PN_MSG_AFTER_GAP */
};

/* A helper: what a plugin knows of one protocol on one transport. Made by the plugin. */
struct pn_helper {
	uint32_t size;
	uint8_t transport; /* IP protocol number: 6 (TCP) or 17 (UDP) */
	uint8_t gap;       /* PN_GAP_* */
	uint8_t reserved[2];
	uint32_t flow_size;    /* bytes of state per flow */
	uint32_t max_message;  /* longest message that is given whole, in bytes */
	uint32_t max_doors;    /* doors that may be open for one flow; the host may allow fewer */
	uint32_t door_timeout; /* seconds, where pn_expect does not say */
	const char *name;      /* NAME of the plugin, or "NAME.part" */
	const char *summary;   /* one line */
	const struct pn_bind *binds; /* default ports of the responder, or NULL */

	/* A flow begins. A negative errno value: do not watch it. May be NULL. */
	int32_t (*flow_open)(struct pn_flow *flow);

	/*
	 * Length of the first message in `bytes`: > 0; 0: more bytes are needed to tell, or to be
	 * whole; negative errno: this is not my protocol, and the helper leaves the flow.
	 * A length beyond `len` is fine: the host waits. Called with what has arrived, at most
	 * max_message bytes; when that many bytes do not settle it, the helper leaves the flow. As
	 * long as the answer is 0 it is called anew for each segment, with all the bytes: where
	 * messages may be long, tell the length from their beginning.
	 * UDP helpers have none: a datagram is a message.
	 */
	int64_t (*frame)(struct pn_flow *flow, uint32_t dir, const uint8_t *bytes, size_t len);

	/* One whole message. Returns PN_PASS … PN_DETACH or a negative errno value. */
	int32_t (*message)(struct pn_flow *flow, const struct pn_message *message);

	/* The flow has ended or the helper leaves it. May be NULL. */
	void (*flow_close)(struct pn_flow *flow);

	/* A flow has come through a door that a flow of this helper had asked for. `child` tells
	 * of itself through flow_info(); it has no state of this helper's, is valid during the
	 * call only, and as TCP it cannot ask for doors yet. Runs on the thread of the child; the
	 * flow that asked may be gone. May be NULL. */
	void (*expected)(struct pn_flow *child, const uint8_t cookie[32]);
};

/* The plugin. Its one instance is the symbol postern_plugin_0. */
struct pn_plugin {
	uint32_t size;
	uint32_t reserved;
	const char *name;    /* a-z, 0-9; the file is called NAME.so */
	const char *version; /* of the plugin */
	const char *summary; /* one line */
	const char *licence; /* SPDX identifier */
	const struct pn_helper *const *helpers; /* NULL-terminated, at least one */
	const struct pn_option *const *options; /* NULL-terminated, or NULL */

	/* An engine starts or stops using the plugin. A negative errno value from start(): the
	 * plugin is not used. Either may be NULL. */
	int32_t (*start)(struct pn_instance *instance);
	void (*stop)(struct pn_instance *instance);

	/* An optional interface of the plugin's, by id; NULL: not here. May be NULL. */
	const void *(*extension)(const char *id);
};

/* Put before the definition: PN_EXPORT const struct pn_plugin postern_plugin_0 = { … }; */
#ifdef __cplusplus
#define PN_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define PN_EXPORT __attribute__((visibility("default")))
#endif

extern const struct pn_plugin postern_plugin_0;

#ifdef __cplusplus
}
#endif

#endif
