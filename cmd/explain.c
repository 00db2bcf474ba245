// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * postern explain: what would become of the first packet of a flow, and by which rule.
 *
 * The packet is made (question.c) and goes through an engine of its own, so the verdict is that of
 * a replay; which rule gave it is put into words by answer.c. What earlier packets would have
 * changed, known flows and open doors, is not there.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <glib.h>

#include "answer.h"
#include "command.h"
#include "explained.h"
#include "load.h"
#include "options.h"
#include "packet/decode.h"
#include "search.h"

static const char description[] =
	"IP is an address of IPv4 or IPv6, with a port as 192.0.2.1:80 or [2001:db8::1]:80.\n\n"
	"Exit status: 0 it would be accepted; 1 it would be dropped; 2 usage, configuration or\n"
	"plugin error. postern(1) tells more.";

/* Exit statuses of this command; a contract. */
enum {
	STATUS_ACCEPT = 0,
	STATUS_DROP = 1,
};

struct explain {
	struct question_words words;
	char *config;
	char *on; /* a connection or an interface */
	char *inside_text;
	char *helpers; /* NULL: as the configuration says */
	char **plugin_path;
	int json;

	struct question question;
	struct prefix *inside;
	unsigned n_inside;
	struct policy *policy;
	struct config_origins *origins;
	struct plugins *plugins;
	const struct connection *connection; /* that was asked for, or the only one; or NULL */
	const char *interface;               /* that was asked for, or NULL */
	enum chosen_by chosen;
	char *note; /* about that, or NULL */
	struct engine *engine;
};

static int
parse_words(int argc, char **argv, struct explain *ex)
{
	const GOptionEntry entries[] = {
		{ "from", 0, 0, G_OPTION_ARG_STRING, &ex->words.from, "Who sends it", "IP[:PORT]" },
		{ "to", 0, 0, G_OPTION_ARG_STRING, &ex->words.to, "Who is to receive it",
			"IP[:PORT]" },
		{ "proto", 0, 0, G_OPTION_ARG_STRING, &ex->words.proto,
			"tcp, udp, icmp, gre, ... or a number", "P" },
		{ "on", 0, 0, G_OPTION_ARG_STRING, &ex->on,
			"The connection or interface that it is seen on (default: the only one "
			"beside default)",
			"CONN" },
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &ex->config,
			"Policy: a file, or a folder (default: " LOAD_SYSTEM ")", "PATH" },
		{ "inside", 'i', 0, G_OPTION_ARG_STRING, &ex->inside_text,
			"The protected side: addresses and prefixes (default: auto)",
			"NET,...|auto" },
		{ "way", 0, 0, G_OPTION_ARG_STRING, &ex->words.way,
			"Its way through the interface, if that is known", "sent|received" },
		{ "flags", 0, 0, G_OPTION_ARG_STRING, &ex->words.flags,
			"Flags of TCP, like SA (default: S)", "FSRPAU|none" },
		{ "icmp-type", 0, 0, G_OPTION_ARG_STRING, &ex->words.icmp,
			"Type and code of ICMP (default: an echo request)", "TYPE[:CODE]" },
		{ "helpers", 0, 0, G_OPTION_ARG_STRING, &ex->helpers,
			"Helpers that are on (default: as the configuration says)",
			"LIST|all|none" },
		{ "plugin-path", 'p', 0, G_OPTION_ARG_FILENAME_ARRAY, &ex->plugin_path,
			"Look for plugins here first (may be repeated)", "DIR" },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &ex->json, "The answer as JSON", NULL },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_set_prgname("postern explain");
	g_option_context_set_summary(
		context, "Tells what would become of a packet, and by which rule.");
	g_option_context_set_description(context, description);
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		complain("%s; see 'postern explain --help'", error->message);
		return -EINVAL;
	}
	if (argc > 1) {
		complain("%s: no arguments are expected; see 'postern explain --help'", argv[1]);
		return -EINVAL;
	}
	return 0;
}

static int
parse(int argc, char **argv, struct explain *ex)
{
	int r = parse_words(argc, argv, ex);

	if (r >= 0 && ex->helpers && !*ex->helpers) {
		complain("--helpers: must be a list of names, 'all' or 'none'");
		r = -EINVAL;
	}
	if (r >= 0)
		r = question_parse(&ex->words, &ex->question);
	if (r >= 0)
		r = options_parse_inside(ex->inside_text, &ex->inside, &ex->n_inside);
	return r;
}

/* What lies behind the private side of a shared connection is what is protected. */
static int
check_role(const struct explain *ex)
{
	if (ex->connection->role != ROLE_PRIVATE)
		return 0;
	complain("--on %s: is the private side of a shared connection, where nothing is judged; "
		 "name the connection that the packet comes or goes by",
		ex->on);
	return -EINVAL;
}

static int
choose_named(struct explain *ex)
{
	g_autofree char *names = NULL;

	ex->connection = policy_connection_find(ex->policy, ex->on);
	if (ex->connection) {
		ex->chosen = CHOSEN_BY_NAME;
		return check_role(ex);
	}
	ex->chosen = CHOSEN_BY_INTERFACE;
	ex->interface = ex->on;
	if (policy_connection_of_interface(ex->policy, ex->on))
		return 0;
	names = load_connections(ex->policy);
	complain("--on %s: there is no such connection, and none has such an interface; there is: "
		 "%s",
		ex->on, names);
	return -EINVAL;
}

/*
 * Without a name it is the only one that has interfaces, unless the peer tells; where there is
 * none, the engine finds it as it does for a capture without names of interfaces.
 */
static int
choose_unnamed(struct explain *ex)
{
	const struct policy *policy = ex->policy;
	const struct tuple *tuple = &ex->question.tuple;
	g_autofree char *names = NULL;
	unsigned n = 0;

	if (policy_connection_of_peer(policy, &tuple->src) ||
		policy_connection_of_peer(policy, &tuple->dst))
		return 0;
	for (unsigned i = 1; i < policy->n_connections; i++) {
		const struct connection *connection = &policy->connections[i];

		if (connection->n_networks || connection->role == ROLE_PRIVATE)
			continue;
		ex->connection = connection;
		n++;
	}
	if (n == 1 || policy->n_connections == 1)
		ex->chosen = CHOSEN_AS_THE_ONLY;
	if (n == 1)
		ex->note = g_strdup_printf(
			"where no interface is named, replay takes this packet to be on %s; "
			"--connection %s says otherwise",
			policy->connections[0].name, ex->connection->name);
	if (n <= 1)
		return 0;
	names = load_connections(policy);
	complain("there are several connections: %s; --on NAME says which", names);
	return -EINVAL;
}

static const char *
interface_name(void *context, const struct packet *p)
{
	const struct explain *ex = context;

	return ex->interface;
}

static int
start_engine(struct explain *ex)
{
	static const struct recorders nobody = { .count = 0 };
	struct engine_options options = {
		.policy = ex->policy,
		.plugins = ex->plugins,
		.inside = ex->inside,
		.n_inside = ex->n_inside,
		.recorders = &nobody,
		.interface_name = interface_name,
		.context = ex,
	};
	g_autofree char *message = NULL;
	int r;

	if (getrandom(options.seed, sizeof(options.seed), 0) != sizeof(options.seed)) {
		complain("the system gives no random numbers: %s", g_strerror(errno));
		return -EIO;
	}
	r = engine_new(&options, &ex->engine, &message);
	if (r < 0)
		complain("%s", message);
	return r;
}

static int
prepare(struct explain *ex)
{
	int r;

	ex->policy = load_system_policy(ex->config, &ex->origins);
	if (!ex->policy)
		return -EINVAL;
	r = ex->on ? choose_named(ex) : choose_unnamed(ex);
	if (r < 0)
		return r;
	search_choose(ex->helpers, ex->policy);
	r = search_load(ex->helpers, ex->plugin_path, &ex->plugins);
	return r < 0 ? r : start_engine(ex);
}

/* Where no interface leads to the connection that was chosen, no packet's way would be known. */
static enum way
way_of(const struct explain *ex)
{
	const struct connection *on = ex->connection;

	return on && (!on->interfaces || !on->interfaces[0]) ? WAY_UNKNOWN : ex->question.way;
}

/* What follows from how the question was put. */
static void
add_notes(const struct explain *ex, const struct explanation *explanation, GPtrArray *notes)
{
	if (!explanation->connection)
		return;
	if (ex->note)
		g_ptr_array_add(notes, g_strdup(ex->note));
	if (ex->question.way == WAY_UNKNOWN)
		return;
	if (explanation->way == WAY_UNKNOWN)
		g_ptr_array_add(notes,
			g_strdup_printf("--way has no effect: the connection %s is not known by "
					"an interface",
				explanation->connection->name));
	else if (!ex->n_inside)
		g_ptr_array_add(notes,
			g_strdup("--way tells the direction only: without --inside nothing says "
				 "which sources are ours"));
}

/* Asks, answers, and returns the exit status. */
static int
explain(struct explain *ex)
{
	uint8_t bytes[QUESTION_PACKET_MAX];
	size_t len = question_packet(&ex->question, bytes);
	struct packet p = {
		.time = 1,
		.number = 1,
		.data = bytes,
		.caplen = (uint32_t)len,
		.wirelen = (uint32_t)len,
		.link = LINK_RAW,
		.way = (uint8_t)way_of(ex),
	};
	struct explanation explanation;
	struct explained explained = {
		.facts = {
			.question = &ex->question,
			.packet = &p,
			.explanation = &explanation,
			.policy = ex->policy,
			.origins = ex->origins,
			.plugins = ex->plugins,
		},
		.inside_given = ex->n_inside > 0,
		.chosen = ex->chosen,
		.interface = ex->interface,
	};
	int r;

	engine_explain(ex->engine, &p, ex->connection, &explanation);
	answer_init(&explained.answer, &explained.facts);
	add_notes(ex, &explanation, explained.answer.notes);
	r = ex->json ? explained_print_json(&explained, stdout)
		     : explained_print(&explained, stdout);
	answer_done(&explained.answer);
	if (r < 0) {
		complain("the answer cannot be written: %s", g_strerror(-r));
		return STATUS_USAGE;
	}
	return reason_verdict(explanation.reason) == VERDICT_ACCEPT ? STATUS_ACCEPT : STATUS_DROP;
}

static void
explain_done(struct explain *ex)
{
	engine_free(ex->engine);
	plugins_free(ex->plugins);
	config_origins_free(ex->origins);
	policy_unref(ex->policy);
	g_free(ex->inside);
	g_free(ex->words.from);
	g_free(ex->words.to);
	g_free(ex->words.proto);
	g_free(ex->words.flags);
	g_free(ex->words.icmp);
	g_free(ex->words.way);
	g_free(ex->config);
	g_free(ex->on);
	g_free(ex->note);
	g_free(ex->inside_text);
	g_free(ex->helpers);
	g_strfreev(ex->plugin_path);
}

int
explain_main(int argc, char **argv)
{
	struct explain ex = { .chosen = CHOSEN_BY_PEER };
	int status = STATUS_USAGE;

	if (parse(argc, argv, &ex) >= 0 && prepare(&ex) >= 0)
		status = explain(&ex);
	explain_done(&ex);
	return status;
}
