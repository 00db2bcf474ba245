// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading plugins: files that are some, files that are none, and where they are looked for. The
 * objects are those of tests/abi, copied into folders of the test's own.
 */
#include "helper/loader.h"

#include <errno.h>
#include <string.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "kit/kit.h"

static char *folder;
static struct plugins *plugins;
static char *message;

static void
setup(void)
{
	folder = g_dir_make_tmp("postern-test-XXXXXX", NULL);
	ck_assert_ptr_nonnull(folder);
	plugins = plugins_new();
	message = NULL;
}

static void
remove_all(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *entry;

	while (dir && (entry = g_dir_read_name(dir))) {
		char *inner = g_build_filename(path, entry, NULL);

		remove_all(inner);
		g_free(inner);
	}
	if (dir)
		g_dir_close(dir);
	g_remove(path);
}

static void
teardown(void)
{
	plugins_free(plugins);
	remove_all(folder);
	g_free(folder);
	g_free(message);
}

/* A path in the test's folder; valid for the whole test. */
static const char *
at(const char *name)
{
	char *path = g_build_filename(folder, name, NULL);
	const char *kept = g_intern_string(path);

	g_free(path);
	return kept;
}

/* Writes a file, with the folders above it. */
static const char *
put(const char *name, const char *bytes, size_t len)
{
	const char *path = at(name);
	char *parent = g_path_get_dirname(path);

	ck_assert_int_eq(g_mkdir_with_parents(parent, 0700), 0);
	ck_assert(g_file_set_contents(path, bytes, (gssize)len, NULL));
	g_free(parent);
	return path;
}

/* Puts an object of tests/abi there. */
static const char *
put_object(const char *name, const char *object)
{
	const char *build = g_getenv("POSTERN_BUILD");
	const char *kept;
	size_t len;
	char *from, *bytes;

	ck_assert_msg(build != NULL, "POSTERN_BUILD is not set");
	from = g_strdup_printf("%s/tests/abi/%s.so", build, object);
	ck_assert_msg(g_file_get_contents(from, &bytes, &len, NULL), "%s is not there", from);
	kept = put(name, bytes, len);
	g_free(bytes);
	g_free(from);
	return kept;
}

/* "FILE: …" with that in it, in one line. */
static void
expect_message(const char *path, const char *words)
{
	ck_assert_ptr_nonnull(message);
	ck_assert_msg(g_str_has_prefix(message, path), "%s", message);
	ck_assert_msg(g_str_has_prefix(message + strlen(path), ": "), "%s", message);
	ck_assert_msg(strstr(message + strlen(path), words) != NULL, "%s", message);
	ck_assert_msg(*path != '/' || !strstr(message + strlen(path), path), "%s", message);
	ck_assert_ptr_null(strchr(message, '\n'));
	ck_assert_uint_eq(plugins->count, 0);
}

START_TEST(a_plugin_is_loaded_once)
{
	const char *path = put_object("probeold.so", "probeold");
	const char *again = put_object("other/probeold.so", "probeold");

	ck_assert_int_eq(plugins_load_file(plugins, path, &message), 0);
	ck_assert_uint_eq(plugins->count, 1);
	ck_assert_str_eq(plugins->list[0]->desc->name, "probeold");
	ck_assert_str_eq(plugins->list[0]->path, path);
	ck_assert_ptr_eq(plugins_find(plugins, "probeold"), plugins->list[0]);
	ck_assert_ptr_null(plugins_find(plugins, "probe"));
	ck_assert_int_eq(plugins_load_file(plugins, again, &message), 0);
	ck_assert_uint_eq(plugins->count, 1);
	ck_assert_str_eq(plugins->list[0]->path, path);
	ck_assert_ptr_null(message);
}
END_TEST

START_TEST(plugins_are_in_order)
{
	ck_assert_int_eq(
		plugins_load_file(plugins, put_object("probeold.so", "probeold"), &message), 0);
	ck_assert_int_eq(
		plugins_load_file(plugins, put_object("probegrown.so", "probegrown"), &message), 0);
	ck_assert_uint_eq(plugins->count, 2);
	ck_assert_str_eq(plugins->list[0]->desc->name, "probegrown");
	ck_assert_str_eq(plugins->list[1]->desc->name, "probeold");
}
END_TEST

START_TEST(what_is_no_plugin_is_refused)
{
	static const struct {
		const char *object, *words;
		int result;
	} cases[] = {
		{ "badempty", "no symbol postern_plugin_0", -ENOEXEC },
		{ "badfuture",
			"built for ABI 3, this program has ABI 0; rebuild it against these headers",
			-EPROTONOSUPPORT },
		{ "badname", "pn_plugin.name is not what the file is called", -EINVAL },
		{ "badsymbol", "postern_has_no_such_function", -ENOEXEC },
	};
	const char *path = put_object("bad.so", cases[_i].object);

	ck_assert_int_eq(plugins_load_file(plugins, path, &message), cases[_i].result);
	expect_message(path, cases[_i].words);
}
END_TEST

START_TEST(files_of_another_kind_are_refused)
{
	const char *path = at("absent.so");

	ck_assert_int_eq(plugins_load_file(plugins, path, &message), -ENOENT);
	expect_message(path, "No such file");
	g_clear_pointer(&message, g_free);

	path = put("text.so", "not an object\n", 14);
	ck_assert_int_eq(plugins_load_file(plugins, path, &message), -ENOEXEC);
	expect_message(path, "");
	g_clear_pointer(&message, g_free);

	path = put("empty.so", "", 0);
	ck_assert_int_eq(plugins_load_file(plugins, path, &message), -ENOEXEC);
	expect_message(path, "");
	g_clear_pointer(&message, g_free);

	path = put_object("probeold.o", "probeold");
	ck_assert_int_eq(plugins_load_file(plugins, path, &message), -EINVAL);
	expect_message(path, "NAME.so");
}
END_TEST

/* A name without a slash is a file of this folder, and never one of the linker's. */
START_TEST(a_bare_name_is_of_this_folder)
{
	put_object("probeold.so", "probeold");
	ck_assert_int_eq(plugins_load_file(plugins, "libc.so", &message), -ENOENT);
	expect_message("libc.so", "");
	ck_assert_int_eq(g_chdir(folder), 0);
	ck_assert_int_eq(plugins_load_file(plugins, "probeold.so", &message), 0);
	ck_assert_int_eq(g_chdir("/"), 0);
}
END_TEST

START_TEST(a_plugin_is_found_by_name)
{
	const char *const folders[] = { at("none"), at("flat"), at("tree"), NULL };

	put_object("flat/probeold.so", "probeold");
	put_object("tree/probeold/probeold.so", "probeold");
	put_object("tree/probegrown/probegrown.so", "probegrown");
	ck_assert_int_eq(plugins_load_name(plugins, folders, "probegrown", &message), 0);
	ck_assert_int_eq(plugins_load_name(plugins, folders, "probeold", &message), 0);
	ck_assert_str_eq(plugins_find(plugins, "probeold")->path, at("flat/probeold.so"));
	ck_assert_str_eq(
		plugins_find(plugins, "probegrown")->path, at("tree/probegrown/probegrown.so"));
}
END_TEST

START_TEST(a_name_that_is_nowhere)
{
	const char *const folders[] = { at("none"), folder, NULL };
	const char *const nowhere[] = { NULL };

	ck_assert_int_eq(plugins_load_name(plugins, folders, "probe", &message), -ENOENT);
	expect_message("probe", "there is no probe.so in ");
	ck_assert_ptr_nonnull(strstr(message, folder));
	g_clear_pointer(&message, g_free);
	ck_assert_int_eq(plugins_load_name(plugins, nowhere, "probe", &message), -ENOENT);
	expect_message("probe", "no folder");
}
END_TEST

START_TEST(a_name_is_no_path)
{
	static const char *const bad[] = { "", ".", "..", "../probeold", "flat/probeold",
		".hidden" };
	const char *const folders[] = { at("flat"), NULL };

	put_object("flat/probeold.so", "probeold");
	ck_assert_int_eq(plugins_load_name(plugins, folders, bad[_i], &message), -EINVAL);
	expect_message(bad[_i], "not the name of a plugin");
}
END_TEST

START_TEST(all_of_the_folders_are_loaded)
{
	const char *const folders[] = { at("none"), at("one"), at("two"), NULL };

	put_object("one/probeold/probeold.so", "probeold");
	put("one/README", "x", 1);
	put("one/.hidden.so", "x", 1);
	put("one/sources/meson.build", "x", 1);
	put_object("two/probeold.so", "probeold");
	put_object("two/probegrown.so", "probegrown");
	ck_assert_msg(!plugins_load_all(plugins, folders, &message), "%s", message);
	ck_assert_uint_eq(plugins->count, 2);
	ck_assert_str_eq(plugins->list[0]->path, at("two/probegrown.so"));
	ck_assert_str_eq(plugins->list[1]->path, at("one/probeold/probeold.so"));
}
END_TEST

START_TEST(one_bad_file_stops_it)
{
	const char *const folders[] = { folder, NULL };

	put_object("probeold.so", "probeold");
	put("broken.so", "x", 1);
	ck_assert_int_eq(plugins_load_all(plugins, folders, &message), -ENOEXEC);
	expect_message(at("broken.so"), "");
}
END_TEST

START_TEST(folders_may_be_empty_but_one_must_be_there)
{
	const char *const empty[] = { at("none"), folder, NULL };
	const char *const absent[] = { at("none"), at("nil"), NULL };
	const char *const nothing[] = { NULL };

	ck_assert_int_eq(plugins_load_all(plugins, empty, &message), 0);
	ck_assert_uint_eq(plugins->count, 0);
	ck_assert_int_eq(plugins_load_all(plugins, absent, &message), -ENOENT);
	ck_assert_ptr_nonnull(strstr(message, at("nil")));
	ck_assert_ptr_nonnull(strstr(message, ": no such folder"));
	g_clear_pointer(&message, g_free);
	ck_assert_int_eq(plugins_load_all(plugins, nothing, &message), -ENOENT);
	plugins_free(NULL);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("plugin");
	TCase *tc = tcase_create("plugin");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_plugin_is_loaded_once);
	tcase_add_test(tc, plugins_are_in_order);
	tcase_add_loop_test(tc, what_is_no_plugin_is_refused, 0, 4);
	tcase_add_test(tc, files_of_another_kind_are_refused);
	tcase_add_test(tc, a_bare_name_is_of_this_folder);
	tcase_add_test(tc, a_plugin_is_found_by_name);
	tcase_add_test(tc, a_name_that_is_nowhere);
	tcase_add_loop_test(tc, a_name_is_no_path, 0, 6);
	tcase_add_test(tc, all_of_the_folders_are_loaded);
	tcase_add_test(tc, one_bad_file_stops_it);
	tcase_add_test(tc, folders_may_be_empty_but_one_must_be_there);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
