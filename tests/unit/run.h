/* SPDX-License-Identifier: ISC */
#ifndef TG_TESTS_RUN_H
#define TG_TESTS_RUN_H

#include <check.h>

/* Runs a suite and frees it; what main() returns.  CK_* in the environment say how. */
static inline int
run_suite(Suite *s)
{
	SRunner *r = srunner_create(s);
	int failed;

	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}

#endif
