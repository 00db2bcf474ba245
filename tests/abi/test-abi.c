// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plugins of yesterday and tomorrow: one built against the header before this one and one against a
 * header with more members are loaded and put to work.
 */
#include "core/room.h"

#include <stdlib.h>

static const char *const names[] = { "probeold", "probegrown" };

START_TEST(a_plugin_of_another_header_works)
{
	const char *build = getenv("POSTERN_BUILD");
	struct plugins *plugins = plugins_new();
	const struct pn_plugin *descs[2] = { NULL };
	struct room_talk talk;
	char *message = NULL;
	char *path;

	ck_assert_msg(build != NULL, "POSTERN_BUILD is not set");
	path = g_strdup_printf("%s/tests/abi/%s.so", build, names[_i]);
	ck_assert_msg(!plugins_load_file(plugins, path, &message), "%s", message);
	g_free(path);
	descs[0] = plugins_find(plugins, names[_i])->desc;
	ck_assert_uint_ne(descs[0]->helpers[0]->size, 0);
	if (_i)
		ck_assert_uint_gt(descs[0]->size, sizeof(struct pn_plugin));
	else
		ck_assert_uint_le(descs[0]->size, sizeof(struct pn_plugin));

	room_furnish(NULL, descs);
	message = room_try_open();
	ck_assert_msg(!message, "%s", message);
	talk = room_connect("192.168.0.7:5000", "198.51.100.9:4000", 1, 2);
	room_say(&talk, 0, "do", 2);
	ck_assert_str_eq(room_note(talk.index, "probe"), "");
	room_say(&talk, 0, " it\n", 4);
	ck_assert_str_eq(room_note(talk.index, "probe"), "right");
	ck_assert_str_eq(room_note(talk.index, "helper-off"), "");
	ck_assert(expects_any(room.expects));
	room_close();
	plugins_free(plugins);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("abi");
	TCase *tc = tcase_create("abi");

	tcase_add_loop_test(tc, a_plugin_of_another_header_works, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
