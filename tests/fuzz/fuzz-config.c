// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text as a configuration file of each kind: it is taken whole or refused with one line that
 * can be shown; a policy that is taken keeps within what the rest of the program relies on, and
 * what is shown of it is a configuration that says the same.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A service that a connection may name. */
static const char demo[] = "[Service]\nPorts=7/tcp;9-10/udp\n";

static void
require(bool what)
{
	if (!what)
		abort();
}

static void
check_line(const char *line)
{
	require(g_utf8_validate(line, -1, NULL));
	require(!strchr(line, '\n') && !strchr(line, '\x1b'));
}

static void
check_ports(const struct port_range *ports, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		require(ports[i].first > 0 && ports[i].first <= ports[i].last);
}

static void
check_helpers(const struct policy *policy)
{
	for (unsigned i = 0; i < policy->n_helpers; i++) {
		const struct policy_helper *helper = &policy->helpers[i];

		require(policy_helper_find(policy, helper->name) == helper);
		check_ports(helper->ports, helper->n_ports);
		for (unsigned j = 0; j < helper->n_options; j++)
			require(helper->options[j].value && helper->options[j].line > 0);
	}
}

static void
check_mapping(const struct port_mapping *mapping)
{
	unsigned more = (unsigned)(mapping->external.last - mapping->external.first);

	check_ports(&mapping->external, 1);
	require(config_is_name(mapping->name) && mapping->file && mapping->line);
	require(mapping->proto == PROTO_TCP || mapping->proto == PROTO_UDP);
	require(mapping->internal && mapping->internal + more <= UINT16_MAX);
	require(!mapping->target.family || !mapping->target_name);
	require(mapping->target.family || mapping->target_name ||
		mapping->internal == mapping->external.first);
}

static void
check_trigger(const struct port_trigger *trigger)
{
	require(config_is_name(trigger->name) && trigger->file && trigger->line);
	require(trigger->proto == PROTO_TCP || trigger->proto == PROTO_UDP);
	require(trigger->open_proto == PROTO_TCP || trigger->open_proto == PROTO_UDP);
	require(trigger->n_ports && trigger->timeout && trigger->timeout <= 3600);
	check_ports(trigger->ports, trigger->n_ports);
	check_ports(&trigger->open, 1);
}

static void
check_connections(const struct policy *policy)
{
	require(policy->n_connections && !strcmp(policy->connections[0].name, "default"));
	for (unsigned i = 0; i < policy->n_connections; i++) {
		const struct connection *c = &policy->connections[i];

		require(config_is_name(c->name));
		require(i < 2 || strcmp(policy->connections[i - 1].name, c->name) < 0);
		require(!c->firewall || !connection_refuses_firewall(c));
		for (unsigned j = 0; j < c->mappings.n; j++)
			check_mapping(&c->mappings.list[j]);
		for (unsigned j = 0; j < c->n_triggers; j++)
			check_trigger(&c->triggers[j]);
	}
}

static void
check_services(const struct policy *policy)
{
	for (unsigned i = 0; i < policy->n_services; i++) {
		const struct service *s = &policy->services[i];

		require(service_find(policy->services, policy->n_services, s->name) == s);
		require(s->title && s->n_ports && s->n_ports <= SERVICE_PORTS_MAX);
		for (unsigned j = 0; j < s->n_ports; j++)
			check_ports(&s->ports[j].range, 1);
	}
}

static void
check_policy(const struct policy *policy)
{
	for (unsigned i = FLOW_NONE; i < FLOW_STATE_COUNT; i++)
		require(policy->table.timeouts[i] > 0);
	require(policy->table.max_flows > 0 && policy->table.max_flows <= 1u << 28);
	require(policy->stream_window >= 4096 && policy->doors.max_flows > 0);
	require(policy->log.path[0] == '/' && policy->log.rotations > 0);
	require(policy->live.mark_bit <= 30);
	check_ports(policy->doors.deny_tcp, policy->doors.n_deny_tcp);
	check_ports(policy->doors.deny_udp, policy->doors.n_deny_udp);
	check_helpers(policy);
	check_connections(policy);
	check_services(policy);
}

/* All that a policy says, as files again: postern.conf, the file of the last connection, and the
 * first service. */
struct texts {
	char *parts[3];
};

static void
texts_init(struct texts *texts, const struct policy *policy)
{
	const struct connection *last = &policy->connections[policy->n_connections - 1];

	texts->parts[0] = config_show_main(policy, NULL, true);
	texts->parts[1] = config_show_connection(policy, NULL, last, true);
	texts->parts[2] = policy->n_services
				  ? config_show_service(policy, NULL, policy->services, true)
				  : g_strdup("");
}

static void
texts_done(struct texts *texts)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(texts->parts); i++)
		g_free(texts->parts[i]);
}

static struct config_file
file_of(enum config_kind kind, const char *owner, const char *text, size_t len)
{
	return (struct config_file){
		.kind = kind,
		.owner = owner,
		.name = "fuzz",
		.text = text,
		.len = len,
	};
}

/* Takes the origins of plugins' options out of a text: they are lines of the text it was made of.
 */
static void
drop_origins(char *text)
{
	char *at;

	while ((at = strstr(text, "# fuzz:"))) {
		size_t len = strcspn(at, "\n");

		memmove(at, at + len, strlen(at + len) + 1);
	}
}

/* What is shown is taken, and shows the same. */
static void
check_shown(const struct policy *policy)
{
	const struct connection *last = &policy->connections[policy->n_connections - 1];
	struct texts texts, again;
	struct policy *copy;
	struct config_file files[3];
	unsigned n = 2;

	texts_init(&texts, policy);
	files[0] = file_of(CONFIG_MAIN, NULL, texts.parts[0], strlen(texts.parts[0]));
	files[1] = file_of(CONFIG_CONNECTION, last->name, texts.parts[1], strlen(texts.parts[1]));
	if (policy->n_services)
		files[n++] = file_of(CONFIG_SERVICE, policy->services[0].name, texts.parts[2],
			strlen(texts.parts[2]));
	copy = config_parse_files(files, n, NULL, NULL, NULL);
	require(copy != NULL);
	texts_init(&again, copy);
	for (unsigned i = 0; i < G_N_ELEMENTS(texts.parts); i++) {
		drop_origins(texts.parts[i]);
		drop_origins(again.parts[i]);
		require(!strcmp(texts.parts[i], again.parts[i]));
	}
	policy_unref(copy);
	texts_done(&texts);
	texts_done(&again);
}

static void
read_files(const struct config_file *files, unsigned n)
{
	g_autoptr(GPtrArray) warnings = NULL;
	g_autoptr(GError) error = NULL;
	struct config_origins *origins = NULL;
	struct policy *policy = config_parse_files(files, n, &origins, &warnings, &error);

	require(!policy == !!error && !policy == !warnings && !policy == !origins);
	if (!policy) {
		check_line(error->message);
		return;
	}
	for (unsigned i = 0; i < warnings->len; i++)
		check_line(warnings->pdata[i]);
	check_policy(policy);
	check_shown(policy);
	config_origins_free(origins);
	policy_unref(policy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";
	const struct config_file main_file[] = {
		file_of(CONFIG_SERVICE, "demo", demo, sizeof(demo) - 1),
		file_of(CONFIG_MAIN, NULL, text, size),
	};
	const struct config_file connection[] = {
		main_file[0],
		file_of(CONFIG_CONNECTION, "wan", text, size),
	};
	const struct config_file service = file_of(CONFIG_SERVICE, "demo", text, size);

	read_files(main_file, G_N_ELEMENTS(main_file));
	read_files(connection, G_N_ELEMENTS(connection));
	read_files(&service, 1);
	return 0;
}
