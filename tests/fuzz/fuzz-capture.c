// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a capture, in memory: it ends, its packets keep what packet.h promises and lie in
 * memory that may be read, and reading ahead gives the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <glib.h>

#include "packet/decode.h"
#include "source/capture.h"
#include "source/reading.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Enough for what a fuzzer tries; gzip data may unpack to a thousand times its size. */
#define PACKETS_MAX 200000u

/* What one reading found. */
struct findings {
	int result;
	uint64_t packets;
	uint64_t bytes;
	uint64_t sum; /* over all that a source fills in */
};

static void
require(int what)
{
	if (!what)
		abort();
}

static void
add(struct findings *found, uint64_t value)
{
	found->sum = (found->sum ^ value) * UINT64_C(0x9e3779b97f4a7c15);
}

static void
look_at(struct findings *found, const struct source *source, const struct packet *p)
{
	const char *name = source_interface_name(source, p->iface);

	require(p->number == ++found->packets);
	require(p->caplen <= READING_PACKET_MAX && p->caplen <= p->wirelen);
	require(decode_knows_link(p->link));
	found->bytes += p->caplen;
	add(found, p->time);
	add(found, p->wirelen);
	add(found, p->link);
	add(found, p->iface);
	for (const char *c = name; c && *c; c++)
		add(found, (uint8_t)*c);
	for (uint32_t n = 0; n < p->caplen; n++)
		add(found, p->data[n]);
}

static void
read_all(struct findings *found, struct source *source)
{
	struct batch batch;

	while (found->packets < PACKETS_MAX) {
		found->result = source_next(source, &batch);
		if (found->result <= 0)
			break;
		require(batch.count == (unsigned)found->result && batch.count <= BATCH_MAX);
		for (unsigned n = 0; n < batch.count; n++)
			look_at(found, source, &batch.packets[n]);
	}
	if (found->result < 0)
		require(source_error(source) && *source_error(source));
	if (found->result <= 0)
		require(source_next(source, &batch) == found->result && batch.count == 0);
	require(capture_next_number(source) >= found->packets + 1);
}

static struct findings
read_file(const char *path, bool read_ahead)
{
	const struct capture_options options = { .read_ahead = read_ahead };
	struct findings found = { 0 };
	struct source *source = NULL;
	char *message = NULL;

	found.result = capture_open(path, &options, &source, &message);
	if (found.result < 0) {
		require(message && *message && !source);
		g_free(message);
		return found;
	}
	read_all(&found, source);
	source_free(source);
	return found;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	struct findings one, two;
	char path[32];

	require(fd >= 0);
	require(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	one = read_file(path, false);
	two = read_file(path, true);
	close(fd);
	require(one.result == two.result && one.packets == two.packets && one.sum == two.sum);
	/* Nothing is read twice. */
	if (size < 2 || data[0] != 0x1f || data[1] != 0x8b)
		require(one.bytes <= size);
	return 0;
}
