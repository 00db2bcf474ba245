// SPDX-License-Identifier: GPL-2.0-or-later
/* Mappings and triggers of a configuration: what they need, and what does not fit together. */
#include "config-result.h"

#define WEB "[Mapping:web]\nProtocol=tcp\nExternal=80\n"

static const struct port_mapping *
only_mapping(const struct result *r)
{
	ck_assert_taken(r);
	ck_assert_uint_eq(r->policy->connections[0].mappings.n, 1);
	return &r->policy->connections[0].mappings.list[0];
}

START_TEST(mapping)
{
	struct result r = result_of_main(
		"[Mapping:web]\nName=Web Server (HTTP)\nProtocol=tcp\nExternal=8080 - 8082\n"
		"Internal=80\nTarget=192.168.0.2\nSources=192.0.2.0/24;2001:db8::/32\n");
	const struct port_mapping *m = only_mapping(&r);

	ck_assert_str_eq(m->name, "web");
	ck_assert_str_eq(m->title, "Web Server (HTTP)");
	ck_assert_uint_eq(m->proto, PROTO_TCP);
	ck_assert_uint_eq(m->external.first, 8080);
	ck_assert_uint_eq(m->external.last, 8082);
	ck_assert_uint_eq(m->internal, 80);
	ck_assert_uint_eq(m->target.family, PN_ADDR_IPV4);
	ck_assert_uint_eq(m->n_sources, 2);
	ck_assert(m->enabled && !m->builtin && mapping_is_active(m));
	ck_assert_str_eq(m->file, "postern.conf");
	ck_assert_uint_eq(m->line, 1);
	/* It is at work. */
	ck_assert_uint_eq(r.policy->connections[0].mappings.open[0][1], 7u << 16);
	result_done(&r);
}
END_TEST

START_TEST(little_is_needed)
{
	struct result r = result_of_main("\n[Mapping:web]\nExternal=80\nProtocol=udp\n");
	const struct port_mapping *m = only_mapping(&r);

	ck_assert_ptr_null(m->title);
	ck_assert_uint_eq(m->proto, PROTO_UDP);
	ck_assert_uint_eq(m->internal, 80);
	ck_assert_uint_eq(m->target.family, 0);
	ck_assert_ptr_null(m->target_name);
	ck_assert_uint_eq(m->n_sources, 0);
	ck_assert(m->enabled);
	ck_assert_uint_eq(m->line, 2);
	ck_assert_uint_eq(r.policy->connections[0].mappings.open[1][1], 1u << 16);
	result_done(&r);

	r = result_of_main(WEB "Enabled=off\n"); /* defined, and shut */
	ck_assert(!only_mapping(&r)->enabled);
	ck_assert_ptr_null(r.policy->connections[0].mappings.open[0]);
	result_done(&r);

	r = result_of_main(WEB "TargetName=nas\nInternal=8080\n"); /* until the name is looked up */
	m = only_mapping(&r);
	ck_assert_str_eq(m->target_name, "nas");
	ck_assert_uint_eq(m->internal, 8080);
	ck_assert(m->enabled && !mapping_is_active(m));
	result_done(&r);
}
END_TEST

/* Each text and the message. */
static const struct {
	const char *text;
	const char *message;
} wrong[] = {
	{ "[Mapping:web]\nExternal=80\n",
		"postern.conf:1: [Mapping:web] Protocol: missing; allowed: one of tcp, udp" },
	{ "#\n[Mapping:web]\nProtocol=tcp\n", "postern.conf:2: [Mapping:web] External: missing; "
					      "allowed: a port or a range of them "
					      "from 1 to 65535, as in 6970-6999" },
	{ "[Mapping:web]\n",
		"postern.conf:1: [Mapping:web] Protocol: missing; allowed: one of tcp, udp" },
	/* One that is off has to be whole, too. */
	{ "[Mapping:web]\nEnabled=false\n",
		"postern.conf:1: [Mapping:web] Protocol: missing; allowed: one of tcp, udp" },
	{ WEB "Internal=81\n",
		"postern.conf:4: [Mapping:web] Internal: not allowed: without Target or TargetName "
		"it is the same as External; another port needs translation, and translation a "
		"target" },
	{ WEB "Target=192.0.2.1\nTargetName=nas\n", "postern.conf:5: [Mapping:web] TargetName: not "
						    "allowed: there is a Target, too, and "
						    "only one of the two may be" },
	{ "[Mapping:web]\nProtocol=tcp\nExternal=100-109\nTarget=192.0.2.1\nInternal=65527\n",
		"postern.conf:5: [Mapping:web] Internal: not allowed: the last port of the range "
		"would be beyond 65535" },
	{ "[Mapping:]\n",
		"postern.conf:1: [Mapping:]: not a name; allowed: a letter or digit, then "
		"letters, digits and - _ . up to 64" },
	{ "[Mapping:a b]\n",
		"postern.conf:1: [Mapping:a b]: not a name; allowed: a letter or digit, "
		"then letters, digits and - _ . up to 64" },
	{ "[Trigger:-]\n", "postern.conf:1: [Trigger:-]: not a name; allowed: a letter or digit, "
			   "then letters, digits and - _ . up to 64" },
	{ "[Trigger:t]\nPorts=1\nOpens=1/tcp\n",
		"postern.conf:1: [Trigger:t] Protocol: missing; allowed: one of tcp, udp" },
	{ "[Trigger:t]\nProtocol=tcp\nOpens=1/tcp\n",
		"postern.conf:1: [Trigger:t] Ports: missing; allowed: ports and ranges from 1 to "
		"65535, as in 21;2121-2130" },
	{ "[Trigger:t]\nProtocol=tcp\nPorts=1\n",
		"postern.conf:1: [Trigger:t] Opens: missing; allowed: a port or a range of them "
		"from "
		"1 to 65535 with its protocol, as in 6970-6999/udp" },
	/* Two for one packet. */
	{ WEB "[Mapping:other]\nProtocol=tcp\nExternal=70-90\n",
		"postern.conf:4: [Mapping:other]: TCP port 80 is taken by [Mapping:web] "
		"(postern.conf:1); allowed: other ports, or Sources that have no address in "
		"common" },
	{ "[Mapping:a]\nProtocol=udp\nExternal=1-65535\nSources=10.0.0.0/8\n"
	  "[Mapping:b]\nProtocol=udp\nExternal=7\nSources=192.0.2.1;10.1.2.0/24\n",
		"postern.conf:5: [Mapping:b]: UDP port 7 is taken by [Mapping:a] (postern.conf:1); "
		"allowed: other ports, or Sources that have no address in common" },
	{ "[Mapping:a]\nProtocol=udp\nExternal=7-9\nSources=::/0\n"
	  "[Mapping:b]\nProtocol=udp\nExternal=9\n",
		"postern.conf:5: [Mapping:b]: UDP port 9 is taken by [Mapping:a] (postern.conf:1); "
		"allowed: other ports, or Sources that have no address in common" },
	/* They touch. */
	{ "[Mapping:a]\nProtocol=udp\nExternal=9-10\n"
	  "[Mapping:b]\nProtocol=udp\nExternal=7-9\n",
		"postern.conf:4: [Mapping:b]: UDP port 9 is taken by [Mapping:a] (postern.conf:1); "
		"allowed: other ports, or Sources that have no address in common" },
	{ "[Mapping:a]\nProtocol=udp\nExternal=7-9\n"
	  "[Mapping:b]\nProtocol=udp\nExternal=9-10\n",
		"postern.conf:4: [Mapping:b]: UDP port 9 is taken by [Mapping:a] (postern.conf:1); "
		"allowed: other ports, or Sources that have no address in common" },
};

START_TEST(refused)
{
	struct result r = result_of_main(wrong[_i].text);

	ck_assert_refused(&r, wrong[_i].message);
	ck_assert(g_error_matches(r.error, CONFIG_ERROR, CONFIG_ERROR_VALUE));
	result_done(&r);
}
END_TEST

/* Mappings that have something in common, but no packet. */
static const char *const beside[] = {
	WEB "[Mapping:b]\nProtocol=udp\nExternal=80\n",
	WEB "[Mapping:b]\nProtocol=tcp\nExternal=81\n",
	WEB "[Mapping:b]\nProtocol=tcp\nExternal=70-79\n",
	WEB "[Mapping:b]\nProtocol=tcp\nExternal=80\nEnabled=false\n",
	WEB "Enabled=false\n[Mapping:b]\nProtocol=tcp\nExternal=80\n",
	WEB "Sources=192.0.2.0/25\n[Mapping:b]\nProtocol=tcp\nExternal=80\n"
	    "Sources=192.0.2.128/25;10.0.0.0/8\n",
	WEB "Sources=0.0.0.0/0\n[Mapping:b]\nProtocol=tcp\nExternal=80\nSources=::/0\n",
	/* The same port of two hosts; which of them is outside is what tells them apart. */
	WEB "Target=10.0.0.1\n[Mapping:b]\nProtocol=tcp\nExternal=8080\nTarget=10.0.0.2\n"
	    "Internal=80\n",
};

START_TEST(taken_together)
{
	struct result r = result_of_main(beside[_i]);

	ck_assert_taken(&r);
	ck_assert_uint_eq(r.policy->connections[0].mappings.n, 2);
	result_done(&r);
}
END_TEST

/* The last port just fits. */
START_TEST(last_port)
{
	struct result r = result_of_main("[Mapping:web]\nProtocol=tcp\nExternal=100-109\n"
					 "Target=192.0.2.1\nInternal=65526\n");

	ck_assert_uint_eq(only_mapping(&r)->internal, 65526);
	ck_assert_uint_eq(r.policy->connections[0].mappings.open[0][1023] >> 54, 0x3ff);
	result_done(&r);
	r = result_of_main("[Mapping:web]\nProtocol=tcp\nExternal=1-65535\n");
	ck_assert_uint_eq(only_mapping(&r)->internal, 1);
	result_done(&r);
}
END_TEST

/* A later file takes a target away again, and gives a name in its place. */
START_TEST(taken_away)
{
	const struct config_file files[] = {
		file_of(CONFIG_MAIN, NULL, WEB "Target=192.0.2.1\nName=Web\nSources=10.0.0.0/8\n"),
		file_of(CONFIG_MAIN, NULL,
			"[Mapping:web]\nTarget=\nTargetName=nas\nName=\nSources=\n"),
	};
	struct result r = result_of(files, 2);
	const struct port_mapping *m = only_mapping(&r);

	ck_assert_uint_eq(m->target.family, 0);
	ck_assert_str_eq(m->target_name, "nas");
	ck_assert_ptr_null(m->title);
	ck_assert_uint_eq(m->n_sources, 0);
	result_done(&r);
}
END_TEST

/* Each connection has its own: nothing of one is in the way of another's. */
START_TEST(of_two_connections)
{
	struct result r = result_of_connection(
		WEB, "wan", "[Connection]\nMatch=interface:wan0\n\n" WEB "Target=192.0.2.1\n");
	const struct connection *wan;

	ck_assert_taken(&r);
	wan = policy_connection_find(r.policy, "wan");
	ck_assert_uint_eq(wan->mappings.n, 1);
	ck_assert_str_eq(wan->mappings.list[0].file, "wan.conf");
	ck_assert_uint_eq(wan->mappings.list[0].line, 4);
	ck_assert_uint_eq(wan->mappings.list[0].target.family, PN_ADDR_IPV4);
	ck_assert_uint_eq(r.policy->connections[0].mappings.list[0].target.family, 0);
	result_done(&r);
}
END_TEST

START_TEST(trigger)
{
	struct result r = result_of_main(
		"[Trigger:game]\nProtocol=tcp\nPorts=7000;7002-7004\nOpens=6970-6999/udp\n"
		"Timeout=3600\n"
		"[Trigger:off]\nProtocol=udp\nPorts=1\nOpens=1/tcp\nEnabled=false\n");
	const struct port_trigger *t;

	ck_assert_taken(&r);
	ck_assert_uint_eq(r.policy->connections[0].n_triggers, 2);
	t = &r.policy->connections[0].triggers[0];
	ck_assert_str_eq(t->name, "game");
	ck_assert_uint_eq(t->proto, PROTO_TCP);
	ck_assert_uint_eq(t->n_ports, 2);
	ck_assert_uint_eq(t->ports[1].last, 7004);
	ck_assert_uint_eq(t->open_proto, PROTO_UDP);
	ck_assert_uint_eq(t->open.first, 6970);
	ck_assert_uint_eq(t->open.last, 6999);
	ck_assert_uint_eq(t->timeout, 3600);
	ck_assert(t->enabled);
	ck_assert_str_eq(t->file, "postern.conf");
	ck_assert_uint_eq(t->line, 1);
	t = &r.policy->connections[0].triggers[1];
	ck_assert_uint_eq(t->timeout, CONFIG_TRIGGER_TIMEOUT);
	ck_assert(!t->enabled);
	ck_assert_uint_eq(t->line, 6);
	result_done(&r);
}
END_TEST

START_TEST(limits)
{
	for (unsigned more = 0; more < 2; more++) {
		GString *text = g_string_new(NULL);
		struct result r;

		for (unsigned i = 0; i < CONFIG_MAPPINGS_MAX + more; i++)
			g_string_append_printf(
				text, "[Mapping:m%u]\nProtocol=tcp\nExternal=%u\n", i, i + 1);
		r = result_of_main(text->str);
		ck_assert((r.policy == NULL) == more);
		ck_assert(!more || g_str_has_suffix(r.error->message,
					   ": [Mapping:m1024]: one mapping too many"));
		result_done(&r);

		g_string_truncate(text, 0);
		for (unsigned i = 0; i < CONFIG_TRIGGERS_MAX + more; i++)
			g_string_append_printf(
				text, "[Trigger:t%u]\nProtocol=tcp\nPorts=1\nOpens=1/tcp\n", i);
		r = result_of_main(text->str);
		ck_assert((r.policy == NULL) == more);
		ck_assert(!more || g_str_has_suffix(r.error->message,
					   ": [Trigger:t256]: one trigger too many"));
		result_done(&r);
		g_string_free(text, TRUE);
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-mapping");
	TCase *t = tcase_create("config-mapping");

	tcase_add_test(t, mapping);
	tcase_add_test(t, little_is_needed);
	tcase_add_loop_test(t, refused, 0, G_N_ELEMENTS(wrong));
	tcase_add_loop_test(t, taken_together, 0, G_N_ELEMENTS(beside));
	tcase_add_test(t, last_port);
	tcase_add_test(t, taken_away);
	tcase_add_test(t, of_two_connections);
	tcase_add_test(t, trigger);
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
