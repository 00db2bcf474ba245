// SPDX-License-Identifier: MIT
/*
 * The fake host: a flow, and a buffer for each direction from which messages are cut.
 *
 * It stands on libc alone, so it can run where the real one cannot: in a fuzzer, or in the test
 * of a plugin that is built outside of this tree. One thread; the struct pn_flow and struct
 * pn_instance that a plugin sees are members of what the host keeps of them.
 */
#include "kit/fakehost-inside.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *
copy_of(const void *bytes, size_t len)
{
	void *copy = malloc(len ? len : 1);

	if (!copy)
		abort();
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

/* "192.0.2.1:21" or "[2001:db8::1]:21" */
static void
read_endpoint(const char *text, struct pn_addr *ret_addr, uint16_t *ret_port)
{
	struct pn_addr addr = { .family = *text == '[' ? PN_ADDR_IPV6 : PN_ADDR_IPV4 };
	const char *colon = strrchr(text, ':');
	char name[INET6_ADDRSTRLEN] = "";
	size_t skip = *text == '[';
	size_t len = colon ? (size_t)(colon - text) - 2 * skip : sizeof(name);

	if (len >= sizeof(name))
		abort();
	memcpy(name, text + skip, len);
	if (inet_pton(skip ? AF_INET6 : AF_INET, name, addr.bytes) != 1)
		abort();
	*ret_addr = addr;
	*ret_port = (uint16_t)atoi(colon + 1);
}

static const struct pn_helper *
find_helper(const struct pn_plugin *plugin, const char *name)
{
	const struct pn_helper *const *h;

	for (h = plugin->helpers; *h; h++)
		if (!name || !strcmp((*h)->name, name))
			return *h;
	abort();
}

static void
leave(struct fakehost_inside *in, enum fakehost_left why)
{
	in->host->left = why;
	if (in->helper->flow_close && !in->closed && why != FAKEHOST_NOT_OPENED)
		in->helper->flow_close(&in->flow);
	in->closed = true;
}

static void
fill_info(struct fakehost_inside *in, const struct fakehost_options *o)
{
	const char *originator = o->originator ? o->originator : "192.0.2.1:40000";
	const char *responder = *originator == '[' ? "[2001:db8:9::9]:21" : "198.51.100.9:21";
	struct pn_flow_info *info = &in->info;

	if (o->responder)
		responder = o->responder;
	info->size = sizeof(*info);
	info->proto = in->helper->transport;
	info->mid_stream = o->mid_stream;
	info->protected_side = o->protected_side ? o->protected_side : 1;
	read_endpoint(originator, &info->originator, &info->originator_port);
	read_endpoint(responder, &info->responder, &info->responder_port);
}

struct fakehost *
fakehost_new(const struct pn_plugin *plugin, const struct fakehost_options *o)
{
	static const struct fakehost_options none;
	struct fakehost *host = calloc(1, sizeof(*host));
	struct fakehost_inside *in = calloc(1, sizeof(*in));

	if (!host || !in)
		abort();
	if (!o)
		o = &none;
	host->inside = in;
	host->now = o->time ? o->time : 1000000000;
	in->host = host;
	in->plugin = plugin;
	in->helper = find_helper(plugin, o->helper);
	in->options = o->options;
	in->refuse = o->refuse;
	in->rewrite_error = o->rewrite_error;
	in->next_id = 1;
	fill_info(in, o);
	in->is_mapped = o->mapped != NULL;
	if (o->mapped)
		read_endpoint(o->mapped, &in->mapped, &in->mapped_port);
	in->instance =
		(struct pn_instance){ .size = sizeof(in->instance), .host = &fakehost_calls };
	in->flow = (struct pn_flow){
		.size = sizeof(in->flow), .host = &fakehost_calls, .instance = &in->instance
	};
	if (in->helper->flow_size) {
		in->flow.state = calloc(1, in->helper->flow_size);
		if (!in->flow.state)
			abort();
	}
	if (plugin->start && plugin->start(&in->instance) < 0)
		abort();
	if (in->helper->flow_open && in->helper->flow_open(&in->flow) < 0)
		leave(in, FAKEHOST_NOT_OPENED);
	return host;
}

void
fakehost_free(struct fakehost *host)
{
	struct fakehost_inside *in;

	if (!host)
		return;
	in = host->inside;
	if (!in->closed)
		leave(in, FAKEHOST_WATCHING);
	if (in->plugin->stop)
		in->plugin->stop(&in->instance);
	free(in->flow.state);
	free(in->lanes[0].bytes);
	free(in->lanes[1].bytes);
	free(in->text);
	free(in);
	free(host->rewritten);
	free(host);
}

static void
answer(struct fakehost_inside *in, int32_t action)
{
	switch (action) {
	case PN_PASS:
		break;
	case PN_DROP:
		in->host->drops++;
		break;
	case PN_RESET:
		leave(in, FAKEHOST_RESET);
		break;
	case PN_DETACH:
		leave(in, FAKEHOST_DETACHED);
		break;
	default:
		leave(in, FAKEHOST_FAILED);
	}
}

/* Gives `len` bytes as a message that is `total` bytes long. */
static void
give(struct fakehost_inside *in, uint32_t dir, const uint8_t *bytes, size_t len, uint64_t total)
{
	struct lane *lane = &in->lanes[dir];
	struct pn_message message = {
		.size = sizeof(message),
		.dir = dir,
		.total_len = total,
		.len = len,
	};
	int32_t action;

	if (len < total)
		message.flags |= PN_MSG_CUT;
	if (lane->after_gap)
		message.flags |= PN_MSG_AFTER_GAP;
	lane->after_gap = false;
	in->dir = dir;
	in->message = copy_of(bytes, len);
	in->message_len = len;
	message.bytes = in->message;
	in->host->messages++;
	in->host->cuts += len < total;
	in->in_message = true;
	action = in->helper->message(&in->flow, &message);
	in->in_message = false;
	free(in->message);
	in->message = NULL;
	answer(in, action);
}

/* Takes bytes from the front of a lane. */
static void
consume(struct lane *lane, size_t len)
{
	uint8_t *rest = copy_of(lane->bytes + len, lane->len - len);

	free(lane->bytes);
	lane->bytes = rest;
	lane->len -= len;
}

static int64_t
ask_frame(struct fakehost_inside *in, uint32_t dir)
{
	const struct lane *lane = &in->lanes[dir];
	size_t len = lane->len < in->helper->max_message ? lane->len : in->helper->max_message;
	uint8_t *bytes = copy_of(lane->bytes, len);
	int64_t total = in->helper->frame(&in->flow, dir, bytes, len);

	free(bytes);
	if (total == 0 && len == in->helper->max_message)
		return -EMSGSIZE;
	return total;
}

/* One step with what a lane holds; false: it needs more bytes. */
static bool
step(struct fakehost_inside *in, uint32_t dir)
{
	struct lane *lane = &in->lanes[dir];
	uint64_t want;
	int64_t total;

	if (lane->skip) {
		size_t skip = lane->skip < lane->len ? (size_t)lane->skip : lane->len;

		consume(lane, skip);
		lane->skip -= skip;
	}
	if (!lane->len)
		return false;
	if (!lane->total) {
		total = ask_frame(in, dir);
		if (total < 0)
			leave(in, FAKEHOST_FRAME);
		if (total <= 0)
			return false;
		lane->total = (uint64_t)total;
	}
	want = lane->total < in->helper->max_message ? lane->total : in->helper->max_message;
	if (lane->len < want)
		return false;
	give(in, dir, lane->bytes, (size_t)want, lane->total);
	consume(lane, (size_t)want);
	lane->skip = lane->total - want;
	lane->total = 0;
	return in->host->left == FAKEHOST_WATCHING;
}

void
fakehost_send(struct fakehost *host, uint32_t dir, const void *bytes, size_t len)
{
	struct fakehost_inside *in = host->inside;
	struct lane *lane = &in->lanes[dir];

	if (host->left != FAKEHOST_WATCHING)
		return;
	if (in->helper->transport == IPPROTO_UDP) {
		size_t most = in->helper->max_message;

		give(in, dir, bytes, len < most ? len : most, len);
		return;
	}
	if (!len)
		return;
	lane->bytes = realloc(lane->bytes, lane->len + len);
	if (!lane->bytes)
		abort();
	memcpy(lane->bytes + lane->len, bytes, len);
	lane->len += len;
	while (step(in, dir))
		;
}

void
fakehost_gap(struct fakehost *host, uint32_t dir)
{
	struct fakehost_inside *in = host->inside;
	struct lane *lane = &in->lanes[dir];

	if (host->left != FAKEHOST_WATCHING)
		return;
	if (in->helper->gap != PN_GAP_RESUME) {
		leave(in, FAKEHOST_GAP);
		return;
	}
	lane->len = 0;
	lane->total = 0;
	lane->skip = 0;
	lane->after_gap = true;
}

const char *
fakehost_note(const struct fakehost *host, const char *key)
{
	unsigned n;

	for (n = 0; n < host->n_notes; n++)
		if (!strcmp(host->notes[n].key, key))
			return host->notes[n].value;
	return NULL;
}

static void
tell(struct fakehost_inside *in, const char *text)
{
	size_t len = strlen(text);

	if (in->text_len + len >= in->text_size) {
		in->text_size = 2 * (in->text_len + len) + 256;
		in->text = realloc(in->text, in->text_size);
		if (!in->text)
			abort();
	}
	memcpy(in->text + in->text_len, text, len + 1);
	in->text_len += len;
}

static void
tell_address(struct fakehost_inside *in, const struct pn_addr *addr)
{
	char name[INET6_ADDRSTRLEN] = "any";

	if (addr->family == PN_ADDR_IPV4 || addr->family == PN_ADDR_IPV6)
		inet_ntop(addr->family == PN_ADDR_IPV6 ? AF_INET6 : AF_INET, addr->bytes, name,
			sizeof(name));
	tell(in, addr->family == PN_ADDR_IPV6 ? "[" : "");
	tell(in, name);
	tell(in, addr->family == PN_ADDR_IPV6 ? "]" : "");
}

const char *
fakehost_doors(struct fakehost *host)
{
	struct fakehost_inside *in = host->inside;
	char port[16];
	unsigned n;

	in->text_len = 0;
	tell(in, "");
	for (n = 0; n < host->n_doors; n++) {
		const struct fakehost_door *d = &host->doors[n];

		tell(in, d->id > 0 ? "" : "refused ");
		tell_address(in, &d->src);
		if (d->request.mask & PN_EXPECT_SRC_PORT) {
			snprintf(port, sizeof(port), ":%u", d->request.src_port);
			tell(in, port);
		}
		tell(in, " > ");
		tell_address(in, &d->dst);
		snprintf(port, sizeof(port), ":%u", d->request.dst_port);
		tell(in, port);
		tell(in, d->id > 0 && !d->open ? " closed\n" : "\n");
	}
	return in->text;
}

const char *
fakehost_story(struct fakehost *host)
{
	struct fakehost_inside *in = host->inside;
	unsigned n, m;

	(void)fakehost_doors(host);
	for (n = 0; n < host->n_notes; n++) {
		unsigned before = 0, at;

		/* The note that has n others before it. */
		for (at = 0; at < host->n_notes; at++) {
			before = 0;
			for (m = 0; m < host->n_notes; m++)
				before += strcmp(host->notes[m].key, host->notes[at].key) < 0;
			if (before == n)
				break;
		}
		tell(in, host->notes[at].key);
		tell(in, "=");
		tell(in, host->notes[at].value);
		tell(in, "\n");
	}
	tell(in, host->left == FAKEHOST_WATCHING ? "" : "left\n");
	return in->text;
}
