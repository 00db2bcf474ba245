// SPDX-License-Identifier: GPL-2.0-or-later
/* Types of single values: what is taken, and how it is written. test-config-refused.c has what is
 * not taken, of every key. */
#include <errno.h>

#include "config-models.h"

#define LABEL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 63 */

static const struct {
	const char *section, *name, *value;
	const char *shown; /* NULL: refused, with */
	int r;
} table[] = {
	{ "Log", "LogDropped", "on", "true" },
	{ "Log", "LogDropped", "0", "false" },
	{ "Log", "LogDropped", "", NULL, -EINVAL },
	{ "Stateful", "UdpTimeout", "007", "7" },
	{ "Stateful", "UdpTimeout", "0", NULL, -ERANGE },
	{ "Stateful", "UdpTimeout", "7s", NULL, -EINVAL },
	{ "Limits", "StreamWindowKiB", "65536", "65536" },
	{ "Limits", "StreamMemoryKiB", "16777216", "16777216" },
	{ CONFIG_MAPPING, "Internal", "65535", "65535" },
	{ CONFIG_MAPPING, "Internal", "65536", NULL, -ERANGE },
	{ "Stateful", "Midstream", "none", "none" },
	{ "Stateful", "Midstream", "None", NULL, -EINVAL },
	{ "Connection", "Type", "bridge-member", "bridge-member" },
	{ "Log", "TimeFormat", "local", "local" },
	{ "Log", "TimeFormat", "utc", "utc" },
	{ "Log", "TimeFormat", "", NULL, -EINVAL },
	{ "Log", "Path", "/a b/c#d;e", "/a b/c#d;e" },
	{ "Log", "Path", "/a/..", "/a/.." }, /* a folder; opening it will tell */
	{ "Log", "Path", "/", NULL, -EINVAL },
	{ "Log", "Path", "/a #b", NULL, -EINVAL },
	{ CONFIG_MAPPING, "Name", "", "" },
	{ CONFIG_MAPPING, "Name", "C# and more", "C# and more" },
	{ CONFIG_MAPPING, "Name", "a\x7f", NULL, -EINVAL },
	{ CONFIG_MAPPING, "Name", "a\xe2\x80\xae", NULL, -EINVAL }, /* writes backwards */
	{ CONFIG_MAPPING, "TargetName", "", "" },
	{ CONFIG_MAPPING, "TargetName", "nas", "nas" },
	{ CONFIG_MAPPING, "TargetName", "NAS-1.home.example", "NAS-1.home.example" },
	{ CONFIG_MAPPING, "TargetName", "3com", "3com" },
	{ CONFIG_MAPPING, "TargetName", "0xnas", "0xnas" },
	{ CONFIG_MAPPING, "TargetName", LABEL "." LABEL "." LABEL, LABEL "." LABEL "." LABEL },
	{ CONFIG_MAPPING, "TargetName", LABEL "a", NULL, -EINVAL },
	{ CONFIG_MAPPING, "TargetName", LABEL "." LABEL "." LABEL "." LABEL, NULL, -EINVAL },
	{ CONFIG_MAPPING, "TargetName", "192.0.2.1", NULL, -EINVAL },
	{ CONFIG_MAPPING, "TargetName", "3221225985", NULL, -EINVAL },
	{ CONFIG_MAPPING, "TargetName", "0xC0000201", NULL, -EINVAL },
	{ CONFIG_MAPPING, "TargetName", "0x", NULL, -EINVAL },
	{ CONFIG_MAPPING, "TargetName", "2001:db8::1", NULL, -EINVAL },
	{ CONFIG_MAPPING, "TargetName", "nas.", NULL, -EINVAL },
};

START_TEST(values)
{
	check_value(
		table[_i].section, table[_i].name, table[_i].value, table[_i].shown, table[_i].r);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("config-type");
	TCase *t = tcase_create("config-type");

	tcase_add_loop_test(t, values, 0, G_N_ELEMENTS(table));
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
