/* SPDX-License-Identifier: ISC */
/* Exported text as its readers take it, and profiles that are read back. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(HAVE_LIBSECCOMP)
#include <seccomp.h>
#endif

#include "tests/unit/export_rig.h"
#include "tests/unit/run.h"
#include "tracer/profile.h"

/* What minijail0(5) says of one test: arg1 in 0x7. */
static bool
minijail_test(char *atom, const struct data *d)
{
	unsigned arg;
	char op[4], value[32];
	uint64_t v;
	int end = 0;

	ck_assert_msg(sscanf(atom, "arg%u %3s %31s%n", &arg, op, value, &end) == 3 && !atom[end], "%s", atom);
	ck_assert_uint_lt(arg, 6);
	v = strtoull(value, NULL, 0);
	if (!strcmp(op, "=="))
		return d->args[arg] == v;
	if (!strcmp(op, "&"))
		return d->args[arg] & v;
	ck_assert_str_eq(op, "in");
	return !(d->args[arg] & ~v);
}

static bool
minijail_product(char *text, const struct data *d)
{
	for (char *next; text; text = next) {
		next = strstr(text, " && ");
		if (next) {
			*next = '\0';
			next += 4;
		}
		if (!minijail_test(text, d))
			return false;
	}
	return true;
}

/* A sum of products, and the error of all else; killing where there is none. */
static uint32_t
minijail_line(const char *line, size_t len, const struct data *d)
{
	char *copy = strndup(line, len), *refusal = strstr(copy, "return "), *save = copy;
	uint32_t other = refusal ? 0x00050000 | (uint32_t)atoi(refusal + 7) : 0x80000000;
	bool holds = !strcmp(copy, "1");

	if (refusal && refusal != copy)
		*strstr(copy, "; return") = '\0';
	for (char *next; !holds && refusal != copy && save; save = next) {
		next = strstr(save, " || ");
		if (next) {
			*next = '\0';
			next += 4;
		}
		holds = minijail_product(save, d);
	}
	free(copy);
	return holds ? 0x7fff0000 : other;
}

/* The call's line, and what it says; "# " before a line is for calls that not every minijail knows. */
static uint32_t
minijail_says(const char *text, const char *name, const struct data *d)
{
	size_t n = strlen(name);

	for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *line = p + (p[0] == '#' ? 2 : 0);

		if (!strncmp(line, name, n) && line[n] == ':' && strncmp(line + n, ": kill", 6))
			return minijail_line(line + n + 2, strcspn(line + n + 2, "\n"), d);
	}
	return 0x80000000;
}

#define READER	"PARSE_SECCOMP_POLICY"	/* minijail's own, where somebody has it */

static size_t
read_by_minijail(const char *text, struct export_insn *insn, size_t max)
{
	char name[] = "/tmp/check_export.XXXXXX", command[512];
	int fd = mkstemp(name);
	size_t n, len = strlen(text);
	FILE *f;

	ck_assert(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	close(fd);
	snprintf(command, sizeof(command), "'%s' --dump '%s'", getenv(READER), name);
	f = popen(command, "r");
	ck_assert_ptr_nonnull(f);
	n = fread(insn, sizeof(*insn), max, f);
	ck_assert_int_eq(pclose(f), 0);
	unlink(name);
	return n;
}

static bool
is_commented(const char *text, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), "\n# %s:", name);
	return strstr(text, line) != NULL;
}

static bool
is_let_in(const char *text, const char *name)
{
	char line[128];

	snprintf(line, sizeof(line), "\n%s: 1\n", name);
	return strstr(text, line) != NULL;
}

/* What minijail itself made of the policy, where it is at hand. */
struct minijail {
	const char *text;
	struct export_insn insn[1 << 16];
	size_t n;
};

static void
compare_minijail(const struct minijail *m, const struct export_call *c, const struct answer *answer, const struct data *d)
{
	const struct answer *leaf = leaf_at(answer, d);
	uint32_t got = minijail_says(m->text, c->name, d), real;

	ck_assert_msg((got == 0x7fff0000) == (leaf->class != ANSWER_REFUSE), "%s: %#x", c->name, got);
	if (leaf->class == ANSWER_REFUSE && !answer->test && leaf->action == ACT_DENY)
		ck_assert_msg(got == returned_by(leaf), "%s: %#x", c->name, got);
	if (!m->n || is_commented(m->text, c->name))
		return;
	real = run_filter(m->insn, m->n, d);
	ck_assert_msg((real & 0x7fffffff) == (got & 0x7fffffff), "%s: %#x, but minijail %#x", c->name, got, real);
}

/* One error is left of several, and what needs more cases than a line should have is let in. */
START_TEST(minijail_takes_what_export_gives)
{
	static struct minijail m;
	struct tried t;
	struct rig r;

	seed = 123456789123456789u + (unsigned)_i;
	rig_start(&r, (unsigned)_i);
	r.in.nabis = 1;
	rig_text(&r, export_minijail);
	m.text = r.text;
	m.n = getenv(READER) ? read_by_minijail(r.text, m.insn, sizeof(m.insn) / sizeof(m.insn[0])) : 0;
	for (size_t i = 0; i < r.abi[0].ncalls; i++) {
		const struct export_call *c = &r.abi[0].call[i];
		const struct answer *answer = export_answer(r.pool, &r.in, &r.abi[0], c->id);
		bool let_in = is_let_in(r.text, c->name);

		ck_assert_msg(!let_in || answer_may_pass(answer, NULL), "policy %d, %s", _i, c->name);
		for (unsigned k = 0; !let_in && k < TRIES; k++) {
			try_call(&t, r.real[0], c);
			compare_minijail(&m, c, answer, &t.data);
		}
	}
	rig_end(&r);
}
END_TEST

#if defined(HAVE_JANSSON)

static const char *const arch_words[] = { "amd64", "x86", NULL };
static const struct opt_list no_caps;

static void
read_back(struct rig *r, struct profile *p)
{
	const struct profile_for want = { arch_words, &no_caps };
	struct profile_error error;

	rig_text(r, export_oci);
	ck_assert_msg(profile_read(p, r->text, r->len, &want, &error) == 0, "%s", error.text);
}

static const char *
no_guard(void *ctx, enum sys_id id)
{
	(void)ctx;
	(void)id;
	return NULL;
}

static struct policy *
import(const struct profile *p)
{
	char *text = NULL;
	struct policy *policy;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	profile_write(p, "x", NULL, no_guard, NULL, f);
	fclose(f);
	policy = load(text);
	free(text);
	return policy;
}

/* Calls without objects: what is imported again says the same, or has the error of unknown calls. */
START_TEST(import_takes_what_export_gives)
{
	struct layer layer = { .phases = 0 };
	struct profile p;
	struct tried t;
	struct rig r;

	seed = 362436069362436069u + (unsigned)_i;
	rig_start(&r, (unsigned)_i);
	r.in.nabis = 1;
	read_back(&r, &p);
	layer.policy = import(&p);
	for (size_t i = 0; i < r.abi[0].ncalls; i++) {
		const struct export_call *c = &r.abi[0].call[i];
		const struct answer *answer = export_answer(r.pool, &r.in, &r.abi[0], c->id);

		for (unsigned k = 0; is_in_registers(c->id) && k < TRIES; k++) {
			const struct answer *leaf;
			struct verdict v;
			bool same;

			try_call(&t, r.real[0], c);
			leaf = leaf_at(answer, &t.data);
			v = policy_decide(NULL, &layer, 1, &t.ev);
			if (t.skip)
				continue;
			ck_assert_msg((leaf->class == ANSWER_REFUSE) == (v.action != ACT_ALLOW), "policy %d, %s", _i, c->name);
			same = leaf->action == v.action && (leaf->action == ACT_KILL || leaf->err == v.err);
			if (leaf->class == ANSWER_REFUSE)
				ck_assert_msg(same || (v.action == p.fallback.action && v.err == p.fallback.err),
				    "policy %d, %s: %d and %d", _i, c->name, leaf->err, v.err);
		}
	}
	profile_free(&p);
	policy_free(layer.policy);
	rig_end(&r);
}
END_TEST

#if defined(HAVE_LIBSECCOMP)

static uint32_t
scmp_action(const struct profile_action *a)
{
	switch (a->action) {
	case ACT_ALLOW:
		return a->log ? SCMP_ACT_LOG : SCMP_ACT_ALLOW;
	case ACT_TRAP:
		return SCMP_ACT_TRAP;
	case ACT_DENY:
		return SCMP_ACT_ERRNO((uint32_t)a->err);
	default:
		return SCMP_ACT_KILL_PROCESS;
	}
}

static void
add_to_libseccomp(scmp_filter_ctx ctx, const struct profile_rule *rule, const char *name)
{
	static const enum scmp_compare ops[] = {
		[OP_NE] = SCMP_CMP_NE, [OP_LT] = SCMP_CMP_LT, [OP_LE] = SCMP_CMP_LE, [OP_EQ] = SCMP_CMP_EQ,
		[OP_GE] = SCMP_CMP_GE, [OP_GT] = SCMP_CMP_GT, [OP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
	};
	struct scmp_arg_cmp cmp[PROFILE_ARGS];
	int nr = seccomp_syscall_resolve_name(name), err;

	for (unsigned i = 0; i < rule->nargs; i++)
		cmp[i] = (struct scmp_arg_cmp){
			rule->arg[i].index, ops[rule->arg[i].op], rule->arg[i].value, rule->arg[i].two
		};
	if (nr == __NR_SCMP_ERROR)
		return;
	err = seccomp_rule_add_array(ctx, scmp_action(&rule->action), nr, rule->nargs, cmp);
	ck_assert_msg(err == 0, "%s: %s", name, strerror(-err));
}

/* The filter that container engines would make. */
static size_t
build_with_libseccomp(const struct profile *p, struct export_insn *insn, size_t max)
{
	scmp_filter_ctx ctx = seccomp_init(scmp_action(&p->fallback));
	int fd = memfd_create("filter", 0);
	ssize_t n;

	ck_assert(ctx && fd >= 0);
	for (size_t i = 0; i < p->nrules; i++)
		for (size_t k = 0; k < p->rule[i].nnames; k++)
			add_to_libseccomp(ctx, &p->rule[i], p->rule[i].name[k]);
	ck_assert_int_eq(seccomp_export_bpf(ctx, fd), 0);
	n = pread(fd, insn, max * sizeof(*insn), 0);
	close(fd);
	seccomp_release(ctx);
	ck_assert_int_gt(n, 0);
	return (size_t)n / sizeof(*insn);
}

/* What libseccomp makes of a profile: never less strict than it should be, never refusing what should pass. */
START_TEST(libseccomp_takes_what_export_gives)
{
	static struct export_insn insn[1 << 16];
	struct profile p;
	struct tried t;
	struct rig r;
	size_t n;

	seed = 521288629521288629u + (unsigned)_i;
	rig_start(&r, (unsigned)_i);
	r.in.nabis = 1;
	read_back(&r, &p);
	n = build_with_libseccomp(&p, insn, sizeof(insn) / sizeof(insn[0]));
	ck_assert_uint_le(n, EXPORT_MAX_INSNS);
	for (size_t i = 0; i < r.abi[0].ncalls; i++) {
		const struct export_call *c = &r.abi[0].call[i];
		const struct answer *answer = export_answer(r.pool, &r.in, &r.abi[0], c->id);
		bool known = seccomp_syscall_resolve_name(c->name) != __NR_SCMP_ERROR;

		for (unsigned k = 0; known && k < TRIES; k++) {
			uint32_t got, wanted;

			try_call(&t, r.real[0], c);
			got = run_filter(insn, n, &t.data);
			wanted = returned_by(leaf_at(answer, &t.data));
			if ((wanted & 0xffff0000) == 0x00030000)
				wanted = 0x00030000;		/* libseccomp's SIGSYS carries nothing */
			ck_assert_msg(got == wanted || (got == scmp_action(&p.fallback) && wanted < 0x7ff00000),
			    "policy %d, %s: %#x instead of %#x", _i, c->name, got, wanted);
		}
	}
	profile_free(&p);
	rig_end(&r);
}
END_TEST

#endif
#endif

static TCase *
tests(void)
{
	TCase *t = tcase_create("formats");

	tcase_add_loop_test(t, minijail_takes_what_export_gives, 0, NPOLICIES);
#if defined(HAVE_JANSSON)
	tcase_add_loop_test(t, import_takes_what_export_gives, 0, NPOLICIES);
#if defined(HAVE_LIBSECCOMP)
	tcase_add_loop_test(t, libseccomp_takes_what_export_gives, 0, NPOLICIES);
#endif
#endif
	tcase_set_timeout(t, 300);
	return t;
}

int
main(void)
{
	static char *const nobody[] = { NULL };
	Suite *s = suite_create("export formats");

	host_init(&host, nobody);
	suite_add_tcase(s, tests());
	return run_suite(s);
}
