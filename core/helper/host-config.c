// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What policy says of helpers, held against the plugins that are there.
 *
 * Life: host_configure() and host_bind() run once, when the host is made, and nothing here is on
 * the packet path. A section of the policy is of a plugin ([Helper:NAME]: its options, and what its
 * helpers have in common) or of one of its helpers ([Helper:NAME.part]: enabled, ports). What a
 * section asks for and no plugin can give is an error that names its file and line: silence would
 * leave people with a helper that is not at work.
 */
#include "helper/host-internal.h"

#include <errno.h>
#include <string.h>

#include <glib.h>

/* "FILE:LINE: [Helper:NAME] " before what is wrong. */
static char *
at_section(const struct policy_helper *section, const char *file, unsigned line, char *what)
{
	g_autofree char *place = file ? g_strdup_printf("%s:%u: ", file, line) : g_strdup("");
	char *message = g_strdup_printf("%s[Helper:%s] %s", place, section->name, what);

	g_free(what);
	return message;
}

/* "a, b", or "none". */
static char *
list_names(GPtrArray *names)
{
	if (!names->len)
		return g_strdup("none");
	g_ptr_array_add(names, NULL);
	return g_strjoinv(", ", (char **)names->pdata);
}

static char *
list_plugins(const struct plugins *plugins)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (unsigned i = 0; i < plugins->count; i++)
		g_ptr_array_add(names, (void *)plugins->list[i]->desc->name);
	return list_names(names);
}

static char *
list_helpers(const struct pn_plugin *desc)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (unsigned i = 0; desc->helpers[i]; i++)
		g_ptr_array_add(names, (void *)desc->helpers[i]->name);
	return list_names(names);
}

static char *
list_options(const struct pn_plugin *desc)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (unsigned i = 0; desc->options && desc->options[i]; i++)
		g_ptr_array_add(names, (void *)desc->options[i]->name);
	return list_names(names);
}

static const struct pn_helper *
find_helper(const struct pn_plugin *desc, const char *name)
{
	for (unsigned i = 0; desc->helpers[i]; i++) {
		if (!strcmp(desc->helpers[i]->name, name))
			return desc->helpers[i];
	}
	return NULL;
}

static const struct pn_option *
find_option(const struct pn_plugin *desc, const char *name)
{
	for (unsigned i = 0; desc->options && desc->options[i]; i++) {
		if (!strcmp(desc->options[i]->name, name))
			return desc->options[i];
	}
	return NULL;
}

static unsigned
count_helpers(const struct pn_plugin *desc)
{
	unsigned n = 0;

	while (desc->helpers[n])
		n++;
	return n;
}

/* The plugin that a section speaks of, or NULL. */
static const struct pn_plugin *
section_plugin(const struct host *host, const struct policy_helper *section)
{
	g_autofree char *name = g_strndup(section->name, strcspn(section->name, "."));
	const struct plugin *plugin = plugins_find(host->options.plugins, name);

	return plugin ? plugin->desc : NULL;
}

static char *
missing_plugin(const struct host *host, const struct policy_helper *section)
{
	g_autofree char *loaded = list_plugins(host->options.plugins);

	return g_strdup_printf("Enabled: no plugin brings this helper; loaded: %s", loaded);
}

static char *
missing_helper(const struct pn_plugin *desc)
{
	g_autofree char *has = list_helpers(desc);

	return g_strdup_printf("Enabled: %s has no such helper; it has: %s", desc->name, has);
}

static char *
missing_option(const struct pn_plugin *desc, const char *section, const char *name)
{
	g_autofree char *has = list_options(desc);

	if (find_option(desc, name))
		return g_strdup_printf(
			"%s: not an option of %s; ignored; it belongs into [Helper:%s]", name,
			section, desc->name);
	return g_strdup_printf(
		"%s: not an option of %s; ignored; it has: %s", name, desc->name, has);
}

/* Does the section make sense? NULL, or a message. A key that means nothing is but a warning, like
 * any other key that is not known. */
static char *
check_keys(
	const struct host *host, const struct policy_helper *section, const struct pn_plugin *desc)
{
	bool whole = !strcmp(section->name, desc->name);

	for (unsigned i = 0; i < section->n_options; i++) {
		const struct policy_option *key = &section->options[i];

		if ((!whole || !find_option(desc, key->name)) && host->options.warnings)
			g_ptr_array_add(host->options.warnings,
				at_section(section, key->file, key->line,
					missing_option(desc, section->name, key->name)));
	}
	if (section->ports_set && whole && count_helpers(desc) > 1 &&
		!find_helper(desc, desc->name)) {
		g_autofree char *has = list_helpers(desc);

		return at_section(section, section->file, section->line,
			g_strdup_printf("Ports: %s has several helpers; give each a section: %s",
				desc->name, has));
	}
	return NULL;
}

static char *
check_section(const struct host *host, const struct policy_helper *section)
{
	const struct pn_plugin *desc = section_plugin(host, section);
	bool asked = section->enabled_set && section->enabled;
	char *what;

	if (desc && (!strchr(section->name, '.') || find_helper(desc, section->name)))
		return check_keys(host, section, desc);
	if (!asked)
		return NULL;
	what = desc ? missing_helper(desc) : missing_plugin(host, section);
	return at_section(section, section->file, section->line, what);
}

/* The key of the plugin's own section that sets the option, or NULL. */
static const struct policy_option *
find_key(const struct policy_helper *section, const char *name)
{
	for (unsigned i = 0; section && i < section->n_options; i++) {
		if (!strcmp(section->options[i].name, name))
			return &section->options[i];
	}
	return NULL;
}

static int
set_option(struct instance *in, const struct policy_helper *section, const struct pn_option *desc,
	char **ret_message)
{
	const struct policy_option *key = find_key(section, desc->name);
	const char *text = key ? key->value : desc->fallback;
	int r = option_parse(desc, text, &in->options[in->n_options]);

	if (r < 0 && key) {
		g_autofree char *allowed = option_allowed(desc);

		*ret_message = at_section(section, key->file, key->line,
			g_strdup_printf("%s = %s: must be %s", key->name, key->value, allowed));
		return r;
	}
	if (r < 0) {
		*ret_message = g_strdup_printf("%s: the default of %s is not a value of its type",
			in->desc->name, desc->name);
		return r;
	}
	in->n_options++;
	return 0;
}

/* The prefixes of all options of a type, in one list. */
static struct prefix *
gather(const struct instance *in, uint32_t type, unsigned *ret_n)
{
	GArray *list = g_array_new(false, false, sizeof(struct prefix));

	for (unsigned i = 0; i < in->n_options; i++) {
		if (in->options[i].desc->type == type)
			g_array_append_vals(
				list, in->options[i].prefixes, in->options[i].n_prefixes);
	}
	*ret_n = list->len;
	return (struct prefix *)(void *)g_array_free(list, false);
}

static int
set_options(struct instance *in, char **ret_message)
{
	const struct policy *policy = in->host->options.policy;
	const struct policy_helper *section = policy_helper_find(policy, in->desc->name);
	const struct pn_option *const *options = in->desc->options;
	unsigned i, n = 0;
	int r;

	while (options && options[n])
		n++;
	in->options = g_new0(struct option, n);
	for (i = 0; i < n; i++) {
		r = set_option(in, section, options[i], ret_message);
		if (r < 0)
			return r;
	}
	in->sources = gather(in, PN_OPTION_SOURCES, &in->n_sources);
	in->targets = gather(in, PN_OPTION_TARGETS, &in->n_targets);
	return 0;
}

static void
enable_helpers(struct instance *in)
{
	const struct policy *policy = in->host->options.policy;
	unsigned i, n = count_helpers(in->desc);

	in->helpers = g_new0(struct helper, n);
	for (i = 0; i < n; i++) {
		const struct pn_helper *desc = in->desc->helpers[i];
		const struct policy_helper *section = policy_helper_find(policy, desc->name);

		if (!(section ? section->enabled : policy->helpers_default))
			continue;
		in->helpers[in->n_helpers++] = (struct helper){
			.desc = desc,
			.instance = &in->pn,
			.door_timeout = MIN(desc->door_timeout, policy->doors.max_timeout),
			.max_doors = MIN(desc->max_doors, policy->doors.limits.per_flow),
		};
	}
}

static int
add_instance(struct host *host, const struct pn_plugin *desc, char **ret_message)
{
	struct instance *in = g_new(struct instance, 1);

	*in = (struct instance){
		.pn = { .size = sizeof(in->pn), .host = &host_table },
		.host = host,
		.desc = desc,
	};
	host->instances[host->n_instances++] = in;
	enable_helpers(in);
	return set_options(in, ret_message);
}

void
instance_free(struct instance *in)
{
	for (unsigned i = 0; i < in->n_options; i++)
		option_clear(&in->options[i]);
	g_free(in->options);
	g_free(in->sources);
	g_free(in->targets);
	g_free(in->helpers);
	g_free(in);
}

int
host_configure(struct host *host, char **ret_message)
{
	const struct policy *policy = host->options.policy;
	const struct plugins *plugins = host->options.plugins;
	unsigned i;
	int r;

	for (i = 0; i < policy->n_helpers; i++) {
		*ret_message = check_section(host, &policy->helpers[i]);
		if (*ret_message)
			return -EINVAL;
	}
	host->instances = g_new0(struct instance *, plugins->count);
	for (i = 0; i < plugins->count; i++) {
		r = add_instance(host, plugins->list[i]->desc, ret_message);
		if (r < 0)
			return r;
	}
	return 0;
}

static struct bindings *
bindings_of(struct host *host, const struct helper *helper)
{
	return helper->desc->transport == PROTO_TCP ? &host->tcp : &host->udp;
}

static int
refuse_binding(const struct host *host, const struct helper *helper, const struct helper *other,
	unsigned port, char **ret_message)
{
	const struct policy_helper *section =
		policy_helper_find(host->options.policy, helper->desc->name);
	char *what = g_strdup_printf("%s: %s port %u belongs to %s already; change Ports of one",
		helper->desc->name, proto_name(helper->desc->transport), port, other->desc->name);

	*ret_message = section ? at_section(section, section->file, section->line, what) : what;
	return -EADDRINUSE;
}

/* Keeps the list in order; two ranges of one helper may overlap, and are found by either. */
static int
bind_range(
	struct host *host, const struct helper *helper, struct port_range range, char **ret_message)
{
	struct bindings *bindings = bindings_of(host, helper);
	struct binding *list = g_renew(struct binding, bindings->list, bindings->n + 1);
	unsigned i, port;

	bindings->list = list;
	for (i = 0; i < bindings->n; i++) {
		port = MAX(range.first, list[i].first);
		if (list[i].helper != helper && port <= MIN(range.last, list[i].last))
			return refuse_binding(host, helper, list[i].helper, port, ret_message);
	}
	for (i = bindings->n++; i && list[i - 1].first > range.first; i--)
		list[i] = list[i - 1];
	list[i] = (struct binding){ .first = range.first, .last = range.last, .helper = helper };
	for (port = range.first; port <= range.last; port++)
		bindings->bound[port / 64] |= UINT64_C(1) << port % 64;
	return 0;
}

/* The ports of the helper's own section, or of the plugin's if that speaks of this helper alone. */
static const struct policy_helper *
section_with_ports(const struct host *host, const struct instance *in, const struct helper *helper)
{
	const struct policy_helper *section =
		policy_helper_find(host->options.policy, helper->desc->name);

	if (!section || !section->ports_set)
		return NULL;
	if (strcmp(section->name, helper->desc->name) && count_helpers(in->desc) > 1)
		return NULL;
	return section;
}

static int
bind_helper(struct host *host, const struct instance *in, const struct helper *helper,
	char **ret_message)
{
	const struct policy_helper *section = section_with_ports(host, in, helper);
	const struct pn_bind *bind = helper->desc->binds;
	unsigned i;
	int r = 0;

	for (i = 0; section && i < section->n_ports && r == 0; i++)
		r = bind_range(host, helper, section->ports[i], ret_message);
	for (; !section && bind && bind->first && r == 0; bind++)
		r = bind_range(host, helper,
			(struct port_range){ .first = bind->first, .last = bind->last },
			ret_message);
	return r;
}

int
host_bind(struct host *host, char **ret_message)
{
	unsigned i, j;
	int r = 0;

	for (i = 0; i < host->n_instances && r == 0; i++) {
		const struct instance *in = host->instances[i];

		for (j = 0; j < in->n_helpers && r == 0; j++)
			r = bind_helper(host, in, &in->helpers[j], ret_message);
	}
	return r;
}
