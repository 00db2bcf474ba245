// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Captures that are cut off, at every byte: each prefix is read to its end or to one clear
 * complaint, never gives packets that the whole one has not, and upsets neither the engine nor the
 * sanitizers.
 *
 * A capture lies in a file in memory that is made shorter byte by byte. Each has a process of its
 * own, two at a time. Whenever it has lost a packet, the rest is played as in the program: engine,
 * a plugin, events and annotated packets. Captures are those of prefixes.h and the smallest of
 * POSTERN_CORPUS.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>

#include "engine.h"
#include "policy/config.h"
#include "prefixes.h"
#include "record/annotated.h"
#include "record/eve.h"
#include "source/capture.h"

#define PROCESSES    2
#define PATIENCE     60 /* seconds per capture */
#define CORPUS_FILES 20
#define CORPUS_MAX   2048 /* bytes of a file */

static const char config[] = "[Helpers]\nDefault=true\n"
			     "[Limits]\nMaxFlows=64\nMaxHelperFlows=64\nFragmentMemoryKiB=64\n";

/* What the prefixes of a capture are played with. */
struct player {
	struct policy *policy;
	struct plugins *plugins;
	struct writer *writer; /* to nowhere */
	struct annotated *annotated;
	struct eve *eve;
	struct recorders recorders;
	struct engine *engine;
};

/* How a prefix ended. */
struct outcome {
	int end; /* 0 or a negative errno value */
	unsigned packets;
	bool is_told; /* a failure has one line for a person */
};

/* Ends the process of this capture. */
static void fail(const char *name, size_t len, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));

static void
fail(const char *name, size_t len, const char *format, ...)
{
	va_list arguments;

	printf("FAILED prefix: %s, %zu bytes of it: ", name, len);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
	_exit(1);
}

static void
late_verdict(void *context, const struct packet *p)
{
	const struct player *player = context;

	annotated_late(player->annotated, p);
}

static bool
is_line(const char *message)
{
	return message && *message && !strchr(message, '\n');
}

static void
player_begin(struct player *player)
{
	const struct annotated_options annotated = {
		.accepted = player->writer,
		.dropped = player->writer,
		.program = "prefix",
		.held_max = 65536,
	};
	const struct engine_options options = {
		.policy = player->policy,
		.plugins = player->plugins,
		.recorders = &player->recorders,
		.late_verdict = late_verdict,
		.context = player,
	};
	char *message;

	player->eve = eve_new(player->writer);
	player->annotated = annotated_new(&annotated);
	player->recorders = (struct recorders){ 0 };
	recorders_add(&player->recorders, eve_ops(), player->eve);
	recorders_add(&player->recorders, annotated_ops(), player->annotated);
	if (engine_new(&options, &player->engine, &message) < 0)
		fail("an engine", 0, "%s", message);
}

/* Returns how many packets have a verdict. */
static uint64_t
player_end(struct player *player)
{
	struct stats stats;

	engine_finish(player->engine);
	engine_get_stats(player->engine, &stats);
	eve_stats(player->eve, &stats, stats.last_time);
	engine_free(player->engine);
	annotated_free(player->annotated);
	eve_free(player->eve);
	return stats.packets;
}

/* Takes what a source gives; `player` judges it, or nobody if it is NULL. */
static void
drain(struct player *player, struct source *source, struct outcome *outcome)
{
	struct batch batch;
	int n;

	while ((n = source_next(source, &batch)) > 0) {
		outcome->packets += (unsigned)n;
		if (!player)
			continue;
		annotated_begin(player->annotated, &batch);
		engine_process(player->engine, &batch);
		annotated_end(player->annotated);
	}
	outcome->end = n;
	outcome->is_told = n < 0 && is_line(source_error(source));
}

static struct outcome
read_prefix(struct player *player, const char *path, bool read_ahead)
{
	const struct capture_options options = { .read_ahead = read_ahead };
	struct outcome outcome = { 0 };
	struct source *source;
	char *message = NULL;

	outcome.end = capture_open(path, &options, &source, &message);
	if (outcome.end < 0) {
		outcome.is_told = is_line(message);
		g_free(message);
		return outcome;
	}
	drain(player, source, &outcome);
	source_free(source);
	return outcome;
}

/* The same packets through an engine. */
static void
play(struct player *player, const char *name, const char *path, size_t len, unsigned packets)
{
	uint64_t judged;

	player_begin(player);
	(void)read_prefix(player, path, false);
	judged = player_end(player);
	if (judged != packets)
		fail(name, len, "%u packets, but %" G_GUINT64_FORMAT " verdicts", packets, judged);
}

static void
check_outcome(const char *name, size_t len, const struct outcome *outcome, unsigned most)
{
	if (outcome->packets > most)
		fail(name, len, "%u packets, and %u of more bytes", outcome->packets, most);
	if (outcome->end == 0)
		return;
	if (outcome->end != -ENODATA && outcome->end != -EBADMSG &&
		outcome->end != -EPROTONOSUPPORT)
		fail(name, len, "ended with %s", g_strerror(-outcome->end));
	if (!outcome->is_told)
		fail(name, len, "no line for a person");
}

/* Every prefix of a file; returns how many of them ended as a whole capture does. */
static unsigned
play_prefixes(struct player *player, const char *name, int fd, size_t len, unsigned *ret_packets)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
	unsigned most = UINT_MAX, whole = 0;

	for (size_t left = len;; left--) {
		struct outcome outcome;

		if (ftruncate(fd, (off_t)left) < 0)
			fail(name, left, "cannot be cut");
		outcome = read_prefix(NULL, path, left % 16 == 0);
		check_outcome(name, left, &outcome, most);
		if (outcome.packets != most)
			play(player, name, path, left, outcome.packets);
		most = outcome.packets;
		whole += outcome.end == 0;
		if (left == len)
			*ret_packets = outcome.packets;
		if (!left)
			return whole;
	}
}

/* All of one capture, in a process of its own. */
static void
play_capture(const struct prefix_capture *capture)
{
	struct player player = { 0 };
	g_autofree char *plugin = g_strdup_printf("%s/plugins/ftp/ftp.so", getenv("POSTERN_BUILD"));
	int fd = memfd_create("capture", MFD_CLOEXEC);
	unsigned packets = 0, whole;
	char *message;

	alarm(PATIENCE);
	player.policy = config_parse("prefix.conf", config, strlen(config), NULL, NULL);
	player.plugins = plugins_new();
	if (plugins_load_file(player.plugins, plugin, &message) < 0)
		fail(capture->name, 0, "%s", message);
	if (writer_open("/dev/null", false, &player.writer) < 0 || fd < 0 ||
		write(fd, capture->bytes->data, capture->bytes->len) != capture->bytes->len)
		fail(capture->name, 0, "cannot begin");
	whole = play_prefixes(&player, capture->name, fd, capture->bytes->len, &packets);
	if (capture->is_known && packets != capture->packets)
		fail(capture->name, capture->bytes->len, "%u packets, not %u", packets,
			capture->packets);
	if (capture->is_known && whole != capture->whole)
		fail(capture->name, 0, "%u prefixes are whole, not %u", whole, capture->whole);
	close(fd);
	writer_close(player.writer);
	plugins_free(player.plugins);
	policy_unref(player.policy);
}

static int
compare_sizes(const void *a, const void *b)
{
	const struct prefix_capture *const *one = a, *const *other = b;

	return (int)(*one)->bytes->len - (int)(*other)->bytes->len;
}

/* The small files of a folder. */
static void
add_folder(const char *folder, GPtrArray *captures)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *data = NULL;
		size_t len;

		if (!g_file_get_contents(path, &data, &len, NULL) || len > CORPUS_MAX)
			continue;
		g_ptr_array_add(captures,
			prefix_capture_new(name, g_byte_array_append(g_byte_array_new(),
							 (const uint8_t *)data, (guint)len)));
	}
	if (dir)
		g_dir_close(dir);
}

/* Those of the corpus: in the order of their sizes every n-th, so that small and large are there.
 */
static void
add_corpus(GPtrArray *captures)
{
	static const char *const folders[] = { "hostile", "linktypes" };
	const char *corpus = getenv("POSTERN_CORPUS");

	for (unsigned n = 0; corpus && n < G_N_ELEMENTS(folders); n++) {
		g_autofree char *folder = g_build_filename(corpus, folders[n], NULL);
		g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(prefix_capture_free);
		unsigned step;

		add_folder(folder, found);
		g_ptr_array_sort(found, compare_sizes);
		step = MAX(1, found->len / (CORPUS_FILES / G_N_ELEMENTS(folders)));
		for (unsigned k = step - 1; k < found->len; k += step) {
			g_ptr_array_add(captures, found->pdata[k]);
			found->pdata[k] = NULL;
		}
	}
}

/* Waits for one of the processes; returns true if all was well there. */
static bool
wait_for_one(void)
{
	int status = 1;

	if (wait(&status) > 0 && WIFSIGNALED(status))
		printf("FAILED prefix: a process ended by signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int
main(void)
{
	g_autoptr(GPtrArray) captures = prefix_captures();
	unsigned running = 0, passed = 0;

	add_corpus(captures);
	for (unsigned n = 0; n < captures->len; n++) {
		pid_t child;

		if (running == PROCESSES) {
			passed += wait_for_one();
			running--;
		}
		fflush(stdout);
		child = fork();
		if (!child) {
			play_capture(captures->pdata[n]);
			g_ptr_array_unref(captures);
			exit(0);
		}
		running += child > 0;
	}
	for (; running; running--)
		passed += wait_for_one();
	printf("prefix: %u passed, %u failed\n", passed, captures->len - passed);
	return passed == captures->len && passed ? 0 : 1;
}
