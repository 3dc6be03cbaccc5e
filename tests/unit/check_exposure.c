/* SPDX-License-Identifier: ISC */
/* What a policy leaves open, said in sentences: rows of policies and of what is said, or not said, of them. */
#include "tests/unit/policy_rig.h"

#include "tests/unit/run.h"

static const struct {
	const char *policy, *says;
	bool said;
} rows[] = {
#define SAYS(policy, sentence)		{ policy, sentence, true },
#define KEEPS_QUIET(policy, sentence)	{ policy, sentence, false },
#include "tests/cases/exposure.def"
#undef SAYS
#undef KEEPS_QUIET
};
enum { NROWS = sizeof(rows) / sizeof(rows[0]) };

static const char floor_text[] =
	"policy 1\nguard ptrace {\ndeny EPERM syscall ptrace\n}\nguard mount {\ndeny EPERM syscall mount\n}\n"
	"guard proc-mem {\ndeny EPERM write /proc/[0-9]*/mem\n}\n";

/* "grave read: TEXT @2" and "until PHASE: " in front of what a phase gives. */
static void
add_sentence(void *ctx, const struct exposure *e)
{
	static const char *const levels[] = { "grave", "notable", "plain" };

	if (e->phase)
		strbuf_addf(ctx, "until %s: ", e->phase);
	strbuf_addf(ctx, "%s %s: %s", levels[e->level], e->topic, e->text);
	for (size_t i = 0; i < e->nwhere; i++)
		strbuf_addf(ctx, "%s%u", i ? "," : " @", e->where[i]->line);
	strbuf_add(ctx, "\n");
}

static char *
said_about(const char *policy)
{
	static char mem[1 << 16];
	struct strbuf b = STRBUF(mem);
	char text[4096];
	struct policy *floor = policy_load_floor(&rig_host, floor_text, &rig_errors), *p;
	struct exposure_about about = { .floor = floor, .home = "/home/u", .runtime = "/run/user/1000" };

	ck_assert_ptr_nonnull(floor);
	snprintf(text, sizeof(text), "policy 1\n%s\n", policy);
	p = rig_load_good(text);
	policy_exposure(p, &about, add_sentence, &b);
	policy_free(p);
	policy_free(floor);
	return mem;
}

START_TEST(says)
{
	const char *text = said_about(rows[_i].policy);

	ck_assert_msg(!strstr(text, rows[_i].says) != rows[_i].said, "%s\n%s\n%s", rows[_i].policy, rows[_i].says, text);
}
END_TEST

/* What matters most comes first, whatever the order of the lines. */
START_TEST(the_gravest_comes_first)
{
	const char *text = said_about("allow read /usr/**\nallow exec /usr/bin/**\nallow connect inet\nallow read ${HOME}/**");
	const char *grave = strstr(text, "grave connect"), *notable = strstr(text, "notable run"), *plain = strstr(text, "plain read");

	ck_assert_msg(grave && notable && plain && grave < notable && notable < plain, "%s", text);
	ck_assert_ptr_eq(strstr(text, "grave read: reads every file in your home"), text);
}
END_TEST

START_TEST(says_nothing_twice)
{
	static const char sentence[] = "runs code that it made itself";
	const char *text = strstr(said_about("phase start until exec {\nallow syscall mmap, mprotect\n}"), sentence);

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_null(strstr(text + 1, sentence));
}
END_TEST

START_TEST(nothing_is_open_says_nothing)
{
	ck_assert_str_eq(said_about(""), "");
	ck_assert_str_eq(said_about("deny read /**\ndeny connect any\nkill syscall fork"), "");
}
END_TEST

/* No answer where nobody knows whose home it is. */
START_TEST(needs_nothing_of_its_surroundings)
{
	struct policy *p = rig_load_good("policy 1\nallow read /**\n");
	static const struct exposure_about nobody;
	char mem[8192];
	struct strbuf b = STRBUF(mem);

	policy_exposure(p, &nobody, add_sentence, &b);
	ck_assert_msg(strstr(mem, "reads /**"), "%s", mem);
	policy_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("exposure");
	TCase *t = tcase_create("exposure");

	tcase_add_loop_test(t, says, 0, NROWS);
	tcase_add_test(t, the_gravest_comes_first);
	tcase_add_test(t, says_nothing_twice);
	tcase_add_test(t, nothing_is_open_says_nothing);
	tcase_add_test(t, needs_nothing_of_its_surroundings);
	suite_add_tcase(s, t);
	return run_suite(s);
}
