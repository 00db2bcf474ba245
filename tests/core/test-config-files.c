// SPDX-License-Identifier: GPL-2.0-or-later
/* Configuration files and folders of them: their order, what is none, and nothing half-applied. */
#include <glib/gstdio.h>
#include <string.h>

#include "config-result.h"

/* A folder of files for a test; `names` and `texts` by turns, NULL at the end. */
static char *
folder_of(const char *const *files)
{
	char *folder = g_dir_make_tmp("postern-config-XXXXXX", NULL);
	char *more = g_build_filename(folder, "postern.conf.d", NULL);

	ck_assert_ptr_nonnull(folder);
	ck_assert_int_eq(g_mkdir(more, 0700), 0);
	g_free(more);
	for (; files[0]; files += 2) {
		char *path = g_build_filename(folder, files[0], NULL);

		ck_assert(g_file_set_contents(path, files[1], -1, NULL));
		g_free(path);
	}
	return folder;
}

static void
remove_folder(char *folder)
{
	const char *const folders[] = { "postern.conf.d/x.conf", "postern.conf.d", "." };

	for (unsigned i = 0; i < G_N_ELEMENTS(folders); i++) {
		char *path = g_build_filename(folder, folders[i], NULL);
		GDir *dir = g_dir_open(path, 0, NULL);
		const char *name;

		while (dir && (name = g_dir_read_name(dir))) {
			char *file = g_build_filename(path, name, NULL);

			g_unlink(file);
			g_free(file);
		}
		if (dir)
			g_dir_close(dir);
		g_rmdir(path);
		g_free(path);
	}
	g_rmdir(folder);
	g_free(folder);
}

static struct result
load(const char *folder, const char *name)
{
	char *path = g_build_filename(folder, name, NULL);
	struct result r = { NULL };

	r.policy = config_load(path, &r.warnings, &r.error);
	result_check(&r);
	g_free(path);
	return r;
}

START_TEST(folder_in_order)
{
	static const char *const files[] = {
		"postern.conf",
		"[Stateful]\nUdpTimeout=1\nIcmpTimeout=1\nGreTimeout=1\n"
		"[Helper:demo]\nEnabled=true\nMode=one\nOther=one\n",
		"postern.conf.d/9.conf",
		"[Stateful]\nUdpTimeout=4\n",
		"postern.conf.d/10.conf",
		"[Stateful]\nUdpTimeout=2\nIcmpTimeout=2\nnope=1\n"
		"[Helper:demo]\nMode=two\nPorts=7\n",
		"postern.conf.d/a.conf.bak",
		"nonsense",
		"postern.conf.d/.b.conf",
		"nonsense",
		"postern.conf.d/README",
		"nonsense",
		NULL,
	};
	char *folder = folder_of(files);
	struct result r = load(folder, "");
	const struct policy_helper *h;

	ck_assert_msg(r.policy != NULL, "%s", r.error ? r.error->message : "");
	ck_assert_uint_eq(r.policy->table.timeouts[FLOW_UDP_NEW], 4); /* "10" is before "9" */
	ck_assert_uint_eq(r.policy->table.timeouts[FLOW_ICMP_NEW], 2);
	ck_assert_uint_eq(r.policy->table.timeouts[FLOW_GRE_NEW], 1);
	ck_assert_uint_eq(r.warnings->len, 1);
	ck_assert(g_str_has_suffix(result_warning(&r, 0),
		"/postern.conf.d/10.conf:4: [Stateful] nope: not known; ignored"));

	ck_assert_uint_eq(r.policy->n_helpers, 1);
	h = policy_helper_find(r.policy, "demo");
	ck_assert(h->enabled && h->ports_set);
	ck_assert(g_str_has_suffix(h->file, "/postern.conf.d/10.conf"));
	ck_assert_uint_eq(h->line, 5);
	ck_assert_uint_eq(h->n_options, 2);
	ck_assert_str_eq(h->options[0].value, "two");
	ck_assert(g_str_has_suffix(h->options[0].file, "/postern.conf.d/10.conf"));
	ck_assert_uint_eq(h->options[0].line, 6);
	ck_assert_str_eq(h->options[1].value, "one");
	ck_assert(g_str_has_suffix(h->options[1].file, "/postern.conf"));
	result_done(&r);

	r = load(folder, "postern.conf"); /* a file stands alone */
	ck_assert_uint_eq(r.policy->table.timeouts[FLOW_UDP_NEW], 1);
	result_done(&r);
	remove_folder(folder);
}
END_TEST

/* The order of the names, byte by byte, whatever order the folder gives them in. */
START_TEST(names_in_order)
{
	static const char *const sorted[] = { "-", "0", "00", "1", "10", "2", "A", "B", "Z", "_",
		"a", "aa", "b", "m", "z", "\xc3\xa4" };
	const unsigned n = G_N_ELEMENTS(sorted);
	const char *files[2 * G_N_ELEMENTS(sorted) + 3] = { "postern.conf", "" };
	char *folder;
	struct result r;

	for (unsigned i = 0; i < n; i++) { /* 7 and 16 have no divisor in common */
		files[2 + 2 * i] = g_strdup_printf("postern.conf.d/%s.conf", sorted[i * 7 % n]);
		files[3 + 2 * i] = "[Log]\nnope=1\n";
	}
	folder = folder_of(files);
	r = load(folder, "");
	ck_assert_uint_eq(r.warnings->len, n);
	for (unsigned i = 0; i < n; i++) {
		g_autofree char *name = g_strdup_printf("/postern.conf.d/%s.conf:2: ", sorted[i]);

		ck_assert_msg(
			strstr(result_warning(&r, i), name), "%u: %s", i, result_warning(&r, i));
		g_free((char *)files[2 + 2 * i]);
	}
	result_done(&r);
	remove_folder(folder);
}
END_TEST

/* A mistake in the last file takes all with it, and names that file. */
START_TEST(all_or_nothing)
{
	static const char *const files[] = {
		"postern.conf",
		"[Stateful]\nUdpTimeout=1\nNope=1\n[Doors]\nDenyTcp=1;2\n"
		"[Helper:demo]\nMode=one\n",
		"postern.conf.d/1.conf",
		"[Log]\nPath=/x\n[Doors]\nSources=::/0\n\n\nPerHost=many\n",
		NULL,
	};
	char *folder = folder_of(files);
	struct result r = load(folder, "");

	ck_assert_ptr_null(r.policy);
	ck_assert(strstr(r.error->message, "/postern.conf.d/1.conf:7: [Doors] PerHost=many: ") !=
		  NULL);
	result_done(&r);
	remove_folder(folder);
}
END_TEST

START_TEST(files_that_are_none)
{
	static const char *const empty[] = { NULL };
	static const char *const files[] = { "postern.conf", "", NULL };
	char *folder = folder_of(empty);
	char *sub;
	struct result r = load(folder, "nowhere.conf");

	ck_assert(g_error_matches(r.error, CONFIG_ERROR, CONFIG_ERROR_FILE));
	ck_assert(g_str_has_suffix(
		r.error->message, "/nowhere.conf: cannot be read: No such file or directory"));
	result_done(&r);
	r = load(folder, "");
	ck_assert(g_error_matches(r.error, CONFIG_ERROR, CONFIG_ERROR_FILE));
	ck_assert(g_str_has_suffix(
		r.error->message, ": cannot be read: nothing of a configuration is in this folder"));
	result_done(&r);
	r = load("/dev", "zero"); /* endless */
	ck_assert_str_eq(
		r.error->message, "/dev/zero: larger than 1024 KiB; is it a configuration file?");
	result_done(&r);
	r = load("/dev", "null");
	ck_assert_ptr_nonnull(r.policy);
	result_done(&r);
	remove_folder(folder);

	folder = folder_of(files);
	sub = g_build_filename(folder, "postern.conf.d", "x.conf", NULL);
	ck_assert_int_eq(g_mkdir(sub, 0700), 0); /* a folder that is called like a file */
	r = load(folder, "");
	ck_assert(g_str_has_suffix(r.error->message, "/x.conf: cannot be read: Is a directory"));
	result_done(&r);
	g_rmdir(sub);
	r = load(folder, "");
	ck_assert_ptr_nonnull(r.policy);
	result_done(&r);
	g_free(sub);
	sub = g_build_filename(folder, "postern.conf.d", NULL);
	ck_assert_int_eq(g_rmdir(sub), 0); /* none is fine, too … */
	r = load(folder, "");
	ck_assert_ptr_nonnull(r.policy);
	result_done(&r);
	ck_assert(g_file_set_contents(sub, "", 0, NULL)); /* … but not something else */
	r = load(folder, "");
	ck_assert(g_error_matches(r.error, CONFIG_ERROR, CONFIG_ERROR_FILE));
	result_done(&r);
	g_free(sub);
	remove_folder(folder);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-files");
	TCase *t = tcase_create("config-files");

	tcase_add_test(t, folder_in_order);
	tcase_add_test(t, names_in_order);
	tcase_add_test(t, all_or_nothing);
	tcase_add_test(t, files_that_are_none);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
