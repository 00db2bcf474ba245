// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * postern watch: the packets of an interface through the engine, which gives no verdicts.
 *
 * It ends by SIGINT or SIGTERM, after a number of packets or of seconds, or when the interface is
 * gone, and then says what a replay would say. Signals only set a flag; it is looked at between two
 * batches, and while there is nothing to do they are let in by ppoll() alone, so that none comes
 * unseen. Results are written by threads of their own, since packets do not wait.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <glib.h>

#include "command.h"
#include "play.h"
#include "source/live.h"

static const char description[] =
	"Nothing is held up and nothing is sent. It ends by Ctrl-C.\n\n"
	"Exit status: 0 watched; 1 the interface could not be watched, or a result not\n"
	"written; 2 usage, configuration or plugin error. postern(1) tells more.";

struct watch {
	struct play play;
	bool promiscuous;
	uint64_t seen;    /* packets so far */
	uint64_t count;   /* that are wanted */
	unsigned seconds; /* 0: no limit */
};

static volatile sig_atomic_t is_over;

static void
on_signal(int number)
{
	is_over = 1;
}

/* The first signal ends it in good order; one that comes after that, at once. */
static void
catch_signals(const struct watch *watch)
{
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	alarm(watch->seconds);
}

static int
parse(int argc, char **argv, struct watch *watch)
{
	int promiscuous = 0, seconds = INT_MAX;
	int64_t count = INT64_MAX;
	const GOptionEntry entries[] = {
		{ "promiscuous", 0, 0, G_OPTION_ARG_NONE, &promiscuous,
			"Also packets that are for other hosts", NULL },
		{ "count", 'n', 0, G_OPTION_ARG_INT64, &count, "End after so many packets", "N" },
		{ "duration", 'd', 0, G_OPTION_ARG_INT, &seconds, "End after so many seconds",
			"SECONDS" },
		{ 0 },
	};
	const struct options_command command = {
		.name = "postern watch",
		.arguments = "INTERFACE",
		.summary = "Tells what the firewall would do with the packets of an interface.",
		.description = description,
		.entries = entries,
	};
	const char *complaint = NULL;

	if (options_parse(argc, argv, &command, &watch->play.options) < 0)
		return -EINVAL;
	if (!watch->play.options.inputs || watch->play.options.inputs[1])
		complaint = "one interface must be given; see 'postern watch --help'";
	else if (count < 1)
		complaint = "--count: must be a number from 1 on";
	else if (seconds < 1)
		complaint = "--duration: must be a number of seconds from 1 on";
	if (complaint) {
		complain("%s", complaint);
		return -EINVAL;
	}
	watch->promiscuous = promiscuous;
	watch->count = (uint64_t)count;
	watch->seconds = seconds == INT_MAX ? 0 : (unsigned)seconds;
	return 0;
}

/* Nothing is there: whoever reads the results gets what there is, until a packet or a signal comes,
 * or it is time to ask whether the interface is still there. */
static void
wait_for_packets(struct watch *watch, const struct source *source)
{
	const struct timespec most = { .tv_nsec = LIVE_ASK_MS * 1000000L };
	struct pollfd packets = { .fd = live_fd(source), .events = POLLIN };
	struct play *play = &watch->play;
	sigset_t all, before;

	play_flush(play);
	if (play->progress.is_on)
		progress_draw(&play->progress, play->options.inputs[0], 0, 0, watch->seen);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	play_wait(play);
	if (!is_over)
		(void)ppoll(&packets, 1, &most, &before);
	play_go_on(play);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void
watch_source(struct watch *watch, struct source *source)
{
	struct play *play = &watch->play;
	struct batch *batch = &play->batch;

	while (!is_over && watch->seen < watch->count && !play_error(play)) {
		int n = play_next(play, source);

		if (n == -EAGAIN) {
			wait_for_packets(watch, source);
			continue;
		}
		if (n < 0) {
			progress_clear(&play->progress);
			complain("%s: %s", play->options.inputs[0], source_error(source));
			play->status = STATUS_INPUT;
			return;
		}
		batch->count = (unsigned)MIN(batch->count, watch->count - watch->seen);
		watch->seen += batch->count;
		play_batch(play, source);
	}
}

static void
run(struct watch *watch)
{
	struct play *play = &watch->play;
	const struct live_options options = {
		.filter = play->options.filter,
		.promiscuous = watch->promiscuous,
	};
	const char *name = play->options.inputs[0];
	struct summary_facts facts = { 0 };
	g_autofree char *message = NULL;
	struct source *source;

	catch_signals(watch);
	if (live_open(name, &options, &source, &message) < 0) {
		complain("%s: %s", name, message);
		play->status = STATUS_INPUT;
		return;
	}
	play_source(play, source, 1);
	watch_source(watch, source);
	facts.lost = live_lost(source);
	play_finish(play, &facts);
	source_free(source);
}

int
watch_main(int argc, char **argv)
{
	struct watch watch = {
		.play = { .status = STATUS_OK, .live = true, .threaded = true },
	};

	signal(SIGPIPE, SIG_IGN);
	if (parse(argc, argv, &watch) < 0)
		watch.play.status = STATUS_USAGE;
	else if (play_prepare(&watch.play) >= 0)
		run(&watch);
	play_done(&watch.play);
	return watch.play.status;
}
