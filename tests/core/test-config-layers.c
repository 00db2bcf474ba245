// SPDX-License-Identifier: GPL-2.0-or-later
/* Folders of connections and services, and folders over each other. */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config-result.h"

#define LAYERS 3

/* Folders of a test, one for each layer, and one of built-in services. */
struct folders {
	char *root;
	char *layers[LAYERS + 1]; /* NULL at the end */
	char *services;
};

static void
folders_init(struct folders *f)
{
	f->root = g_dir_make_tmp("postern-layers-XXXXXX", NULL);
	ck_assert_ptr_nonnull(f->root);
	for (unsigned i = 0; i < LAYERS; i++) {
		g_autofree char *name = g_strdup_printf("%u", i);

		f->layers[i] = g_build_filename(f->root, name, NULL);
		ck_assert_int_eq(g_mkdir(f->layers[i], 0700), 0);
	}
	f->layers[LAYERS] = NULL;
	f->services = g_build_filename(f->root, "builtin", NULL);
	ck_assert_int_eq(g_mkdir(f->services, 0700), 0);
}

static void
remove_all(const char *path)
{
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *below = g_build_filename(path, name, NULL);

		remove_all(below);
	}
	if (dir)
		g_dir_close(dir);
	g_remove(path);
}

static void
folders_done(struct folders *f)
{
	remove_all(f->root);
	for (unsigned i = 0; i < LAYERS; i++)
		g_free(f->layers[i]);
	g_free(f->services);
	g_free(f->root);
}

/* Writes a file, and makes the folders it is in. */
static void
put(const char *folder, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);

	ck_assert_int_eq(g_mkdir_with_parents(parent, 0700), 0);
	ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static struct result
read_layers(const struct folders *f, bool may_be_missing)
{
	const struct config_options options = {
		.paths = (const char *const *)f->layers,
		.may_be_missing = may_be_missing,
		.services = f->services,
	};
	struct result r = { NULL };

	r.policy = config_read(&options, &r.origins, &r.warnings, &r.error);
	result_check(&r);
	return r;
}

static struct result
load(const char *path)
{
	struct result r = { NULL };

	r.policy = config_load(path, &r.warnings, &r.error);
	result_check(&r);
	return r;
}

#define MATCH "[Connection]\nMatch=interface:wan0\n"

START_TEST(one_folder)
{
	struct folders f;
	struct result r;

	folders_init(&f);
	put(f.layers[0], "postern.conf", "[Firewall]\nIcmp=redirect\n");
	put(f.layers[0], "connections/wan.conf", MATCH "[Firewall]\nServices=demo\n");
	put(f.layers[0], "connections/wan.conf.d/2.conf", "[Connection]\nType=vpn\n");
	put(f.layers[0], "connections/wan.conf.d/1.conf",
		"[Connection]\nType=ppp\n[Firewall]\nAntiSpoof=off\n");
	put(f.layers[0], "connections/default.conf.d/a.conf", "[Firewall]\nAntiSpoof=rewrite\n");
	put(f.layers[0], "connections/lan.conf.d/a.conf", MATCH);
	put(f.layers[0], "connections/README", "nonsense");
	put(f.layers[0], "connections/.x.conf", "nonsense");
	put(f.layers[0], "services/demo.service.conf", "[Service]\nPorts=7/tcp\n");
	put(f.layers[0], "services/plain.conf", "[Service]\nPorts=8/tcp\n");
	r = load(f.layers[0]);
	ck_assert_taken(&r);
	ck_assert_uint_eq(r.policy->n_connections, 3);
	ck_assert_str_eq(r.policy->connections[1].name, "lan");
	ck_assert_str_eq(r.policy->connections[2].name, "wan");
	ck_assert_int_eq(r.policy->connections[0].anti_spoof, ANTI_SPOOF_REWRITE);
	ck_assert_int_eq(r.policy->connections[1].anti_spoof, ANTI_SPOOF_REWRITE);
	ck_assert_int_eq(r.policy->connections[2].anti_spoof, ANTI_SPOOF_OFF);
	ck_assert_int_eq(r.policy->connections[2].type, CONNECTION_VPN);
	ck_assert_uint_eq(r.policy->connections[2].mappings.n, 1);
	ck_assert(g_str_has_suffix(r.policy->connections[2].file, "/connections/wan.conf"));
	ck_assert_uint_eq(r.policy->n_services, 2);
	ck_assert_str_eq(r.policy->services[1].name, "plain");
	ck_assert(!r.policy->services[1].builtin);
	result_done(&r);
	folders_done(&f);
}
END_TEST

/* postern.conf may be missing where there is something else of ours. */
START_TEST(without_the_main_file)
{
	static const char *const alone[][2] = {
		{ "postern.conf.d/x.conf", "[Log]\nRotations=2\n" },
		{ "connections/wan.conf", MATCH },
		{ "connections/wan.conf.d/x.conf", MATCH },
		{ "services/demo.conf", "[Service]\nPorts=7/tcp\n" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(alone); i++) {
		struct folders f;
		struct result r;

		folders_init(&f);
		r = load(f.layers[0]);
		ck_assert(g_str_has_suffix(r.error->message,
			": cannot be read: nothing of a configuration is in this folder"));
		result_done(&r);
		put(f.layers[0], alone[i][0], alone[i][1]);
		r = load(f.layers[0]);
		ck_assert_taken(&r);
		result_done(&r);
		folders_done(&f);
	}
}
END_TEST

/* Every postern.conf is read; of other files of one name, the highest alone. */
START_TEST(layers)
{
	struct folders f;
	struct result r;
	const struct connection *wan;

	folders_init(&f);
	put(f.layers[0], "postern.conf", "[Log]\nRotations=2\nPath=/0\n[Doors]\nPerFlow=2\n");
	put(f.layers[1], "postern.conf", "[Log]\nRotations=3\nPath=/1\n");
	put(f.layers[2], "postern.conf", "[Log]\nRotations=4\n");
	put(f.layers[0], "postern.conf.d/b.conf", "[Doors]\nPerFlow=9\nMaxDepth=9\n");
	put(f.layers[1], "postern.conf.d/b.conf", "[Doors]\nPerRoot=9\n");
	put(f.layers[2], "postern.conf.d/a.conf", "[Doors]\nPerRoot=8\nPerHost=8\n");
	put(f.layers[0], "connections/wan.conf", MATCH "Type=ppp\n[Firewall]\nIcmp=redirect\n");
	put(f.layers[2], "connections/wan.conf", MATCH "[Firewall]\nAntiSpoof=off\n");
	put(f.layers[0], "connections/wan.conf.d/x.conf", "[Firewall]\nServices=own\n");
	put(f.layers[1], "connections/wan.conf.d/y.conf", "[Sharing]\nRole=public\n");
	put(f.services, "demo.service.conf", "[Service]\nPorts=1/tcp\nHelper=demo\n");
	put(f.services, "shipped.conf", "[Service]\nPorts=2/tcp\n");
	put(f.layers[0], "services/demo.conf", "[Service]\nPorts=3/tcp\n");
	put(f.layers[1], "services/own.conf", "[Service]\nPorts=4/tcp\n");
	put(f.layers[2], "services/own.service.conf", "[Service]\nPorts=5/tcp\n");
	r = read_layers(&f, false);
	ck_assert_taken(&r);

	ck_assert_uint_eq(r.policy->log.rotations, 4);
	ck_assert_str_eq(r.policy->log.path, "/1");
	ck_assert_uint_eq(r.policy->doors.limits.per_flow, 2);
	ck_assert_uint_eq(r.policy->doors.max_depth, 4);       /* of a file that was replaced */
	ck_assert_uint_eq(r.policy->doors.limits.per_root, 9); /* "b" is behind "a" */
	ck_assert_uint_eq(r.policy->doors.limits.per_host, 8);

	wan = policy_connection_find(r.policy, "wan");
	ck_assert_int_eq(wan->type, CONNECTION_ETHERNET);
	ck_assert_uint_eq(wan->icmp, 0);
	ck_assert_int_eq(wan->anti_spoof, ANTI_SPOOF_OFF);
	ck_assert_int_eq(wan->role, ROLE_PUBLIC);
	ck_assert_uint_eq(wan->mappings.n, 1);
	ck_assert_uint_eq(wan->mappings.list[0].external.first, 5);

	ck_assert_uint_eq(r.policy->n_services, 3);
	ck_assert_str_eq(r.policy->services[0].name, "demo");
	ck_assert_uint_eq(r.policy->services[0].ports[0].range.first, 3);
	ck_assert_ptr_null(r.policy->services[0].helper);
	ck_assert(!r.policy->services[0].builtin);
	ck_assert(!r.policy->services[1].builtin);
	ck_assert(r.policy->services[2].builtin);
	result_done(&r);
	folders_done(&f);
}
END_TEST

START_TEST(missing_layers)
{
	struct folders f;
	struct result r;

	folders_init(&f);
	r = read_layers(&f, true); /* three empty folders */
	ck_assert_taken(&r);
	result_done(&r);
	r = read_layers(&f, false);
	ck_assert_ptr_null(r.policy);
	result_done(&r);

	ck_assert_int_eq(g_rmdir(f.layers[1]), 0);
	put(f.layers[2], "postern.conf", "[Log]\nRotations=4\n");
	r = read_layers(&f, true);
	ck_assert_taken(&r);
	ck_assert_uint_eq(r.policy->log.rotations, 4);
	result_done(&r);
	put(f.layers[0], "postern.conf", "");
	r = read_layers(&f, false); /* each has to be there */
	ck_assert_ptr_null(r.policy);
	ck_assert(g_str_has_suffix(
		r.error->message, "/1: cannot be read: No such file or directory"));
	result_done(&r);

	ck_assert_int_eq(g_rmdir(f.services), 0); /* no services came with the program */
	r = read_layers(&f, true);
	ck_assert_taken(&r);
	ck_assert_uint_eq(r.policy->n_services, 0);
	result_done(&r);
	folders_done(&f);
}
END_TEST

/* A file among folders is a postern.conf of its own. */
START_TEST(files_are_layers)
{
	struct folders f;
	struct result r;
	char *folder;

	folders_init(&f);
	put(f.layers[0], "x.conf", "[Log]\nRotations=2\nPath=/0\n");
	put(f.layers[1], "postern.conf", "[Log]\nRotations=3\n");
	put(f.layers[2], "postern.conf", "");
	folder = f.layers[0];
	f.layers[0] = g_build_filename(folder, "x.conf", NULL);
	r = read_layers(&f, false);
	ck_assert_taken(&r);
	ck_assert_uint_eq(r.policy->log.rotations, 3);
	ck_assert_str_eq(r.policy->log.path, "/0");
	result_done(&r);
	g_free(f.layers[0]);
	f.layers[0] = folder;
	folders_done(&f);
}
END_TEST

/* Each file, and the end of the message. */
static const struct {
	const char *name, *text, *message;
} wrong[] = {
	{ "connections/wan.conf", MATCH "[Firewall]\nEnabled=perhaps\n",
		"/connections/wan.conf:4: [Firewall] Enabled=perhaps: not allowed; allowed: true "
		"or "
		"false" },
	{ "connections/wan.conf.d/x.conf", "[Connection]\n\nMatch=uuid:1\n",
		"/connections/wan.conf.d/x.conf:3: [Connection] Match=uuid:1: not allowed; "
		"allowed: "
		"a list of interface:PATTERN (with * and ?) and network:PREFIX (of peers)" },
	{ "connections/a b.conf", "",
		"/connections/a b.conf: not the name of a connection; allowed: a letter or digit, "
		"then letters, digits and - _ . up to 64, then .conf" },
	{ "connections/a b.conf.d/x.conf", "",
		"/connections/a b.conf.d/x.conf: not the name of a connection; allowed: a letter "
		"or "
		"digit, then letters, digits and - _ . up to 64, then .conf" },
	{ "connections/x.conf/y", "", "/connections/x.conf: cannot be read: Is a directory" },
	{ "services/Demo.conf", "[Service]\nPorts=1/tcp\n",
		"/services/Demo.conf: not the name of a service; allowed: a letter or digit, then "
		"lower-case letters, digits and - _ . up to 64, then .service.conf or .conf" },
	{ "services/demo.conf", "[Service]\nPorts=1\n",
		"/services/demo.conf:2: [Service] Ports=1: not allowed; allowed: up to 64 ports "
		"and "
		"ranges from 1 to 65535 with their protocol, as in 21/tcp;6970-6999/udp" },
	{ "services/.conf/y", "", NULL },
};

START_TEST(all_or_nothing)
{
	struct folders f;
	struct result r;

	folders_init(&f);
	put(f.layers[0], "postern.conf", "[Log]\nRotations=2\n[Firewall]\nIcmp=redirect\n");
	put(f.layers[0], wrong[_i].name, wrong[_i].text);
	r = load(f.layers[0]);
	ck_assert_msg((r.policy == NULL) == (wrong[_i].message != NULL), "%s", wrong[_i].name);
	if (r.error)
		ck_assert_msg(g_str_has_suffix(r.error->message, wrong[_i].message), "%s",
			r.error->message);
	result_done(&r);
	folders_done(&f);
}
END_TEST

START_TEST(one_service_in_two_files)
{
	struct folders f;
	struct result r;

	folders_init(&f);
	put(f.layers[0], "services/demo.conf", "[Service]\nPorts=1/tcp\n");
	put(f.layers[0], "services/demo.service.conf", "[Service]\nPorts=1/tcp\n");
	r = load(f.layers[0]);
	ck_assert_ptr_null(r.policy);
	ck_assert_msg(strstr(r.error->message, ": defines the service demo, and so does ") != NULL,
		"%s", r.error->message);
	result_done(&r);
	folders_done(&f);
}
END_TEST

/* Where the program is installed, the lowest layer has the definitions that came with it. */
START_TEST(services_in_a_layer)
{
	struct folders f;
	struct result r;

	folders_init(&f);
	put(f.layers[0], "services/demo.service.conf", "[Service]\nPorts=1/tcp\n");
	put(f.layers[0], "services/other.service.conf", "[Service]\nPorts=2/tcp\n");
	put(f.layers[2], "services/other.conf", "[Service]\nPorts=3/tcp\n");
	g_free(f.services);
	f.services = g_strconcat(f.layers[0], "/../0/services/", NULL);
	r = read_layers(&f, true);
	ck_assert_taken(&r);
	ck_assert_uint_eq(r.policy->n_services, 2);
	ck_assert(r.policy->services[0].builtin);
	ck_assert(!r.policy->services[1].builtin);
	ck_assert_uint_eq(r.policy->services[1].ports[0].range.first, 3);
	result_done(&r);
	folders_done(&f);
}
END_TEST

/* A folder that may not be read is not an empty one. */
START_TEST(no_folders)
{
	static const char *const names[] = { "postern.conf.d", "connections", "services",
		"connections/wan.conf.d" };

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
		struct folders f;
		struct result r;

		folders_init(&f);
		put(f.layers[0], "postern.conf", "");
		put(f.layers[0], names[i], "a file, and no folder");
		r = load(f.layers[0]);
		ck_assert_msg(r.policy == NULL, "%s", names[i]);
		ck_assert(g_error_matches(r.error, CONFIG_ERROR, CONFIG_ERROR_FILE));
		ck_assert(strstr(r.error->message, names[i]) != NULL);
		result_done(&r);
		folders_done(&f);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-layers");
	TCase *t = tcase_create("config-layers");

	tcase_add_test(t, one_folder);
	tcase_add_test(t, without_the_main_file);
	tcase_add_test(t, layers);
	tcase_add_test(t, missing_layers);
	tcase_add_test(t, files_are_layers);
	tcase_add_loop_test(t, all_or_nothing, 0, G_N_ELEMENTS(wrong));
	tcase_add_test(t, one_service_in_two_files);
	tcase_add_test(t, services_in_a_layer);
	tcase_add_test(t, no_folders);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
