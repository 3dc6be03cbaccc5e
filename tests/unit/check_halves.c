/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/run.h"
#include "tracer/halves.h"

/* Lines in turn; what each gives, NULL for nothing. */
static const struct {
	const char *line, *whole;
} log_lines[] = {
	{ "100 getpid() = 100", "100 getpid() = 100" },
	{ "100 openat(AT_FDCWD, \"/x\",  <unfinished ...>", NULL },
	{ "[pid 101] read(3,  <unfinished ...>", NULL },
	{ "102 close(1) = 0", "102 close(1) = 0" },
	{ "100 <... openat resumed>O_RDWR) = 3", "100 openat(AT_FDCWD, \"/x\",  O_RDWR) = 3" },
	{ "[pid 101] <... read resumed>\"\", 1) = 0", "[pid 101] read(3,  \"\", 1) = 0" },
	{ "100 <... openat resumed>O_RDWR) = 3", NULL },
	{ "1 write(1, \"<unfinished ...>\", 16) = 16", "1 write(1, \"<unfinished ...>\", 16) = 16" },
	{ "poll( <unfinished ...>", NULL },
	{ "<... poll resumed>NULL, 0, 0) = 0", "poll( NULL, 0, 0) = 0" },
};

START_TEST(joins)
{
	struct halves h = { 0 };

	for (size_t i = 0; i < sizeof(log_lines) / sizeof(*log_lines); i++) {
		char *whole = halves_join(&h, log_lines[i].line, (unsigned)i + 1);

		ck_assert_int_eq(whole != NULL, log_lines[i].whole != NULL);
		if (whole)
			ck_assert_str_eq(whole, log_lines[i].whole);
		free(whole);
	}
	ck_assert_uint_eq(h.n, 0);
	halves_free(&h);
}
END_TEST

START_TEST(keeps_what_never_ends)
{
	struct halves h = { 0 };

	ck_assert_ptr_null(halves_join(&h, "7 read(0,  <unfinished ...>", 3));
	ck_assert_uint_eq(h.n, 1);
	ck_assert_uint_eq(h.v[0].line, 3);
	ck_assert_str_eq(h.v[0].text, "7 read(0,  ");
	halves_free(&h);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("halves");
	TCase *t = tcase_create("halves");

	tcase_add_test(t, joins);
	tcase_add_test(t, keeps_what_never_ends);
	suite_add_tcase(s, t);
	return run_suite(s);
}
