/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"
#include "tests/unit/run.h"

START_TEST(arena_is_aligned_zeroed_and_bounded)
{
	struct arena a;
	char *p, *q;

	arena_init(&a, 256);
	p = arena_alloc(&a, 1);
	q = arena_alloc(&a, 100);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq((uintptr_t)q % 16, 0);
	memset(q, 0xff, 100);
	ck_assert_ptr_null(arena_alloc(&a, 200));
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
	arena_reset(&a);
	p = arena_alloc(&a, 256);
	ck_assert_ptr_nonnull(p);
	for (int i = 0; i < 256; i++)
		ck_assert_int_eq(p[i], 0);
	arena_free(&a);
}
END_TEST

START_TEST(arena_text_that_does_not_fit_is_null)
{
	struct arena a;

	arena_init(&a, 16);
	ck_assert_ptr_null(arena_strdup(&a, "sixteen letters."));
	ck_assert_str_eq(arena_printf(&a, "%s-%d", "fits", 7), "fits-7");
	ck_assert_ptr_null(arena_printf(&a, "%100d", 1));
	arena_free(&a);
}
END_TEST

static const struct {
	const char *bytes, *quoted;
	size_t n, max;
} quotes[] = {
	{ "plain", "\"plain\"", 5, 99 },
	{ "a\"b\\c", "\"a\\\"b\\\\c\"", 5, 99 },
	{ "new\nline\ttab\r", "\"new\\nline\\ttab\\r\"", 13, 99 },
	{ "\033[31m", "\"\\x1b[31m\"", 5, 99 },
	{ "\0z", "\"\\x00z\"", 2, 99 },
	{ "\xe2\x80\xae", "\"\\xe2\\x80\\xae\"", 3, 99 },	/* right-to-left override */
	{ "toolong", "\"too\"...", 7, 3 },
};

START_TEST(strbuf_quotes)
{
	char text[64];
	struct strbuf b = STRBUF(text);

	strbuf_quote(&b, quotes[_i].bytes, quotes[_i].n, quotes[_i].max);
	ck_assert_str_eq(text, quotes[_i].quoted);
	ck_assert(!b.truncated);
}
END_TEST

START_TEST(strbuf_never_overflows)
{
	char text[8] = "xxxxxxx";
	struct strbuf b;

	strbuf_init(&b, text, 6);
	strbuf_add(&b, "abc");
	strbuf_addf(&b, "%d", 123456);
	ck_assert_str_eq(text, "abc12");
	ck_assert(b.truncated);
	strbuf_addc(&b, 'z');
	ck_assert_uint_eq(b.len, 5);
	ck_assert_int_eq(text[6], 'x');
}
END_TEST

START_TEST(xgrow_keeps_what_was_there)
{
	int *v = NULL;
	size_t cap = 0;

	for (size_t i = 0; i < 1000; i++) {
		xgrow(&v, i, &cap, sizeof(*v));
		v[i] = (int)i;
	}
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(v[i], i);
	free(v);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lib");
	TCase *t = tcase_create("lib");

	tcase_add_test(t, arena_is_aligned_zeroed_and_bounded);
	tcase_add_test(t, arena_text_that_does_not_fit_is_null);
	tcase_add_loop_test(t, strbuf_quotes, 0, sizeof(quotes) / sizeof(*quotes));
	tcase_add_test(t, strbuf_never_overflows);
	tcase_add_test(t, xgrow_keeps_what_was_there);
	suite_add_tcase(s, t);
	return run_suite(s);
}
