// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packets from a live interface.
 *
 * libpcap lends a packet only until it gives the next, so the packets of a batch are copied into
 * room of our own: one LIVE_SNAPLEN per packet, of which only what packets touch is ever used. The
 * kernel hands packets over in blocks, at the latest after HAND_OVER_MS: one by one it would keep
 * room for the longest possible packet around each, and lose packets much sooner.
 */
#include "source/live.h"

#include <errno.h>
#include <string.h>

#include <glib.h>
#include <pcap/pcap.h>

#include "packet/decode.h"

/* Bytes in which the kernel keeps packets until they are taken. */
#define KERNEL_BUFFER (8 * 1024 * 1024)
#define HAND_OVER_MS  50

struct live {
	struct source source; /* first: a struct source * is one of these */
	pcap_t *pcap;
	char *name;
	char *message;
	uint8_t *room; /* BATCH_MAX packets */
	uint64_t number;
	uint32_t fractions; /* ns in the unit behind the seconds of a time stamp */
	uint16_t link;
};

static struct live *
live_of(const struct source *source)
{
	return (struct live *)source;
}

/* What dispatch() hands to each packet. */
struct filling {
	struct live *live;
	struct batch *batch;
};

static void
live_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct filling *filling = (struct filling *)user;
	struct live *live = filling->live;
	unsigned n = filling->batch->count++;
	uint8_t *room = live->room + (size_t)n * LIVE_SNAPLEN;
	struct packet *p = &filling->batch->packets[n];
	uint32_t caplen = MIN(header->caplen, LIVE_SNAPLEN);

	memcpy(room, bytes, caplen);
	p->time = (uint64_t)header->ts.tv_sec * UINT64_C(1000000000) +
		  (uint64_t)header->ts.tv_usec * live->fractions;
	p->number = live->number++;
	p->data = room;
	p->caplen = caplen;
	p->wirelen = MAX(header->len, caplen);
	p->link = live->link;
	p->iface = 0;
	p->way = WAY_UNKNOWN;
}

static int
live_next(struct source *source, struct batch *batch)
{
	struct live *live = live_of(source);
	struct filling filling = { .live = live, .batch = batch };
	int n;

	batch->count = 0;
	n = pcap_dispatch(live->pcap, BATCH_MAX, live_packet, (u_char *)&filling);
	if (batch->count)
		return (int)batch->count;
	if (n >= 0)
		return -EAGAIN;
	g_free(live->message);
	live->message = g_strdup_printf("cannot be watched any more: %s", pcap_geterr(live->pcap));
	return -EIO;
}

static const char *
live_interface_name(const struct source *source, unsigned iface)
{
	return live_of(source)->name;
}

static const char *
live_error(const struct source *source)
{
	const struct live *live = live_of(source);

	return live->message ? live->message : "nothing is wrong";
}

static void
live_free(struct source *source)
{
	struct live *live = live_of(source);

	if (live->pcap)
		pcap_close(live->pcap);
	g_free(live->room);
	g_free(live->name);
	g_free(live->message);
	g_free(live);
}

static const struct source_ops live_ops = {
	.next = live_next,
	.interface_name = live_interface_name,
	.error = live_error,
	.free = live_free,
};

/* Says what libpcap found wrong with the interface; returns what that is. */
static int
live_refuse(struct live *live, int status)
{
	const char *why = pcap_geterr(live->pcap);

	if (!*why)
		why = pcap_statustostr(status);
	switch (status) {
	case PCAP_ERROR_NO_SUCH_DEVICE:
		live->message = g_strdup("there is no such interface; 'ip link' lists them");
		return -ENODEV;
	case PCAP_ERROR_IFACE_NOT_UP:
		live->message = g_strdup("the interface is down; 'ip link set NAME up' changes it");
		return -ENODEV;
	case PCAP_ERROR_PERM_DENIED:
	case PCAP_ERROR_PROMISC_PERM_DENIED:
		live->message = g_strdup("no permission to watch it; run this as root, or with the "
					 "capability CAP_NET_RAW");
		return -EPERM;
	default:
		live->message = g_strdup_printf("cannot be watched: %s", why);
		return -EIO;
	}
}

static int
live_activate(struct live *live, bool promiscuous)
{
	int r;

	pcap_set_snaplen(live->pcap, LIVE_SNAPLEN);
	pcap_set_promisc(live->pcap, promiscuous);
	pcap_set_timeout(live->pcap, HAND_OVER_MS);
	pcap_set_buffer_size(live->pcap, KERNEL_BUFFER);
	(void)pcap_set_tstamp_precision(live->pcap, PCAP_TSTAMP_PRECISION_NANO);
	r = pcap_activate(live->pcap);
	if (r < 0)
		return live_refuse(live, r);
	if (pcap_get_tstamp_precision(live->pcap) == PCAP_TSTAMP_PRECISION_NANO)
		live->fractions = 1;
	else
		live->fractions = 1000;
	return 0;
}

static int
live_set_filter(struct live *live, const char *filter)
{
	struct bpf_program program;
	int r;

	if (!filter)
		return 0;
	r = pcap_compile(live->pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN);
	if (r >= 0) {
		r = pcap_setfilter(live->pcap, &program);
		pcap_freecode(&program);
	}
	if (r < 0)
		live->message = g_strdup_printf(
			"the filter '%s' does not work there: %s", filter, pcap_geterr(live->pcap));
	return r < 0 ? -EINVAL : 0;
}

static int
live_check_link(struct live *live)
{
	int link = pcap_datalink(live->pcap);
	const char *name = pcap_datalink_val_to_name(link);

	live->link = (uint16_t)link;
	if (link >= 0 && link <= UINT16_MAX && decode_knows_link(live->link))
		return 0;
	live->message = g_strdup_printf(
		"its packets are of link type %d (%s), which is not known", link, name ?: "?");
	return -EPROTONOSUPPORT;
}

static int
live_begin(struct live *live, const struct live_options *options)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	int r;

	live->pcap = pcap_create(live->name, error);
	if (!live->pcap) {
		live->message = g_strdup_printf("cannot be watched: %s", error);
		return -EIO;
	}
	r = live_activate(live, options->promiscuous);
	if (r >= 0)
		r = live_check_link(live);
	if (r >= 0)
		r = live_set_filter(live, options->filter);
	if (r < 0)
		return r;
	if (pcap_setnonblock(live->pcap, 1, error) < 0 || pcap_get_selectable_fd(live->pcap) < 0) {
		live->message = g_strdup_printf("cannot be waited for: %s", error);
		return -EIO;
	}
	return 0;
}

int
live_open(const char *name, const struct live_options *options, struct source **ret_source,
	char **ret_message)
{
	struct live *live = g_new0(struct live, 1);
	int r;

	live->source.ops = &live_ops;
	live->name = g_strdup(name);
	live->number = 1;
	r = live_begin(live, options);
	if (r < 0) {
		*ret_message = g_steal_pointer(&live->message);
		live_free(&live->source);
		return r;
	}
	live->room = g_malloc((size_t)BATCH_MAX * LIVE_SNAPLEN);
	*ret_source = &live->source;
	return 0;
}

int
live_fd(const struct source *source)
{
	return pcap_get_selectable_fd(live_of(source)->pcap);
}

uint64_t
live_lost(const struct source *source)
{
	struct pcap_stat stat;

	if (pcap_stats(live_of(source)->pcap, &stat) < 0)
		return 0;
	return (uint64_t)stat.ps_drop + stat.ps_ifdrop;
}
