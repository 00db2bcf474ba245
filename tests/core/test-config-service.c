// SPDX-License-Identifier: GPL-2.0-or-later
/* Definitions of services, those that come with the program, and what they open. */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config-result.h"

#define DEMO     "[Service]\nName=Demo Server\nPorts=21/tcp;6970-6999/udp\nHelper=demo\n"
#define OTHER    "[Service]\nPorts=80/tcp\n"
#define SERVICES file_of(CONFIG_SERVICE, "demo", DEMO), file_of(CONFIG_SERVICE, "other", OTHER)

/* Reads a postern.conf where there are two services. */
static struct result
with_services(const char *main_text)
{
	const struct config_file files[] = { file_of(CONFIG_MAIN, NULL, main_text), SERVICES };

	return result_of(files, G_N_ELEMENTS(files));
}

static struct result
service_alone(const char *name, const char *text)
{
	const struct config_file file = file_of(CONFIG_SERVICE, name, text);

	return result_of(&file, 1);
}

START_TEST(definition)
{
	struct result r = with_services("");
	const struct service *s = r.policy->services;

	ck_assert_taken(&r);
	ck_assert_uint_eq(r.policy->n_services, 2);
	ck_assert_str_eq(s[0].name, "demo");
	ck_assert_str_eq(s[0].title, "Demo Server");
	ck_assert_str_eq(s[0].helper, "demo");
	ck_assert_uint_eq(s[0].n_ports, 2);
	ck_assert_uint_eq(s[0].ports[0].proto, PROTO_TCP);
	ck_assert_uint_eq(s[0].ports[0].range.last, 21);
	ck_assert_uint_eq(s[0].ports[1].proto, PROTO_UDP);
	ck_assert_uint_eq(s[0].ports[1].range.first, 6970);
	ck_assert_uint_eq(s[0].ports[1].range.last, 6999);
	ck_assert(!s[0].builtin);
	ck_assert_str_eq(s[0].file, "demo.service.conf");
	ck_assert_str_eq(s[1].title, "other"); /* for want of a better one */
	ck_assert_ptr_null(s[1].helper);
	/* None is open until it is named. */
	ck_assert_uint_eq(r.policy->connections[0].mappings.n, 0);
	result_done(&r);
}
END_TEST

START_TEST(in_order)
{
	static const char *const names[] = { "z", "b", "a-1", "a.1", "0", "a" };
	static const char *const sorted[] = { "0", "a", "a-1", "a.1", "b", "z" };
	struct config_file files[G_N_ELEMENTS(names)];
	struct result r;

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		files[i] = file_of(CONFIG_SERVICE, names[i], OTHER);
	r = result_of(files, G_N_ELEMENTS(files));
	ck_assert_taken(&r);
	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		ck_assert_str_eq(r.policy->services[i].name, sorted[i]);
	result_done(&r);
}
END_TEST

START_TEST(switched_on)
{
	struct result r = with_services("\n[Firewall]\nServices=other; demo ;other\n");
	const struct port_mappings *m = &r.policy->connections[0].mappings;

	ck_assert_taken(&r);
	ck_assert_uint_eq(m->n, 3);
	ck_assert_str_eq(m->list[0].name, "other");
	ck_assert_str_eq(m->list[1].name, "demo");
	ck_assert_str_eq(m->list[1].title, "Demo Server");
	ck_assert_uint_eq(m->list[1].proto, PROTO_TCP);
	ck_assert_uint_eq(m->list[2].proto, PROTO_UDP);
	ck_assert_uint_eq(m->list[2].external.first, 6970);
	ck_assert_uint_eq(m->list[2].external.last, 6999);
	ck_assert_uint_eq(m->list[2].internal, 6970);
	for (unsigned i = 0; i < m->n; i++) {
		ck_assert(mapping_is_active(&m->list[i]) && !m->list[i].builtin);
		ck_assert_uint_eq(m->list[i].target.family, 0);
		ck_assert_str_eq(m->list[i].file, "postern.conf");
		ck_assert_uint_eq(m->list[i].line, 3);
	}
	ck_assert_uint_eq(m->open[0][0], 1u << 21);
	ck_assert_str_eq(r.policy->connections[0].services[1], "demo");
	ck_assert_ptr_null(r.policy->connections[0].services[2]);
	result_done(&r);
}
END_TEST

/* Those of "default" are those of a connection that names none; what it names counts alone. */
START_TEST(per_connection)
{
	static const struct {
		const char *text;
		unsigned n;
		const char *file;
	} table[] = {
		{ "", 1, "postern.conf" },
		{ "[Firewall]\nServices=demo\n", 2, "wan.conf" },
		{ "[Firewall]\nServices=\n", 0, NULL },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autofree char *text =
			g_strconcat("[Connection]\nMatch=interface:wan0\n", table[i].text, NULL);
		const struct config_file files[] = {
			file_of(CONFIG_MAIN, NULL, "[Firewall]\nServices=other\n"),
			file_of(CONFIG_CONNECTION, "wan", text),
			SERVICES,
		};
		struct result r = result_of(files, G_N_ELEMENTS(files));
		const struct connection *wan;

		ck_assert_taken(&r);
		wan = policy_connection_find(r.policy, "wan");
		ck_assert_uint_eq(wan->mappings.n, table[i].n);
		if (table[i].n)
			ck_assert_str_eq(wan->mappings.list[0].file, table[i].file);
		ck_assert_uint_eq(r.policy->connections[0].mappings.n, 1);
		result_done(&r);
	}
}
END_TEST

static const struct {
	const char *text;
	const char *message;
} wrong[] = {
	{ "[Firewall]\nServices=demo;othr\n", "postern.conf:2: [Firewall] Services: there is no "
					      "service othr (did you mean other?)" },
	{ "[Firewall]\nServices=dmeo\n", "postern.conf:2: [Firewall] Services: there is no service "
					 "dmeo (did you mean demo?)" },
	{ "[Firewall]\nServices=something-else\n",
		"postern.conf:2: [Firewall] Services: there is no service something-else" },
	{ "[Firewall]\nServices=other\n[Mapping:web]\nProtocol=tcp\nExternal=1-1024\n",
		"postern.conf:2: [Firewall] Services: other: TCP port 80 is taken by [Mapping:web] "
		"(postern.conf:3); allowed: other ports, or Sources that have no address in "
		"common" },
	{ "[Firewall]\nServices=other\n[Mapping:other]\nProtocol=tcp\nExternal=99\n",
		"postern.conf:3: [Mapping:other]: needs another name: postern.conf:2 switches on "
		"the "
		"service other here" },
};

START_TEST(refused)
{
	struct result r = with_services(wrong[_i].text);

	ck_assert_refused(&r, wrong[_i].message);
	result_done(&r);
}
END_TEST

/* Two services of one port are one too many, but only where both are on. */
START_TEST(two_of_one_port)
{
	const struct config_file files[] = {
		file_of(CONFIG_MAIN, NULL, "[Firewall]\nServices=other\n"),
		file_of(CONFIG_SERVICE, "another", "[Service]\nPorts=79-81/tcp\n"),
		SERVICES,
		file_of(CONFIG_MAIN, NULL, "[Firewall]\nServices=other;another\n"),
	};
	struct result r = result_of(files, G_N_ELEMENTS(files) - 1);

	ck_assert_taken(&r);
	result_done(&r);
	r = result_of(files, G_N_ELEMENTS(files));
	ck_assert_refused(&r,
		"postern.conf:2: [Firewall] Services: another: TCP port 80 is taken by "
		"[Firewall] Services: other (postern.conf:2); allowed: other ports, or "
		"Sources that have no address in common");
	result_done(&r);
}
END_TEST

START_TEST(bad_definitions)
{
	static const struct {
		const char *text;
		const char *message;
	} table[] = {
		{ "", "demo.service.conf:1: [Service] Ports: missing; allowed: up to 64 ports and "
		      "ranges from 1 to 65535 with their protocol, as in 21/tcp;6970-6999/udp" },
		{ "[Service]\nName=x\n",
			"demo.service.conf:1: [Service] Ports: missing; allowed: up to 64 ports "
			"and "
			"ranges from 1 to 65535 with their protocol, as in 21/tcp;6970-6999/udp" },
		{ "[Service]\n\nPorts=1-9/tcp;1/udp;9/tcp\n",
			"demo.service.conf:3: [Service] Ports: a port of one protocol is there "
			"twice" },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		struct result r = service_alone("demo", table[i].text);

		ck_assert_refused(&r, table[i].message);
		result_done(&r);
	}
}
END_TEST

START_TEST(names)
{
	static const char *const good[] = { "a", "x-client", "0", "a_b", "a.b" };
	static const char *const bad[] = { "", "A", "a b", ".a", "-a", "a/b", "\xc3\xa4" };

	for (unsigned i = 0; i < G_N_ELEMENTS(good); i++) {
		struct result r = service_alone(good[i], OTHER);

		ck_assert_taken(&r);
		result_done(&r);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
		struct result r = service_alone(bad[i], OTHER);

		ck_assert_msg(r.policy == NULL, "%s", bad[i]);
		ck_assert(strstr(r.error->message, ": not the name of a service; allowed: "));
		result_done(&r);
	}
}
END_TEST

START_TEST(limits)
{
	GString *ports = g_string_new("[Service]\nPorts=");
	struct config_file *files = g_new(struct config_file, SERVICES_MAX + 1);
	struct result r;

	for (unsigned i = 0; i < SERVICE_PORTS_MAX; i++)
		g_string_append_printf(ports, "%u/tcp;", i + 1);
	r = service_alone("demo", ports->str);
	ck_assert_taken(&r);
	ck_assert_uint_eq(r.policy->services[0].n_ports, SERVICE_PORTS_MAX);
	result_done(&r);
	g_string_append(ports, "65/tcp");
	r = service_alone("demo", ports->str);
	ck_assert_ptr_null(r.policy);
	result_done(&r);
	g_string_free(ports, TRUE);

	for (unsigned i = 0; i <= SERVICES_MAX; i++) {
		g_autofree char *name = g_strdup_printf("s%u", i);

		files[i] = file_of(CONFIG_SERVICE, lasting(name), OTHER);
	}
	r = result_of(files, SERVICES_MAX);
	ck_assert_taken(&r);
	result_done(&r);
	r = result_of(files, SERVICES_MAX + 1);
	ck_assert_refused(&r, "s4096.service.conf: one service too many");
	result_done(&r);
	g_free(files);
}
END_TEST

/* Services that would be one mapping too many. */
START_TEST(mappings_have_a_limit)
{
	GString *text = g_string_new("[Firewall]\nServices=demo\n");
	struct result r;

	for (unsigned i = 2; i < CONFIG_MAPPINGS_MAX; i++)
		g_string_append_printf(
			text, "[Mapping:m%u]\nProtocol=tcp\nExternal=%u\n", i, 100 + i);
	r = with_services(text->str);
	ck_assert_taken(&r);
	ck_assert_uint_eq(r.policy->connections[0].mappings.n, CONFIG_MAPPINGS_MAX);
	result_done(&r);
	g_string_append(text, "[Mapping:m]\nProtocol=tcp\nExternal=9\n");
	r = with_services(text->str);
	ck_assert_refused(&r, "postern.conf:2: [Firewall] Services: demo is one mapping too many");
	result_done(&r);
	g_string_free(text, TRUE);
}
END_TEST

/* The definitions that come with the program: what they have to be, and what is among them. */
static const struct {
	const char *name;
	uint16_t port;
	uint8_t proto;
	bool has_helper;
} shipped[] = {
	{ "ftp", 21, PROTO_TCP, true },
	{ "imap3", 220, PROTO_TCP, false },
	{ "imap", 143, PROTO_TCP, false },
	{ "smtp", 25, PROTO_TCP, false },
	{ "pop3", 110, PROTO_TCP, false },
	{ "rdp", 3389, PROTO_TCP, false },
	{ "https", 443, PROTO_TCP, false },
	{ "telnet", 23, PROTO_TCP, false },
	{ "http", 80, PROTO_TCP, false },
	{ "l2tp", 1701, PROTO_UDP, false },
	{ "pptp", 1723, PROTO_TCP, true },
	{ "ike", 500, PROTO_UDP, false },
	{ "messenger-files", 6891, PROTO_TCP, false },
	{ "directplay", 2300, PROTO_TCP, false },
	{ "ssh", 22, PROTO_TCP, false },
	{ "dns", 53, PROTO_TCP, false },
	{ "dhcp", 67, PROTO_UDP, false },
	{ "ntp", 123, PROTO_UDP, false },
	{ "ipp", 631, PROTO_TCP, false },
	{ "mdns", 5353, PROTO_UDP, false },
	{ "samba", 137, PROTO_UDP, false },
	{ "nfs", 2049, PROTO_TCP, false },
	{ "wireguard", 51820, PROTO_UDP, false },
	{ "imaps", 993, PROTO_TCP, false },
	{ "smtps", 465, PROTO_TCP, false },
	{ "submission", 587, PROTO_TCP, false },
	{ "pop3s", 995, PROTO_TCP, false },
	{ "http3", 443, PROTO_UDP, false },
	{ "t120", 1503, PROTO_TCP, true },
	{ "h323", 1719, PROTO_UDP, true },
	{ "sip", 5060, PROTO_TCP, true },
	{ "ldap", 389, PROTO_TCP, true },
};

static struct result
read_shipped(const char *main_text)
{
	const char *root = getenv("POSTERN_SOURCE");
	g_autofree char *folder = g_build_filename(root ? root : ".", "data", "services", NULL);
	g_autofree char *file = g_strdup("/tmp/postern-service-XXXXXX");
	const char *const paths[] = { file, NULL };
	const struct config_options options = { .paths = paths, .services = folder };
	struct result r = { NULL };
	int fd = g_mkstemp(file);

	ck_assert_int_ge(fd, 0);
	ck_assert(g_file_set_contents(file, main_text, -1, NULL));
	r.policy = config_read(&options, &r.origins, &r.warnings, &r.error);
	result_check(&r);
	close(fd);
	unlink(file);
	return r;
}

START_TEST(shipped_services)
{
	struct result r = read_shipped("");

	ck_assert_taken(&r);
	ck_assert_uint_gt(r.policy->n_services, G_N_ELEMENTS(shipped));
	for (unsigned i = 0; i < G_N_ELEMENTS(shipped); i++) {
		const struct service *s =
			service_find(r.policy->services, r.policy->n_services, shipped[i].name);

		ck_assert_msg(s != NULL, "%s is missing", shipped[i].name);
		ck_assert_uint_eq(s->ports[0].range.first, shipped[i].port);
		ck_assert_uint_eq(s->ports[0].proto, shipped[i].proto);
		ck_assert_int_eq(s->helper != NULL, shipped[i].has_helper);
	}
	for (unsigned i = 0; i < r.policy->n_services; i++) {
		const struct service *s = &r.policy->services[i];
		g_autofree char *name = g_strconcat("/", s->name, ".service.conf", NULL);

		ck_assert(s->builtin);
		ck_assert_msg(g_str_has_suffix(s->file, name), "%s", s->file);
		ck_assert_msg(strcmp(s->title, s->name) != 0, "%s has no title", s->name);
	}
	ck_assert_uint_eq(r.policy->connections[0].mappings.n, 0);
	result_done(&r);
}
END_TEST

/* Any two of them can be on at once. */
START_TEST(shipped_services_agree)
{
	GString *text = g_string_new("[Firewall]\nServices=");
	struct result r = read_shipped("");
	const struct port_mappings *m;

	ck_assert_taken(&r);
	for (unsigned i = 0; i < r.policy->n_services; i++)
		g_string_append_printf(text, "%s;", r.policy->services[i].name);
	result_done(&r);
	r = read_shipped(text->str);
	ck_assert_taken(&r);
	m = &r.policy->connections[0].mappings;
	ck_assert_uint_gt(m->n, r.policy->n_services);
	for (unsigned i = 0; i < m->n; i++)
		ck_assert(m->list[i].builtin && mapping_is_active(&m->list[i]));
	result_done(&r);
	g_string_free(text, TRUE);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-service");
	TCase *t = tcase_create("config-service");

	tcase_add_test(t, definition);
	tcase_add_test(t, in_order);
	tcase_add_test(t, switched_on);
	tcase_add_test(t, per_connection);
	tcase_add_loop_test(t, refused, 0, G_N_ELEMENTS(wrong));
	tcase_add_test(t, two_of_one_port);
	tcase_add_test(t, bad_definitions);
	tcase_add_test(t, names);
	tcase_add_test(t, limits);
	tcase_add_test(t, mappings_have_a_limit);
	tcase_add_test(t, shipped_services);
	tcase_add_test(t, shipped_services_agree);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
