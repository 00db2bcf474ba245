// SPDX-License-Identifier: GPL-2.0-or-later
/* What policy says of helpers, held against the plugins that are there. */
#include "room.h"

#include <errno.h>

static int64_t
frame(struct pn_flow *flow, uint32_t dir, const uint8_t *bytes, size_t len)
{
	return (int64_t)len;
}

static int32_t
message(struct pn_flow *flow, const struct pn_message *m)
{
	return PN_PASS;
}

#define TCP_HELPER(...)                                                                            \
	{                                                                                          \
		.size = sizeof(struct pn_helper), .transport = PROTO_TCP, .max_message = 100,      \
		.summary = "", .frame = frame, .message = message, __VA_ARGS__                     \
	}
#define UDP_HELPER(...)                                                                            \
	{                                                                                          \
		.size = sizeof(struct pn_helper), .transport = PROTO_UDP, .max_message = 100,      \
		.summary = "", .message = message, __VA_ARGS__                                     \
	}

static const struct pn_bind at_2000[] = { { 2000, 2000 }, { 3000, 3010 }, { 0 } };
static const struct pn_bind at_2001[] = { { 2001, 2001 }, { 0 } };
static const struct pn_helper one_only =
	TCP_HELPER(.name = "one", .binds = at_2000, .max_doors = 100, .door_timeout = 3000);
static const struct pn_helper one_part = TCP_HELPER(.name = "one.a", .binds = at_2001);
static const struct pn_helper duo_a = TCP_HELPER(.name = "duo.a", .binds = at_2001);
static const struct pn_helper duo_b = UDP_HELPER(.name = "duo.b", .binds = at_2000);
static const struct pn_helper duo_child = TCP_HELPER(.name = "duo.child");

static const struct pn_option depth = { .size = sizeof(depth),
	.type = PN_OPTION_INT,
	.min = 1,
	.max = 9,
	.name = "Depth",
	.fallback = "3",
	.help = "" };
static const struct pn_option strict = { .size = sizeof(strict),
	.type = PN_OPTION_BOOL,
	.name = "Strict",
	.fallback = "false",
	.help = "" };

static const struct pn_plugin one = {
	.size = sizeof(one),
	.name = "one",
	.helpers = (const struct pn_helper *const[]){ &one_only, NULL },
	.options = (const struct pn_option *const[]){ &depth, &strict, NULL },
};
static const struct pn_plugin duo = {
	.size = sizeof(duo),
	.name = "duo",
	.helpers = (const struct pn_helper *const[]){ &duo_a, &duo_b, &duo_child, NULL },
};
static const struct pn_plugin *const both[] = { &duo, &one, NULL };

#define ON "[Helpers]\nDefault=true\n"

static const char *
bound(uint8_t proto, uint16_t port)
{
	const struct helper *helper = host_bound(room.host, 0, proto, port);

	return helper ? helper->desc->name : "";
}

static void
open_both(const char *config)
{
	char *message;

	room_furnish(config, both);
	message = room_try_open();
	ck_assert_msg(!message, "%s", message);
}

START_TEST(defaults_bind_defaults)
{
	open_both(ON);
	ck_assert_str_eq(bound(PROTO_TCP, 2000), "one");
	ck_assert_str_eq(bound(PROTO_TCP, 3000), "one");
	ck_assert_str_eq(bound(PROTO_TCP, 3010), "one");
	ck_assert_str_eq(bound(PROTO_TCP, 3011), "");
	ck_assert_str_eq(bound(PROTO_TCP, 2001), "duo.a");
	ck_assert_str_eq(bound(PROTO_UDP, 2000), "duo.b");
	ck_assert_str_eq(bound(PROTO_UDP, 2001), "");
	ck_assert_str_eq(bound(PROTO_GRE, 2000), "");
	ck_assert_ptr_nonnull(host_find(room.host, "duo.child"));
	ck_assert_ptr_null(host_find(room.host, "duo"));
	room_close();
}
END_TEST

START_TEST(off_means_off)
{
	open_both("[Helpers]\nDefault=false\n[Helper:duo.b]\nEnabled=true\n");
	ck_assert_str_eq(bound(PROTO_TCP, 2000), "");
	ck_assert_str_eq(bound(PROTO_TCP, 2001), "");
	ck_assert_str_eq(bound(PROTO_UDP, 2000), "duo.b");
	ck_assert_ptr_null(host_find(room.host, "one"));
	ck_assert_ptr_null(host_find(room.host, "duo.child"));
	room_close();

	open_both(ON "[Helper:duo]\nEnabled=false\n[Helper:duo.child]\nEnabled=true\n");
	ck_assert_str_eq(bound(PROTO_TCP, 2000), "one");
	ck_assert_str_eq(bound(PROTO_UDP, 2000), "");
	ck_assert_ptr_null(host_find(room.host, "duo.a"));
	ck_assert_ptr_nonnull(host_find(room.host, "duo.child"));
	room_close();
}
END_TEST

START_TEST(ports_of_the_policy_replace_those_of_the_helper)
{
	open_both(ON "[Helper:one]\nPorts=21;2121-2130;65535\n[Helper:duo.a]\nPorts=2000\n"
		     "[Helper:duo.b]\nPorts=\n");
	ck_assert_str_eq(bound(PROTO_TCP, 21), "one");
	ck_assert_str_eq(bound(PROTO_TCP, 2125), "one");
	ck_assert_str_eq(bound(PROTO_TCP, 65535), "one");
	ck_assert_str_eq(bound(PROTO_TCP, 2131), "");
	ck_assert_str_eq(bound(PROTO_TCP, 3000), "");
	ck_assert_str_eq(bound(PROTO_TCP, 2000), "duo.a");
	ck_assert_str_eq(bound(PROTO_TCP, 2001), "");
	ck_assert_str_eq(bound(PROTO_UDP, 2000), "");
	ck_assert_ptr_nonnull(host_find(room.host, "duo.b"));
	room_close();
}
END_TEST

/* A helper whose ranges overlap is found by all of them. */
START_TEST(ranges_of_one_helper_may_overlap)
{
	open_both(ON "[Helper:one]\nPorts=100-200;50-120;110\n");
	for (uint16_t port = 49; port <= 201; port++)
		ck_assert_str_eq(bound(PROTO_TCP, port), port < 50 || port > 200 ? "" : "one");
	room_close();
}
END_TEST

START_TEST(limits_are_the_smaller_ones)
{
	const struct helper *helper;

	open_both(ON "[Doors]\nPerFlow=5\nMaxTimeout=100\n");
	helper = host_find(room.host, "one");
	ck_assert_uint_eq(helper->max_doors, 5);
	ck_assert_uint_eq(helper->door_timeout, 100);
	room_close();
}
END_TEST

/* Policies that ask for what is not there, and what is said of them. */
static const struct {
	const char *config, *message;
} refused[] = {
	{ ON "[Helper:one]\nDepth=10\n",
		"test.conf:4: [Helper:one] Depth = 10: must be a whole number from 1 to 9" },
	{ ON "[Helper:one]\nEnabled=false\nDepth=deep\n",
		"test.conf:5: [Helper:one] Depth = deep: must be a whole number from 1 to 9" },
	{ ON "[Helper:one]\nStrict=2\n",
		"test.conf:4: [Helper:one] Strict = 2: must be true or false" },
	{ ON "[Helper:two]\nEnabled=true\n", "test.conf:3: [Helper:two] Enabled: no plugin brings "
					     "this helper; loaded: duo, one" },
	{ ON "[Helper:duo.c]\nEnabled=true\n", "test.conf:3: [Helper:duo.c] Enabled: duo has no "
					       "such helper; it has: duo.a, duo.b, "
					       "duo.child" },
	{ ON "[Helper:duo]\nPorts=99\n",
		"test.conf:3: [Helper:duo] Ports: duo has several helpers; give each a section: "
		"duo.a, duo.b, duo.child" },
	{ ON "[Helper:duo.a]\nPorts=3005-3020\n", "one: TCP port 3005 belongs to duo.a already; "
						  "change Ports of one" },
	{ ON "[Helper:one]\nPorts=1-65535\n", "test.conf:3: [Helper:one] one: TCP port 2001 "
					      "belongs to duo.a already; change Ports "
					      "of one" },
};

/* Keys that mean nothing: the host is made, and says so. */
static const struct {
	const char *config, *warning;
} ignored[] = {
	{ ON "[Helper:one]\nDepht=4\n", "test.conf:4: [Helper:one] Depht: not an option of one; "
					"ignored; it has: Depth, Strict" },
	{ ON "[Helper:duo]\nDepth=4\n",
		"test.conf:4: [Helper:duo] Depth: not an option of duo; ignored; it has: none" },
	{ ON "[Helper:duo.a]\nSpeed=4\n",
		"test.conf:4: [Helper:duo.a] Speed: not an option of duo; ignored; it has: none" },
};

START_TEST(an_unknown_key_is_a_warning)
{
	room_furnish(ignored[_i].config, both);
	ck_assert_ptr_null(room_try_open());
	ck_assert_uint_eq(room.warnings->len, 1);
	ck_assert_str_eq(room.warnings->pdata[0], ignored[_i].warning);
	room_close();
}
END_TEST

START_TEST(what_is_not_there_is_an_error)
{
	char *message;

	room_furnish(refused[_i].config, both);
	message = room_try_open();
	ck_assert_ptr_nonnull(message);
	ck_assert_str_eq(message, refused[_i].message);
	ck_assert_ptr_null(room.host);
	g_free(message);
	room_close();
}
END_TEST

START_TEST(an_option_of_the_plugin_belongs_into_its_own_section)
{
	const struct pn_plugin mixed = {
		.size = sizeof(mixed),
		.name = "duo",
		.helpers = (const struct pn_helper *const[]){ &duo_a, NULL },
		.options = (const struct pn_option *const[]){ &depth, NULL },
	};

	room_furnish(
		ON "[Helper:duo.a]\nDepth=4\n", (const struct pn_plugin *const[]){ &mixed, NULL });
	ck_assert_ptr_null(room_try_open());
	ck_assert_uint_eq(room.warnings->len, 1);
	ck_assert_str_eq(room.warnings->pdata[0],
		"test.conf:4: [Helper:duo.a] Depth: not an option of duo.a; ignored; it belongs "
		"into [Helper:duo]");
	room_close();
}
END_TEST

/* The ports of a plugin's section are those of its only helper, whatever that is called. */
START_TEST(a_lone_helper_takes_the_ports_of_its_plugin)
{
	const struct pn_plugin lone = {
		.size = sizeof(lone),
		.name = "duo",
		.helpers = (const struct pn_helper *const[]){ &duo_a, NULL },
	};

	room_furnish(
		ON "[Helper:duo]\nPorts=77\n", (const struct pn_plugin *const[]){ &lone, NULL });
	ck_assert_ptr_null(room_try_open());
	ck_assert_str_eq(bound(PROTO_TCP, 77), "duo.a");
	ck_assert_str_eq(bound(PROTO_TCP, 2001), "");
	room_close();
}
END_TEST

/* … and where one of several is called as the plugin is, those of that one. */
START_TEST(a_helper_may_be_called_as_its_plugin)
{
	const struct pn_plugin mixed = {
		.size = sizeof(mixed),
		.name = "one",
		.helpers = (const struct pn_helper *const[]){ &one_only, &one_part, NULL },
	};

	room_furnish(
		ON "[Helper:one]\nPorts=77\n", (const struct pn_plugin *const[]){ &mixed, NULL });
	ck_assert_ptr_null(room_try_open());
	ck_assert_str_eq(bound(PROTO_TCP, 77), "one");
	ck_assert_str_eq(bound(PROTO_TCP, 2001), "one.a");
	room_close();
}
END_TEST

START_TEST(sections_of_absent_helpers_do_no_harm)
{
	open_both(ON "[Helper:two]\nPorts=2000\nSome=thing\n[Helper:three]\nEnabled=false\n"
		     "[Helper:duo.c]\nPorts=5\n");
	ck_assert_str_eq(bound(PROTO_TCP, 2000), "one");
	room_close();
}
END_TEST

START_TEST(without_plugins_there_is_nothing)
{
	char *message;

	room_furnish("[Helper:one]\nEnabled=true\n", (const struct pn_plugin *const[]){ NULL });
	message = room_try_open();
	ck_assert_str_eq(message,
		"test.conf:1: [Helper:one] Enabled: no plugin brings this helper; "
		"loaded: none");
	g_free(message);
	room_close();

	room_furnish(ON, (const struct pn_plugin *const[]){ NULL });
	ck_assert_ptr_null(room_try_open());
	ck_assert_str_eq(bound(PROTO_TCP, 2000), "");
	room_close();
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("host-config");
	TCase *tc = tcase_create("host-config");

	tcase_add_test(tc, defaults_bind_defaults);
	tcase_add_test(tc, off_means_off);
	tcase_add_test(tc, ports_of_the_policy_replace_those_of_the_helper);
	tcase_add_test(tc, ranges_of_one_helper_may_overlap);
	tcase_add_test(tc, limits_are_the_smaller_ones);
	tcase_add_loop_test(tc, what_is_not_there_is_an_error, 0, G_N_ELEMENTS(refused));
	tcase_add_loop_test(tc, an_unknown_key_is_a_warning, 0, (int)(sizeof(ignored) / sizeof(ignored[0])));
	tcase_add_test(tc, an_option_of_the_plugin_belongs_into_its_own_section);
	tcase_add_test(tc, a_lone_helper_takes_the_ports_of_its_plugin);
	tcase_add_test(tc, a_helper_may_be_called_as_its_plugin);
	tcase_add_test(tc, sections_of_absent_helpers_do_no_harm);
	tcase_add_test(tc, without_plugins_there_is_nothing);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
