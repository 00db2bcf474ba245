// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The queue of commands that await their replies: pure bookkeeping, no host, no bytes.
 *
 * Limits: FTP_PAIRS_MAX commands keep their meaning; beyond, they are only counted.
 */
#include "ftp-pairs.h"

#include <errno.h>
#include <string.h>

enum { DOUBT_NONE, DOUBT_NEW, DOUBT_VERB_SEEN };

int
ftp_pairs_push(struct ftp_pairs *pairs, enum ftp_kind kind, const struct ftp_endpoint *endpoint)
{
	int full = !pairs->doubt && pairs->outstanding >= FTP_PAIRS_MAX;

	if (full)
		ftp_pairs_doubt(pairs);
	if (!pairs->doubt) {
		uint32_t at = (pairs->head + pairs->outstanding) % FTP_PAIRS_MAX;
		struct ftp_pending *p = &pairs->queue[at];

		memset(p, 0, sizeof(*p));
		p->kind = (uint16_t)kind;
		if (endpoint) {
			p->addr = endpoint->addr;
			p->port = endpoint->port;
		}
	}
	pairs->outstanding++;
	return full ? -ENOSPC : 0;
}

struct ftp_pending *
ftp_pairs_last(struct ftp_pairs *pairs)
{
	if (pairs->doubt || !pairs->outstanding)
		return NULL;
	return &pairs->queue[(pairs->head + pairs->outstanding - 1) % FTP_PAIRS_MAX];
}

static void
take(struct ftp_pairs *pairs, struct ftp_pending *ret_command)
{
	*ret_command = pairs->queue[pairs->head];
	pairs->head = (uint16_t)((pairs->head + 1u) % FTP_PAIRS_MAX);
	pairs->outstanding--;
}

/* Some servers answer ABOR and the transfer that it ends with one reply. What cannot be a reply to
 * ABOR (RFC 959 §5.4: 225, 226 or an error) is for the command behind it. */
static int
passes_over(const struct ftp_pending *command, uint32_t code)
{
	return command->kind == FTP_KIND_ABOR && code != 225 && code != 226 && code < 400;
}

int
ftp_pairs_pop(struct ftp_pairs *pairs, uint32_t code, struct ftp_pending *ret_command)
{
	if (!pairs->outstanding)
		return -ENOENT;
	if (!pairs->doubt) {
		do {
			take(pairs, ret_command);
		} while (passes_over(ret_command, code) && pairs->outstanding);
		return 0;
	}
	pairs->outstanding--;
	if (!pairs->outstanding && pairs->doubt == DOUBT_VERB_SEEN)
		pairs->doubt = DOUBT_NONE;
	*ret_command = (struct ftp_pending){ .kind = FTP_KIND_OTHER };
	return 0;
}

void
ftp_pairs_doubt(struct ftp_pairs *pairs)
{
	pairs->doubt = DOUBT_NEW;
}

void
ftp_pairs_see_verb(struct ftp_pairs *pairs)
{
	if (pairs->doubt)
		pairs->doubt = DOUBT_VERB_SEEN;
}

void
ftp_pairs_disarm(struct ftp_pairs *pairs)
{
	size_t n;

	for (n = 0; n < FTP_PAIRS_MAX; n++)
		pairs->queue[n].kind = FTP_KIND_OTHER;
}

void
ftp_pairs_forget(struct ftp_pairs *pairs)
{
	pairs->outstanding = 0;
}
