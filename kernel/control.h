/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions over a local socket: a line comes in, a text goes out, and the connection ends.
 *
 * Everybody on this machine may ask; whether who asks may change something is told to answer(). A
 * client that does not read, or says nothing, is let go after a while and holds nobody up.
 */
#ifndef KERNEL_CONTROL_H
#define KERNEL_CONTROL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CONTROL_CLIENTS_MAX 16
#define CONTROL_LINE_MAX    256
#define CONTROL_PATIENCE    10 /* seconds */

struct control;

struct control_options {
	const char *path; /* of the socket; one that is there and that nobody listens on is replaced */
	/* Appends the answer to a question (no newline at its end). `root`: who asks is root, or
	 * whoever runs this. */
	void (*answer)(void *context, const char *question, bool root, GString *text);
	void *context;
};

/* -errno and *ret_message, the caller's to g_free(): another one is running, for instance. */
int control_new(
	const struct control_options *options, struct control **ret_control, char **ret_message);

/* Removes the socket. */
void control_free(struct control *control);

/* One descriptor for all of it, to poll for reading. */
int control_fd(const struct control *control);

/* Does what can be done without waiting. `now`: ns, of any clock that goes on. */
void control_work(struct control *control, uint64_t now);

/*
 * The other end: asks, and gives the whole answer, the caller's to g_free(). -errno and *ret_message.
 */
int control_ask(const char *path, const char *question, char **ret_answer, char **ret_message);

#endif
