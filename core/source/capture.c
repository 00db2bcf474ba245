// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A capture file, or several formats behind one struct source.
 *
 * capture_open() looks at the first bytes and picks the reader; capture_next() lets it take packets
 * from the window, and brings more bytes only when it has none at all: so the packets of a batch
 * stay where they are until the next call, and a batch at the end of a buffer is a short one. After
 * a failure or the end nothing is read any more.
 */
#include "source/capture.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "source/classic.h"
#include "source/pcapng.h"

struct capture {
	struct source source; /* first: a struct source * is one of these */
	struct reading reading;
	struct classic classic; /* unless pcapng is set */
	struct pcapng *pcapng;
	int over; /* 0: not yet; 1: the end; negative errno */
};

static struct capture *
capture_of(const struct source *source)
{
	return (struct capture *)source;
}

/* The window has less than the reader wants, and no more is to be had. */
static int
capture_end(struct capture *capture, int ret)
{
	if (!ret && capture->reading.within)
		ret = reading_cut_short(&capture->reading);
	capture->over = ret < 0 ? ret : 1;
	return ret;
}

static int
capture_next(struct source *source, struct batch *batch)
{
	struct capture *capture = capture_of(source);
	struct reading *reading = &capture->reading;

	batch->count = 0;
	while (!capture->over) {
		int n = capture->pcapng ? pcapng_next(capture->pcapng, reading, batch)
					: classic_next(&capture->classic, reading, batch);

		if (n > 0) {
			batch->count = (unsigned)n;
			return n;
		}
		if (!n)
			n = input_more(&reading->input, reading->want, &reading->message);
		if (n <= 0)
			return capture_end(capture, n);
	}
	return MIN(capture->over, 0);
}

static const char *
capture_interface_name(const struct source *source, unsigned iface)
{
	const struct capture *capture = capture_of(source);

	return capture->pcapng ? pcapng_interface_name(capture->pcapng, iface) : NULL;
}

static const char *
capture_error(const struct source *source)
{
	const struct capture *capture = capture_of(source);

	return capture->reading.message ? capture->reading.message : "nothing is wrong";
}

static void
capture_free(struct source *source)
{
	struct capture *capture = capture_of(source);

	input_close(&capture->reading.input);
	pcapng_free(capture->pcapng);
	g_free(capture->reading.message);
	g_free(capture);
}

static const struct source_ops capture_ops = {
	.next = capture_next,
	.interface_name = capture_interface_name,
	.error = capture_error,
	.free = capture_free,
};

/* What else the file could be, and what to do then. */
static const struct {
	const char *magic;
	uint8_t len;
	const char *advice;
} strangers[] = {
	{ "\x1f\x8b", 2, "it is packed twice: unpack it first" },
	{ "BZh", 3, "it is packed with bzip2: unpack it first" },
	{ "\xfd"
	  "7zXZ",
		5, "it is packed with xz: unpack it first" },
	{ "\x28\xb5\x2f\xfd", 4, "it is packed with zstd: unpack it first" },
	{ "PK\x03\x04", 4, "it is a zip archive: unpack it first" },
	{ "snoop", 6, "it is in snoop's format: convert it with editcap -F pcapng" },
	{ "GMBU", 4, "it is in Network Monitor's format: convert it with editcap -F pcapng" },
	{ "RTSS", 4, "it is in Network Monitor's format: convert it with editcap -F pcapng" },
	{ "\x7f"
	  "ELF",
		4, "it is a program" },
};

#define STRANGER_MAGIC 8u

static const char *
stranger_advice(const uint8_t *bytes, size_t len)
{
	for (unsigned n = 0; n < G_N_ELEMENTS(strangers); n++)
		if (len >= strangers[n].len && !memcmp(bytes, strangers[n].magic, strangers[n].len))
			return strangers[n].advice;
	for (size_t n = 0; n < len; n++)
		if (!g_ascii_isprint(bytes[n]) && !g_ascii_isspace(bytes[n]))
			return "it begins like no capture: pcap and pcapng are known, and both in "
			       "gzip";
	return "it is text";
}

/* Neither format's magic is there. */
static int
capture_refuse(struct reading *reading)
{
	struct input *input = &reading->input;
	int ret = input_more(input, STRANGER_MAGIC, &reading->message);

	if (ret < 0)
		return ret;
	if (!input_left(input)) {
		reading->message = g_strdup("is empty: not a capture");
		return -ENODATA;
	}
	reading->message = g_strdup_printf("is not a capture: %s",
		stranger_advice(input->at, MIN(input_left(input), STRANGER_MAGIC)));
	return -EBADMSG;
}

/* Picks the reader for what the file begins with. */
static int
capture_begin(struct capture *capture)
{
	struct reading *reading = &capture->reading;
	int ret = input_more(&reading->input, CLASSIC_MAGIC, &reading->message);

	if (ret < 0)
		return ret;
	if (ret && pcapng_knows(reading->input.at)) {
		capture->pcapng = pcapng_new();
		return 0;
	}
	if (ret && classic_knows(reading->input.at))
		return classic_begin(&capture->classic, reading);
	return capture_refuse(reading);
}

int
capture_open(const char *path, const struct capture_options *options, struct source **ret_source,
	char **ret_message)
{
	struct capture *capture = g_new0(struct capture, 1);
	int ret;

	capture->source.ops = &capture_ops;
	capture->reading.filter = options->filter;
	capture->reading.number = MAX(options->first_number, 1);
	ret = input_open(
		path, options->read_ahead, &capture->reading.input, &capture->reading.message);
	if (ret == 0)
		ret = capture_begin(capture);
	if (ret < 0) {
		*ret_message = g_steal_pointer(&capture->reading.message);
		capture_free(&capture->source);
		return ret;
	}
	*ret_source = &capture->source;
	return 0;
}

void
capture_progress(const struct source *source, uint64_t *ret_done, uint64_t *ret_size)
{
	const struct capture *capture = capture_of(source);

	*ret_done = input_done(&capture->reading.input);
	*ret_size = input_size(&capture->reading.input);
}

uint64_t
capture_next_number(const struct source *source)
{
	return capture_of(source)->reading.number;
}
