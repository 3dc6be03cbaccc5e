/* SPDX-License-Identifier: ISC */
/*
 * Plans against the verdicts that they save: what passes a filter unseen is what
 * policy_decide() allows without a line in the log, whatever the registers of
 * which call of which ABI hold, whatever the call is about, in any phase.
 */
#include "lib/strbuf.h"
#include "tests/unit/export_rig.h"
#include "tests/unit/run.h"
#include "tracer/business.h"
#include "tracer/filter.h"

enum { ROUNDS = 110, PASSES = 0x7fff0000, REFUSES = 0x00050000 };

/* Each ABI has a filter of its own. */
struct planned {
	struct rig rig;
	struct business business;
	const struct export_insn *insn[4];
	size_t n[4];
	unsigned long tried, passed, refused;
};

static void
plan_start(struct planned *p, unsigned n)
{
	memset(p, 0, sizeof(*p));
	rig_start(&p->rig, n);
	business_init(&p->business, arch_native(), p->rig.in.floor, p->rig.layer, p->rig.in.nlayers, false);
	for (size_t a = 0; a < p->rig.in.nabis; a++) {
		p->n[a] = business_filter(&p->business, p->rig.real[a], FILTER_LOOK, &p->insn[a]);
		ck_assert_uint_gt(p->n[a], 0);
	}
}

static void
plan_end(struct planned *p)
{
	business_free(&p->business);
	rig_end(&p->rig);
}

static void
compare(struct planned *p, unsigned n, size_t a, const struct export_call *c, struct tried *t)
{
	struct rig *r = &p->rig;
	uint32_t got = run_filter(p->insn[a], p->n[a], &t->data);
	bool passes = business_passes(&p->business, r->real[a], t->data.nr, t->data.args);
	struct verdict v;
	char mem[2048];
	struct strbuf b = STRBUF(mem);

	p->tried++;
	ck_assert_msg(got == PASSES || got == FILTER_LOOK || got >> 16 == REFUSES >> 16, "the filter returns %#x", got);
	ck_assert_msg((got == PASSES) == passes, "policy %u, %s: the plan and its filter differ", n, c->name);
	if (got == FILTER_LOOK || t->skip)
		return;
	for (size_t i = 0; i < r->in.nlayers; i++)
		r->layer[i].phases = policy_phases(r->layer[i].policy) & (uint32_t)chance();
	v = policy_decide(r->in.floor, r->layer, r->in.nlayers, &t->ev);
	sysevent_print(&t->ev, &b);
	p->passed += passes;
	p->refused += !passes;
	if (!passes) {
		ck_assert_msg(v.action == ACT_DENY && v.quiet && (uint32_t)v.err == (got & 0xffff),
		    "policy %u, %s %s: refused with %u, not as the policy does", n, c->name, b.s, got & 0xffff);
		return;
	}
	ck_assert_msg(v.action == ACT_ALLOW, "policy %u, %s %s: passes, and the policy refuses", n, c->name, b.s);
	ck_assert_msg(!v.log, "policy %u, %s %s: passes, and the log lacks it", n, c->name, b.s);
}

/* More than a million sets of registers in all. */
START_TEST(what_passes_is_allowed)
{
	struct planned p;
	struct tried t;

	seed = 88172645463325252u + 77u * (unsigned)_i;
	plan_start(&p, (unsigned)_i);
	for (size_t a = 0; a < p.rig.in.nabis; a++)
		for (size_t i = 0; i < p.rig.abi[a].ncalls; i++)
			for (unsigned k = 0; k < ROUNDS; k++) {
				try_call(&t, p.rig.real[a], &p.rig.abi[a].call[i]);
				compare(&p, (unsigned)_i, a, &p.rig.abi[a].call[i], &t);
			}
	ck_assert_uint_gt(p.tried, 70000);
	if (strstr(policies[_i].text, "quiet"))
		ck_assert_uint_gt(p.refused, 100);
	plan_end(&p);
}
END_TEST

/* A filter is for programs of its ABI: of others, and of numbers that no table has, it lets nothing in unseen. */
START_TEST(what_is_foreign_is_looked_at)
{
	struct planned p;
	bool unknown_allowed;

	plan_start(&p, (unsigned)_i);
	unknown_allowed = strstr(policies[_i].text, "unknown allow") != NULL;
	for (size_t a = 0; a < p.rig.in.nabis; a++)
		for (uint64_t nr = 0; nr <= UINT32_MAX; nr = nr < 1000 ? nr + 1 : nr * 2 + 1) {
			struct data d = { .nr = (uint32_t)nr, .arch = 0xc00000b7 };

			ck_assert_uint_eq(run_filter(p.insn[a], p.n[a], &d), FILTER_LOOK);
			d.arch = p.rig.abi[(a + 1) % p.rig.in.nabis].audit_arch;
			if (p.rig.in.nabis > 1)
				ck_assert_uint_eq(run_filter(p.insn[a], p.n[a], &d), FILTER_LOOK);
			d.arch = p.rig.abi[a].audit_arch;
			if (nr > 600 && (!unknown_allowed || (p.rig.abi[a].nr_limit && nr >= p.rig.abi[a].nr_limit)))
				ck_assert_uint_eq(run_filter(p.insn[a], p.n[a], &d), FILTER_LOOK);
		}
	plan_end(&p);
}
END_TEST

/* Tollgate's own business is looked at under any policy; what programs do all the time is not. */
START_TEST(plan_is_worth_having)
{
	static const struct { const char *call; uint64_t args[6]; bool passes; } rows[] = {
		{ "read", { 3 }, true }, { "write", { 1 }, true }, { "getpid", { 0 }, true }, { "futex", { 0 }, true },
		{ "mmap", { 0, 4096, 3, 0x22 }, true }, { "mmap", { 0, 4096, 3, 0x32 }, false }, { "munmap", { 0x40000000 }, false },
		{ "munmap", { UINT64_C(0x7f0000000000), 4096 }, true }, { "mprotect", { UINT64_C(0x100000000) }, true },
		{ "mmap", { UINT64_C(0x7f0000000000), 4096, 3, 0x32 }, true }, { "madvise", { UINT32_MAX, 1 }, false },
		{ "mremap", { UINT64_C(0x7f0000000000), 1, 1, 1 }, true }, { "mremap", { UINT64_C(0x7f0000000000), 1, 1, 3 }, false },
		{ "sendto", { 3, 1, 1 }, true }, { "sendto", { 3, 1, 1, 0, 0x1000, 16 }, false },
		{ "sendto", { 3, 1, 1, 0, UINT64_C(1) << 32, 16 }, false },
		{ "fcntl", { 0, 3 }, true }, { "fcntl", { 0, 8 }, false }, { "fcntl", { 0, 8 | UINT64_C(1) << 32 }, false },
		{ "openat", { 0 }, false }, { "chdir", { 0 }, false }, { "execve", { 0 }, false }, { "clone", { 0 }, false },
		{ "vfork", { 0 }, false }, { "setuid", { 0 }, false }, { "prctl", { 0 }, false }, { "kill", { 0 }, false },
		{ "chroot", { 0 }, false }, { "rename", { 0 }, false }, { "recvmsg", { 0 }, false }, { "ftruncate", { 0 }, true },
	};
	struct planned p;

	plan_start(&p, 3);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t nr = abi_call_nr(p.rig.real[0], rows[i].call);

		if (nr < 0)
			continue;
		ck_assert_msg(business_passes(&p.business, p.rig.real[0], (uint32_t)nr, rows[i].args) == rows[i].passes,
		    "%s: %s", rows[i].call, rows[i].passes ? "is looked at" : "passes");
	}
	plan_end(&p);
}
END_TEST

/* Where a rule refuses to look at some file, or a mark may be asked for, it matters what a name leads to. */
START_TEST(looking_passes_where_all_may_be_looked_at)
{
	static const char *const calls[] = { "stat", "lstat", "newfstatat", "statx", "readlink", "readlinkat", "access", "faccessat", "getxattr" };
	struct planned p;

	plan_start(&p, (unsigned)_i);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int64_t nr = abi_call_nr(p.rig.real[0], calls[i]);
		bool marks = strstr(policies[_i].text, "mark") && strstr(calls[i], "access");
		bool passes = !marks && strstr(policies[_i].text, "default allow") && !strstr(policies[_i].text, "deny stat");
		static const uint64_t args[6];

		if (nr >= 0 && !policies[_i].second)
			ck_assert_msg(business_passes(&p.business, p.rig.real[0], (uint32_t)nr, args) == passes,
			    "policy %d, %s: %s", _i, calls[i], passes ? "is looked at" : "passes");
	}
	plan_end(&p);
}
END_TEST

static TCase *
tests(void)
{
	TCase *t = tcase_create("plan");

	tcase_add_loop_test(t, what_passes_is_allowed, 0, NPOLICIES);
	tcase_add_loop_test(t, what_is_foreign_is_looked_at, 0, NPOLICIES);
	tcase_add_test(t, plan_is_worth_having);
	tcase_add_loop_test(t, looking_passes_where_all_may_be_looked_at, 0, NPOLICIES);
	tcase_set_timeout(t, 300);
	return t;
}

int
main(void)
{
	static char *const nobody[] = { NULL };
	Suite *s = suite_create("plan");

	host_init(&host, nobody);
	suite_add_tcase(s, tests());
	return run_suite(s);
}
