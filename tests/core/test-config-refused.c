// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every bad value of every key, in a file where the key stands: nothing is taken, and the message
 * tells the file, the line, the value and what is allowed. The cases are made from the table of
 * keys, so a new key has them, too.
 */
#include "config-frames.h"

/* What a comment behind a value adds to the message. */
#define COMMENT " (and a comment needs a line of its own, beginning with #)"

static unsigned
lines_of(const GString *text)
{
	unsigned n = 1;

	for (size_t i = 0; i < text->len; i++)
		n += text->str[i] == '\n';
	return n;
}

static void
check_refused(
	const struct config_key *key, enum config_kind kind, const char *value, const char *hint)
{
	g_autofree char *head = head_of(key);
	g_autofree char *allowed = config_key_allowed(key);
	g_autofree char *message = NULL;
	GString *text = section_with(key, value);
	struct config_file file = file_of(kind, "wan", text->str);
	struct result r = read_key(key, kind, text);

	message = g_strdup_printf("%s:%u: [%s] %s=%s: not allowed; allowed: %s%s", file.name,
		lines_of(text), head, key->name, value, allowed, hint);
	ck_assert_msg(r.policy == NULL, "[%s] %s=%s is taken", head, key->name, value);
	ck_assert_str_eq(r.error->message, message);
	ck_assert(g_error_matches(r.error, CONFIG_ERROR, CONFIG_ERROR_VALUE));
	result_done(&r);
	g_string_free(text, TRUE);
}

static void
check_good(const struct config_key *key, enum config_kind kind)
{
	g_autofree char *value = good_value(key);
	GString *text = section_with(key, value);
	struct result r = read_key(key, kind, text);

	ck_assert_msg(r.policy != NULL, "%s", r.error ? r.error->message : "");
	result_done(&r);
	g_string_free(text, TRUE);
}

static bool
may_be_empty(const struct config_key *key)
{
	static const struct config_type *const types[] = { &config_type_title, &config_type_host,
		&config_type_ports, &config_type_target, &config_type_prefixes, &config_type_match,
		&config_type_icmp, &config_type_helpers, &config_type_services,
		&config_type_helper };

	for (unsigned i = 0; i < G_N_ELEMENTS(types); i++) {
		if (key->type == types[i])
			return true;
	}
	return false;
}

/* Not of the type, whatever it is. */
static void
check_wrong_type(const struct config_key *key, enum config_kind kind)
{
	static const char *const wrong[] = { "!?", "-1", "+1", "0x10!", "../x", "yes no", "True;",
		"one two", "\xc3\xbc" };
	g_autofree char *lengthy = g_strnfill(79, '!');

	if (key->type == &config_type_title)
		return;
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++)
		check_refused(key, kind, wrong[i], "");
	check_refused(key, kind, lengthy, "");
}

static void
check_comments(const struct config_key *key, enum config_kind kind)
{
	static const char *const comments[] = { " # a comment", " ; a comment", " #" };
	g_autofree char *value = good_value(key);

	for (unsigned i = 0; i < G_N_ELEMENTS(comments); i++) {
		g_autofree char *commented = g_strconcat(value, comments[i], NULL);

		check_refused(key, kind, commented, COMMENT);
	}
}

static void
check_range(const struct config_key *key, enum config_kind kind)
{
	const uint64_t numbers[] = { key->min - 1, key->max + 1, UINT32_MAX, UINT64_MAX };

	for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
		g_autofree char *value = g_strdup_printf("%" G_GUINT64_FORMAT, numbers[i]);

		check_refused(key, kind, value, "");
	}
	check_refused(key, kind, "99999999999999999999999", "");
}

/* Numbers that are no ports, whatever the key makes of ports. */
static void
check_ports(const struct config_key *key, enum config_kind kind)
{
	static const struct {
		const struct config_type *type;
		const char *values[6];
	} table[] = {
		{ &config_type_range, { "0", "65536", "9-8", "1-65536", "1-2-3", "1;2" } },
		{ &config_type_ports, { "0", "65536", "9-8", "80;1-65536", "80;;81", "80/tcp" } },
		{ &config_type_some_ports, { "0", "65536", "9-8", ";", "80;0", "80/tcp" } },
		{ &config_type_service_ports,
			{ "0/tcp", "65536/tcp", "9-8/udp", "80", "80/sctp", "80/tcp;81" } },
		{ &config_type_opens,
			{ "0/tcp", "65536/udp", "9-8/udp", "80", "80/", "1/udp;2/udp" } },
		{ &config_type_prefixes, { "192.0.2.1/24", "::/129", "192.0.2.0/33", "1.2.3",
						 "::1/64", "192.0.2.0/24;x" } },
		{ &config_type_target,
			{ "192.0.2.0/24", "0.0.0.0", "127.0.0.1", "224.0.0.1", "::1", "ff02::1" } },
		{ &config_type_match, { "uuid:3f2a0b1c", "interface:", "network:192.0.2.1/24",
					      "wan0", "interface:a/b", "interface:wan0;mac:1" } },
		{ &config_type_host, { "192.0.2.1", "-a", "a-", "a..b", "1.0x7f", "a_b" } },
		{ &config_type_proto, { "TCP", "sctp", "6", "tcp;udp", "tcp/udp", "any" } },
		{ &config_type_icmp, { "ping", "echo-request-in;8", "8", "all", "Echo-Request-In",
					     "redirect;;" } },
		{ &config_type_path, { "x.log", "/a/../b", "/a/", "./x", "~", "file:/x" } },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
		for (unsigned j = 0; key->type == table[i].type && j < 6; j++)
			check_refused(key, kind, table[i].values[j], "");
	}
}

static void
check_key(const struct config_key *key, enum config_kind kind)
{
	check_good(key, kind);
	check_wrong_type(key, kind);
	check_comments(key, kind);
	check_ports(key, kind);
	if (!may_be_empty(key))
		check_refused(key, kind, "", "");
	if (key->max > 0)
		check_range(key, kind);
}

/* In each kind of file where it may stand. */
START_TEST(every_key)
{
	static const enum config_kind kinds[] = { CONFIG_MAIN, CONFIG_CONNECTION, CONFIG_SERVICE };
	const struct config_key *key = config_keys_at((unsigned)_i);

	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		if (section_of(key)->kinds & kinds[i])
			check_key(key, kinds[i]);
	}
}
END_TEST

/* Titles take nearly everything. */
START_TEST(titles)
{
	const struct config_key *key = config_keys_find(CONFIG_MAPPING, "Name");
	g_autofree char *most = g_strnfill(80, 'x');
	g_autofree char *more = g_strnfill(81, 'x');
	GString *text = section_with(key, most);
	struct result r = read_key(key, CONFIG_MAIN, text);

	ck_assert_taken(&r);
	ck_assert_str_eq(r.policy->connections[0].mappings.list[0].title, most);
	result_done(&r);
	g_string_free(text, TRUE);

	text = section_with(key, more);
	r = read_key(key, CONFIG_MAIN, text);
	ck_assert_ptr_null(r.policy);
	ck_assert(strstr(r.error->message, "x…: not allowed; allowed: one line of text, at most 80 "
					   "bytes"));
	result_done(&r);
	g_string_free(text, TRUE);

	text = section_with(key, "a\\tb");
	r = read_key(key, CONFIG_MAIN, text);
	ck_assert_refused(&r, "postern.conf:7: [Mapping:demo] Name=a?b: not allowed; allowed: one "
			      "line of text, at most 80 bytes");
	result_done(&r);
	g_string_free(text, TRUE);
}
END_TEST

static int
count_keys(void)
{
	int n = 0;

	while (config_keys_at((unsigned)n))
		n++;
	return n;
}

static Suite *
suite(void)
{
	Suite *s = suite_create("config-refused");
	TCase *t = tcase_create("config-refused");

	tcase_add_loop_test(t, every_key, 0, count_keys());
	tcase_add_test(t, titles);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
