// SPDX-License-Identifier: MIT
/*
 * The functions of struct pn_host as the fake host has them.
 *
 * They keep the rules that plugin.h gives, write down what they are asked, and count as misuse what
 * a plugin must not do. Of the checks of the real host there is one: no door to a third party.
 */
#include "kit/fakehost-inside.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define INSIDE_OF(pointer, member)                                                                 \
	((struct fakehost_inside *)((char *)(pointer)-offsetof(struct fakehost_inside, member)))

static struct fakehost_inside *
of_flow(const struct pn_flow *flow)
{
	return INSIDE_OF(flow, flow);
}

static struct fakehost_inside *
of_instance(const struct pn_instance *instance)
{
	return INSIDE_OF(instance, instance);
}

static void
misuse(struct fakehost_inside *in, const char *why)
{
	if (!in->host->misuse++)
		in->host->misuse_why = why;
}

static bool
is_same(const struct pn_addr *a, const struct pn_addr *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* How many bytes follow this one in UTF-8, and the least character that needs them (RFC 3629). */
static int
utf8_more(uint8_t c, uint32_t *ret_least)
{
	*ret_least = c < 0x80 ? 0 : c < 0xe0 ? 0x80 : c < 0xf0 ? 0x800 : 0x10000;
	if (c < 0x80)
		return 0;
	if (c < 0xc0 || c > 0xf7)
		return -1;
	return c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
}

/* No overlong forms, no surrogates, nothing above U+10FFFF. */
static bool
is_utf8(const uint8_t *s, size_t len)
{
	size_t n = 0;

	while (n < len) {
		uint32_t c = s[n++], least;
		int more = utf8_more((uint8_t)c, &least);

		if (more < 0)
			return false;
		c &= more ? 0x3fu >> more : 0x7fu;
		for (; more; more--) {
			if (n == len || (s[n] & 0xc0) != 0x80)
				return false;
			c = c << 6 | (s[n++] & 0x3fu);
		}
		if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return false;
	}
	return true;
}

static void
host_log(const struct pn_instance *instance, uint32_t level, const char *text)
{
	struct fakehost_inside *in = of_instance(instance);

	if (level > PN_LOG_WARNING || !text)
		misuse(in, "log: level or text");
	in->host->logs++;
}

static const struct pn_option *
find_option(const struct fakehost_inside *in, const char *name)
{
	const struct pn_option *const *o;

	for (o = in->plugin->options; o && *o; o++)
		if (!strcmp((*o)->name, name))
			return *o;
	return NULL;
}

static int32_t
host_option(const struct pn_instance *instance, const char *name, struct pn_value *value)
{
	struct fakehost_inside *in = of_instance(instance);
	const struct pn_option *option = find_option(in, name);
	const struct fakehost_option *o;

	if (value->size != sizeof(*value))
		misuse(in, "option: size of the value");
	if (!option) {
		misuse(in, "option: not declared");
		return -ENOENT;
	}
	value->type = option->type;
	value->string = option->fallback;
	value->items = NULL;
	for (o = in->options; o && o->name; o++)
		if (!strcmp(o->name, name))
			value->string = o->value;
	value->number = option->type == PN_OPTION_BOOL ? !strcmp(value->string, "yes")
						       : strtoll(value->string, NULL, 10);
	return 0;
}

static uint64_t
host_now(const struct pn_instance *instance)
{
	return of_instance(instance)->host->now;
}

static int32_t
host_flow_info(const struct pn_flow *flow, struct pn_flow_info *info)
{
	struct fakehost_inside *in = of_flow(flow);

	if (info->size != sizeof(*info)) {
		misuse(in, "flow_info: size");
		return -EINVAL;
	}
	*info = in->info;
	return 0;
}

static struct pn_addr
resolve(const struct fakehost_inside *in, const struct pn_addr *addr)
{
	uint32_t dir = addr->family == PN_ADDR_SENDER ? in->dir : !in->dir;

	if (addr->family != PN_ADDR_SENDER && addr->family != PN_ADDR_RECEIVER)
		return *addr;
	return dir == PN_FROM_ORIGINATOR ? in->info.originator : in->info.responder;
}

/* Is the request well-formed, as plugin.h has it? */
static const char *
complaint(const struct fakehost_inside *in, const struct pn_expect *e)
{
	bool ports = e->proto == IPPROTO_TCP || e->proto == IPPROTO_UDP;

	if (!in->in_message)
		return "expect: not in message()";
	if (e->size != sizeof(*e))
		return "expect: size";
	if (!(e->mask & PN_EXPECT_DST) || e->dst.family == PN_ADDR_NONE || !e->proto)
		return "expect: destination and protocol must be set";
	if (ports && (!(e->mask & PN_EXPECT_DST_PORT) || !e->dst_port))
		return "expect: destination port must be set";
	if (!(e->mask & PN_EXPECT_SRC) != (e->src.family == PN_ADDR_NONE))
		return "expect: the mask and the source say different things";
	if (e->child && strlen(e->child) >= sizeof(in->host->doors[0].child))
		return "expect: name of the child";
	return NULL;
}

/* The one check of policy that tests of helpers cannot do without: no third party. */
static int64_t
decide(const struct fakehost_inside *in, const struct fakehost_door *door)
{
	if (in->refuse)
		return -in->refuse;
	if (in->info.mid_stream)
		return -PN_REFUSED_MIDSTREAM;
	if (!is_same(&door->dst, &in->info.originator) && !is_same(&door->dst, &in->info.responder))
		return -PN_REFUSED_ADDRESS_FOREIGN;
	return 0;
}

static bool
is_same_door(const struct fakehost_door *a, const struct fakehost_door *b)
{
	return is_same(&a->src, &b->src) && is_same(&a->dst, &b->dst) &&
	       a->request.mask == b->request.mask && a->request.proto == b->request.proto &&
	       a->request.src_port == b->request.src_port &&
	       a->request.dst_port == b->request.dst_port &&
	       a->request.dst_port_last == b->request.dst_port_last &&
	       a->request.call_id == b->request.call_id && a->request.group == b->request.group;
}

/* An equal door that is open keeps its id; of too many the oldest goes. */
static int64_t
open_door(struct fakehost_inside *in, struct fakehost_door *door)
{
	struct fakehost *host = in->host;
	struct fakehost_door *oldest = NULL;
	unsigned n, open = 0;

	for (n = 0; n < host->n_doors; n++) {
		struct fakehost_door *d = &host->doors[n];

		if (!d->open)
			continue;
		if (is_same_door(d, door)) {
			d->open = false;
			door->open = true;
			return d->id;
		}
		if (!open++)
			oldest = d;
	}
	if (oldest && open >= in->helper->max_doors)
		oldest->open = false;
	door->open = true;
	return in->next_id++;
}

/* PN_EXPECT_REFRESH: another source port for a door that is open. */
static int64_t
refresh_door(struct fakehost *host, const struct fakehost_door *wanted)
{
	unsigned n;

	for (n = 0; n < host->n_doors; n++) {
		struct fakehost_door *d = &host->doors[n];

		if (!d->open || !is_same(&d->dst, &wanted->dst) ||
			d->request.dst_port != wanted->request.dst_port)
			continue;
		d->request = wanted->request;
		d->dir = wanted->dir;
		return d->id;
	}
	return -PN_REFUSED_GONE;
}

static int64_t
host_expect(struct pn_flow *flow, const struct pn_expect *expect, struct pn_mapped *mapped)
{
	struct fakehost_inside *in = of_flow(flow);
	struct fakehost *host = in->host;
	const char *wrong = complaint(in, expect);
	struct fakehost_door door = { .request = *expect, .dir = in->dir };

	if (wrong || (mapped && mapped->size != sizeof(*mapped))) {
		misuse(in, wrong ? wrong : "expect: size of mapped");
		return -PN_REFUSED_INVALID;
	}
	if (host->n_doors == FAKEHOST_DOORS_MAX)
		return -PN_REFUSED_LIMIT_TOTAL;
	if (expect->child)
		strcpy(door.child, expect->child);
	door.request.child = NULL;
	door.src = resolve(in, &expect->src);
	door.dst = resolve(in, &expect->dst);
	if (expect->flags & PN_EXPECT_REFRESH)
		return refresh_door(host, &door);
	door.id = decide(in, &door);
	if (!(expect->flags & PN_EXPECT_ASK)) {
		if (!door.id)
			door.id = open_door(in, &door);
		host->doors[host->n_doors++] = door;
	}
	if (door.id >= 0 && mapped) {
		mapped->addr = in->is_mapped ? in->mapped : door.dst;
		mapped->port = in->is_mapped ? in->mapped_port : expect->dst_port;
		mapped->call_id = expect->call_id;
	}
	return door.id;
}

static int32_t
host_unexpect(struct pn_flow *flow, int64_t id)
{
	struct fakehost *host = of_flow(flow)->host;
	unsigned n;

	if (id <= 0)
		misuse(of_flow(flow), "unexpect: no id");
	for (n = 0; n < host->n_doors; n++)
		if (host->doors[n].open && host->doors[n].id == id) {
			host->doors[n].open = false;
			return 0;
		}
	return -ENOENT;
}

static int32_t
host_unexpect_destination(
	struct pn_flow *flow, uint8_t proto, const struct pn_addr *dst, uint16_t port)
{
	struct fakehost_inside *in = of_flow(flow);
	struct pn_addr addr = resolve(in, dst);
	int32_t count = 0;
	unsigned n;

	if (!in->in_message)
		misuse(in, "unexpect_destination: not in message()");
	for (n = 0; n < in->host->n_doors; n++) {
		struct fakehost_door *d = &in->host->doors[n];

		if (d->open && d->request.proto == proto && d->request.dst_port == port &&
			is_same(&d->dst, &addr)) {
			d->open = false;
			count++;
		}
	}
	return count;
}

static int32_t
host_note(struct pn_flow *flow, const char *key, const char *value, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	struct fakehost_inside *in = of_flow(flow);
	struct fakehost *host = in->host;
	struct fakehost_note *note;
	unsigned n;

	if (!*key || strspn(key, letters) != strlen(key) || strlen(key) >= sizeof(note->key) ||
		len >= sizeof(note->value)) {
		misuse(in, "note: key or length");
		return -EINVAL;
	}
	if (!is_utf8((const uint8_t *)value, len))
		return -EINVAL;
	for (n = 0; n < host->n_notes && strcmp(host->notes[n].key, key); n++)
		;
	if (n == FAKEHOST_NOTES_MAX)
		return -ENOSPC;
	host->n_notes += n == host->n_notes;
	note = &host->notes[n];
	strcpy(note->key, key);
	memcpy(note->value, value, len);
	note->value[len] = '\0';
	return 0;
}

static int32_t
host_close_group(struct pn_flow *flow, uint32_t group)
{
	struct fakehost *host = of_flow(flow)->host;
	unsigned n;

	host->closes++;
	for (n = 0; n < host->n_doors; n++)
		if (host->doors[n].request.mask & PN_EXPECT_GROUP &&
			host->doors[n].request.group == group)
			host->doors[n].open = false;
	return 0;
}

static int32_t
host_close(struct pn_flow *flow)
{
	struct fakehost *host = of_flow(flow)->host;
	unsigned n;

	host->closes++;
	for (n = 0; n < host->n_doors; n++)
		host->doors[n].open = false;
	return 0;
}

static int32_t
host_rewrite(struct pn_flow *flow, size_t offset, size_t old_len, const uint8_t *bytes, size_t len)
{
	struct fakehost_inside *in = of_flow(flow);
	struct fakehost *host = in->host;
	uint8_t *whole;

	if (!in->in_message || offset > in->message_len || old_len > in->message_len - offset) {
		misuse(in, "rewrite: outside of the message");
		return -EINVAL;
	}
	if (!in->is_mapped)
		return -EOPNOTSUPP;
	if (in->rewrite_error)
		return in->rewrite_error;
	whole = malloc(in->message_len - old_len + len + 1);
	if (!whole)
		abort();
	memcpy(whole, in->message, offset);
	memcpy(whole + offset, bytes, len);
	memcpy(whole + offset + len, in->message + offset + old_len,
		in->message_len - offset - old_len);
	free(host->rewritten);
	host->rewritten = whole;
	host->rewritten_len = in->message_len - old_len + len;
	return 0;
}

static const void *
host_extension(const struct pn_instance *instance, const char *id)
{
	return NULL;
}

const struct pn_host fakehost_calls = {
	.size = sizeof(fakehost_calls),
	.log = host_log,
	.option = host_option,
	.now = host_now,
	.flow_info = host_flow_info,
	.expect = host_expect,
	.unexpect = host_unexpect,
	.unexpect_destination = host_unexpect_destination,
	.note = host_note,
	.close = host_close,
	.close_group = host_close_group,
	.rewrite = host_rewrite,
	.extension = host_extension,
};
