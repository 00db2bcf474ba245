// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loading plugins.
 *
 * Life: plugins_new(), any number of loads, plugins_free(), which unloads them. A plugin's
 * descriptor lives in its file, so it lives as long as that is loaded. A plugin is opened with
 * RTLD_NOW, so that one which lacks a symbol is refused here and not in the middle of a packet, and
 * with RTLD_LOCAL, so that no two plugins see each other.
 *
 * Constructors of the file run before anything of it can be checked.
 */
#include "helper/loader.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>

#include <glib.h>

#define SYMBOL_STEM "postern_plugin_"
#define SUFFIX      ".so"

_Static_assert(PN_ABI_MAJOR == 0, "the digit in the symbol's name is the major");

struct plugins *
plugins_new(void)
{
	return g_new0(struct plugins, 1);
}

static void
plugin_free(struct plugin *plugin)
{
	if (plugin->handle)
		dlclose(plugin->handle);
	g_free(plugin->path);
	g_free(plugin);
}

void
plugins_free(struct plugins *plugins)
{
	if (!plugins)
		return;
	for (unsigned i = 0; i < plugins->count; i++)
		plugin_free(plugins->list[i]);
	g_free(plugins->list);
	g_free(plugins);
}

const struct plugin *
plugins_find(const struct plugins *plugins, const char *name)
{
	for (unsigned i = 0; i < plugins->count; i++) {
		if (!strcmp(plugins->list[i]->desc->name, name))
			return plugins->list[i];
	}
	return NULL;
}

/* Keeps the list in order. */
static void
plugins_add(struct plugins *plugins, struct plugin *plugin)
{
	unsigned at = plugins->count;

	plugins->list = g_renew(struct plugin *, plugins->list, plugins->count + 1);
	for (; at && strcmp(plugins->list[at - 1]->desc->name, plugin->desc->name) > 0; at--)
		plugins->list[at] = plugins->list[at - 1];
	plugins->list[at] = plugin;
	plugins->count++;
}

/* "NAME" of ".../NAME.so"; NULL if it is called otherwise. The caller's to g_free(). */
static char *
name_of(const char *path)
{
	char *name = g_path_get_basename(path);

	if (g_str_has_suffix(name, SUFFIX)) {
		name[strlen(name) - strlen(SUFFIX)] = '\0';
		return name;
	}
	g_free(name);
	return NULL;
}

/*
 * Is all there that the file's own headers promise? The linker maps it unseen, and a process that
 * touches a page beyond the end of a file is killed. What is no ELF file at all, the linker
 * refuses.
 */
static bool
is_whole(const char *path)
{
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, NULL);
	const char *bytes = file ? g_mapped_file_get_contents(file) : NULL;
	size_t size = file ? g_mapped_file_get_length(file) : 0;
	ElfW(Ehdr) head;
	ElfW(Phdr) part;

	if (size < sizeof(head) || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return true;
	memcpy(&head, bytes, sizeof(head));
	if (head.e_phentsize != sizeof(part))
		return true;
	for (unsigned n = 0; n < head.e_phnum; n++) {
		size_t at = n * sizeof(part);

		if (head.e_phoff > size || at + sizeof(part) > size - head.e_phoff)
			return false;
		memcpy(&part, bytes + head.e_phoff + at, sizeof(part));
		if (part.p_offset > size || part.p_filesz > size - part.p_offset)
			return false;
	}
	return true;
}

/* Opens the file; a name without a slash is one in this folder, not in the linker's. */
static void *
open_file(const char *path, char **ret_message)
{
	g_autofree char *full = g_canonicalize_filename(path, NULL);
	const char *reason;
	void *handle;

	if (!is_whole(full)) {
		*ret_message = g_strdup_printf("%s: the file is cut off; copy it again", path);
		return NULL;
	}
	handle = dlopen(full, RTLD_NOW | RTLD_LOCAL);
	if (handle)
		return handle;
	reason = dlerror();
	if (g_str_has_prefix(reason, full) && g_str_has_prefix(reason + strlen(full), ": "))
		reason += strlen(full) + 2;
	*ret_message = g_strdup_printf("%s: %s", path, reason);
	return NULL;
}

/* Finds the descriptor. If there is one of another major, that is worth telling. */
static int
find_descriptor(
	void *handle, const char *path, const struct pn_plugin **ret_desc, char **ret_message)
{
	char symbol[] = SYMBOL_STEM "0";
	const struct pn_plugin *desc = dlsym(handle, symbol);

	if (desc) {
		*ret_desc = desc;
		return 0;
	}
	for (char digit = '1'; digit <= '9'; digit++) {
		symbol[strlen(SYMBOL_STEM)] = digit;
		if (!dlsym(handle, symbol))
			continue;
		*ret_message = g_strdup_printf("%s: built for ABI %c, this program has ABI %d; "
					       "rebuild it against these headers",
			path, digit, PN_ABI_MAJOR);
		return -EPROTONOSUPPORT;
	}
	*ret_message =
		g_strdup_printf("%s: not a plugin, it has no symbol " SYMBOL_STEM "%d; define "
				"that with PN_EXPORT",
			path, PN_ABI_MAJOR);
	return -ENOEXEC;
}

/* Opens and checks; on success the handle is the caller's. */
static int
load(const char *path, const char *name, void **ret_handle, const struct pn_plugin **ret_desc,
	char **ret_message)
{
	const struct pn_plugin *desc = NULL;
	const char *complaint;
	void *handle;
	int r;

	handle = open_file(path, ret_message);
	if (!handle)
		return g_file_test(path, G_FILE_TEST_EXISTS) ? -ENOEXEC : -ENOENT;
	r = find_descriptor(handle, path, &desc, ret_message);
	if (r < 0)
		goto out;
	complaint = plugin_complaint(desc, name);
	if (complaint) {
		*ret_message = g_strdup_printf("%s: %s", path, complaint);
		r = -EINVAL;
		goto out;
	}
	*ret_handle = handle;
	*ret_desc = desc;
	return 0;
out:
	dlclose(handle);
	return r;
}

int
plugins_load_file(struct plugins *plugins, const char *path, char **ret_message)
{
	g_autofree char *name = name_of(path);
	const struct pn_plugin *desc;
	struct plugin *plugin;
	void *handle;
	int r;

	if (!name) {
		*ret_message = g_strdup_printf("%s: a plugin's file is called NAME.so", path);
		return -EINVAL;
	}
	if (plugins_find(plugins, name))
		return 0;
	r = load(path, name, &handle, &desc, ret_message);
	if (r < 0)
		return r;
	plugin = g_new(struct plugin, 1);
	*plugin = (struct plugin){ .desc = desc, .path = g_strdup(path), .handle = handle };
	plugins_add(plugins, plugin);
	return 0;
}

/* NAME.so or NAME/NAME.so in the folder; NULL: neither. The caller's to g_free(). */
static char *
find_in_folder(const char *folder, const char *name)
{
	g_autofree char *file = g_strconcat(name, SUFFIX, NULL);
	char *path = g_build_filename(folder, file, NULL);

	if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return path;
	g_free(path);
	path = g_build_filename(folder, name, file, NULL);
	if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return path;
	g_free(path);
	return NULL;
}

static char *
join(const char *const *words)
{
	return *words ? g_strjoinv(", ", (char **)words) : g_strdup("no folder");
}

int
plugins_load_name(
	struct plugins *plugins, const char *const *folders, const char *name, char **ret_message)
{
	g_autofree char *path = NULL;
	g_autofree char *searched = join(folders);

	if (!*name || strchr(name, '/') || *name == '.') {
		*ret_message = g_strdup_printf("%s: not the name of a plugin", name);
		return -EINVAL;
	}
	if (plugins_find(plugins, name))
		return 0;
	for (; *folders && !path; folders++)
		path = find_in_folder(*folders, name);
	if (path)
		return plugins_load_file(plugins, path, ret_message);
	*ret_message = g_strdup_printf("%s: there is no %s" SUFFIX " in %s", name, name, searched);
	return -ENOENT;
}

/* Adds what the folder has to `found`, a map from name to path; false: there is no such folder. */
static bool
look_into_folder(const char *folder, GTree *found)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *entry;

	if (!dir)
		return false;
	while ((entry = g_dir_read_name(dir))) {
		char *name = g_str_has_suffix(entry, SUFFIX) ? name_of(entry) : g_strdup(entry);
		char *path = *name && *name != '.' ? find_in_folder(folder, name) : NULL;

		if (path && !g_tree_lookup(found, name))
			g_tree_insert(found, g_strdup(name), g_strdup(path));
		g_free(path);
		g_free(name);
	}
	g_dir_close(dir);
	return true;
}

struct load_all {
	struct plugins *plugins;
	char **ret_message;
	int result;
};

static gboolean
load_next(void *name, void *path, void *context)
{
	struct load_all *all = context;

	all->result = plugins_load_file(all->plugins, path, all->ret_message);
	return all->result < 0;
}

static int
compare_names(const void *a, const void *b, void *context)
{
	return strcmp(a, b);
}

int
plugins_load_all(struct plugins *plugins, const char *const *folders, char **ret_message)
{
	g_autoptr(GTree) found = g_tree_new_full(compare_names, NULL, g_free, g_free);
	struct load_all all = { .plugins = plugins, .ret_message = ret_message };
	const char *const *folder;
	bool any = false;

	for (folder = folders; *folder; folder++)
		any |= look_into_folder(*folder, found);
	if (!any) {
		g_autofree char *searched = join(folders);

		*ret_message = g_strdup_printf("%s: no such folder", searched);
		return -ENOENT;
	}
	g_tree_foreach(found, load_next, &all);
	return all.result;
}
