/* SPDX-License-Identifier: MIT */
/*
 * A host for one helper on one flow, for tests and fuzzers of plugins. No packets and no policy:
 * bytes go in, by direction, in pieces of any size; what the helper asked for comes out.
 *
 * Bytes are cut into messages by the rules of the real host. Every call hands the helper a copy of
 * exactly the bytes it may see, and its state is a block of exactly flow_size bytes, so a read
 * beyond either is found by AddressSanitizer. A call that breaks the rules of plugin.h is counted
 * in `misuse`, which a test expects to be 0.
 */
#ifndef KIT_FAKEHOST_H
#define KIT_FAKEHOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <postern/plugin.h>

#define FAKEHOST_DOORS_MAX 256 /* beyond, requests are refused and counted */
#define FAKEHOST_NOTES_MAX 16

/* An option as a configuration file has it; others have their fallback. */
struct fakehost_option {
	const char *name;
	const char *value;
};

/* How the flow is and what the host answers. What is left zero has a sensible default. */
struct fakehost_options {
	const char *originator; /* "192.0.2.1:40000" or "[2001:db8::1]:40000", the default's */
	const char *responder;  /* default: "198.51.100.9:21", or its like in IPv6 */
	const char *helper;     /* default: the first of the plugin */
	const struct fakehost_option *options; /* ends with a NULL name; may be NULL */
	const char *mapped; /* what the other side must be told; NULL: what was asked for */
	int refuse;         /* PN_REFUSED_*: the answer to every request */
	int rewrite_error;  /* a negative errno value: the answer to every rewrite() */
	uint64_t time;      /* ns, default 1 s; see fakehost.now */
	uint8_t mid_stream;
	uint8_t protected_side; /* default: the originator's */
};

/* A request for a door. */
struct fakehost_door {
	struct pn_expect request; /* its `child` is in `child` */
	struct pn_addr src;       /* roles resolved; family PN_ADDR_NONE: any */
	struct pn_addr dst;
	int64_t id;   /* > 0, or a negative PN_REFUSED_* */
	uint32_t dir; /* of the message it was asked in */
	bool open;
	char child[32];
};

struct fakehost_note {
	char key[32];
	char value[257];
};

/* Why the helper does not watch any more. */
enum fakehost_left {
	FAKEHOST_WATCHING,
	FAKEHOST_NOT_OPENED, /* flow_open() did not want it */
	FAKEHOST_DETACHED,   /* PN_DETACH */
	FAKEHOST_RESET,      /* PN_RESET */
	FAKEHOST_FRAME,      /* frame() said that it is not its protocol, or could not tell */
	FAKEHOST_FAILED,     /* message() failed or answered nonsense */
	FAKEHOST_GAP,        /* bytes were lost, and it does not go on after that */
};

struct fakehost {
	struct fakehost_door doors[FAKEHOST_DOORS_MAX]; /* all requests, in order */
	unsigned n_doors;
	struct fakehost_note notes[FAKEHOST_NOTES_MAX]; /* in order of their first appearance */
	unsigned n_notes;
	enum fakehost_left left;
	unsigned messages; /* given to message() */
	unsigned drops;    /* of them answered with PN_DROP */
	unsigned cuts;     /* … that were cut */
	unsigned closes;   /* calls of close() and close_group() */
	unsigned logs;
	unsigned misuse;        /* calls against the rules */
	const char *misuse_why; /* the first of them */
	uint64_t now;           /* may be set */
	uint8_t *rewritten;     /* the last message after rewrite(), or NULL */
	size_t rewritten_len;
	struct fakehost_inside *inside;
};

/* Never fails: what is wrong with the arguments ends the program. */
struct fakehost *fakehost_new(
	const struct pn_plugin *plugin, const struct fakehost_options *options);

/* flow_close(), unless that has been, and stop(). */
void fakehost_free(struct fakehost *host);

/* TCP: the next bytes of one side. UDP: a datagram. Nothing happens once the helper has left. */
void fakehost_send(struct fakehost *host, uint32_t dir, const void *bytes, size_t len);

/* Bytes of one side are lost for good, between those sent before and after. */
void fakehost_gap(struct fakehost *host, uint32_t dir);

/* The value of a note, or NULL. */
const char *fakehost_note(const struct fakehost *host, const char *key);

/*
 * Tells the requests, one a line, "SOURCE > DESTINATION:PORT" or "SOURCE:PORT > DESTINATION:PORT",
 * with "refused " in front and " closed" behind where that is so. Valid until the next call on this host.
 */
const char *fakehost_doors(struct fakehost *host);

/* The same, then notes as "key=value" in order of their keys, then "left" if the helper has: equal
 * texts mean that the helper did the same. */
const char *fakehost_story(struct fakehost *host);

#endif
