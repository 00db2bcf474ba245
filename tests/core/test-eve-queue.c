// SPDX-License-Identifier: GPL-2.0-or-later
/* Many events, on their way through a writer's queue. */
#include "record/eve.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "events.h"
#include "folder.h"
#include "kit/kit.h"
#include "output.h"

static struct output output;
static struct eve *eve;

static char many_name[1000];

static const char *
many_names(void *context, const struct packet *p)
{
	snprintf(many_name, sizeof(many_name), "if%u", p->iface);
	if (p->iface == 1)
		memset(many_name, '\x01', sizeof(many_name) - 1);
	return many_name;
}

/* More of them than are remembered: the rest is not named. A name that is too long is cut. */
START_TEST(test_interfaces)
{
	struct packet p = { .time = EVENTS_TIME, .wirelen = 9 };
	struct drop_event event = { .packet = &p, .reason = REASON_MALFORMED };
	unsigned named = 0, lines = 0;
	char *text;

	output_open(&output, false);
	eve = eve_new(output.writer);
	eve_set_interfaces(eve, many_names, NULL);
	for (p.iface = 0; p.iface < 5000; p.iface++)
		eve_ops()->drop(eve, &event);
	p.iface = 2;
	eve_ops()->drop(eve, &event);
	eve_free(eve);
	text = output_close(&output, NULL);
	for (char *at = text, *end; (end = strchr(at, '\n')) != NULL; at = end + 1, lines++) {
		*end = '\0';
		ck_assert_int_lt(end - at, 2000);
		named += strstr(at, "in_iface") != NULL;
		if (lines == 5000)
			ck_assert_ptr_nonnull(strstr(at, "\"in_iface\":\"if2\""));
	}
	ck_assert_uint_eq(lines, 5001);
	ck_assert_uint_eq(named, 4097);
	free(text);
}
END_TEST

/* Drops and other events keep their order, with a thread too; and the disk may be full. */
#define MANY 20000u

static void
tell_many(void)
{
	const struct log_event log = { .helper = "talk", .text = "line", .time = EVENTS_TIME };
	struct tuple tuple = events_tuple(PROTO_UDP, "192.0.2.1", 53, "10.0.0.1", 2048);
	struct packet p;
	struct drop_event event = { .packet = &p, .reason = REASON_UNSOLICITED };

	events_packet(&tuple, &p);
	for (unsigned n = 0; n < MANY; n++) {
		event.flow_id = n + 1;
		eve_ops()->drop(eve, &event);
		if (n % 10 == 9)
			eve_ops()->log(eve, &log);
	}
}

START_TEST(test_order)
{
	char *text, *at;
	unsigned n_drops = 0, n_logs = 0;

	output_open(&output, _i);
	eve = eve_new(output.writer);
	tell_many();
	eve_free(eve);
	at = text = output_close(&output, NULL);
	for (char *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		*end = '\0';
		if (strstr(at, "\"event_type\":\"log\"")) {
			n_logs++;
			if (n_drops != 10 * n_logs)
				ck_abort_msg("%u drops before %s", n_drops, at);
		} else {
			n_drops++;
			if (strtoul(strstr(at, "flow_id\":") + 9, NULL, 10) != n_drops)
				ck_abort_msg("%u: %s", n_drops, at);
		}
	}
	ck_assert_uint_eq(n_drops, MANY);
	ck_assert_uint_eq(n_logs, MANY / 10);
	free(text);
}
END_TEST

#define LOST_LINE "\"event_type\":\"lost\",\"postern\":{\"events_lost\":"

/* The file may not grow beyond that. Some events are there, and all others are counted. */
START_TEST(test_full)
{
	const struct writer_options options = { .threaded = _i };
	struct rlimit before, limit;
	struct stats stats = { 0 };
	struct folder folder;
	unsigned lines = 0;
	char *text, *lost;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 400000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	folder_open(&folder);
	ck_assert_int_eq(writer_open(folder_path(&folder, "events"), &options, &output.writer), 0);
	eve = eve_new(output.writer);
	tell_many();
	writer_sync(output.writer);
	eve_stats(eve, &stats, EVENTS_TIME);
	eve_free(eve);
	ck_assert_int_eq(writer_close(output.writer), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	text = folder_get(folder_path(&folder, "events"));
	ck_assert_uint_le(strlen(text), 400000);
	for (char *at = text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	lost = strstr(text, LOST_LINE);
	ck_assert_ptr_nonnull(lost);
	ck_assert_uint_eq(
		lines - 1 + strtoul(lost + strlen(LOST_LINE), NULL, 10), MANY + MANY / 10 + 1);
	ck_assert_str_eq(text + strlen(text) - 3, "}}\n");
	g_free(text);
	folder_close(&folder);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("eve-queue");
	TCase *tc = tcase_create("eve");

	tcase_add_test(tc, test_interfaces);
	/* without and with a thread */
	tcase_add_loop_test(tc, test_order, 0, 2);
	tcase_add_loop_test(tc, test_full, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
