/* SPDX-License-Identifier: ISC */
/*
 * The promises as they are compiled in: what each gives, that none gives what
 * another is for, and that they add up.  Calls are resolved by what `run`
 * resolves with, on the files of this machine that every machine has.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "engine/policy.h"
#include "lib/arena.h"
#include "lib/strbuf.h"
#include "tests/unit/run.h"
#include "tracer/calltext.h"
#include "tracer/host.h"
#include "tracer/resolve.h"

static const struct {
	const char *text, *promises;
} calls[] = {
#define CALL(call, promises)		{ call, promises },
#define MIXED(policy, call, verdict)
#include "tests/cases/promises.def"
#undef CALL
#undef MIXED
};

static const struct {
	const char *policy, *text, *verdict;
} mixed[] = {
#define CALL(call, promises)
#define MIXED(policy, call, verdict)	{ policy, call, verdict },
#include "tests/cases/promises.def"
#undef CALL
#undef MIXED
};

enum { NCALLS = sizeof(calls) / sizeof(calls[0]), NMIXED = sizeof(mixed) / sizeof(mixed[0]) };
enum { MAX_PROMISES = 64, OPENED = 100, TREE = 4000000 };

/* A set of promises, a bit each, as they stand in names[]. */
typedef uint64_t promise_set;

static struct host host;
static const char *const *names;
static unsigned nnames;
static struct arena arena;
static struct sysevent event[NCALLS];

/* Processes: the caller, one of its run, and the rest of the world. */
static enum proc_class
classify(void *ctx, struct whose whose, pid_t pid)
{
	(void)ctx;
	return pid == whose.tid ? PROC_SELF : pid == TREE ? PROC_TREE : PROC_OUTSIDE;
}

static const struct abi *
abi_x86_64(void)
{
	for (size_t i = 0; arch_at(i); i++)
		for (size_t k = 0; k < arch_at(i)->nabis; k++)
			if (!strcmp(arch_at(i)->abis[k].name, "x86_64"))
				return &arch_at(i)->abis[k];
	ck_abort_msg("no x86_64");
	return NULL;
}

/* The text with its words for processes replaced; the arena's. */
static char *
with_numbers(const char *text)
{
	size_t size = strlen(text) + 64;
	char *mem = arena_alloc(&arena, size);
	struct strbuf b;

	ck_assert_ptr_nonnull(mem);
	strbuf_init(&b, mem, size);
	while (*text) {
		if (!strncmp(text, "$SELF", 5))
			strbuf_addf(&b, "%d", (int)getpid());
		else if (!strncmp(text, "$TREE", 5))
			strbuf_addf(&b, "%d", TREE);
		else {
			strbuf_addc(&b, *text++);
			continue;
		}
		text += 5;
	}
	return mem;
}

/* 0, or -errno where the call cannot be resolved; it is then refused. */
static void
read_call(const char *text, struct sysevent *ev)
{
	struct task_view view = { .whose = { getpid(), getpid() }, .classify = classify };
	struct calltext_notes notes;
	struct calltext_error error;
	struct resolved r = { 0 };
	int err = calltext_parse(with_numbers(text), abi_x86_64(), &arena, ev, &notes, &error);

	ck_assert_msg(!err, "%s: column %u: %s", text, error.column, error.text);
	err = resolve(&view, ev, &arena, &r);
	ck_assert_msg(!err, "%s: %s", text, strerror(-err));
	resolved_release(&r);
}

static void
setup(void)
{
	int fd = open("/usr/bin/env", O_RDONLY | O_CLOEXEC);

	unsetenv("TMPDIR");
	ck_assert_int_eq(dup2(fd, OPENED), OPENED);
	host_init(&host, NULL);
	names = host.iface.promises(&host);
	for (nnames = 0; names[nnames]; nnames++)
		;
	ck_assert_uint_lt(nnames, MAX_PROMISES);
	arena_init(&arena, 1 << 22);
	for (unsigned i = 0; i < NCALLS; i++)
		read_call(calls[i].text, &event[i]);
}

static void
teardown(void)
{
	arena_free(&arena);
	host_free(&host);
	close(OPENED);
}

static char policy_text[8192];

static int
read_policy(void *ctx, const char *name, const char *from, const char **text, size_t *len, const char **shown)
{
	(void)ctx;
	(void)from;
	if (strcmp(name, "test"))
		return -ENOENT;
	*text = policy_text;
	*len = strlen(policy_text);
	*shown = name;
	return 0;
}

static struct policy *
load(void)
{
	static struct policy_errors errors;
	struct policy_host h = host.iface;
	struct policy *p;

	h.read = read_policy;
	p = policy_load(&h, "test", NULL, &errors);
	ck_assert_msg(p, "%s\n%s", policy_text, errors.text);
	return p;
}

static struct policy *
load_promises(promise_set set)
{
	struct strbuf b;

	strbuf_init(&b, policy_text, sizeof(policy_text));
	strbuf_add(&b, "policy 1\n");
	for (unsigned i = 0; i < nnames; i++)
		if (set >> i & 1)
			strbuf_addf(&b, "promise %s\n", names[i]);
	return load();
}

static promise_set
promise_bit(const char *name, size_t len)
{
	for (unsigned i = 0; i < nnames; i++)
		if (strlen(names[i]) == len && !strncmp(names[i], name, len))
			return (promise_set)1 << i;
	ck_abort_msg("there is no promise %.*s", (int)len, name);
	return 0;
}

/* The next way in of a row, from *s on; false when there is none left. */
static bool
next_way(const char **s, promise_set *set)
{
	*set = 0;
	if (!**s)
		return false;
	for (;;) {
		size_t len;

		*s += strspn(*s, " ");
		len = strcspn(*s, " ");
		if (!len)
			return true;
		if (**s == '|') {
			(*s)++;
			return true;
		}
		if (strncmp(*s, "always", len))
			*set |= promise_bit(*s, len);
		*s += len;
	}
}

static bool
should_let_in(unsigned i, promise_set have)
{
	const char *s = calls[i].promises;
	promise_set way;

	while (next_way(&s, &way))
		if (!(way & ~have))
			return true;
	return false;
}

/* Holds every row against a policy of these promises.  The floor is left out: it would refuse some before they could. */
static void
check_rows(promise_set set)
{
	struct policy *p = load_promises(set);

	for (unsigned i = 0; i < NCALLS; i++) {
		struct verdict v = policy_decide(NULL, &(struct layer){ .policy = p }, 1, &event[i]);
		bool wanted = should_let_in(i, set);

		if ((v.action == ACT_ALLOW) != wanted)
			ck_abort_msg("%s%s: %s, not %s (%s:%u)", policy_text, calls[i].text, wanted ? "refused" : "allowed",
			    wanted ? "allowed" : "refused", v.origin ? v.origin->file : "?", v.origin ? v.origin->line : 0);
	}
	policy_free(p);
}

START_TEST(each_gives_what_it_is_for_and_nothing_else)
{
	check_rows(0);
	for (unsigned i = 0; i < nnames; i++)
		check_rows((promise_set)1 << i);
}
END_TEST

START_TEST(two_add_up)
{
	for (unsigned i = 0; i < nnames; i++)
		for (unsigned k = 0; k < i; k++)
			check_rows((promise_set)1 << i | (promise_set)1 << k);
}
END_TEST

START_TEST(all_but_one_and_all_add_up)
{
	promise_set all = ((promise_set)1 << nnames) - 1;

	check_rows(all);
	for (unsigned i = 0; i < nnames; i++)
		check_rows(all & ~((promise_set)1 << i));
}
END_TEST

/* From a seed that is always the same. */
START_TEST(many_add_up)
{
	uint64_t seed = 1;

	for (unsigned n = 0; n < 300; n++) {
		promise_set set = 0;

		for (unsigned i = 0; i < nnames; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			set |= (promise_set)(seed >> 33 & 1) << i;
		}
		check_rows(set);
	}
}
END_TEST

START_TEST(each_has_rows)
{
	for (unsigned n = 0; n < nnames; n++) {
		unsigned rows = 0;

		for (unsigned i = 0; i < NCALLS; i++) {
			const char *s = calls[i].promises;
			promise_set way;

			while (next_way(&s, &way))
				rows += way >> n & 1;
		}
		ck_assert_msg(rows > 0, "no row is about %s", names[n]);
	}
}
END_TEST

/* "deny EPERM mount": the action, and the guard where one decided. */
static const char *
verdict_text(const struct verdict *v, char *mem, size_t size)
{
	static const char *const actions[] = { "kill", "trap", "deny", "ask", "allow" };
	struct strbuf b;

	strbuf_init(&b, mem, size);
	strbuf_add(&b, actions[v->action]);
	if (v->action == ACT_DENY)
		strbuf_addf(&b, " %s", errno_name(v->err));
	if (v->unsafe)
		strbuf_addf(&b, " %s", v->unsafe);
	return mem;
}

START_TEST(decides_beside_other_lines)
{
	struct policy *p;
	struct sysevent ev;
	struct verdict v;
	char text[64];

	snprintf(policy_text, sizeof(policy_text), "policy 1\n%s\n", mixed[_i].policy);
	p = load();
	read_call(mixed[_i].text, &ev);
	v = policy_decide(host_floor(&host), &(struct layer){ .policy = p }, 1, &ev);
	if (strcmp(verdict_text(&v, text, sizeof(text)), mixed[_i].verdict) != 0)
		ck_abort_msg("%s%s: is %s, not %s", policy_text, mixed[_i].text, text, mixed[_i].verdict);
	policy_free(p);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("promises");
	TCase *tc = tcase_create("promises");

	suite_add_tcase(s, tc);
	tcase_set_timeout(tc, 0);	/* a slow machine is no finding */
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_gives_what_it_is_for_and_nothing_else);
	tcase_add_test(tc, two_add_up);
	tcase_add_test(tc, all_but_one_and_all_add_up);
	tcase_add_test(tc, many_add_up);
	tcase_add_test(tc, each_has_rows);
	tcase_add_loop_test(tc, decides_beside_other_lines, 0, NMIXED);
	return run_suite(s);
}
