// SPDX-License-Identifier: GPL-2.0-or-later
/* Services by their names. */
#include <glib.h>

#include "kit/kit.h"
#include "policy/service.h"

START_TEST(found_by_name)
{
	static const char *const names[] = { "0", "a", "aa", "b", "c-d", "c.d", "z" };
	static const char *const strangers[] = { "", "A", "ab", "c", "c-", "zz", "\xff" };
	struct service services[G_N_ELEMENTS(names)];

	for (unsigned n = 0; n <= G_N_ELEMENTS(names); n++) {
		for (unsigned i = 0; i < n; i++)
			services[i] = (struct service){ .name = (char *)names[i] };
		for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
			const struct service *found = service_find(services, n, names[i]);

			ck_assert_ptr_eq(found, i < n ? &services[i] : NULL);
		}
		for (unsigned i = 0; i < G_N_ELEMENTS(strangers); i++)
			ck_assert_ptr_null(service_find(services, n, strangers[i]));
	}
	ck_assert_ptr_null(service_find(NULL, 0, "a"));
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("service");
	TCase *t = tcase_create("service");

	tcase_add_test(t, found_by_name);
	suite_add_tcase(s, t);
	return s;
}

int
main(void)
{
	return kit_run(suite());
}
