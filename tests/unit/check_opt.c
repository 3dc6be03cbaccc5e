/* SPDX-License-Identifier: ISC */
#include "tracer/opt.h"

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/run.h"

struct options {
	bool flag, other;
	const char *string;
	struct opt_list list;
	int number;
	double seconds;
	int choice;
};

#define ROW(n, l, k, f)	.name = n, .letter = l, .kind = k, .offset = offsetof(struct options, f)

static const struct option_row rows[] = {
	{ ROW("flag", 'f', OPT_FLAG, flag), .help = "a flag" },
	{ ROW("other", 'o', OPT_FLAG, other), .help = "another flag" },
	{ ROW("string", 's', OPT_STRING, string), .arg = "TEXT", .help = "some text" },
	{ ROW("policy", 'p', OPT_LIST, list), .arg = "NAME", .help = "again and again" },
	{ ROW("number", 'n', OPT_INT, number), .arg = "N", .help = "a number", .min = -3, .max = 70000 },
	{ ROW("timeout", 0, OPT_SECONDS, seconds), .arg = "S", .help = "a time" },
	{ ROW("log", 0, OPT_CHOICE, choice), .arg = "HOW", .help = "one of several", .choices = "text|json" },
	{ .kind = OPT_END },
};

enum { MAXWORDS = 8 };

static int
parse(const char *const *words, struct options *o, struct opt_error *error)
{
	char *argv[MAXWORDS + 2] = { (char *)"command" };
	int argc = 1;

	memset(o, 0, sizeof(*o));
	memset(error, 0, sizeof(*error));
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	return options_parse(rows, o, argc, argv, error);
}

/* What is accepted: the words, the index of the first operand, and what was stored, as text. */
static const struct good {
	const char *words[MAXWORDS];
	int operand;
	const char *stored;
} good[] = {
	{ { NULL }, 1, "" },
	{ { "x", "-f", NULL }, 1, "" },			/* options end at the first operand */
	{ { "-f", "x", NULL }, 2, "flag" },
	{ { "-", NULL }, 1, "" },			/* an operand by custom */
	{ { "--", "-f", NULL }, 2, "" },
	{ { "--flag", "--", "-f", NULL }, 3, "flag" },
	{ { "-fo", NULL }, 2, "flag other" },
	{ { "-sx", NULL }, 2, "string=x" },
	{ { "-s", "x", NULL }, 3, "string=x" },
	{ { "-fsx", NULL }, 2, "flag string=x" },
	{ { "--string", "x", "y", NULL }, 3, "string=x" },
	{ { "--string=x=y", NULL }, 2, "string=x=y" },
	{ { "--string=", NULL }, 2, "string=" },
	{ { "--string", "-f", NULL }, 3, "string=-f" },
	{ { "--string", "", NULL }, 3, "string=" },
	{ { "--string=--", NULL }, 2, "string=--" },
	{ { "-pa", "-p", "b", "--policy=c", NULL }, 5, "list=a list=b list=c" },
	{ { "-n", "-3", NULL }, 3, "number=-3" },
	{ { "--number=70000", NULL }, 2, "number=70000" },
	{ { "--timeout=1.5", NULL }, 2, "seconds=1.500" },
	{ { "--timeout=.25", NULL }, 2, "seconds=0.250" },
	{ { "--timeout=30s", NULL }, 2, "seconds=30.000" },
	{ { "--log=json", NULL }, 2, "choice=1" },
	{ { "--log", "text", NULL }, 3, "" },		/* the first choice is 0 */
};

static void
stored_text(const struct options *o, char *out, size_t size)
{
	FILE *f = fmemopen(out, size, "w");

	fprintf(f, "%s%s", o->flag ? " flag" : "", o->other ? " other" : "");
	if (o->string)
		fprintf(f, " string=%s", o->string);
	for (size_t i = 0; i < o->list.n; i++)
		fprintf(f, " list=%s", o->list.v[i]);
	if (o->number)
		fprintf(f, " number=%d", o->number);
	if (o->seconds > 0)
		fprintf(f, " seconds=%.3f", o->seconds);
	if (o->choice)
		fprintf(f, " choice=%d", o->choice);
	fclose(f);
}

START_TEST(accepts)
{
	const struct good *g = &good[_i];
	char stored[256] = "";
	struct opt_error error;
	struct options o;

	ck_assert_int_eq(parse(g->words, &o, &error), g->operand);
	stored_text(&o, stored, sizeof(stored));
	ck_assert_str_eq(stored[0] ? stored + 1 : stored, g->stored);
	ck_assert_str_eq(error.text, "");
	options_free(rows, &o);
}
END_TEST

/* What is refused, and the words of it. */
static const struct bad {
	const char *words[MAXWORDS];
	const char *text;
} bad[] = {
	{ { "--flaag", NULL }, "unknown option --flaag; did you mean --flag?" },
	{ { "--hepl", NULL }, "unknown option --hepl; did you mean --help?" },
	{ { "--qqqqqqqqqq=x", NULL }, "unknown option --qqqqqqqqqq" },
	{ { "--fl", NULL }, "unknown option --fl" },	/* no abbreviations: they break when an option is added */
	{ { "-x", NULL }, "unknown option -x" },
	{ { "-fx", NULL }, "unknown option -x" },
	{ { "-\033", NULL }, "unknown option -\\x1b" },
	{ { "--\033[2J", NULL }, "unknown option --\\x1b[2J" },
	{ { "--flag=yes", NULL }, "option --flag takes no value" },
	{ { "--string", NULL }, "option --string needs a value (TEXT)" },
	{ { "-s", NULL }, "option -s needs a value (TEXT)" },
	{ { "-p", "--", "prog", NULL }, "option -p needs a value (NAME)" },
	{ { "--number=x", NULL }, "option --number: \"x\" is not a number from -3 to 70000" },
	{ { "--number=", NULL }, "option --number: \"\" is not a number from -3 to 70000" },
	{ { "-n-4", NULL }, "option -n: \"-4\" is not a number from -3 to 70000" },
	{ { "-n", "70001", NULL }, "option -n: \"70001\" is not a number from -3 to 70000" },
	{ { "-n", "99999999999999999999", NULL },
	  "option -n: \"99999999999999999999\" is not a number from -3 to 70000" },
	{ { "-n", "1 ", NULL }, "option -n: \"1 \" is not a number from -3 to 70000" },
	{ { "--timeout=0", NULL }, "option --timeout: \"0\" is not a number of seconds above zero" },
	{ { "--timeout=-1", NULL }, "option --timeout: \"-1\" is not a number of seconds above zero" },
	{ { "--timeout=inf", NULL }, "option --timeout: \"inf\" is not a number of seconds above zero" },
	{ { "--timeout=1.5.2", NULL }, "option --timeout: \"1.5.2\" is not a number of seconds above zero" },
	{ { "--timeout=.", NULL }, "option --timeout: \".\" is not a number of seconds above zero" },
	{ { "--log=jso", NULL }, "option --log: \"jso\" is not one of text|json" },
	{ { "--log=", NULL }, "option --log: \"\" is not one of text|json" },
	{ { "--log=text|json", NULL }, "option --log: \"text|json\" is not one of text|json" },
};

START_TEST(refuses)
{
	struct opt_error error;
	struct options o;

	ck_assert_int_eq(parse(bad[_i].words, &o, &error), OPT_WRONG);
	if (strncmp(error.text, bad[_i].text, strlen(bad[_i].text)))
		ck_abort_msg("\"%s\" is not \"%s\"", error.text, bad[_i].text);
	options_free(rows, &o);
}
END_TEST

START_TEST(help_is_always_there)
{
	static const char *const words[][3] = { { "--help" }, { "-h" }, { "-fh" }, { "-f", "--help" } };
	struct opt_error error;
	struct options o;

	ck_assert_int_eq(parse(words[_i], &o, &error), OPT_WANTS_HELP);
	options_free(rows, &o);
}
END_TEST

static const struct option_row wide_rows[] = {
	{ ROW("flag", 'f', OPT_FLAG, flag),
	  .help = "words and words and words and words and words and words and words and words and words and more" },
	{ ROW("a-name-that-is-far-too-long-for-the-left-column", 0, OPT_STRING, string), .arg = "TEXT", .help = "some text" },
	{ ROW("log", 0, OPT_CHOICE, choice), .arg = "HOW", .help = "how", .choices = "text|json" },
	{ .kind = OPT_END },
};

START_TEST(help_is_aligned)
{
	char text[4096] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");

	options_help(wide_rows, f);
	fclose(f);
	ck_assert_str_eq(text,
	    "  -f, --flag     words and words and words and words and words and words and\n"
	    "                 words and words and words and more\n"
	    "      --a-name-that-is-far-too-long-for-the-left-column TEXT\n"
	    "                 some text\n"
	    "      --log HOW  how: text|json\n"
	    "  -h, --help     show this text\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("opt");
	TCase *tc = tcase_create("opt");

	suite_add_tcase(s, tc);
	tcase_add_loop_test(tc, accepts, 0, sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(tc, refuses, 0, sizeof(bad) / sizeof(bad[0]));
	tcase_add_loop_test(tc, help_is_always_there, 0, 4);
	tcase_add_test(tc, help_is_aligned);
	return run_suite(s);
}
