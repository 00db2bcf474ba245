// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * postern replay: captures through the engine, and what came of it.
 *
 * The captures are played one after the other; one that cannot be read to its end is told and the
 * next is played. With --threads captures are read ahead and results written behind.
 */
#include <errno.h>
#include <signal.h>

#include <glib.h>

#include "command.h"
#include "play.h"
#include "source/capture.h"

#define THREADS_MAX 16

static const char description[] = "Exit status: 0 replayed; 1 a capture could not be read to its\n"
				  "end, or a result not written; 2 usage, configuration or\n"
				  "plugin error. postern(1) tells more.";

struct replay {
	struct play play;
	char **compare_with;  /* one at most */
	uint64_t next_number; /* of the first packet of the next capture */
	unsigned n_opened;
	unsigned n_broken; /* captures that could not be read to their end */
};

static int
parse(int argc, char **argv, struct replay *replay)
{
	int threads = 1;
	const GOptionEntry entries[] = {
		{ "compare", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &replay->compare_with,
			"Tell which flows another policy gives another verdict", "PATH" },
		{ "threads", 't', 0, G_OPTION_ARG_INT, &threads,
			"2 and more: read and write on threads of their own", "N" },
		{ 0 },
	};
	const struct options_command command = {
		.name = "postern replay",
		.arguments = "CAPTURE...",
		.summary = "Plays captures, in the order given, through one firewall.",
		.description = description,
		.entries = entries,
	};
	int r = options_parse(argc, argv, &command, &replay->play.options);

	if (r < 0)
		return r;
	if (!replay->play.options.inputs) {
		complain("no capture given; see 'postern replay --help'");
		return -EINVAL;
	}
	if (threads < 1 || threads > THREADS_MAX) {
		complain("--threads: must be a number from 1 to %d", THREADS_MAX);
		return -EINVAL;
	}
	if (replay->compare_with && replay->compare_with[1]) {
		complain("--compare %s: one policy at most", replay->compare_with[1]);
		return -EINVAL;
	}
	replay->play.threaded = threads > 1;
	replay->play.compare_with = replay->compare_with ? replay->compare_with[0] : NULL;
	return 0;
}

/* A capture cannot be read (any further). */
static void
tell_broken(struct replay *replay, const char *path, const char *why)
{
	progress_clear(&replay->play.progress);
	complain("%s: %s", path, why);
	replay->n_broken++;
	replay->play.status = STATUS_INPUT;
}

static void
draw_progress(struct play *play, const struct source *source, const char *path)
{
	uint64_t done, size;

	capture_progress(source, &done, &size);
	progress_draw(&play->progress, path, done, size, capture_next_number(source) - 1);
}

/* Plays what a capture gives, to its end or to an error of its own or of an output. */
static void
play_capture(struct replay *replay, const char *path, struct source *source)
{
	struct play *play = &replay->play;
	int n;

	play_source(play, source, replay->next_number);
	while ((n = play_next(play, source)) > 0) {
		play_batch(play, source);
		if (progress_due(&play->progress))
			draw_progress(play, source, path);
		if (play_error(play))
			break;
	}
	if (n < 0)
		tell_broken(replay, path, source_error(source));
	replay->next_number = capture_next_number(source);
	play_source(play, NULL, replay->next_number);
}

static void
open_and_play(struct replay *replay, const char *path)
{
	const struct capture_options options = {
		.read_ahead = replay->play.threaded,
		.first_number = replay->next_number,
		.filter = replay->play.filter,
	};
	g_autofree char *message = NULL;
	struct source *source;
	int r;

	play_wait(&replay->play);
	r = capture_open(path, &options, &source, &message);
	play_go_on(&replay->play);
	if (r < 0) {
		tell_broken(replay, path, message);
		return;
	}
	replay->n_opened++;
	play_capture(replay, path, source);
	source_free(source);
}

static void
run(struct replay *replay)
{
	struct play *play = &replay->play;
	struct summary_facts facts = { 0 };

	replay->next_number = 1;
	for (char **path = play->options.inputs; *path && !play_error(play); path++)
		open_and_play(replay, *path);
	facts.n_broken = replay->n_broken;
	facts.nothing = !replay->n_opened;
	play_finish(play, &facts);
}

int
replay_main(int argc, char **argv)
{
	struct replay replay = { .play.status = STATUS_OK };

	signal(SIGPIPE, SIG_IGN);
	if (parse(argc, argv, &replay) < 0)
		replay.play.status = STATUS_USAGE;
	else if (play_prepare(&replay.play) >= 0)
		run(&replay);
	play_done(&replay.play);
	g_strfreev(replay.compare_with);
	return replay.play.status;
}
