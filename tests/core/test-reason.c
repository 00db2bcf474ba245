// SPDX-License-Identifier: GPL-2.0-or-later
/* The names are a contract: scripts read them. They are spelled out here once more. */
#include "packet/reason.h"

#include <string.h>

#include "kit/kit.h"

static const struct {
	enum reason reason;
	const char *name;
	enum verdict verdict;
} contract[] = {
	{ REASON_NONE, "none", VERDICT_ACCEPT },
	{ REASON_OUTBOUND, "outbound", VERDICT_ACCEPT },
	{ REASON_EXPECTED, "expected", VERDICT_ACCEPT },
	{ REASON_PORT_MAPPING, "port-mapping", VERDICT_ACCEPT },
	{ REASON_ICMP_OPTION, "icmp-option", VERDICT_ACCEPT },
	{ REASON_ICMP_ERROR, "icmp-error", VERDICT_ACCEPT },
	{ REASON_INTERNAL, "internal", VERDICT_ACCEPT },
	{ REASON_TRANSIT, "transit", VERDICT_ACCEPT },
	{ REASON_MID_STREAM, "mid-stream", VERDICT_ACCEPT },
	{ REASON_NOT_IP, "not-ip", VERDICT_ACCEPT },
	{ REASON_UNSOLICITED, "unsolicited", VERDICT_DROP },
	{ REASON_NO_HANDSHAKE, "no-handshake", VERDICT_DROP },
	{ REASON_TCP_FLAGS, "tcp-flags", VERDICT_DROP },
	{ REASON_TCP_WINDOW, "tcp-window", VERDICT_DROP },
	{ REASON_TCP_STATE, "tcp-state", VERDICT_DROP },
	{ REASON_MALFORMED, "malformed", VERDICT_DROP },
	{ REASON_TRUNCATED, "truncated", VERDICT_DROP },
	{ REASON_CHECKSUM, "checksum", VERDICT_DROP },
	{ REASON_FRAGMENT, "fragment", VERDICT_DROP },
	{ REASON_SPOOFED, "spoofed", VERDICT_DROP },
	{ REASON_HELPER, "helper", VERDICT_DROP },
	{ REASON_TABLE_FULL, "table-full", VERDICT_DROP },
	{ REASON_FAIL_CLOSED, "fail-closed", VERDICT_DROP },
};

START_TEST(test_contract)
{
	unsigned i;

	for (i = 0; i < sizeof(contract) / sizeof(contract[0]); i++) {
		ck_assert_str_eq(reason_name(contract[i].reason), contract[i].name);
		ck_assert_int_eq(reason_verdict(contract[i].reason), contract[i].verdict);
	}
}
END_TEST

/* Reasons that are added later, too. */
START_TEST(test_names)
{
	unsigned i, j;

	for (i = 0; i < REASON_COUNT; i++) {
		ck_assert_ptr_nonnull(reason_name(i));
		ck_assert_uint_gt(strlen(reason_name(i)), 0);
		ck_assert_uint_eq(strspn(reason_name(i), "abcdefghijklmnopqrstuvwxyz-"),
			strlen(reason_name(i)));
		ck_assert_int_ne(reason_verdict(i), VERDICT_HELD);
		for (j = 0; j < i; j++)
			ck_assert_str_ne(reason_name(i), reason_name(j));
	}
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("reason");
	TCase *tc = tcase_create("reason");

	tcase_add_test(tc, test_contract);
	tcase_add_test(tc, test_names);
	suite_add_tcase(s, tc);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
