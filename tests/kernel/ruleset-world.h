/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Three machines for tests of the rules: a client and a server, and the firewall between them, each
 * a network namespace. The caller is in all of them: sockets are opened where they are wanted, and
 * the queue is read by hand, so that a test says what happens when.
 *
 * It is made in a process that ends with the test. What goes wrong in making it ends the test.
 */
#ifndef RULESET_WORLD_H
#define RULESET_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

enum world_ns { WORLD_FIREWALL, WORLD_CLIENT, WORLD_SERVER, WORLD_NS };

/* Which make of iptables is found under the plain names. */
enum world_make { WORLD_IPTABLES_NFT, WORLD_IPTABLES_LEGACY };

struct world {
	int ns[WORLD_NS];
	struct mnl_socket *queue; /* NULL: nobody listens */
	uint16_t number;
};

/* A packet that waits for its verdict. */
struct world_packet {
	uint32_t id;
	unsigned hook;
	uint32_t mark;
	uint8_t bytes[256]; /* its front */
	size_t len;
};

/* Addresses, by family (4 or 6) and whose: the firewall's is that on the client's side. */
const char *world_address(enum world_ns ns, unsigned family);

/* Can this system make such a world? Asked in a process of its own. */
bool world_is_possible(void);
bool world_has(enum world_make make);

/* Puts a make under the plain names, for this process. */
void world_choose(enum world_make make);

/* Takes the lines that have these words out of what a program of iptables says, after world_alone()
 * or world_new(). */
void world_hide(const char *program, const char *words);
void world_unhide(const char *program);

/* A firewall without a world: only this process is in another network. */
void world_alone(enum world_make make);

/* Makes it and enters the firewall. */
void world_new(struct world *w, enum world_make make);
void world_free(struct world *w);

/* Where the next sockets are opened and programs run. */
void world_enter(const struct world *w, enum world_ns ns);

/* Runs a program in the firewall, by words; its exit status has to be 0. Returns its output; the
 * caller's to g_free(). */
char *world_run(const char *command, const char *input);

/* Reads the queue; world_unlisten() stops. */
void world_listen(struct world *w, uint16_t number);
void world_unlisten(struct world *w);

/* The next packet that is queued within a time, ms. What IPv6 needs to find its neighbours is
 * accepted on the way, and not told. */
bool world_next(struct world *w, int patience, struct world_packet *ret_packet);
void world_verdict(
	struct world *w, const struct world_packet *packet, unsigned verdict, const uint32_t *mark);

/* A UDP socket somewhere, bound to its address there and a port. */
int world_socket(const struct world *w, enum world_ns ns, unsigned family, uint16_t port);

/* Sends a letter to somebody's port; 0 or a negative errno value. */
int world_send(int socket, unsigned family, enum world_ns to, uint16_t port);

/* Does a letter, or an ICMP error, arrive within a time? */
bool world_hears(int socket, int patience);

#endif
