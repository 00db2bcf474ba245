// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folders of configuration files, laid over each other.
 *
 * The order is: postern.conf of each layer; postern.conf.d; the connections, "default" first; the
 * definitions of services. Within a folder it is that of the names, byte by byte. A file in a
 * folder X.d always has the last word over X, whatever layers the two are in.
 *
 * Life-cycle: a list is made, read from the first to the last, and freed.
 * Limits: none of its own; who reads counts connections and services.
 * Relies on: nothing of the folders; a name that cannot be right is refused when its file is read.
 */
#include "policy/config-files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONF         ".conf"
#define ADDITIONS    ".conf.d"
#define SERVICE_CONF ".service.conf"
#define DEFAULT      "default"

/* One layer of the configuration that is a folder. */
struct layer {
	const char *folder;
	bool is_ours; /* something in it is a configuration */
};

/* The search on its way. What is found in the folders of all layers is a tree from names to paths,
 * in the order of the names, where a higher layer replaces. */
struct search {
	struct config_files *files;
	GArray *layers; /* struct layer */
};

static struct layer *
layer_at(const struct search *search, unsigned i)
{
	return i < search->layers->len ? &g_array_index(search->layers, struct layer, i) : NULL;
}

static int
compare_names(const void *a, const void *b, void *context)
{
	return strcmp(a, b);
}

static GTree *
tree_new(void)
{
	return g_tree_new_full(compare_names, NULL, g_free, g_free);
}

static bool
refuse_file(const char *path, const char *why, GError **error)
{
	g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_FILE, "%s: cannot be read: %s", path, why);
	return false;
}

/*
 * Every file of a folder whose name ends so. A folder that is not there is empty. The tree has the
 * names without the end.
 */
static bool
look_into(const char *folder, const char *end, GTree *tree, GError **error)
{
	g_autoptr(GError) cause = NULL;
	GDir *dir = g_dir_open(folder, 0, &cause);
	const char *name;

	if (!dir && g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT))
		return true;
	if (!dir)
		return refuse_file(folder, cause->message, error);
	while ((name = g_dir_read_name(dir))) {
		if (name[0] != '.' && g_str_has_suffix(name, end))
			g_tree_replace(tree, g_strndup(name, strlen(name) - strlen(end)),
				g_build_filename(folder, name, NULL));
	}
	g_dir_close(dir);
	return true;
}

/* The same of a folder of that name in each layer, the higher over the lower. */
static bool
overlay(const struct search *search, const char *name, const char *end, GTree *tree, GError **error)
{
	struct layer *layer;

	for (unsigned i = 0; (layer = layer_at(search, i)); i++) {
		g_autofree char *folder = g_build_filename(layer->folder, name, NULL);
		g_autoptr(GTree) found = tree_new();

		if (!look_into(folder, end, found, error))
			return false;
		layer->is_ours = layer->is_ours || g_tree_nnodes(found) > 0;
		for (GTreeNode *node = g_tree_node_first(found); node;
			node = g_tree_node_next(node))
			g_tree_replace(tree, g_strdup(g_tree_node_key(node)),
				g_strdup(g_tree_node_value(node)));
	}
	return true;
}

static void
add_file(const struct search *search, const struct config_file *file)
{
	struct config_files *files = search->files;
	struct config_file copy = *file;

	copy.name = g_string_chunk_insert(files->strings, file->name);
	if (file->owner)
		copy.owner = g_string_chunk_insert(files->strings, file->owner);
	g_array_append_val(files->list, copy);
}

/* All files of a tree, in the order of their names. `owner` NULL: nobody's. */
static void
add_files(const struct search *search, enum config_kind kind, const char *owner, GTree *tree)
{
	for (GTreeNode *node = g_tree_node_first(tree); node; node = g_tree_node_next(node))
		add_file(search, &(struct config_file){
					 .kind = kind,
					 .owner = owner,
					 .name = g_tree_node_value(node),
				 });
}

/* NAME.service.conf and NAME.conf are the same; `name` is already without its .conf. */
static char *
service_name(const char *name)
{
	size_t end = strlen(SERVICE_CONF) - strlen(CONF);
	size_t len = strlen(name);

	if (len > end && !strncmp(name + len - end, SERVICE_CONF, end))
		len -= end;
	return g_strndup(name, len);
}

/* The services of one folder, over those of the folders before it. */
static bool
find_services(const char *folder, GTree *services, bool *ret_any, GError **error)
{
	g_autoptr(GTree) files = tree_new();
	g_autoptr(GTree) names = tree_new();

	if (!look_into(folder, CONF, files, error))
		return false;
	*ret_any = g_tree_nnodes(files) > 0;
	for (GTreeNode *node = g_tree_node_first(files); node; node = g_tree_node_next(node)) {
		char *name = service_name(g_tree_node_key(node));
		const char *path = g_tree_node_value(node);
		const char *other = g_tree_lookup(names, name);

		if (other) {
			g_set_error(error, CONFIG_ERROR, CONFIG_ERROR_FILE,
				"%s: defines the service %s, and so does %s", path, name, other);
			g_free(name);
			return false;
		}
		g_tree_replace(services, g_strdup(name), g_strdup(path));
		g_tree_replace(names, name, g_strdup(path));
	}
	return true;
}

/* Whatever they are called. The second may be NULL. */
static bool
is_same_folder(const char *one, const char *other)
{
	struct stat a, b;

	return other && stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static bool
add_services(const struct search *search, const char *builtin, GError **error)
{
	g_autoptr(GTree) own = tree_new();
	g_autoptr(GTree) shipped = tree_new();
	GTree *const trees[] = { shipped, own };
	struct layer *layer;
	bool any;

	if (builtin && !find_services(builtin, shipped, &any, error))
		return false;
	for (unsigned i = 0; (layer = layer_at(search, i)); i++) {
		g_autofree char *folder = g_build_filename(layer->folder, "services", NULL);
		/* Where the program is installed, its own are in the lowest layer. */
		GTree *services = is_same_folder(folder, builtin) ? shipped : own;

		if (!find_services(folder, services, &any, error))
			return false;
		layer->is_ours = layer->is_ours || any;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(trees); i++) {
		GTreeNode *node = g_tree_node_first(trees[i]);

		for (; node; node = g_tree_node_next(node)) {
			const char *name = g_tree_node_key(node);

			if (trees[i] == shipped && g_tree_lookup(own, name))
				continue;
			add_file(search, &(struct config_file){
						 .kind = CONFIG_SERVICE,
						 .owner = name,
						 .name = g_tree_node_value(node),
						 .builtin = trees[i] == shipped,
					 });
		}
	}
	return true;
}

/* NAME.conf, and what is added to it. */
static bool
add_connection(const struct search *search, const char *name, const char *path, GError **error)
{
	g_autofree char *folder = g_strconcat("connections/", name, ADDITIONS, NULL);
	g_autoptr(GTree) additions = tree_new();

	if (!overlay(search, folder, CONF, additions, error))
		return false;
	if (path)
		add_file(search, &(struct config_file){
					 .kind = CONFIG_CONNECTION,
					 .owner = name,
					 .name = path,
				 });
	add_files(search, CONFIG_CONNECTION, name, additions);
	return true;
}

static bool
add_connections(const struct search *search, GError **error)
{
	g_autoptr(GTree) files = tree_new();
	g_autoptr(GTree) names = tree_new();

	if (!overlay(search, "connections", CONF, files, error) ||
		!overlay(search, "connections", ADDITIONS, names, error) ||
		!overlay(search, "connections", CONF, names, error))
		return false;
	if (g_tree_lookup(names, DEFAULT) &&
		!add_connection(search, DEFAULT, g_tree_lookup(files, DEFAULT), error))
		return false;
	for (GTreeNode *node = g_tree_node_first(names); node; node = g_tree_node_next(node)) {
		const char *name = g_tree_node_key(node);

		if (strcmp(name, DEFAULT) != 0 &&
			!add_connection(search, name, g_tree_lookup(files, name), error))
			return false;
	}
	return true;
}

static void
add_main(const struct search *search, const char *path)
{
	add_file(search, &(struct config_file){ .kind = CONFIG_MAIN, .name = path });
}

/* Each path is a file, or a folder with a postern.conf in it, or perhaps nothing. */
static void
add_mains(const struct search *search, const struct config_options *options)
{
	for (unsigned i = 0; options->paths && options->paths[i]; i++) {
		const char *path = options->paths[i];
		struct layer layer = { path, options->may_be_missing };
		g_autofree char *file = g_build_filename(path, "postern.conf", NULL);

		if (!g_file_test(path, G_FILE_TEST_IS_DIR)) {
			if (!options->may_be_missing || g_file_test(path, G_FILE_TEST_EXISTS))
				add_main(search, path);
			continue;
		}
		if (g_file_test(file, G_FILE_TEST_EXISTS)) {
			add_main(search, file);
			layer.is_ours = true;
		}
		g_array_append_val(search->layers, layer);
	}
}

static bool
add_all(const struct search *search, const struct config_options *options, GError **error)
{
	g_autoptr(GTree) additions = tree_new();
	const struct layer *layer;

	add_mains(search, options);
	if (!overlay(search, "postern.conf.d", CONF, additions, error))
		return false;
	add_files(search, CONFIG_MAIN, NULL, additions);
	if (!add_connections(search, error) || !add_services(search, options->services, error))
		return false;
	for (unsigned i = 0; (layer = layer_at(search, i)); i++) {
		if (!layer->is_ours)
			return refuse_file(layer->folder,
				"nothing of a configuration is in this folder", error);
	}
	return true;
}

struct config_files *
config_files_new(const struct config_options *options, GError **error)
{
	struct config_files *files = g_new(struct config_files, 1);
	struct search search = { .files = files };
	bool done;

	files->list = g_array_new(FALSE, FALSE, sizeof(struct config_file));
	files->strings = g_string_chunk_new(1024);
	search.layers = g_array_new(FALSE, FALSE, sizeof(struct layer));
	done = add_all(&search, options, error);
	g_array_unref(search.layers);
	if (done)
		return files;
	config_files_free(files);
	return NULL;
}

void
config_files_free(struct config_files *files)
{
	if (!files)
		return;
	g_array_unref(files->list);
	g_string_chunk_free(files->strings);
	g_free(files);
}

static GString *
read_bytes(int fd)
{
	GString *bytes = g_string_sized_new(4096);
	char piece[4096];
	ssize_t n;

	do {
		n = TEMP_FAILURE_RETRY(read(fd, piece, sizeof(piece)));
		if (n > 0)
			g_string_append_len(bytes, piece, n);
	} while (n > 0 && bytes->len <= CONFIG_FILE_MAX);
	if (n >= 0)
		return bytes;
	n = errno;
	g_string_free(bytes, TRUE);
	errno = (int)n;
	return NULL;
}

GString *
config_files_read(const char *path, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	GString *bytes = fd < 0 ? NULL : read_bytes(fd);
	int cause = errno;

	if (fd >= 0)
		close(fd);
	if (!bytes)
		refuse_file(path, g_strerror(cause), error);
	return bytes;
}
