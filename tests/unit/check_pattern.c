/* SPDX-License-Identifier: ISC */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/pattern.h"
#include "lib/strbuf.h"
#include "tests/unit/run.h"

static const struct {
	const char *pattern, *text;
	bool matches;
} cases[] = {
#define MATCH(pattern, text, whether)	{ pattern, text, whether },
#include "tests/cases/patterns.def"
#undef MATCH
};
enum { NCASES = sizeof(cases) / sizeof(cases[0]) };

static struct patbuild room;

static size_t
to_bytes(const char *s, struct patbyte *out)
{
	size_t n = 0;

	for (; *s; s++) {
		bool literal = *s == '\\' && s[1];

		s += literal;
		out[n++] = (struct patbyte){ .c = (unsigned char)*s, .literal = literal };
	}
	return n;
}

static const char *
compile(struct pattern *p, const char *text)
{
	static struct patbyte bytes[PATTERN_MAX + 16];
	size_t at;

	return pattern_compile(p, &room, bytes, to_bytes(text, bytes), &at);
}

static bool
matches(const char *pattern, const char *text)
{
	struct pattern p;

	ck_assert_ptr_null(compile(&p, pattern));
	return pattern_match(&p, text, strlen(text));
}

START_TEST(matches_what_it_should)
{
	if (matches(cases[_i].pattern, cases[_i].text) != cases[_i].matches)
		ck_abort_msg("%s on %s", cases[_i].pattern, cases[_i].text);
}
END_TEST

/* Printed, a pattern is itself again. */
START_TEST(prints_what_it_is)
{
	static struct patbyte bytes[PATTERN_MAX];
	char first[256], second[256];
	struct strbuf a = STRBUF(first), b = STRBUF(second);

	pattern_print(bytes, to_bytes(cases[_i].pattern, bytes), &a);
	if (!strstr(first, "\\x")) {
		ck_assert_int_eq(matches(first, cases[_i].text), cases[_i].matches);
		pattern_print(bytes, to_bytes(first, bytes), &b);
		ck_assert_str_eq(first, second);
	}
}
END_TEST

static const struct {
	const char *pattern, *wrong;
	size_t at;
} mistakes[] = {
	{ "/a[b",	"unterminated \"[\"", 2 },
	{ "/[]",	"an empty set", 1 },
	{ "/[!]",	"an empty set", 1 },
	{ "/[z-a]",	"a range that goes backwards", 4 },
	{ "/[^a]",	"\"[^\" is written \"[!\"; a literal ^ is written \\^", 2 },
	{ "/[a/b]",	"a set never matches \"/\"", 3 },
	{ "/[\xc3\xa9]", "a set holds single bytes: write letters outside ASCII as {x,y}", 2 },
};

START_TEST(says_what_is_wrong)
{
	static struct patbyte bytes[64];
	struct pattern p;
	size_t at, n = to_bytes(mistakes[_i].pattern, bytes);
	const char *wrong = pattern_compile(&p, &room, bytes, n, &at);

	ck_assert_pstr_eq(wrong, mistakes[_i].wrong);
	ck_assert_uint_eq(at, mistakes[_i].at);
}
END_TEST

/* From the most specific down. */
static const char *const by_rank[] = {
	"/usr/lib/xyz", "/usr/lib/x*b", "/usr/lib/x*", "/usr/lib/*b", "/usr/lib/*", "/usr/lib/**b",
	"/usr/lib", "/usr/lib/**", "/usr/l*", "/usr", "/usr/**", "/*", "/**", "**",
};

START_TEST(ranks)
{
	for (size_t i = 0; i + 1 < sizeof(by_rank) / sizeof(by_rank[0]); i++) {
		struct pattern a, b;

		ck_assert_ptr_null(compile(&a, by_rank[i]));
		ck_assert_ptr_null(compile(&b, by_rank[i + 1]));
		ck_assert_msg(a.rank > b.rank, "%s is not above %s", by_rank[i], by_rank[i + 1]);
	}
}
END_TEST

/* The same meaning, written the short way. */
static bool
reference(const char *p, const char *s)
{
	if (!*p)
		return !*s;
	if (!strncmp(p, "/**", 3) && (!p[3] || p[3] == '/') && reference(p + 3, s))
		return true;
	if (!strncmp(p, "**", 2)) {
		const char *rest = p + strspn(p, "*");

		for (;; s++) {
			if (reference(rest, s))
				return true;
			if (!*s)
				return false;
		}
	}
	if (*p == '*') {
		for (;; s++) {
			if (reference(p + 1, s))
				return true;
			if (!*s || *s == '/')
				return false;
		}
	}
	return *s && (*p == '?' ? *s != '/' : *p == *s) && reference(p + 1, s + 1);
}

START_TEST(agrees_with_the_short_way)
{
	static const char *const pieces[] = { "/", "a", "b", "*", "**", "?", "/**", "/**/", "/a" };
	uint64_t seed = 1;

	for (int n = 0; n < 200000; n++) {
		char pattern[64] = "", text[32];
		struct pattern p;
		size_t len, want;

#define RANDOM(k)	((seed = seed * 6364136223846793005u + 1442695040888963407u) >> 33) % (k)
		want = 1 + RANDOM(6);
		for (size_t i = 0; i < want; i++)
			strcat(pattern, pieces[RANDOM(sizeof(pieces) / sizeof(pieces[0]))]);
		len = RANDOM(9);
		for (size_t i = 0; i < len; i++)
			text[i] = "/ab"[RANDOM(3)];
		text[len] = '\0';
		ck_assert_ptr_null(compile(&p, pattern));
		if (pattern_match(&p, text, len) != reference(pattern, text))
			ck_abort_msg("%s on %s: not %d", pattern, text, reference(pattern, text));
	}
}
END_TEST

/* What takes a backtracking matcher the age of the universe. */
START_TEST(takes_no_time)
{
	char pattern[600], text[PATTERN_MAX];
	struct pattern p;
	clock_t start = clock();

	for (int i = 0; i < 250; i++)
		strcpy(pattern + 2 * i, "*a");
	strcpy(pattern + 500, "**b");
	memset(text, 'a', sizeof(text));
	ck_assert_ptr_null(compile(&p, pattern));
	for (int i = 0; i < 20; i++)
		ck_assert(!pattern_match(&p, text, sizeof(text)));
	ck_assert_int_lt((clock() - start) / CLOCKS_PER_SEC, 5);
}
END_TEST

START_TEST(bounds_patterns)
{
	static char text[PATTERN_MAX + 16];
	struct pattern p;

	memset(text, 'a', PATTERN_MAX + 1);
	ck_assert_str_eq(compile(&p, text), "the pattern is too long");
	text[PATTERN_MAX] = '\0';
	ck_assert_ptr_null(compile(&p, text));
	ck_assert(pattern_match(&p, text, PATTERN_MAX));
	text[0] = '*';
	ck_assert_str_eq(compile(&p, text), "the pattern is too long");
	text[PATTERN_TOKENS] = '\0';
	ck_assert_ptr_null(compile(&p, text));
	ck_assert(pattern_match(&p, text, PATTERN_TOKENS));
	ck_assert(!pattern_match(&p, text + 2, PATTERN_TOKENS - 2));
}
END_TEST

static const struct {
	const char *path;
	bool anonymous;
} names[] = {
	{ "/a", false }, { "/", false }, { "/pipe:[7]", false }, { "pipe:[7]", true }, { "socket:[7]", true },
	{ "anon_inode:[eventfd]", true }, { "anon_inode:inotify", true }, { "/memfd:x (deleted)", true }, { "/memfd", false },
	{ "net:[4026531840]", true }, { "", true },
};

START_TEST(knows_names_of_nothing)
{
	ck_assert_int_eq(path_anonymous(names[_i].path, strlen(names[_i].path)), names[_i].anonymous);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pattern");
	TCase *t = tcase_create("pattern");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, matches_what_it_should, 0, NCASES);
	tcase_add_loop_test(t, prints_what_it_is, 0, NCASES);
	tcase_add_loop_test(t, says_what_is_wrong, 0, sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(t, ranks);
	tcase_add_test(t, agrees_with_the_short_way);
	tcase_add_test(t, takes_no_time);
	tcase_add_test(t, bounds_patterns);
	tcase_add_loop_test(t, knows_names_of_nothing, 0, sizeof(names) / sizeof(names[0]));
	suite_add_tcase(s, t);
	return run_suite(s);
}
