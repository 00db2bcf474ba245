/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unpacking gzip data (RFC 1952) on the way, one member after another. */
#ifndef SOURCE_GUNZIP_H
#define SOURCE_GUNZIP_H

#include "source/bytes.h"

#include <stdbool.h>

struct gunzip;

#define GUNZIP_MAGIC 2u /* bytes that gunzip_knows() looks at */

/* Does gzip data begin like this? */
bool gunzip_knows(const uint8_t magic[static GUNZIP_MAGIC]);

/*
 * Unpacks `bytes`, of which the first `len` at `begin` have been read already. `bytes` stays the
 * caller's. -ENOMEM
 */
int gunzip_new(struct bytes *bytes, const uint8_t *begin, size_t len, struct gunzip **ret_gunzip);
void gunzip_free(struct gunzip *gunzip);

/* Like bytes_read(). -ENODATA: the data ends within a member. -EBADMSG: it is damaged. */
ssize_t gunzip_read(struct gunzip *gunzip, uint8_t *to, size_t len, char **ret_message);

#endif
