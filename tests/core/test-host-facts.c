// SPDX-License-Identifier: GPL-2.0-or-later
/* What plugins may call to learn and to tell: notes, flows, options, time, lines of log. */
#include "host-mock.h"

/* What stands for a byte that is no text. */
#define NO "\xef\xbf\xbd"

static void
write_notes(struct pn_flow *flow, const struct pn_message *m)
{
	static const char bad[] = "a\xff\xfe\xc3(\0z\xe2\x82";
	static char long_key[40], long_value[300];
	const struct pn_host *host = flow->host;

	ck_assert_int_eq(host->note(flow, "user", "anna", 4), 0);
	ck_assert_int_eq(host->note(flow, "user", "berta", 5), 0);
	ck_assert_int_eq(host->note(flow, "bad-1_x", bad, sizeof(bad) - 1), 0);
	ck_assert_int_eq(host->note(flow, "empty", NULL, 0), 0);
	/* CSI as one character, and right-to-left override; letters beside them stay. */
	ck_assert_int_eq(host->note(flow, "edge", "\xc2\x9b""1m\xe2\x80\xae\xc3\xa9", 9), 0);
	memset(long_value, 'v', sizeof(long_value));
	ck_assert_int_eq(host->note(flow, "long", long_value, 256), 0);
	ck_assert_int_eq(host->note(flow, "longer", long_value, 257), -E2BIG);
	ck_assert_int_eq(host->note(flow, "longest", long_value, SIZE_MAX), -E2BIG);
	ck_assert_int_eq(host->note(flow, "", "x", 1), -EINVAL);
	ck_assert_int_eq(host->note(flow, "User", "x", 1), -EINVAL);
	ck_assert_int_eq(host->note(flow, "a b", "x", 1), -EINVAL);
	ck_assert_int_eq(host->note(flow, "a\"b", "x", 1), -EINVAL);
	memset(long_value, 0xff, sizeof(long_value));
	ck_assert_int_eq(host->note(flow, "worst", long_value, 256), 0);
	memset(long_key, 'k', 33);
	ck_assert_int_eq(host->note(flow, long_key, "x", 1), -EINVAL);
	long_key[32] = '\0';
	ck_assert_int_eq(host->note(flow, long_key, "x", 1), 0);
}

START_TEST(notes_are_checked)
{
	open_room();
	in_message(write_notes);
	ck_assert_str_eq(room_note(flow_index, "user"), "berta");
	ck_assert_str_eq(room_note(flow_index, "edge"), "\?\?1m\?\?\?\xc3\xa9");
	ck_assert_str_eq(room_note(flow_index, "bad-1_x"), "a" NO NO NO "(" NO "z" NO NO);
	ck_assert_uint_eq(strlen(room_note(flow_index, "worst")), 256 * strlen(NO));
	ck_assert_str_eq(room_note(flow_index, "empty"), "");
	ck_assert_uint_eq(strlen(room_note(flow_index, "long")), 256);
	ck_assert_uint_eq(room_extra(flow_index)->notes_count, 7);
	room_close();
}
END_TEST

static void
write_many_notes(struct pn_flow *flow, const struct pn_message *m)
{
	char key[] = "a";

	for (; key[0] < 'a' + FLOW_NOTES_MAX - 1; key[0]++)
		ck_assert_int_eq(flow->host->note(flow, key, "x", 1), 0);
	ck_assert_int_eq(flow->host->note(flow, "z", "x", 1), -ENOSPC);
	ck_assert_int_eq(flow->host->note(flow, "a", "new", 3), 0);
}

/* The last place is kept for the host's own. */
START_TEST(notes_are_limited)
{
	open_room();
	in_message(write_many_notes);
	ck_assert_str_eq(room_note(flow_index, "a"), "new");
	ck_assert_uint_eq(room_extra(flow_index)->notes_count, FLOW_NOTES_MAX - 1);
	room_close();
}
END_TEST

static struct pn_flow_info info;
static int32_t result;

static void
get_info(struct pn_flow *flow, const struct pn_message *m)
{
	result = flow->host->flow_info(flow, &info);
}

START_TEST(a_flow_is_described)
{
	open_room();
	info = (struct pn_flow_info){ .size = sizeof(info) };
	in_message(get_info);
	ck_assert_int_eq(result, 0);
	ck_assert_uint_eq(info.size, sizeof(info));
	ck_assert_uint_eq(info.proto, PROTO_UDP);
	ck_assert_uint_eq(info.mid_stream, 0);
	ck_assert_uint_eq(info.protected_side, 1);
	ck_assert_uint_eq(info.admitted, 0);
	ck_assert_uint_eq(info.originator.family, PN_ADDR_IPV4);
	ck_assert_uint_eq(info.originator.bytes[3], 7);
	ck_assert_uint_eq(info.originator_port, 40001);
	ck_assert_uint_eq(info.responder.bytes[3], 9);
	ck_assert_uint_eq(info.responder_port, 2000);

	info = (struct pn_flow_info){ .size = offsetof(struct pn_flow_info, responder_port),
		.responder_port = 4711 };
	in_message(get_info);
	ck_assert_uint_eq(info.originator_port, 40001);
	ck_assert_uint_eq(info.responder_port, 4711);
	info.size = 3;
	in_message(get_info);
	ck_assert_int_eq(result, -EINVAL);
	room_close();
}
END_TEST

START_TEST(sides_are_told)
{
	static const struct {
		const char *from, *to;
		unsigned sides;
	} cases[] = {
		{ "192.168.0.7:1", "192.168.0.8:2000", 3 },
		{ "198.51.100.9:1", "192.168.0.8:2000", 2 },
		{ "198.51.100.9:1", "198.51.100.10:2000", 0 },
		{ "192.168.0.7:1", "198.51.100.10:2000", 1 },
	};

	open_room();
	info = (struct pn_flow_info){ .size = sizeof(info) };
	act = get_info;
	say(cases[_i].from, cases[_i].to, "x", 1);
	ck_assert_uint_eq(info.protected_side, cases[_i].sides);
	room_close();
}
END_TEST

START_TEST(options_are_told)
{
	const struct pn_instance *instance;
	struct pn_value value = { .size = sizeof(value) };

	open_room();
	instance = host_find(room.host, "mock")->instance;
	ck_assert_int_eq(instance->host->option(instance, "Depth", &value), 0);
	ck_assert_uint_eq(value.type, PN_OPTION_INT);
	ck_assert_int_eq(value.number, 3);
	ck_assert_str_eq(value.string, "3");
	ck_assert_ptr_null(value.items);
	ck_assert_int_eq(instance->host->option(instance, "Peers", &value), 0);
	ck_assert_str_eq(value.items[0], "10.0.0.0/8");
	ck_assert_str_eq(value.items[1], "2001:db8::/32");
	ck_assert_ptr_null(value.items[2]);
	ck_assert_int_eq(instance->host->option(instance, "Nothing", &value), -ENOENT);
	ck_assert_int_eq(instance->host->option(instance, NULL, &value), -ENOENT);
	ck_assert_int_eq(instance->host->option(instance, "Depth", NULL), -ENOENT);
	value.size = 2;
	ck_assert_int_eq(instance->host->option(instance, "Depth", &value), -EINVAL);
	room_close();
}
END_TEST

START_TEST(time_is_told)
{
	const struct pn_instance *instance;

	open_room();
	instance = host_find(room.host, "mock")->instance;
	ck_assert_uint_eq(instance->host->now(instance), room.now);
	host_set_time(room.host, room.now + 5);
	ck_assert_uint_eq(instance->host->now(instance), room.now + 5);
	room_close();
}
END_TEST

START_TEST(lines_are_limited)
{
	const struct pn_instance *instance;
	unsigned i;

	open_room();
	instance = host_find(room.host, "mock")->instance;
	for (i = 0; i < 250; i++)
		instance->host->log(instance, PN_LOG_INFO, "line");
	ck_assert_uint_eq(room.n_logs, 100);
	host_set_time(room.host, room.now + ROOM_SECOND);
	instance->host->log(instance, PN_LOG_INFO, "next");
	ck_assert_uint_eq(room.n_logs, 102);
	ck_assert_str_eq(room.logs[100].text, "150 more lines were dropped");
	ck_assert_uint_eq(room.logs[100].level, PN_LOG_WARNING);
	ck_assert_str_eq(room.logs[101].text, "next");
	room_close();
}
END_TEST

START_TEST(lines_are_made_valid)
{
	const struct pn_instance *instance;
	static char endless[5000];

	open_room();
	instance = host_find(room.host, "mock")->instance;
	instance->host->log(instance, 99, "caf\xc3\xa9 \xff.");
	ck_assert_str_eq(room.logs[0].text, "caf\xc3\xa9 " NO ".");
	ck_assert_uint_eq(room.logs[0].level, PN_LOG_WARNING);
	memset(endless, 0xee, sizeof(endless) - 1);
	instance->host->log(instance, PN_LOG_DEBUG, endless);
	ck_assert_uint_eq(room.n_logs, 2);
	ck_assert_mem_eq(room.logs[1].text, NO NO, 6);
	room_close();
}
END_TEST

static void
use_the_rest(struct pn_flow *flow, const struct pn_message *m)
{
	ck_assert_int_eq(flow->host->rewrite(flow, 0, 1, m->bytes, 1), -EOPNOTSUPP);
	ck_assert_ptr_null(flow->host->extension(flow->instance, "nat/1"));
	ck_assert_uint_eq(flow->host->size, sizeof(*flow->host));
}

START_TEST(nothing_is_translated)
{
	open_room();
	in_message(use_the_rest);
	ck_assert_ptr_nonnull(the_flow);
	room_close();
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("host-facts");
	TCase *facts = tcase_create("facts");
	tcase_add_test(facts, notes_are_checked);
	tcase_add_test(facts, notes_are_limited);
	tcase_add_test(facts, a_flow_is_described);
	tcase_add_loop_test(facts, sides_are_told, 0, 4);
	tcase_add_test(facts, options_are_told);
	tcase_add_test(facts, time_is_told);
	tcase_add_test(facts, lines_are_limited);
	tcase_add_test(facts, lines_are_made_valid);
	tcase_add_test(facts, nothing_is_translated);
	suite_add_tcase(s, facts);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
