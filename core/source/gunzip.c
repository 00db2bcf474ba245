// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gzip data through zlib, in a stream: memory is one input buffer and zlib's own window, however
 * much comes out. Headers and check sums of members (RFC 1952 §2.3) are zlib's business. Behind a
 * member there may be another one or the end, nothing else.
 */
#include "source/gunzip.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <glib.h>
#include <zlib.h>

#define GUNZIP_BUFFER 65536u

struct gunzip {
	struct bytes *bytes;
	z_stream z;
	bool within; /* a member has begun */
	uint8_t *in;
	size_t size;
};

bool
gunzip_knows(const uint8_t magic[static GUNZIP_MAGIC])
{
	return magic[0] == 0x1f && magic[1] == 0x8b;
}

int
gunzip_new(struct bytes *bytes, const uint8_t *begin, size_t len, struct gunzip **ret_gunzip)
{
	struct gunzip *gunzip = g_new0(struct gunzip, 1);

	/* The largest window, and 16: gzip and nothing else. */
	if (inflateInit2(&gunzip->z, MAX_WBITS + 16) != Z_OK) {
		g_free(gunzip);
		return -ENOMEM;
	}
	gunzip->bytes = bytes;
	gunzip->within = true;
	gunzip->size = MAX(len, GUNZIP_BUFFER);
	gunzip->in = g_malloc(gunzip->size);
	memcpy(gunzip->in, begin, len);
	gunzip->z.next_in = gunzip->in;
	gunzip->z.avail_in = (uInt)len;
	*ret_gunzip = gunzip;
	return 0;
}

void
gunzip_free(struct gunzip *gunzip)
{
	if (!gunzip)
		return;
	inflateEnd(&gunzip->z);
	g_free(gunzip->in);
	g_free(gunzip);
}

/* Reads more input: 1, 0 at the end behind a member, or an error. */
static int
gunzip_fill(struct gunzip *gunzip, char **ret_message)
{
	ssize_t n = bytes_read(gunzip->bytes, gunzip->in, gunzip->size, ret_message);

	if (n < 0)
		return (int)n;
	if (n > 0) {
		gunzip->z.next_in = gunzip->in;
		gunzip->z.avail_in = (uInt)n;
		gunzip->within = true;
		return 1;
	}
	if (!gunzip->within)
		return 0;
	*ret_message =
		g_strdup_printf("ends early at offset %" PRIu64
				", in the middle of its gzip data; what was before has been read",
			bytes_done(gunzip->bytes));
	return -ENODATA;
}

static int
gunzip_damaged(const struct gunzip *gunzip, int ret, char **ret_message)
{
	if (ret == Z_MEM_ERROR) {
		*ret_message = g_strdup("cannot be unpacked: out of memory");
		return -ENOMEM;
	}
	*ret_message = g_strdup_printf("is damaged at offset %" PRIu64
				       ": %s in its gzip data; what was before has been read",
		bytes_done(gunzip->bytes) - gunzip->z.avail_in,
		gunzip->z.msg ? gunzip->z.msg : "error");
	return -EBADMSG;
}

ssize_t
gunzip_read(struct gunzip *gunzip, uint8_t *to, size_t len, char **ret_message)
{
	z_stream *z = &gunzip->z;
	uInt room = (uInt)MIN(len, G_MAXUINT);

	z->next_out = to;
	z->avail_out = room;
	while (z->avail_out == room) {
		int ret = inflate(z, Z_NO_FLUSH);

		if (ret == Z_STREAM_END) {
			gunzip->within = z->avail_in > 0;
			inflateReset(z);
		} else if (ret == Z_BUF_ERROR && !z->avail_in) {
			ret = gunzip_fill(gunzip, ret_message);
			if (ret <= 0)
				return ret;
		} else if (ret != Z_OK && z->avail_out == room) {
			/* What came out before the damage goes out first; it is found again. */
			return gunzip_damaged(gunzip, ret, ret_message);
		}
	}
	return (ssize_t)(room - z->avail_out);
}
