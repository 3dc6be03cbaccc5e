/* SPDX-License-Identifier: ISC */
/* What is said of policies that are wrong, and where too much of anything ends. */
#include "tests/unit/policy_rig.h"

#include "tests/unit/run.h"

static const struct {
	const char *policy;
	unsigned count;
	const char *message;
} mistakes[] = {
#define ERROR(policy, count, message)	{ policy, count, message },
#include "tests/cases/errors.def"
#undef ERROR
};
enum { NMISTAKES = sizeof(mistakes) / sizeof(mistakes[0]) };

START_TEST(reports_mistakes)
{
	char first[512];

	ck_assert_ptr_null(rig_load(mistakes[_i].policy));
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(rig_errors.text, "\n"), rig_errors.text);
	if (strcmp(first, mistakes[_i].message) != 0 || rig_errors.count != mistakes[_i].count)
		ck_abort_msg("%s\nsays %u:\n%snot %u:\n%s", mistakes[_i].policy, rig_errors.count, rig_errors.text,
		    mistakes[_i].count, mistakes[_i].message);
}
END_TEST

START_TEST(points_at_mistakes)
{
	ck_assert_ptr_null(rig_load("policy 1\n\tallow\tread \x1f/x\n"));
	ck_assert_ptr_null(rig_load("policy 1\n\tallow\traed \xc3\xa9\t# why\r\n"));
	ck_assert_str_eq(rig_errors.text,
	    "test:2:8: unknown right \"raed\"; did you mean \"read\"?\n"
	    "     allow raed \\xc3\\xa9 # why\n"
	    "           ^\n");
}
END_TEST

START_TEST(cuts_long_lines)
{
	char text[4096] = "policy 1\nallow read /";

	memset(text + strlen(text), 'a', 2000);
	strcat(text, ", x, /");
	memset(text + strlen(text), 'b', 1000);
	ck_assert_ptr_null(rig_load(text));
	ck_assert(strlen(rig_errors.text) < 500);
	ck_assert_ptr_nonnull(strstr(rig_errors.text, "test:2:2015: a path pattern"));
	ck_assert_ptr_nonnull(strstr(rig_errors.text, "    ...aaa"));
}
END_TEST

START_TEST(stops_after_ten)
{
	char text[4096] = "policy 1\n";

	for (int i = 0; i < 30; i++)
		strcat(text, "allow raed /x\n");
	ck_assert_ptr_null(rig_load(text));
	ck_assert_uint_eq(rig_errors.count, 30);
	ck_assert_ptr_nonnull(strstr(rig_errors.text, "test:11:7:"));
	ck_assert_ptr_null(strstr(rig_errors.text, "test:12:7:"));
	ck_assert_ptr_nonnull(strstr(rig_errors.text, "too many errors: 20 more\n"));
}
END_TEST

/* Sizes are bounded, each with its message. */
START_TEST(bounds_rules)
{
	char *text = malloc(1 << 20), *end;

	strcpy(text, "policy 1\n");
	end = text + strlen(text);
	for (int i = 0; i < 400; i++)
		end += sprintf(end, "allow read /{a,b,c,d,e,f,g,h}{a,b,c,d,e,f,g,h}{a,b,c,d}\n");
	ck_assert_ptr_null(rig_load(text));
	ck_assert_uint_eq(rig_errors.count, 1);
	ck_assert_ptr_nonnull(strstr(rig_errors.text, ": more than 100000 rules\n"));
	free(text);
}
END_TEST

/* Text made of a head, a piece many times, a tail, and something as many times again. */
static const struct {
	const char *head, *piece, *tail, *again;
	unsigned times;
	const char *message;		/* NULL: it is a policy */
} heaps[] = {
	{ "allow syscall close if fd == 0", " or (fd == 1", "", ")", 30, NULL },
	{ "allow syscall close if fd == 0", " or (fd == 1", "", ")", 40, "the condition is nested too deeply" },
	{ "allow syscall close if fd == 0", " or fd == 1", "", "", 200, NULL },
	{ "allow syscall close if fd == 0", " or fd == 1", "", "", 500, "the condition is too long" },
	{ "allow syscall close if ", "(", "", "", 4000, "unexpected end of the line" },
	{ "allow syscall close if ", "not ", "fd == 1", "", 600, NULL },
	{ "allow read /", "{a,b,{", "", "", 400, "too many braces in one pattern" },
	{ "allow read /", "{a,b}", "", "", 8, NULL },
	{ "allow read /", "{a,b}", "", "", 9, "too many alternatives" },
	{ "allow read /{a", ",", "}", "", 300, "too many alternatives" },
	{ "allow read /", "a", "", "", 4095, NULL },
	{ "allow read /", "a", "", "", 4096, "longer than 4096 bytes when expanded" },
	{ "allow read /*", "a", "", "", 1022, NULL },
	{ "allow read /*", "a", "", "", 1024, "the pattern is too long" },
	{ "allow read /", "[ab]", "", "", 64, NULL },
	{ "allow read /", "[ab]", "", "", 65, "too many sets in one pattern" },
	{ "allow read /", "${HOME}", "", "", 1000, "longer than 4096 bytes when expanded" },
	{ "allow read ", "${A:-", "", "", 40, "unterminated \"${\"" },
	{ "allow read /", "${HOME:-", "x", "", 1, "unterminated \"${\"" },
	{ "allow syscall close", ", close", "", "", 3000, NULL },
	{ "allow connect inet:", "0", ".0.0.0", "", 300, "not an address: too long" },
	{ "allow connect inet:1.2.3.4:", "0", "80", "", 40, NULL },
	{ "# ", "x", "", "", 100000, NULL },
	{ "", "\\\n", "", "", 50000, NULL },
	{ "allow read /x", " \\\n", "", "", 50000, NULL },
	{ "", "allow ", "", "", 50000, "unexpected \"allow\"" },
};

START_TEST(bounds_heaps)
{
	size_t n = strlen(heaps[_i].piece), size = 64 + strlen(heaps[_i].head) + (n + 1) * heaps[_i].times;
	char *text = calloc(1, size), *end;
	struct policy *p;

	end = text + sprintf(text, "policy 1\n%s", heaps[_i].head);
	for (unsigned i = 0; i < heaps[_i].times; i++, end += n)
		memcpy(end, heaps[_i].piece, n);
	end += sprintf(end, "%s", heaps[_i].tail);
	for (unsigned i = 0; i < heaps[_i].times; i++)
		end += sprintf(end, "%s", heaps[_i].again);
	p = rig_load(text);
	if (heaps[_i].message)
		ck_assert_msg(!p && strstr(rig_errors.text, heaps[_i].message), "row %d: %s", _i, p ? "" : rig_errors.text);
	else
		ck_assert_msg(p, "row %d: %s", _i, rig_errors.text);
	policy_free(p);
	free(text);
}
END_TEST

START_TEST(bounds_text)
{
	char *text = malloc((1 << 20) + 100);

	memset(text, '\n', (1 << 20) + 1);
	memcpy(text, "policy 1\n", 9);
	text[(1 << 20) + 1] = '\0';
	ck_assert_ptr_null(rig_load(text));
	ck_assert_str_eq(rig_errors.text, "test: too large: a policy has at most 1048576 bytes\n");
	text[1 << 20] = '\0';
	policy_free(rig_load_good(text));
	free(text);
}
END_TEST

/* A NUL ends a string, and must not end a policy. */
START_TEST(sees_nul_bytes)
{
	static const char text[] = "policy 1\nallow read /x\n\0deny read /x\n";

	rig_text = text;
	rig_text_len = sizeof(text) - 1;
	ck_assert_ptr_null(policy_load(&rig_host, "test", NULL, &rig_errors));
	ck_assert_ptr_nonnull(strstr(rig_errors.text, "test:3:1: not text: byte 0x00"));
}
END_TEST

/* An endless row of files, each including the next. */
static int
read_deeper(void *ctx, const char *name, const char *from, const char **text, size_t *len, const char **shown)
{
	static char texts[64][64], names[64][16];
	unsigned n = strcmp(name, "test") ? (unsigned)atoi(name) : 0;

	(void)ctx;
	(void)from;
	ck_assert_uint_lt(n, 64);
	snprintf(texts[n], sizeof(texts[n]), "policy 1\ninclude \"%u\"\n", n + 1);
	snprintf(names[n], sizeof(names[n]), "%u", n);
	*text = texts[n];
	*len = strlen(*text);
	*shown = names[n];
	return 0;
}

START_TEST(bounds_includes)
{
	struct policy_host host = { .read = read_deeper };

	ck_assert_ptr_null(policy_load(&host, "test", NULL, &rig_errors));
	ck_assert_uint_eq(rig_errors.count, 1);
	ck_assert_ptr_nonnull(strstr(rig_errors.text, "15:2:9: includes nest more than 16 deep"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("messages");
	TCase *t = tcase_create("messages");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, reports_mistakes, 0, NMISTAKES);
	tcase_add_test(t, points_at_mistakes);
	tcase_add_test(t, cuts_long_lines);
	tcase_add_test(t, stops_after_ten);
	tcase_add_test(t, bounds_rules);
	tcase_add_loop_test(t, bounds_heaps, 0, sizeof(heaps) / sizeof(heaps[0]));
	tcase_add_test(t, bounds_text);
	tcase_add_test(t, sees_nul_bytes);
	tcase_add_test(t, bounds_includes);
	suite_add_tcase(s, t);
	return run_suite(s);
}
