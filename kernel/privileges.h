/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Being root for no longer than it takes.
 */
#ifndef KERNEL_PRIVILEGES_H
#define KERNEL_PRIVILEGES_H

#include <sys/types.h>

/* Who that is. -ENOENT and *ret_message, the caller's to g_free(). */
int privileges_find(const char *user, uid_t *ret_uid, gid_t *ret_gid, char **ret_message);

/*
 * Becomes another user, who keeps what the queue, connection tracking and the programs that load
 * rules need (CAP_NET_ADMIN, CAP_NET_RAW) and nothing else, and can never have more again. -errno and
 * *ret_message, the caller's to g_free(): no such user, for instance. Nothing has changed then that
 * matters, but the program should end.
 */
int privileges_drop(const char *user, char **ret_message);

#endif
