// SPDX-License-Identifier: GPL-2.0-or-later
/* The log in its files: rotated, appended to, on a full disk, and as policies change. */
#include "record/w3c.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "events.h"
#include "folder.h"
#include "kit/kit.h"

#define FIELDS                                                                                     \
	"#Fields: date time action protocol src-ip dst-ip src-port dst-port size tcpflags tcpsyn " \
	"tcpack tcpwin icmptype icmpcode info"
#define HEAD_1_0  "#Version: 1.0\n#Software: Postern\n"
#define HEAD_1_5  "#Version: 1.5\n#Software: Postern\n"
#define HEAD_MORE FIELDS " path x-reason x-packets x-bytes x-duration\n"
#define LOCAL     "#Time Format: Local\n"

static const struct {
	struct policy_log log;
	const char *head;
	const char *lost; /* the line, but for the number and what is behind it */
	const char *behind;
} dialects[] = {
	{ { .dialect = W3C_ICF_1_0 }, HEAD_1_0 LOCAL FIELDS "\n", " INFO-EVENTS-LOST", "" },
	{ { .dialect = W3C_WF_1_5 }, HEAD_1_5 LOCAL FIELDS " path\n\n", " INFO-EVENTS-LOST", " -" },
	{ { .dialect = W3C_EXTENDED }, HEAD_1_5 LOCAL HEAD_MORE, " INFO-EVENTS-LOST",
		" - - - - -" },
	{ { .dialect = W3C_EXTENDED, .utc = true },
		HEAD_1_5 HEAD_MORE "#Date: ", " INFO-EVENTS-LOST", " - - - - -" },
};

/* A log of one of these dialects, and what is given to it: numbers, as lengths of packets. */
static struct folder folder;
static struct writer *writer;
static struct w3c *w3c;
static uint32_t next;

static void
setup(void)
{
	folder_open(&folder);
	umask(022);
	next = 1;
}

static void
teardown(void)
{
	folder_close(&folder);
}

static const char *
path_of(unsigned n)
{
	char name[32];

	if (!n)
		return folder_path(&folder, "log");
	snprintf(name, sizeof(name), n == 1 ? "log.old" : "log.old.%u", n);
	return folder_path(&folder, name);
}

static struct policy_log
policy(int dialect, unsigned kib)
{
	struct policy_log log = dialects[dialect].log;

	log.dropped = true;
	log.connections = true;
	log.max_size_kib = kib;
	log.rotations = 5;
	return log;
}

static void
open_log(const struct policy_log *log, bool threaded)
{
	struct writer_options options = { .threaded = threaded };

	w3c_options(log, &options);
	ck_assert_int_eq(writer_open(path_of(0), &options, &writer), 0);
	w3c = w3c_new(writer, log);
}

/* Returns how many are lost. */
static uint64_t
close_log(void)
{
	uint64_t lost;

	w3c_free(w3c);
	lost = writer_lost(writer);
	ck_assert_int_eq(writer_trouble(writer), 0);
	ck_assert_int_eq(writer_close(writer), 0);
	return lost;
}

static void
drop(unsigned n)
{
	struct tuple tuple = events_tuple(PROTO_UDP, "192.0.2.1", 53, "10.0.0.1", 2048);
	struct packet p;
	const struct drop_event event = { .packet = &p, .reason = REASON_UNSOLICITED };

	events_packet(&tuple, &p);
	while (n--) {
		p.length = next++;
		p.time = EVENTS_TIME + p.length * UINT64_C(1000000000);
		w3c_ops()->drop(w3c, &event);
	}
}

/* What the files tell, the oldest first. */
struct told {
	uint64_t next;
	uint64_t lost;
	unsigned bursts;
	unsigned files;
};

static void
read_line(struct told *told, const char *line, int dialect)
{
	char expected[128];
	uint64_t number;

	if (line[0] == '#' || !line[0])
		return;
	if (sscanf(line, "%*s %*s DROP UDP 192.0.2.1 10.0.0.1 53 2048 %" SCNu64, &number) == 1) {
		ck_assert_uint_eq(number, told->next);
		told->next++;
		return;
	}
	ck_assert_msg(sscanf(line, "%*s %*s INFO-EVENTS-LOST - - - - - - - - - - - - %" SCNu64,
			      &number) == 1,
		"what is this? %s", line);
	snprintf(expected, sizeof(expected), "%s - - - - - - - - - - - - %" PRIu64 "%s",
		dialects[dialect].lost, number, dialects[dialect].behind);
	ck_assert_str_eq(line + strlen("2026-11-21 20:15:00"), expected);
	told->next += number;
	told->lost += number;
	told->bursts++;
}

static struct told
read_files(int dialect, size_t max_size)
{
	struct told told = { .next = 1 };

	for (unsigned n = 7; n-- > 0;) {
		char *text = n < 6 ? folder_get(path_of(n)) : NULL, *at = text, *end;

		if (!text)
			continue;
		told.files++;
		ck_assert_uint_le(strlen(text), max_size);
		ck_assert_msg(g_str_has_prefix(text, dialects[dialect].head), "%s", text);
		for (; (end = strchr(at, '\n')) != NULL; at = end + 1) {
			*end = '\0';
			read_line(&told, at, dialect);
		}
		ck_assert_str_eq(at, "");
		g_free(text);
	}
	return told;
}

/* Over several rotations no line is missing; each file says from when its first is. */
START_TEST(test_rotation)
{
	int dialect = _i / 2;
	struct policy_log log = policy(dialect, 1);
	struct told told;
	struct stat st;

	open_log(&log, _i % 2);
	drop(45);
	ck_assert_uint_eq(close_log(), 0);
	told = read_files(dialect, 1024);
	ck_assert_uint_eq(told.next, 46);
	ck_assert_uint_eq(told.lost, 0);
	ck_assert_uint_ge(told.files, 4);
	for (unsigned n = 0; n < told.files; n++) {
		ck_assert_int_eq(stat(path_of(n), &st), 0);
		ck_assert_uint_eq(st.st_mode & 07777, 0640);
	}
	if (log.utc) {
		char *text = folder_get(path_of(0)), *date = strstr(text, "#Date: ");

		ck_assert_ptr_nonnull(date);
		ck_assert_int_eq(strncmp(date + 7, date + 27, 19), 0);
		g_free(text);
	}
}
END_TEST

/* The log goes on where it ended; in another dialect, in another file. */
START_TEST(test_again)
{
	struct policy_log log = policy(0, 32), other = policy(_i, 32);
	struct told told;

	open_log(&log, false);
	drop(5);
	close_log();
	open_log(&other, false);
	drop(5);
	close_log();
	if (!_i) {
		told = read_files(0, 32768);
		ck_assert_uint_eq(told.next, 11);
		ck_assert_uint_eq(told.files, 1);
	} else {
		char *text = folder_get(path_of(0)), *old = folder_get(path_of(1));

		ck_assert(g_str_has_prefix(text, dialects[_i].head));
		ck_assert(g_str_has_prefix(old, dialects[0].head));
		ck_assert_ptr_nonnull(strstr(text, " 2048 6 "));
		ck_assert_ptr_nonnull(strstr(old, " 2048 5 "));
		ck_assert_ptr_null(strstr(old, " 2048 6 "));
		g_free(text);
		g_free(old);
	}
}
END_TEST

/* The file may not grow: what is missing is told in one line, in the words of the dialect. */
START_TEST(test_full)
{
	int dialect = _i / 2;
	struct policy_log log = policy(dialect, 32000);
	struct rlimit before, limit;
	struct told told;
	uint64_t lost;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 5000;
	open_log(&log, _i % 2);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	drop(10000);
	lost = close_log();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	told = read_files(dialect, 5000);
	ck_assert_uint_eq(told.next, 10001);
	ck_assert_uint_eq(told.lost, lost);
	ck_assert_uint_eq(told.bursts, 1);
	/* Where the line that tells must go itself, what it told is told again. */
	limit.rlim_cur = 2000;
	open_log(&log, _i % 2);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	drop(1);
	close_log();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	told = read_files(dialect, 2000);
	ck_assert_uint_eq(told.next, 10002);
	ck_assert_uint_eq(told.bursts, 1);
}
END_TEST

static void
tell_connection(void)
{
	struct tuple tuple = events_tuple(PROTO_TCP, "10.0.0.1", 1042, "192.0.2.5", 80);
	struct flow flow;
	const struct flow_event event = { .flow = &flow, .id = 1, .time = EVENTS_TIME };

	events_flow(&tuple, &flow);
	w3c_ops()->flow_begin(w3c, &event);
	w3c_ops()->flow_end(w3c, &event);
}

static unsigned
count(const char *text, const char *word)
{
	unsigned n = 0;

	while (text && (text = strstr(text, word)) != NULL) {
		text++;
		n++;
	}
	return n;
}

/* From which kinds of line, dialect and path to which, between two events. */
START_TEST(test_policy)
{
	struct policy_log log = policy(0, 32);
	const char *other = folder_path(&folder, "other");
	char *first, *second, *third;

	open_log(&log, _i);
	drop(2);
	tell_connection();
	log.connections = false;
	w3c_set_policy(w3c, &log, NULL); /* the same dialect: the same file */
	drop(3);
	tell_connection();
	log.dialect = W3C_EXTENDED;
	log.dropped = false;
	log.connections = true;
	w3c_set_policy(w3c, &log, NULL);
	drop(4);
	tell_connection();
	log.dropped = true;
	w3c_set_policy(w3c, &log, other);
	drop(5);
	close_log();
	first = folder_get(path_of(1));
	second = folder_get(path_of(0));
	third = folder_get(other);
	ck_assert(g_str_has_prefix(first, dialects[0].head));
	ck_assert_uint_eq(count(first, " DROP "), 5);
	ck_assert_uint_eq(count(first, " OPEN ") + count(first, " CLOSE "), 2);
	ck_assert(g_str_has_prefix(second, dialects[2].head));
	ck_assert_uint_eq(count(second, " DROP "), 0);
	ck_assert_uint_eq(count(second, " outbound 5 2300 1.500\n"), 1);
	ck_assert(g_str_has_prefix(third, dialects[2].head));
	ck_assert_uint_eq(count(third, " unsolicited - - -\n"), 5);
	ck_assert_uint_eq(count(third, " OPEN "), 0);
	g_free(first);
	g_free(second);
	g_free(third);
}
END_TEST

/* Another clock within the same second. */
START_TEST(test_clock)
{
	struct policy_log log = policy(0, 32);
	char *first, *second;

	setenv("TZ", "TST-1:30", 1);
	tzset();
	open_log(&log, _i);
	tell_connection();
	log.utc = true;
	w3c_set_policy(w3c, &log, NULL);
	tell_connection();
	close_log();
	first = folder_get(path_of(1));
	second = folder_get(path_of(0));
	ck_assert_uint_eq(count(first, "2026-11-21 21:45:00"), 2);
	ck_assert_uint_eq(count(second, "2026-11-21 20:15:00"), 3); /* and in #Date */
	g_free(first);
	g_free(second);
}
END_TEST

/* A smaller limit holds from the next line on. */
START_TEST(test_smaller)
{
	struct policy_log log = policy(0, 32);
	struct told told;

	open_log(&log, _i);
	drop(40);
	log.max_size_kib = 1;
	w3c_set_policy(w3c, &log, NULL);
	drop(20);
	ck_assert_uint_eq(close_log(), 0);
	told = read_files(0, 32768);
	ck_assert_uint_eq(told.next, 61);
	ck_assert_uint_ge(told.files, 3);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("w3c-files");
	TCase *tc = tcase_create("files");
	const int n = sizeof(dialects) / sizeof(dialects[0]);

	tcase_add_checked_fixture(tc, setup, teardown);
	/* without and with a thread */
	tcase_add_loop_test(tc, test_rotation, 0, 2 * n);
	tcase_add_loop_test(tc, test_again, 0, n);
	tcase_add_loop_test(tc, test_full, 0, 2 * n);
	tcase_add_loop_test(tc, test_policy, 0, 2);
	tcase_add_loop_test(tc, test_clock, 0, 2);
	tcase_add_loop_test(tc, test_smaller, 0, 2);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
