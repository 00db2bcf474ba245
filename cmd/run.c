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
#include <inttypes.h>
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

/* Times between two looks at whether outputs can be written, ns. */
#define OUTPUTS_PERIOD (60 * UINT64_C(1000000000))

/* A file that is written to, and what has been said of it. */
struct output {
	char *path;
	struct writer *writer; /* NULL: none */
	uint64_t lost;
	int trouble;
};

struct run {
	char *config;
	char *fail; /* "closed", "open", or NULL: as configured */
	char *helpers;
	char **plugin_path;
	char *user;
	uid_t uid; /* of `user` */
	gid_t gid;

	struct policy *policy;
	struct plugins *plugins;
	struct recorders recorders;
	struct output events;
	struct output log;
	uint64_t next_outputs;
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
		{ "events", 0, 0, G_OPTION_ARG_FILENAME, &run->events.path, "write events to FILE",
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

/*
 * As the user who will write it, for that one must be able to open it anew; or at least as root,
 * for the first time. The writer's thread changes with us.
 */
static int
open_as_user(const struct run *run, struct output *output, const struct writer_options *options)
{
	int r = -EACCES;

	if (run->user && setegid(run->gid) == 0 && seteuid(run->uid) == 0)
		r = writer_open(output->path, options, &output->writer);
	if (run->user && (seteuid(0) < 0 || setegid(0) < 0))
		return -errno;
	if (r != -EACCES)
		return r;
	if (run->user)
		complain("%s: %s may not write there: it cannot be opened anew, nor rotated",
			output->path, run->user);
	return writer_open(output->path, options, &output->writer);
}

static int
open_output(const struct run *run, struct output *output, const struct writer_options *options)
{
	bool is_root = geteuid() == 0;
	int r = is_root ? open_as_user(run, output, options)
			: writer_open(output->path, options, &output->writer);

	if (r == -ELOOP)
		complain("%s: is a symbolic link; name the file that it leads to", output->path);
	else if (r < 0)
		complain("%s: cannot be written: %s", output->path, g_strerror(-r));
	return r;
}

/* Events go behind those of an earlier run; what is no file has no earlier ones. */
static int
open_events(struct run *run)
{
	struct writer_options options = { .lossy = true, .guarded = true };
	struct stat st;
	int r;

	if (!run->events.path)
		return 0;
	options.append = strcmp(run->events.path, "-") != 0 &&
			 (stat(run->events.path, &st) < 0 || S_ISREG(st.st_mode));
	r = open_output(run, &run->events, &options);
	if (r < 0)
		return r;
	run->eve = eve_new(run->events.writer);
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
	g_free(run->log.path);
	run->log.path = g_strdup(log->path);
	r = open_output(run, &run->log, &options);
	if (r < 0)
		return r;
	run->w3c = w3c_new(run->log.writer, log);
	writer_sync(run->log.writer); /* its head can be seen at once */
	return recorders_add(&run->recorders, w3c_ops(), run->w3c);
}

/* Logs that were moved away are begun anew, and those that are to be elsewhere go on there. */
static void
reload_outputs(struct run *run, const struct policy_log *old)
{
	const struct policy_log *log = &run->policy->log;
	bool moved = strcmp(old->path, log->path) != 0;

	if (run->events.writer)
		writer_reopen(run->events.writer);
	if (run->w3c) {
		w3c_set_policy(run->w3c, log, moved ? log->path : NULL);
		g_free(run->log.path);
		run->log.path = g_strdup(log->path);
		if (!moved)
			writer_reopen(run->log.writer);
	} else if (log->dropped || log->connections) {
		(void)open_log(run);
	}
}

/* False: the configuration is as it was. */
static bool
reload(struct run *run)
{
	struct policy *policy = read_policy(run), *old;

	if (!policy) {
		complain("the configuration stays as it was");
		return false;
	}
	notify("RELOADING=1");
	wall_set_policy(run->wall, policy);
	old = run->policy;
	run->policy = policy;
	reload_outputs(run, &old->log);
	policy_unref(old);
	complain("the configuration has been read again");
	notify("READY=1");
	return true;
}

static void
answer(void *context, const char *question, bool root, GString *text)
{
	struct run *run = context;

	if (!strcmp(question, "reload")) {
		if (!root)
			g_string_append(text, "only root may do that\n");
		else if (reload(run))
			g_string_append(text, "reloaded\n");
		else
			g_string_append(text, "the configuration stays as it was; the log of "
					      "`postern run` says why\n");
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

/* It is not worth an end if that cannot be: something is left behind then, at the end. */
static void
give_away(const char *path, uid_t uid, gid_t gid)
{
	if (lchown(path, uid, gid) < 0 && errno != ENOENT)
		complain("%s: cannot be given to user %u: %s", path, (unsigned)uid,
			g_strerror(errno));
}

/* Everybody may ask, whatever the umask. It is root's until all is set up: an earlier run may have
 * given it away. */
static int
make_folder(void)
{
	mode_t mask = umask(022);
	int r = g_mkdir_with_parents(LIVE_FOLDER, 0755) < 0 ? -errno : 0;

	umask(mask);
	if (r == 0)
		give_away(LIVE_FOLDER, 0, 0);
	if (r < 0)
		complain("%s: %s", LIVE_FOLDER, g_strerror(-r));
	return r;
}

/* From root to the user, who takes away at the end what we have made. */
static int
become_user(const struct run *run)
{
	g_autofree char *message = NULL;
	int r;

	give_away(LIVE_STATE, run->uid, run->gid);
	give_away(LIVE_FOLDER, run->uid, run->gid);
	r = privileges_drop(run->user, &message);
	if (r < 0)
		complain("%s", message);
	return r;
}

/* The user to become is known before anything is done. */
static int
find_user(struct run *run)
{
	g_autofree char *message = NULL;
	int r = run->user ? privileges_find(run->user, &run->uid, &run->gid, &message) : 0;

	if (r < 0)
		complain("%s", message);
	return r;
}

static int
prepare(struct run *run)
{
	int r;

	if (geteuid() != 0) {
		complain("run needs root: it puts rules into the kernel");
		return -EPERM;
	}
	r = find_user(run);
	if (r < 0)
		return r;
	run->policy = read_policy(run);
	if (!run->policy)
		return -EINVAL;
	r = search_load(run->helpers, run->plugin_path, &run->plugins);
	if (r < 0)
		return r;
	r = make_folder();
	if (r == 0)
		r = catch_signals(run);
	if (r == 0)
		r = open_events(run);
	if (r == 0)
		r = open_log(run);
	if (r == 0)
		r = open_control(run);
	if (r == 0)
		r = open_wall(run);
	if (r == 0 && run->user)
		r = become_user(run);
	return r;
}

static void
read_signals(struct run *run)
{
	struct signalfd_siginfo info;

	while (read(run->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			(void)reload(run);
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

/* What is lost is lost; but whoever runs this should know. */
static void
tell_output(struct output *output)
{
	uint64_t lost = output->writer ? writer_lost(output->writer) : 0;
	int trouble = output->writer ? writer_trouble(output->writer) : 0;

	if (output->writer && !trouble)
		trouble = writer_error(output->writer);
	if (trouble && trouble != output->trouble)
		complain("%s: cannot be written: %s", output->path, g_strerror(-trouble));
	if (lost > output->lost)
		complain("%s: %" PRIu64 " events are lost: %s", output->path, lost - output->lost,
			trouble ? g_strerror(-trouble) : "it was too slow, or the disk is full");
	output->trouble = trouble;
	output->lost = lost;
}

static void
tend_outputs(struct run *run, uint64_t now, bool is_quiet)
{
	if (run->events.writer && is_quiet)
		writer_flush(run->events.writer);
	if (run->log.writer && is_quiet)
		writer_flush(run->log.writer);
	if (now < run->next_outputs)
		return;
	run->next_outputs = now + OUTPUTS_PERIOD;
	tell_output(&run->events);
	tell_output(&run->log);
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
	tend_outputs(run, clock_now(), !fds[0].revents);
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
close_output(struct output *output)
{
	if (output->writer) {
		writer_sync(output->writer);
		tell_output(output);
		(void)writer_close(output->writer);
	}
	g_free(output->path);
}

static void
done(struct run *run)
{
	control_free(run->control);
	if (run->eve && run->stopping)
		eve_stats(run->eve, &run->stats, run->stats.last_time);
	eve_free(run->eve);
	w3c_free(run->w3c);
	close_output(&run->events);
	close_output(&run->log);
	if (run->plugins)
		plugins_free(run->plugins);
	policy_unref(run->policy);
	g_free(run->config);
	g_free(run->fail);
	g_free(run->helpers);
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
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is like a disk that is full */
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
