/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which reply answers which command.
 *
 * Every command has one final reply, in order (RFC 959 §5.4), so commands wait in a queue and a
 * final reply takes the one at its head. When something says that the two sides may count
 * differently, there is doubt: commands are still counted, but all of them look harmless until a
 * known command has come and everything has been answered.
 */
#ifndef FTP_PAIRS_H
#define FTP_PAIRS_H

#include <stdint.h>

#include "ftp-parse.h"

#define FTP_PAIRS_MAX 16

/* What a positive reply to a command does. */
enum ftp_kind {
	FTP_KIND_OTHER, /* nothing */
	FTP_KIND_ABOR,
	FTP_KIND_PORT, /* PORT, EPRT, LPRT: opens the door to the client */
	FTP_KIND_PASV, /* opens the door to the server, if the reply is 227 */
	FTP_KIND_LPSV, /* … 228 */
	FTP_KIND_EPSV, /* … 229 */
	FTP_KIND_EPSV_ALL,
	FTP_KIND_AUTH_TLS,
	FTP_KIND_AUTH_OTHER,
};

/* A command without its final reply. */
struct ftp_pending {
	struct pn_addr addr; /* of FTP_KIND_PORT */
	uint16_t port;
	uint16_t kind; /* enum ftp_kind */
	uint32_t reserved;
	int64_t door; /* of FTP_KIND_PORT: opened early; < 0: refused; 0: not asked for */
};

/* All zero at the start. */
struct ftp_pairs {
	uint32_t outstanding; /* commands without a final reply, even those beyond the queue */
	uint16_t head;
	uint16_t doubt;
	struct ftp_pending queue[FTP_PAIRS_MAX];
};

/* Adds a command; `endpoint` matters to FTP_KIND_PORT and may be NULL for others. -ENOSPC: it is
 * one too many, and now there is doubt. */
int ftp_pairs_push(
	struct ftp_pairs *pairs, enum ftp_kind kind, const struct ftp_endpoint *endpoint);

/* The command that was pushed last; NULL if there is doubt. */
struct ftp_pending *ftp_pairs_last(struct ftp_pairs *pairs);

/* A final reply of this code: takes the command that it answers. -ENOENT: nobody asked. */
int ftp_pairs_pop(struct ftp_pairs *pairs, uint32_t code, struct ftp_pending *ret_command);

/* The two sides may count differently from now on. */
void ftp_pairs_doubt(struct ftp_pairs *pairs);

/* A whole line with a known command has come, before it is pushed. */
void ftp_pairs_see_verb(struct ftp_pairs *pairs);

/* What waits keeps its place and means nothing any more. */
void ftp_pairs_disarm(struct ftp_pairs *pairs);

/* Nothing waits any more; doubt stays. */
void ftp_pairs_forget(struct ftp_pairs *pairs);

#endif
