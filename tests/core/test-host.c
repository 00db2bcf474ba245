// SPDX-License-Identifier: GPL-2.0-or-later
/* The host: instances, what is bound, and children that come through doors. */
#include "room.h"

#include <errno.h>

static struct {
	unsigned starts, stops, expected, opened, closed;
	int32_t start_answer;
	const struct pn_instance *instance;
	uint8_t cookie[32];
	struct pn_flow_info child;
	int64_t door;
	bool replace; /* expected() closes its parent's doors by asking for many of its own */
} seen;

static int32_t
start(struct pn_instance *instance)
{
	ck_assert_uint_eq(instance->size, sizeof(*instance));
	ck_assert_ptr_nonnull(instance->host);
	ck_assert_ptr_null(instance->data);
	instance->data = &seen;
	instance->host->log(instance, PN_LOG_INFO, "hello");
	seen.instance = instance;
	seen.starts++;
	return seen.start_answer;
}

static void
stop(struct pn_instance *instance)
{
	ck_assert_ptr_eq(instance->data, &seen);
	seen.stops++;
}

static int32_t
message(struct pn_flow *flow, const struct pn_message *m)
{
	struct pn_expect expect = {
		.size = sizeof(expect),
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT | PN_EXPECT_GROUP |
			PN_EXPECT_MAX_FLOWS,
		.proto = PROTO_UDP,
		.src = { .family = PN_ADDR_RECEIVER },
		.dst = { .family = PN_ADDR_SENDER },
		.dst_port = 40000,
		.max_flows = 2,
		.group = 7,
		.cookie = "crumbs",
		.child = m->len && m->bytes[0] == 'c' ? "mock.child" : "mock.nobody",
	};

	ck_assert_int_gt(flow->host->expect(flow, &expect, NULL), 0);
	return PN_PASS;
}

static void
expected(struct pn_flow *child, const uint8_t cookie[32])
{
	struct pn_expect expect = {
		.size = sizeof(expect),
		.mask = PN_EXPECT_SRC | PN_EXPECT_DST | PN_EXPECT_DST_PORT,
		.proto = PROTO_UDP,
		.src = { .family = PN_ADDR_SENDER },
		.dst = { .family = PN_ADDR_RECEIVER },
		.dst_port = 41000,
	};

	seen.expected++;
	memcpy(seen.cookie, cookie, sizeof(seen.cookie));
	ck_assert_ptr_null(child->state);
	ck_assert_ptr_eq(child->instance->data, &seen);
	seen.child.size = sizeof(seen.child);
	ck_assert_int_eq(child->host->flow_info(child, &seen.child), 0);
	seen.door = child->host->expect(child, &expect, NULL);
	if (!seen.replace)
		return;
	ck_assert_uint_eq(expects_close_flow(room.expects, 1, NULL, true), 1);
	ck_assert_uint_eq(expects_close_flow(room.expects, 2, NULL, true), 1);
}

static int32_t
child_open(struct pn_flow *flow)
{
	seen.opened++;
	return 0;
}

static void
child_close(struct pn_flow *flow)
{
	seen.closed++;
}

static int32_t
child_message(struct pn_flow *flow, const struct pn_message *m)
{
	return PN_PASS;
}

static const struct pn_bind ports[] = { { 1719, 1719 }, { 0 } };
static const struct pn_helper parent = {
	.size = sizeof(parent),
	.name = "mock.parent",
	.summary = "",
	.transport = PROTO_UDP,
	.max_message = 100,
	.max_doors = 4,
	.door_timeout = 30,
	.binds = ports,
	.message = message,
	.expected = expected,
};
static const struct pn_helper child = {
	.size = sizeof(child),
	.name = "mock.child",
	.summary = "",
	.transport = PROTO_UDP,
	.max_message = 100,
	.flow_open = child_open,
	.flow_close = child_close,
	.message = child_message,
};
static const struct pn_helper *const helpers[] = { &parent, &child, NULL };
static const struct pn_plugin plugin = {
	.size = sizeof(plugin),
	.name = "mock",
	.helpers = helpers,
	.start = start,
	.stop = stop,
};
static const struct pn_plugin bare = {
	.size = sizeof(bare),
	.name = "bare",
	.helpers = (const struct pn_helper *const[]){ &child, NULL },
};

static void
setup(void)
{
	memset(&seen, 0, sizeof(seen));
}

START_TEST(a_plugin_is_started_and_stopped)
{
	room_open(NULL, &plugin);
	ck_assert_uint_eq(seen.starts, 1);
	ck_assert_uint_eq(room.n_logs, 1);
	ck_assert_str_eq(room.logs[0].helper, "mock");
	ck_assert_ptr_eq(host_find(room.host, "mock.child")->instance, seen.instance);
	room_close();
	ck_assert_uint_eq(seen.stops, 1);
}
END_TEST

START_TEST(a_plugin_without_work_is_not_started)
{
	room_open("[Helpers]\nDefault=false\n", &plugin);
	ck_assert_uint_eq(seen.starts, 0);
	room_close();
	ck_assert_uint_eq(seen.stops, 0);
}
END_TEST

START_TEST(start_and_stop_may_be_missing)
{
	room_open(NULL, &bare);
	ck_assert_ptr_nonnull(host_find(room.host, "mock.child"));
	room_close();
}
END_TEST

START_TEST(a_plugin_that_does_not_start_is_an_error)
{
	char *why;

	seen.start_answer = -ENOMEM;
	room_furnish(NULL, (const struct pn_plugin *const[]){ &plugin, NULL });
	why = room_try_open();
	ck_assert_ptr_nonnull(why);
	ck_assert_str_eq(why, "mock: the plugin does not start: Cannot allocate memory");
	g_free(why);
	room_close();
	ck_assert_uint_eq(seen.stops, 0);
}
END_TEST

static void
visit(void *context, const struct helper *helper)
{
	g_string_append_printf(context, "%s ", helper->desc->name);
}

START_TEST(helpers_are_visited_in_order)
{
	GString *names = g_string_new("");

	room_open(NULL, &plugin);
	host_each(room.host, visit, names);
	ck_assert_str_eq(names->str, "mock.parent mock.child ");
	g_string_free(names, TRUE);
	room_close();
}
END_TEST

static uint32_t
send_udp(const char *from, const char *to, const char *text)
{
	uint32_t index;

	room_send(&(struct kit_packet){ .from = from,
			  .to = to,
			  .proto = PROTO_UDP,
			  .payload = text,
			  .len = strlen(text) },
		&index);
	return index;
}

/* A child through the door that the parent flow has opened, as the engine makes it. */
static uint32_t
come_through(uint32_t parent_index, const char *from, const char *to)
{
	const struct expectation *door;
	struct flow_extra *extra;
	struct packet p;
	struct tuple tuple;
	uint32_t index;
	bool reverse, new;

	kit_packet(&(struct kit_packet){ .from = from, .to = to, .proto = PROTO_UDP }, room.now,
		NULL, &p);
	key_spell(&p.key, p.flags & PACKET_FROM_HI, &tuple);
	door = expects_match(room.expects, &tuple, room.now, &reverse);
	ck_assert_ptr_nonnull(door);
	index = room_flow(&p, &new);
	ck_assert_int_eq(table_link_child(room.table, parent_index, index), 0);
	extra = room_extra(index);
	extra->expectation_id = door->id;
	extra->group = door->group;
	memcpy(extra->cookie, door->cookie, sizeof(extra->cookie));
	host_expected(room.host, index, door);
	return index;
}

START_TEST(the_helper_is_told_of_a_child)
{
	uint32_t index, up;

	room_open(NULL, &plugin);
	up = send_udp("192.168.0.7:5000", "198.51.100.9:1719", "x");
	index = come_through(up, "198.51.100.9:6000", "192.168.0.7:40000");
	ck_assert_uint_eq(seen.expected, 1);
	ck_assert_str_eq((const char *)seen.cookie, "crumbs");
	ck_assert_uint_eq(seen.child.admitted, 1);
	ck_assert_uint_eq(seen.child.group, 7);
	ck_assert_uint_eq(seen.child.originator_port, 6000);
	ck_assert_uint_eq(seen.child.responder_port, 40000);
	ck_assert_uint_eq(seen.child.protected_side, 2);
	ck_assert_str_eq((const char *)seen.child.cookie, "crumbs");
	ck_assert_ptr_null(room_extra(index)->session);
	ck_assert_uint_eq(seen.opened, 0);

	/* expected() may ask, too: the door is one of the child's. */
	ck_assert_int_gt(seen.door, 0);
	ck_assert_uint_eq(room.n_doors, 2);
	ck_assert_uint_eq(room.doors[1].e.parent, index);
	ck_assert_uint_eq(room.doors[1].e.depth, 2);
	ck_assert_uint_eq(room.doors[1].e.root_id, room.doors[0].e.parent_id);
	ck_assert_str_eq(room.doors[1].e.helper, "mock.parent");
	ck_assert_str_eq(room.doors[1].message, "");
	room_close();
}
END_TEST

START_TEST(a_child_helper_watches)
{
	uint32_t index, up;

	room_open(NULL, &plugin);
	up = send_udp("192.168.0.7:5000", "198.51.100.9:1719", "child, please");
	index = come_through(up, "198.51.100.9:6000", "192.168.0.7:40000");
	ck_assert_uint_eq(seen.opened, 1);
	ck_assert_ptr_nonnull(room_extra(index)->session);
	ck_assert_str_eq(room_extra(index)->helper, "mock.child");
	send_udp("198.51.100.9:6000", "192.168.0.7:40000", "media");
	ck_assert_uint_eq(room_stats().helper.messages, 2);
	room_close();
	ck_assert_uint_eq(seen.closed, 1);
}
END_TEST

START_TEST(a_child_helper_that_is_off_does_not_watch)
{
	uint32_t index, up;

	room_open("[Helpers]\nDefault=true\n[Helper:mock.child]\nEnabled=false\n", &plugin);
	up = send_udp("192.168.0.7:5000", "198.51.100.9:1719", "child, please");
	ck_assert_ptr_null(room.doors[0].e.child);
	index = come_through(up, "198.51.100.9:6000", "192.168.0.7:40000");
	ck_assert_ptr_null(room_extra(index)->session);
	ck_assert_uint_eq(seen.expected, 1);
	room_close();
}
END_TEST

/* The door may be gone when expected() returns. */
START_TEST(a_door_may_end_while_its_child_is_told_of)
{
	uint32_t index, up;

	seen.replace = true;
	room_open(NULL, &plugin);
	up = send_udp("192.168.0.7:5000", "198.51.100.9:1719", "child, please");
	index = come_through(up, "198.51.100.9:6000", "192.168.0.7:40000");
	ck_assert(!expects_any(room.expects));
	ck_assert_str_eq(room_extra(index)->helper, "mock.child");
	room_close();
}
END_TEST

START_TEST(a_helper_watches_from_the_beginning_only)
{
	const struct helper *helper;
	struct expectation door = { .child = "mock.child" };
	uint32_t index;

	room_open(NULL, &plugin);
	helper = host_find(room.host, "mock.child");
	door.owner = (void *)helper;
	index = send_udp("198.51.100.9:6000", "192.168.0.7:40000", "x");
	table_flow(room.table, index)->flags |= FLOW_SEEN_REPLY;
	host_expected(room.host, index, &door);
	ck_assert_uint_eq(seen.opened, 0);
	room_segment(&(struct room_talk){ .ends = { "198.51.100.9:7", "192.168.0.7:4" } }, 0,
		TCP_SYN, 0, NULL, 0);
	host_expected(room.host, index + 1, &door);
	ck_assert_uint_eq(seen.opened, 0);
	table_flow(room.table, index)->flags &= (uint16_t)~FLOW_SEEN_REPLY;
	host_expected(room.host, index, &door);
	ck_assert_uint_eq(seen.opened, 1);
	room_close();
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("host");
	TCase *tc = tcase_create("host");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_plugin_is_started_and_stopped);
	tcase_add_test(tc, a_plugin_without_work_is_not_started);
	tcase_add_test(tc, start_and_stop_may_be_missing);
	tcase_add_test(tc, a_plugin_that_does_not_start_is_an_error);
	tcase_add_test(tc, helpers_are_visited_in_order);
	tcase_add_test(tc, the_helper_is_told_of_a_child);
	tcase_add_test(tc, a_child_helper_watches);
	tcase_add_test(tc, a_child_helper_that_is_off_does_not_watch);
	tcase_add_test(tc, a_door_may_end_while_its_child_is_told_of);
	tcase_add_test(tc, a_helper_watches_from_the_beginning_only);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
