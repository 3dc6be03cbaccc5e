/* SPDX-License-Identifier: ISC */
/*
 * What holds for the canonical form of every policy: it means the same, it is
 * its own canonical form, and no comment is lost.  Tried on the rows of the
 * other tests, on the shipped policies, and on all of these with the blanks,
 * line breaks and comments of somebody who types in a hurry.
 */
#include "tests/unit/policy_rig.h"

#include <stdint.h>

#include "policies/builtin.h"
#include "tests/unit/run.h"
#include "tracer/host.h"
#include "tracer/policyfile.h"

static const char *const rows[] = {
#define DECIDE(policy, call, verdict)	policy,
#define LINT(policy, finding)		policy,
#include "tests/cases/decide.def"
#include "tests/cases/language.def"
#include "tests/cases/lint.def"
#undef DECIDE
#undef LINT
};
enum { NROWS = sizeof(rows) / sizeof(rows[0]), TIMES = 4, ROOM = 1 << 20 };

static const struct {
	const char *policy, *canonical;
} forms[] = {
#define FORM(policy, canonical)		{ policy, canonical },
#include "tests/cases/fmt.def"
#undef FORM
};
enum { NFORMS = sizeof(forms) / sizeof(forms[0]) };

static uint64_t seed = 7;
static unsigned notes;		/* comments that were strewn in */
static struct host host;

static unsigned
pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* Formats or fails; the caller frees. */
static char *
fmt(const char *text)
{
	struct policy_errors errors;
	size_t len;
	char *out = policy_fmt(text, strlen(text), "test", &len, &errors);

	if (!out)
		ck_abort_msg("%s\n%s", text, errors.text);
	ck_assert_uint_eq(len, strlen(out));
	return out;
}

/* What policy_show() prints of it; NULL when it does not load. */
static void
put_line(void *ctx, const char *text, const struct origin *o)
{
	(void)o;
	strbuf_addf(ctx, "%s\n", text);
}

/* "test" is the text at hand; all other names are those of the built-in policies. */
static int
read_policy(void *ctx, const char *name, const char *from, const char **text, size_t *len, const char **shown)
{
	if (strcmp(name, "test"))
		return policyfile_read(ctx, name, from, text, len, shown);
	*shown = name;
	*text = rig_text;
	*len = rig_text_len;
	return 0;
}

static char *
shown(const struct policy_host *h, const char *text)
{
	static char mem[ROOM];
	struct strbuf b = STRBUF(mem);
	struct policy *p;

	rig_text = text;
	rig_text_len = strlen(text);
	p = policy_load(h, "test", NULL, &rig_errors);
	if (!p)
		return NULL;
	policy_show(p, put_line, &b);
	policy_free(p);
	return strdup(mem);
}

/* Lines that are comments, as they follow each other. */
static char *
comments(const char *text)
{
	static char mem[ROOM];
	struct strbuf b = STRBUF(mem);

	for (size_t n; *text; text += n + (text[n] == '\n')) {
		size_t skip = strspn(text, " \t"), len;

		n = strcspn(text, "\n");
		for (len = n; len > skip && strchr(" \t\r", text[len - 1]); len--)
			;
		if (text[skip] == '#') {
			strbuf_addn(&b, text + skip, len - skip);
			strbuf_addc(&b, '\n');
		}
	}
	return strdup(mem);
}

static void
laws(const struct policy_host *h, const char *text)
{
	char *once = fmt(text), *twice = fmt(once), *before = shown(h, text), *after = shown(h, once);

	ck_assert_str_eq(once, twice);
	ck_assert_msg(!before == !after, "%s\n->\n%s\n%s", text, once, rig_errors.text);
	if (before)
		ck_assert_str_eq(before, after);
	free(once);
	free(twice);
	free(before);
	free(after);
}

static void
row_text(char *mem, size_t size, const char *row)
{
	snprintf(mem, size, "policy 1\n%s\n", row);
}

/* Rows that are wrong in their meaning alone have a form, too; those with a wrong syntax have none. */
static bool
is_syntax(const char *text)
{
	struct policy_errors errors;
	size_t len;
	char *out = policy_fmt(text, strlen(text), "test", &len, &errors);

	free(out);
	ck_assert(!out == (errors.count > 0));
	return out;
}

START_TEST(rows_mean_the_same)
{
	char text[8192];

	for (int i = 0; i < NROWS; i++) {
		row_text(text, sizeof(text), rows[i]);
		ck_assert_msg(is_syntax(text), "%s", text);
		laws(&rig_host, text);
	}
}
END_TEST

/* Something to stand between two words. */
static void
add_gap(struct strbuf *b)
{
	static const char *const gaps[] = { " ", "\t", "   ", " \t ", " \\\n", " \\\n\t", " \\\r\n  " };

	strbuf_add(b, gaps[pick(sizeof(gaps) / sizeof(gaps[0]))]);
}

static void
add_note(struct strbuf *b)
{
	strbuf_addf(b, " # note-%u, of \"no\" {meaning\\\n", ++notes);
}

/* Behind a comma a line can end, and comments can follow. */
static void
add_comma(struct strbuf *b, bool in_list)
{
	strbuf_addc(b, ',');
	if (!in_list)
		return;
	for (unsigned n = pick(4); n > 2; n--)
		add_note(b);
	if (!pick(4))
		strbuf_add(b, "\n\n\t");
	if (!pick(4))
		add_gap(b);
}

/*
 * The text as somebody else would have typed it.  Only a comma with a blank
 * behind it parts words for sure; and in quotes and comments nothing does.
 */
static void
disarrange(const char *text, struct strbuf *b)
{
	bool quoted = false, comment = false;

	for (const char *p = text; *p; p++) {
		bool starts = p == text || p[-1] == ' ' || p[-1] == '\t' || p[-1] == '\n';

		if (*p == '\\' && p[1]) {
			strbuf_addc(b, *p++);
			strbuf_addc(b, *p);
			continue;
		}
		quoted = quoted != (*p == '"' && !comment);
		comment = comment || (*p == '#' && !quoted && starts);
		if (*p == '\n') {
			if (!comment && !pick(6) && p[1])
				add_note(b);
			else
				strbuf_add(b, pick(5) ? "\n" : "  \r\n");
			if (!pick(6))
				strbuf_add(b, "\n \n\n");
			quoted = comment = false;
		} else if (*p == ' ' && !quoted && !comment && p[strspn(p, " ")] != '#') {
			add_gap(b);
		} else if (*p == ',' && !quoted && !comment) {
			add_comma(b, p[1] == ' ' && p[1 + strspn(p + 1, " ")] != '#');
		} else {
			strbuf_addc(b, *p);
		}
	}
}

static void
check_notes(const char *text, unsigned from)
{
	char *once = fmt(text);

	for (unsigned n = from + 1; n <= notes; n++) {
		char note[32];
		const char *at;

		snprintf(note, sizeof(note), "# note-%u,", n);
		at = strstr(once, note);
		ck_assert_msg(at != NULL, "%s is lost:\n%s\n->\n%s", note, text, once);
		ck_assert_ptr_null(strstr(at + 1, note));
	}
	free(once);
}

static void
check_disarranged(const struct policy_host *h, const char *text)
{
	static char mem[ROOM];
	unsigned from = notes;
	struct strbuf b = STRBUF(mem);
	char *tidy = fmt(text), *before = shown(h, text), *after;

	disarrange(tidy, &b);
	laws(h, mem);
	check_notes(mem, from);
	after = shown(h, mem);
	ck_assert_msg(!before == !after, "%s\n->\n%s\n%s", text, mem, rig_errors.text);
	if (before)
		ck_assert_str_eq(before, after);
	free(tidy);
	free(before);
	free(after);
}

START_TEST(blanks_and_breaks_mean_nothing)
{
	char text[8192];

	for (int n = 0; n < TIMES; n++) {
		for (int i = 0; i < NROWS; i++) {
			row_text(text, sizeof(text), rows[i]);
			check_disarranged(&rig_host, text);
		}
	}
}
END_TEST

static struct policy_host
builtin_host(void)
{
	static char name[] = "film", clip[] = "/media/clip.mkv";
	static char *argv[] = { name, clip, NULL };
	struct policy_host h;

	setenv("HOME", "/home/u", 1);
	setenv("XDG_RUNTIME_DIR", "/run/user/1000", 1);
	unsetenv("XDG_CONFIG_HOME");
	host_init(&host, argv);
	h = host.iface;
	h.read = read_policy;
	return h;
}

START_TEST(shipped_policies_mean_the_same)
{
	struct policy_host h = builtin_host();

	for (size_t i = 0; i < nbuiltins; i++) {
		const char *text = builtins[i].text;
		char *once = fmt(text), *before = comments(text), *after = comments(once);

		ck_assert_str_eq(before, after);
		free(once);
		free(before);
		free(after);
		if (!strcmp(builtins[i].name, FLOOR_NAME))
			continue;
		laws(&h, text);
		check_disarranged(&h, text);
	}
	host_free(&host);
}
END_TEST

/* The floor, too: its form is one that it loads from. */
START_TEST(the_floor_means_the_same)
{
	static char a[ROOM], b[ROOM];
	struct strbuf shown_before = STRBUF(a), shown_after = STRBUF(b);
	const char *text = builtin_find(FLOOR_NAME)->text;
	char *once = fmt(text), *twice = fmt(once);
	struct policy *p = policy_load_floor(&rig_host, text, &rig_errors), *q;

	ck_assert_ptr_nonnull(p);
	q = policy_load_floor(&rig_host, once, &rig_errors);
	ck_assert_msg(q, "%s", rig_errors.text);
	policy_show(p, put_line, &shown_before);
	policy_show(q, put_line, &shown_after);
	ck_assert_str_eq(a, b);
	ck_assert_str_eq(once, twice);
	policy_free(p);
	policy_free(q);
	free(once);
	free(twice);
}
END_TEST

START_TEST(is_canonical)
{
	char text[8192];
	char *once;

	row_text(text, sizeof(text), forms[_i].policy);
	once = fmt(text);
	ck_assert_ptr_eq(strstr(once, "policy 1\n"), once);
	ck_assert_str_eq(once + strlen("policy 1\n"), forms[_i].canonical);
	free(once);
}
END_TEST

/* A line is longer than the page only where nothing in it can be parted. */
START_TEST(lines_are_no_longer_than_the_page)
{
	for (size_t i = 0; i < nbuiltins; i++) {
		char *once = fmt(builtins[i].text);

		for (char *save = NULL, *l = strtok_r(once, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
			size_t tabs = strspn(l, "\t"), width = strlen(l) + 7 * tabs;
			const char *first_comma = strstr(l, ", ");

			if (l[tabs] != '#' && !strstr(l, "  # ") && first_comma)
				ck_assert_msg(width <= 102, "%s: %zu: %s", builtins[i].name, width, l);
		}
		free(once);
	}
}
END_TEST

START_TEST(what_does_not_parse_has_no_form)
{
	static const char *const wrong[] = {
		"", "allow read /x\n", "policy 1\nallow\n", "policy 1\nallow read /x,\n", "policy 1\nalow read /x\n",
		"policy 1\nphase p until exec {\n", "policy 2\n", "policy 1\n\x01\n", "policy 1\n}\n",
		"policy 1\nallow read \"/x\n", "policy 1\nguard x {\nallow read /x\n}\n",
	};
	struct policy_errors errors;
	size_t len;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (i == 9)
			continue;	/* what is quoted and not closed is the meaning's matter */
		ck_assert_msg(!policy_fmt(wrong[i], strlen(wrong[i]), "test", &len, &errors), "%s", wrong[i]);
		ck_assert_uint_gt(errors.count, 0);
		ck_assert_ptr_nonnull(strstr(errors.text, "test:"));
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fmt");
	TCase *t = tcase_create("laws");

	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, is_canonical, 0, NFORMS);
	tcase_add_test(t, rows_mean_the_same);
	tcase_add_test(t, blanks_and_breaks_mean_nothing);
	tcase_add_test(t, shipped_policies_mean_the_same);
	tcase_add_test(t, the_floor_means_the_same);
	tcase_add_test(t, lines_are_no_longer_than_the_page);
	tcase_add_test(t, what_does_not_parse_has_no_form);
	suite_add_tcase(s, t);
	return run_suite(s);
}
