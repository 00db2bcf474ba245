// SPDX-License-Identifier: MIT
/* Running a suite of libcheck and counting. */
#include "kit/kit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int
kit_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed, run, n;
	TestResult **results;

	srunner_run_all(runner, CK_SILENT);
	run = srunner_ntests_run(runner);
	failed = srunner_ntests_failed(runner);
	results = srunner_failures(runner);
	for (n = 0; n < failed; n++)
		printf("FAILED %s: %s:%d: %s\n", tr_tcname(results[n]), tr_lfile(results[n]),
			tr_lno(results[n]), tr_msg(results[n]));
	free(results);
	printf("%s: %d passed, %d failed\n", program_invocation_short_name, run - failed, failed);
	srunner_free(runner);
	return failed || !run ? 1 : 0;
}
