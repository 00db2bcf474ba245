// SPDX-License-Identifier: GPL-2.0-or-later
/* Descriptors that are wrong in one thing each. */
#include "helper/loader.h"

#include <string.h>

#include <glib.h>

#include "kit/kit.h"

/* A good plugin, to be spoiled. */
static struct pn_bind binds[70];
static struct pn_helper tcp, udp;
static struct pn_option option;
static const struct pn_helper *helpers[40];
static const struct pn_option *options[70];
static struct pn_plugin plugin;
static char long_text[300];

static int64_t
frame(struct pn_flow *flow, uint32_t dir, const uint8_t *bytes, size_t len)
{
	return 0;
}

static int32_t
message(struct pn_flow *flow, const struct pn_message *m)
{
	return 0;
}

static void
setup(void)
{
	memset(binds, 0, sizeof(binds));
	memset(helpers, 0, sizeof(helpers));
	memset(options, 0, sizeof(options));
	memset(long_text, 'x', sizeof(long_text) - 1);
	binds[0] = (struct pn_bind){ 21, 21 };
	tcp = (struct pn_helper){ .size = sizeof(tcp),
		.name = "mock",
		.summary = "",
		.transport = 6,
		.max_message = 1,
		.binds = binds,
		.frame = frame,
		.message = message };
	udp = (struct pn_helper){ .size = sizeof(udp),
		.name = "mock.udp2",
		.summary = "",
		.transport = 17,
		.max_message = 1 << 20,
		.max_doors = 1024,
		.door_timeout = 3600,
		.flow_size = 65536,
		.message = message,
		.gap = PN_GAP_RESUME };
	option = (struct pn_option){ .size = sizeof(option),
		.type = PN_OPTION_INT,
		.max = 5,
		.name = "Limit2",
		.fallback = "5",
		.help = "" };
	helpers[0] = &tcp;
	helpers[1] = &udp;
	options[0] = &option;
	plugin = (struct pn_plugin){ .size = sizeof(plugin),
		.name = "mock",
		.version = "1",
		.summary = "",
		.licence = "MIT",
		.helpers = helpers,
		.options = options };
}

START_TEST(a_good_plugin)
{
	ck_assert_ptr_null(plugin_complaint(&plugin, "mock"));
	plugin.options = NULL;
	tcp.binds = NULL;
	ck_assert_ptr_null(plugin_complaint(&plugin, "mock"));
	plugin.size += 100;
	tcp.size += 100;
	ck_assert_ptr_null(plugin_complaint(&plugin, "mock"));
}
END_TEST

START_TEST(another_name_than_the_file)
{
	ck_assert_ptr_nonnull(strstr(plugin_complaint(&plugin, "other"), "the file"));
}
END_TEST

#define SPOIL(name, word, ...)                                                                     \
	static void name(void)                                                                     \
	{                                                                                          \
		__VA_ARGS__;                                                                       \
	}
#define SPOILS(X)                                                                                  \
	X(short_plugin, "pn_plugin.size", plugin.size -= 8)                                        \
	X(no_size, "pn_plugin.size", plugin.size = 0)                                              \
	X(no_name, "pn_plugin.name", plugin.name = NULL)                                           \
	X(empty_name, "pn_plugin.name", plugin.name = "")                                          \
	X(upper_name, "pn_plugin.name", plugin.name = "Mock")                                      \
	X(path_name, "pn_plugin.name", plugin.name = "../mock")                                    \
	X(long_name, "pn_plugin.name", plugin.name = long_text)                                    \
	X(no_version, "version", plugin.version = NULL)                                            \
	X(long_summary, "summary", plugin.summary = long_text)                                     \
	X(odd_licence, "licence", plugin.licence = "\xff")                                         \
	X(null_helpers, "one helper or more", plugin.helpers = NULL)                               \
	X(no_helpers, "one helper or more", helpers[0] = NULL)                                     \
	X(many_helpers, "no NULL", for (int i = 0; i < 40; i++) helpers[i] = i ? &udp : &tcp;      \
		udp.name = "mock.x")                                                               \
	X(twin_helpers, "two of one name", helpers[2] = &tcp)                                      \
	X(short_helper, "pn_helper.size", tcp.size -= 8)                                           \
	X(helper_no_name, "pn_helper.name", tcp.name = NULL)                                       \
	X(helper_foreign, "pn_helper.name", tcp.name = "ftp")                                      \
	X(helper_longer, "pn_helper.name", tcp.name = "mocking")                                   \
	X(helper_dot, "pn_helper.name", tcp.name = "mock.")                                        \
	X(helper_dots, "pn_helper.name", tcp.name = "mock.a.b")                                    \
	X(helper_no_summary, "pn_helper.summary", tcp.summary = NULL)                              \
	X(sctp, "pn_helper.transport", tcp.transport = 132)                                        \
	X(tcp_no_frame, "pn_helper.frame must be set", tcp.frame = NULL)                           \
	X(udp_frame, "pn_helper.frame must not", udp.frame = frame)                                \
	X(no_message, "pn_helper.message", udp.message = NULL)                                     \
	X(odd_gap, "pn_helper.gap", tcp.gap = 2)                                                   \
	X(big_state, "pn_helper.flow_size", udp.flow_size = 65537)                                 \
	X(max_none, "pn_helper.max_message", tcp.max_message = 0)                                  \
	X(max_much, "pn_helper.max_message", udp.max_message = (1 << 20) + 1)                      \
	X(many_doors, "pn_helper.max_doors", udp.max_doors = 1025)                                 \
	X(no_timeout, "pn_helper.door_timeout", udp.door_timeout = 0)                              \
	X(long_timeout, "pn_helper.door_timeout", udp.door_timeout = 3601)                         \
	X(bind_backwards, "pn_helper.binds", binds[0].last = 20)                                   \
	X(bind_endless, "pn_helper.binds",                                                         \
		for (int i = 0; i < 70; i++) binds[i] = (struct pn_bind){ 1, 1 })                  \
	X(many_options, "no NULL", for (int i = 0; i < 70; i++) options[i] = &option)              \
	X(twin_options, "two of one name", options[1] = &option)                                   \
	X(short_option, "pn_option.size", option.size -= 8)                                        \
	X(option_no_name, "pn_option.name", option.name = NULL)                                    \
	X(option_odd_name, "pn_option.name", option.name = "Max-Line")                             \
	X(option_enabled, "pn_option.name", option.name = "Enabled")                               \
	X(option_ports, "pn_option.name", option.name = "Ports")                                   \
	X(option_no_help, "pn_option.help", option.help = NULL)                                    \
	X(option_no_type, "pn_option.type", option.type = 0)                                       \
	X(option_odd_type, "pn_option.type", option.type = 8)                                      \
	X(option_range, "pn_option.min", option.min = 6)                                           \
	X(option_no_fallback, "pn_option.fallback", option.fallback = NULL)                        \
	X(option_fallback, "pn_option.fallback", option.fallback = "6")

SPOILS(SPOIL)

static const struct {
	void (*spoil)(void);
	const char *word;
} spoils[] = {
#define X(name, word, ...) { name, word },
	SPOILS(X)
#undef X
};

START_TEST(one_thing_wrong)
{
	const char *complaint;

	for (unsigned i = 0; i < G_N_ELEMENTS(spoils); i++) {
		setup();
		spoils[i].spoil();
		complaint = plugin_complaint(&plugin, "mock");
		ck_assert_msg(complaint && strstr(complaint, spoils[i].word), "%u: %s", i,
			complaint ? complaint : "no complaint");
		ck_assert_ptr_null(strchr(complaint, '\n'));
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("loader-check");
	TCase *tc = tcase_create("loader-check");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_good_plugin);
	tcase_add_test(tc, another_name_than_the_file);
	tcase_add_test(tc, one_thing_wrong);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
