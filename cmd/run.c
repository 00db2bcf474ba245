// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `postern run`: the firewall on live traffic, in the foreground.
 *
 * In this order: configuration and plugins, so that a mistake changes nothing; outputs; the wall
 * with its sockets and engine; then the rules, and from there on nothing passes that was not asked
 * about. At last root is given up, and systemd is told.
 *
 * SIGHUP reads the configuration again and opens logs anew; SIGTERM and SIGINT end it. The rules
 * stay then and nothing new passes, unless CleanupOnExit says that they go. How it ends by itself,
 * the rules say too: see kernel/ruleset.h.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "command.h"
#include "kernel/control.h"
#include "kernel/notify.h"
#include "kernel/privileges.h"
#include "kernel/report.h"
#include "live.h"
#include "load.h"
#include "record/eve.h"
#include "record/w3c.h"
#include "search.h"

/* Longest wait for something to happen, ms. */
#define TICK_MS 1000

struct run {
	char *config;
	char *fail; /* "closed", "open", or NULL: as configured */
	char *helpers;
	char **plugin_path;
	char *events;
	char *user;

	struct policy *policy;
	struct plugins *plugins;
	struct recorders recorders;
	struct writer *events_writer;
	struct writer *log_writer;
	struct eve *eve;
	struct w3c *w3c;
	struct wall *wall;
	struct control *control;
	int signals; /* signalfd */
	bool stopping;
	uint64_t watchdog; /* ns between two words to systemd */
	uint64_t last_word;
	struct stats stats; /* at the end */
};

static uint64_t
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int
parse(int argc, char **argv, struct run *run)
{
	const GOptionEntry entries[] = {
		{ "config", 0, 0, G_OPTION_ARG_FILENAME, &run->config,
			"read PATH instead of /etc/postern", "PATH" },
		{ "fail", 0, 0, G_OPTION_ARG_STRING, &run->fail,
			"what happens to new packets while nobody listens", "closed|open" },
		{ "helpers", 0, 0, G_OPTION_ARG_STRING, &run->helpers,
			"which helpers watch (default: as configured)", "LIST|all|none" },
		{ "plugin-path", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &run->plugin_path,
			"look for plugins here first", "DIR" },
		{ "events", 0, 0, G_OPTION_ARG_FILENAME, &run->events, "write events to FILE",
			"FILE" },
		{ "user", 0, 0, G_OPTION_ARG_STRING, &run->user,
			"who to be once all is set up (default: stay)", "NAME" },
		{ NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;

	g_option_context_set_summary(context, "The firewall on live traffic, in the foreground.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error)) {
		complain("%s; see 'postern run --help'", error->message);
		return -EINVAL;
	}
	if (argc > 1) {
		complain("%s: run takes no arguments; see 'postern run --help'", argv[1]);
		return -EINVAL;
	}
	if (run->fail && strcmp(run->fail, "closed") != 0 && strcmp(run->fail, "open") != 0) {
		complain("--fail %s: must be closed or open", run->fail);
		return -EINVAL;
	}
	return 0;
}

/* The policy as it is to be at work. */
static struct policy *
read_policy(const struct run *run)
{
	struct policy *policy = load_system_policy(run->config, NULL);

	if (!policy)
		return NULL;
	if (run->fail)
		policy->live.fail_open = !strcmp(run->fail, "open");
	search_choose(run->helpers, policy);
	return policy;
}

static void
tell(void *context, const char *line)
{
	complain("%s", line);
}

static int
open_events(struct run *run)
{
	const struct writer_options options = { .lossy = true, .guarded = true };
	int r;

	if (!run->events)
		return 0;
	r = writer_open(run->events, &options, &run->events_writer);
	if (r < 0) {
		complain("%s: cannot be written: %s", run->events, g_strerror(-r));
		return r;
	}
	run->eve = eve_new(run->events_writer);
	return recorders_add(&run->recorders, eve_ops(), run->eve);
}

static int
open_log(struct run *run)
{
	const struct policy_log *log = &run->policy->log;
	struct writer_options options = { .lossy = true };
	int r;

	if (!log->dropped && !log->connections)
		return 0;
	w3c_options(log, &options);
	r = writer_open(log->path, &options, &run->log_writer);
	if (r < 0) {
		complain("%s: cannot be written: %s", log->path, g_strerror(-r));
		return r;
	}
	run->w3c = w3c_new(run->log_writer, log);
	return recorders_add(&run->recorders, w3c_ops(), run->w3c);
}

/* Logs that were moved away are begun anew, and those that are to be elsewhere go on there. */
static void
reload_outputs(struct run *run, const struct policy_log *old)
{
	const struct policy_log *log = &run->policy->log;
	bool moved = strcmp(old->path, log->path) != 0;

	if (run->events_writer)
		writer_reopen(run->events_writer);
	if (run->w3c) {
		w3c_set_policy(run->w3c, log, moved ? log->path : NULL);
		if (!moved)
			writer_reopen(run->log_writer);
	} else if (log->dropped || log->connections) {
		(void)open_log(run);
	}
}

static void
reload(struct run *run)
{
	struct policy *policy = read_policy(run), *old;

	if (!policy) {
		complain("the configuration stays as it was");
		return;
	}
	notify("RELOADING=1");
	wall_set_policy(run->wall, policy);
	old = run->policy;
	run->policy = policy;
	reload_outputs(run, &old->log);
	policy_unref(old);
	complain("the configuration has been read again");
	notify("READY=1");
}

static void
answer(void *context, const char *question, bool root, GString *text)
{
	struct run *run = context;

	if (!strcmp(question, "reload")) {
		if (root)
			reload(run);
		g_string_append(text, root ? "reloaded\n" : "only root may do that\n");
	} else if (!report_answer(run->wall, question, text)) {
		g_string_append(text, "that is no question\n");
	}
}

static int
open_control(struct run *run)
{
	const struct control_options options = {
		.path = LIVE_SOCKET,
		.answer = answer,
		.context = run,
	};
	g_autofree char *message = NULL;
	int r = control_new(&options, &run->control, &message);

	if (r < 0)
		complain("%s", message);
	return r;
}

static int
open_wall(struct run *run)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *message = NULL;
	const struct wall_options options = {
		.policy = run->policy,
		.plugins = run->plugins,
		.recorders = &run->recorders,
		.warnings = warnings,
		.state = LIVE_STATE,
		.tell = tell,
		.context = run,
	};
	int r = wall_new(&options, &run->wall, &message);

	for (guint i = 0; i < warnings->len; i++)
		complain("%s", (const char *)warnings->pdata[i]);
	if (r == 0 && run->eve)
		eve_set_interfaces(run->eve, wall_interface_name, run->wall);
	if (r == 0)
		r = wall_close_gate(run->wall, &message);
	if (message)
		complain("%s", message);
	return MIN(r, 0);
}

static int
catch_signals(struct run *run)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return run->signals < 0 ? -errno : 0;
}

static int
prepare(struct run *run)
{
	g_autofree char *message = NULL;
	int r;

	if (geteuid() != 0) {
		complain("run needs root: it puts rules into the kernel");
		return -EPERM;
	}
	run->policy = read_policy(run);
	if (!run->policy)
		return -EINVAL;
	r = search_load(run->helpers, run->plugin_path, &run->plugins);
	if (r < 0)
		return r;
	if (g_mkdir_with_parents(LIVE_FOLDER, 0755) < 0) {
		complain("%s: %s", LIVE_FOLDER, g_strerror(errno));
		return -errno;
	}
	r = catch_signals(run);
	if (r == 0)
		r = open_events(run);
	if (r == 0)
		r = open_log(run);
	if (r == 0)
		r = open_control(run);
	if (r == 0)
		r = open_wall(run);
	if (r == 0 && run->user) {
		r = privileges_drop(run->user, &message);
		if (r < 0)
			complain("%s", message);
	}
	return r;
}

static void
read_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload(run);
		else
			run->stopping = true;
	}
}

static void
keep_alive(struct run *run, uint64_t now)
{
	if (!run->watchdog || now - run->last_word < run->watchdog)
		return;
	run->last_word = now;
	notify("WATCHDOG=1");
}

static int
work(struct run *run)
{
	struct pollfd fds[WALL_FDS + 2];
	struct pollfd *signals = &fds[WALL_FDS], *control = &fds[WALL_FDS + 1];
	g_autofree char *message = NULL;
	int r;

	wall_fds(run->wall, fds);
	*signals = (struct pollfd){ .fd = run->signals, .events = POLLIN };
	*control = (struct pollfd){ .fd = control_fd(run->control), .events = POLLIN };
	if (poll(fds, G_N_ELEMENTS(fds), TICK_MS) < 0 && errno != EINTR)
		return -errno;
	r = wall_work(run->wall, fds, &message);
	if (r < 0)
		complain("%s", message);
	if (signals->revents)
		read_signals(run);
	control_work(run->control, clock_now());
	keep_alive(run, clock_now());
	if (run->events_writer && !fds[0].revents)
		writer_flush(run->events_writer);
	if (run->log_writer && !fds[0].revents)
		writer_flush(run->log_writer);
	return r;
}

/* What was asked for is done; what is left of it stays as the rules say. */
static void
finish(struct run *run)
{
	struct ruleset_options rules;
	g_autofree char *message = NULL;

	notify("STOPPING=1");
	engine_get_stats(wall_engine(run->wall), &run->stats);
	wall_free(run->wall);
	if (!run->policy || !run->policy->live.cleanup_on_exit)
		return;
	rules = wall_ruleset_options(run->policy, LIVE_STATE);
	if (ruleset_flush(&rules, &message) < 0)
		complain("%s", message);
}

static void
done(struct run *run)
{
	control_free(run->control);
	if (run->eve && run->stopping)
		eve_stats(run->eve, &run->stats, run->stats.last_time);
	eve_free(run->eve);
	w3c_free(run->w3c);
	if (run->events_writer)
		(void)writer_close(run->events_writer);
	if (run->log_writer)
		(void)writer_close(run->log_writer);
	if (run->plugins)
		plugins_free(run->plugins);
	policy_unref(run->policy);
	g_free(run->config);
	g_free(run->fail);
	g_free(run->helpers);
	g_free(run->events);
	g_free(run->user);
	g_strfreev(run->plugin_path);
}

int
run_main(int argc, char **argv)
{
	struct run run = { .signals = -1 };
	int r = parse(argc, argv, &run);
	int status = STATUS_OK;

	signal(SIGPIPE, SIG_IGN);
	if (r == 0)
		r = prepare(&run);
	if (r < 0) {
		status = STATUS_USAGE;
	} else {
		run.watchdog = notify_watchdog_period();
		notify("READY=1");
		while (r == 0 && !run.stopping)
			r = work(&run);
		status = r < 0 ? STATUS_INPUT : STATUS_OK;
	}
	if (run.wall)
		finish(&run);
	done(&run);
	return status;
}
