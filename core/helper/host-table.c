// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The functions that plugins call: struct pn_host (plugin.h says what each promises).
 *
 * Everything that comes in here was written by somebody else: sizes, enums and numbers are checked,
 * texts are bounded and made valid before they go anywhere. What a plugin points at must be there,
 * that cannot be checked. A plugin asks; policy/door.h says whether it may have a door,
 * flow/expect.h whether there is room for one.
 */
#include "helper/host-internal.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

#include "flow/tcp.h"
#include "policy/door.h"

#define SECOND UINT64_C(1000000000)

#define LOG_LINES_PER_SECOND 100
#define LOG_LINE_MAX         1024
#define NOTE_KEY_MAX         32
#define NOTE_VALUE_MAX       256
#define EXCERPT_MAX          80

/* Room for `len` bytes when each of them is replaced, and for a NUL. */
#define MENDED_MAX(len) (3 * (len) + 1)

static struct watched *
watched_of(const struct pn_flow *flow)
{
	return (struct watched *)flow;
}

static struct instance *
instance_of(const struct pn_instance *instance)
{
	return (struct instance *)instance;
}

static struct flow *
flow_of(const struct watched *w)
{
	return table_flow(w->host->options.table, w->index);
}

static uint64_t
flow_id_of(const struct watched *w)
{
	return table_flow_id(w->host->options.table, flow_of(w));
}

static struct flow_extra *
extra_of(const struct watched *w)
{
	return table_extra_get(w->host->options.table, flow_of(w));
}

/* Fills a struct of the plugin's that begins with its size: as much as it has and we know. */
static int32_t
fill(void *to, const void *from, size_t known)
{
	uint32_t size;

	memcpy(&size, to, sizeof(size));
	if (size < sizeof(size))
		return -EINVAL;
	if (size < known)
		known = size;
	memcpy((char *)to + sizeof(size), (const char *)from + sizeof(size), known - sizeof(size));
	return 0;
}

/*
 * Takes the edge off what a terminal might obey: C1 controls (U+0080 to U+009F) and the characters
 * that turn the direction of text (U+202A to U+202E, U+2066 to U+2069) become question marks of the
 * same length. C0 controls are escaped wherever text is shown.
 */
static void
blunt(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		bool c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f;
		bool embedding = c[0] == 0xe2 && c[1] == 0x80 && c[2] >= 0xaa && c[2] <= 0xae;
		bool isolate = c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa6 && c[2] <= 0xa9;

		if (c1 || embedding || isolate)
			memset(c, '?', c1 ? 2 : 3);
	}
}

/*
 * Copies bytes as valid UTF-8 with a NUL behind and none inside: what is not valid becomes U+FFFD.
 * `to` holds MENDED_MAX(len). Returns the length.
 */
static size_t
mend_text(char *to, const char *bytes, size_t len)
{
	static const char replacement[] = "\xef\xbf\xbd";
	const char *end;
	char *at = to;

	while (!g_utf8_validate(bytes, (gssize)len, &end)) {
		size_t valid = (size_t)(end - bytes);

		memcpy(at, bytes, valid);
		at = g_stpcpy(at + valid, replacement);
		bytes = end + 1;
		len -= valid + 1;
	}
	memcpy(at, bytes, len);
	at[len] = '\0';
	blunt(to);
	return (size_t)(at - to) + len;
}

static void
write_log(const struct instance *in, uint32_t level, const char *text)
{
	char mended[MENDED_MAX(LOG_LINE_MAX)];
	struct log_event event = {
		.helper = in->desc->name,
		.text = mended,
		.level = MIN(level, PN_LOG_WARNING),
		.time = in->host->now,
	};

	mend_text(mended, text, strnlen(text, LOG_LINE_MAX));
	record_log(in->host->options.recorders, &event);
}

/* Is there room for one more line in this second? If lines were lost in the last one, says so. */
static bool
take_log_line(struct instance *in)
{
	uint64_t second = in->host->now / SECOND;
	char text[64];

	if (second != in->log_second) {
		in->log_second = second;
		in->log_lines = 0;
		if (in->log_dropped) {
			g_snprintf(
				text, sizeof(text), "%u more lines were dropped", in->log_dropped);
			in->log_dropped = 0;
			write_log(in, PN_LOG_WARNING, text);
		}
	}
	if (in->log_lines == LOG_LINES_PER_SECOND) {
		in->log_dropped++;
		return false;
	}
	in->log_lines++;
	return true;
}

static void
table_log(const struct pn_instance *instance, uint32_t level, const char *text)
{
	struct instance *in = instance_of(instance);

	if (text && in->host->options.recorders->wants_logs && take_log_line(in))
		write_log(in, level, text);
}

static int32_t
table_option(const struct pn_instance *instance, const char *name, struct pn_value *value)
{
	const struct instance *in = instance_of(instance);

	for (unsigned i = 0; name && value && i < in->n_options; i++) {
		const struct option *option = &in->options[i];
		struct pn_value found = {
			.type = option->desc->type,
			.number = option->number,
			.string = option->text,
			.items = (const char *const *)option->items,
		};

		if (!strcmp(option->desc->name, name))
			return fill(value, &found, sizeof(found));
	}
	return -ENOENT;
}

static uint64_t
table_now(const struct pn_instance *instance)
{
	return instance_of(instance)->host->now;
}

/* pn_flow_info.protected_side: a bit per end. */
static uint8_t
protected_side(enum direction direction)
{
	switch (direction) {
	case DIRECTION_OUT:
		return 1;
	case DIRECTION_IN:
		return 2;
	case DIRECTION_INTERNAL:
		return 3;
	case DIRECTION_TRANSIT:
		return 0;
	}
	return 0;
}

static int32_t
table_flow_info(const struct pn_flow *flow, struct pn_flow_info *info)
{
	const struct watched *w = watched_of(flow);
	const struct flow *f = flow_of(w);
	const struct flow_extra *extra = extra_of(w);
	struct pn_flow_info found = { 0 };
	struct tuple tuple;

	if (!info)
		return -EINVAL;
	flow_tuple(f, &tuple);
	found.proto = tuple.proto;
	found.mid_stream = !!(f->flags & FLOW_MIDSTREAM);
	found.protected_side = protected_side(flow_direction(f));
	found.originator = tuple.src;
	found.originator_port = tuple.src_port;
	found.responder = tuple.dst;
	found.responder_port = tuple.dst_port;
	if (extra && extra->expectation_id) {
		found.admitted = 1;
		found.group = extra->group;
		memcpy(found.cookie, extra->cookie, sizeof(found.cookie));
	}
	return fill(info, &found, sizeof(found));
}

/* Who sent the message at hand, and to whom. */
static void
message_ends(const struct watched *w, const struct tuple *control, struct pn_addr *ret_sender,
	struct pn_addr *ret_receiver)
{
	bool reply = w->dir == DIR_REPLY;

	*ret_sender = reply ? control->dst : control->src;
	*ret_receiver = reply ? control->src : control->dst;
}

static struct door_asker
asker_of(const struct watched *w)
{
	const struct flow *flow = flow_of(w);
	const struct flow_extra *extra = extra_of(w);
	const struct instance *in = instance_of(w->helper->instance);
	struct door_asker asker = {
		.midstream = flow->flags & FLOW_MIDSTREAM,
		.depth = extra ? extra->depth : 0,
		.default_timeout = w->helper->door_timeout,
		.sides = w->host->options.sides,
		.sources = in->sources,
		.n_sources = in->n_sources,
		.targets = in->targets,
		.n_targets = in->n_targets,
	};

	flow_tuple(flow, &asker.control);
	message_ends(w, &asker.control, &asker.sender, &asker.receiver);
	/* A first datagram may ask: many protocols over UDP have no handshake. */
	asker.established = asker.control.proto != PROTO_TCP || tcp_is_established(flow);
	return asker;
}

/* Who asks, and for how long: what door_check() leaves to us. */
static void
complete(const struct watched *w, const struct door_asker *asker, const char *child,
	struct expectation *wanted)
{
	const struct flow_extra *extra = extra_of(w);
	const struct helper *helper = child ? host_find(w->host, child) : NULL;

	wanted->control = asker->control;
	wanted->registrant = asker->sender;
	wanted->parent = w->index;
	wanted->parent_id = flow_id_of(w);
	wanted->root_id = extra && extra->root_id ? extra->root_id : wanted->parent_id;
	wanted->deadline = w->host->now + wanted->timeout * SECOND;
	wanted->helper = w->helper->desc->name;
	wanted->owner = (void *)w->helper;
	wanted->child = helper ? helper->desc->name : NULL;
}

/* The beginning of the message at hand, as far as its first line goes; NULL if there is none, or if
 * it begins with a NUL, as no text does. */
static const char *
excerpt(const struct watched *w, char text[static EXCERPT_MAX + 1])
{
	size_t n = 0;

	if (w->len && !w->bytes[0])
		return NULL;
	for (; n < w->len && n < EXCERPT_MAX; n++) {
		if (w->bytes[n] == '\r' || w->bytes[n] == '\n')
			break;
		text[n] = g_ascii_isprint((char)w->bytes[n]) ? (char)w->bytes[n] : '.';
	}
	text[n] = '\0';
	return n ? text : NULL;
}

static void
tell(const struct watched *w, const struct expectation *e, enum expect_action action,
	const char *refusal)
{
	const struct recorders *recorders = w->host->options.recorders;
	char text[EXCERPT_MAX + 1];
	struct expectation_event event = {
		.action = action,
		.expectation = e,
		.refusal = refusal,
		.time = w->host->now,
	};

	if (!recorders->wants_expectations)
		return;
	event.message = excerpt(w, text);
	record_expectation(recorders, &event);
}

static int64_t
refuse(const struct watched *w, const struct expectation *wanted, int refusal)
{
	w->host->counters.refused_doors++;
	tell(w, wanted, EXPECT_REFUSED, door_refusal_name(refusal));
	return refusal;
}

/* The two hosts have agreed on these ids anew: what has one of them is a call that they have
 * forgotten, as a client has that lost its connection and comes back. */
static void
end_older_calls(const struct watched *w, const struct expectation *door)
{
	const struct host_options *options = &w->host->options;
	struct tuple tuple = door->control;
	struct key key;
	uint32_t index;

	tuple.proto = door->proto;
	for (unsigned way = 0; way < 2; way++, tuple = tuple_reverse(&tuple)) {
		tuple.src_port = PORT_GRE_CALL;
		tuple.dst_port = door->call_id;
		if (!addr_equal(&tuple.dst, &door->dst))
			tuple.dst_port = door->call_id_reply;
		key_make(&key, &tuple);
		index = table_find(options->table, &key, table_hash(options->table, &key));
		if (index && table_flow(options->table, index)->flags & FLOW_ALIAS)
			index = table_flow(options->table, index)->extra;
		if (index)
			options->end_flow(options->context, index);
	}
}

static int64_t
answer(const struct expectation *e, struct pn_mapped *mapped)
{
	const struct pn_mapped told = { .port = e->dst_port, .call_id = e->call_id, .addr = e->dst };

	if (mapped)
		(void)fill(mapped, &told, sizeof(told));
	return (int64_t)e->id;
}

static int64_t
table_expect(struct pn_flow *flow, const struct pn_expect *request, struct pn_mapped *mapped)
{
	const struct watched *w = watched_of(flow);
	const struct host_options *options = &w->host->options;
	const struct door_asker asker = asker_of(w);
	const struct expectation *door = NULL;
	struct expectation wanted = { 0 };
	const char *child = NULL;
	bool refreshed = false;
	int r = -PN_REFUSED_INVALID;

	if (request && w->asking) {
		child = PN_HAS(request, child) ? request->child : NULL;
		r = door_check(options->policy, &asker, request, &wanted);
	}
	complete(w, &asker, child, &wanted);
	if (r == 0 && wanted.flags & PN_EXPECT_ASK)
		return answer(&wanted, mapped);
	if (r == 0)
		r = expects_open(options->expects, &wanted, w->helper->max_doors, w->host->now,
			&refreshed, &door);
	if (r == -PN_REFUSED_GONE)
		return r; /* a question, and this is the answer */
	if (r < 0)
		return refuse(w, &wanted, r);
	if (!refreshed)
		tell(w, door, EXPECT_OPENED, NULL);
	if (!refreshed && door->mask & PN_EXPECT_CALL_ID)
		end_older_calls(w, door);
	return answer(door, mapped);
}

static int32_t
table_unexpect(struct pn_flow *flow, int64_t id)
{
	const struct watched *w = watched_of(flow);
	const struct expectation *door =
		id > 0 ? expects_get(w->host->options.expects, (uint64_t)id) : NULL;

	if (!door || door->parent_id != flow_id_of(w))
		return -ENOENT;
	return expects_close(w->host->options.expects, (uint64_t)id);
}

static int32_t
table_unexpect_destination(
	struct pn_flow *flow, uint8_t proto, const struct pn_addr *dst, uint16_t port)
{
	const struct watched *w = watched_of(flow);
	struct pn_addr sender, receiver, where;
	struct tuple control;

	if (!w->asking || !dst)
		return -EINVAL;
	flow_tuple(flow_of(w), &control);
	message_ends(w, &control, &sender, &receiver);
	where = *dst;
	if (dst->family == PN_ADDR_SENDER)
		where = sender;
	else if (dst->family == PN_ADDR_RECEIVER)
		where = receiver;
	return (int32_t)expects_close_destination(
		w->host->options.expects, w->helper->desc->name, &sender, proto, &where, port);
}

static bool
is_note_key(const char *key)
{
	size_t len = 0;

	if (!key)
		return false;
	for (; key[len]; len++) {
		if (len == NOTE_KEY_MAX)
			return false;
		if (!g_ascii_islower(key[len]) && !g_ascii_isdigit(key[len]) && key[len] != '-' &&
			key[len] != '_')
			return false;
	}
	return len > 0;
}

/* The last place is the host's own, to say why a helper is off. */
static bool
has_room_for_note(const struct flow_extra *extra, const char *key)
{
	const struct flow_note *note = extra->notes;

	while (note && strcmp(note->key, key))
		note = note->next;
	return note || extra->notes_count < FLOW_NOTES_MAX - 1;
}

static int32_t
table_note(struct pn_flow *flow, const char *key, const char *value, size_t len)
{
	struct flow_extra *extra = extra_of(watched_of(flow));
	char text[MENDED_MAX(NOTE_VALUE_MAX)];

	if (!is_note_key(key) || (!value && len))
		return -EINVAL;
	if (len > NOTE_VALUE_MAX)
		return -E2BIG;
	if (!extra || !has_room_for_note(extra, key))
		return -ENOSPC;
	len = mend_text(text, len ? value : "", len);
	return flow_extra_note(extra, key, text, len);
}

/* A flow by index and id: an index alone may be somebody else's by now. */
struct descendant {
	uint32_t index;
	uint64_t id;
};

/* The children of the group (NULL: all). */
static GArray *
list_children(const struct table *table, uint32_t parent, const uint32_t *group)
{
	GArray *list = g_array_new(false, false, sizeof(struct descendant));
	const struct flow_extra *extra = table_extra_get(table, table_flow(table, parent));
	struct descendant d = { .index = extra ? extra->first_child : 0 };

	while (d.index) {
		d.id = table_flow_id(table, table_flow(table, d.index));
		extra = table_extra_get(table, table_flow(table, d.index));
		if (!group || extra->group == *group)
			g_array_append_val(list, d);
		d.index = extra->next_sibling;
	}
	return list;
}

static bool
is_there(const struct table *table, const struct descendant *d)
{
	const struct flow *flow = table_flow(table, d->index);

	return key_family(&flow->key) && !(flow->flags & FLOW_ALIAS) &&
	       table_flow_id(table, flow) == d->id;
}

/*
 * Ends children with all that descends from them, the youngest generation first. To end a flow runs
 * callbacks that may end others, so each is looked for again. Policy bounds the depth of a chain,
 * and so of the recursion.
 */
static void
end_descendants(const struct host_options *options, uint32_t parent, const uint32_t *group)
{
	GArray *list = list_children(options->table, parent, group);

	for (guint i = 0; i < list->len; i++) {
		const struct descendant *d = &g_array_index(list, struct descendant, i);

		if (!is_there(options->table, d))
			continue;
		end_descendants(options, d->index, NULL);
		if (is_there(options->table, d))
			options->end_flow(options->context, d->index);
	}
	g_array_unref(list);
}

static int32_t
table_close(struct pn_flow *flow)
{
	const struct watched *w = watched_of(flow);

	expects_close_flow(w->host->options.expects, flow_id_of(w), NULL, true);
	end_descendants(&w->host->options, w->index, NULL);
	return 0;
}

static int32_t
table_close_group(struct pn_flow *flow, uint32_t group)
{
	const struct watched *w = watched_of(flow);

	expects_close_flow(w->host->options.expects, flow_id_of(w), &group, true);
	end_descendants(&w->host->options, w->index, &group);
	return 0;
}

static int32_t
table_rewrite(struct pn_flow *flow, size_t offset, size_t old_len, const uint8_t *bytes, size_t len)
{
	return -EOPNOTSUPP;
}

static const void *
table_extension(const struct pn_instance *instance, const char *id)
{
	return NULL;
}

const struct pn_host host_table = {
	.size = sizeof(host_table),
	.log = table_log,
	.option = table_option,
	.now = table_now,
	.flow_info = table_flow_info,
	.expect = table_expect,
	.unexpect = table_unexpect,
	.unexpect_destination = table_unexpect_destination,
	.note = table_note,
	.close = table_close,
	.close_group = table_close_group,
	.rewrite = table_rewrite,
	.extension = table_extension,
};
