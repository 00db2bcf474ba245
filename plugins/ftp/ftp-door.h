/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asking the host for the door of a data connection.
 */
#ifndef FTP_DOOR_H
#define FTP_DOOR_H

#include "ftp-state.h"

/* The client, who sends the current message, has asked for a connection by PORT: the door for the
 * server's port 20, until the server answers. */
void ftp_door_early(struct pn_flow *flow, struct ftp_pending *command);

/* The server, who sends the current message, has agreed to connect to where the client said. */
void ftp_door_to_client(struct pn_flow *flow, const struct ftp_pending *command);

/* The server has refused PORT. */
void ftp_door_refused(struct pn_flow *flow, const struct ftp_pending *command);

/* The server has answered the client's request with this reply, which is the current message. */
void ftp_door_to_server(
	struct pn_flow *flow, const struct pn_message *msg, const struct ftp_reply *reply);

/* Closes the door that was opened last, if nobody has come through it. */
void ftp_door_close(struct pn_flow *flow);

#endif
