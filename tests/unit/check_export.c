/* SPDX-License-Identifier: ISC */
/*
 * Exported filters against the verdicts they stand for: calls are decided by
 * policy_decide() and by the filter.
 */
#include <errno.h>

#include "lib/strbuf.h"
#include "tests/unit/export_rig.h"
#include "tests/unit/run.h"

static struct verdict
decide(struct rig *r, const struct sysevent *ev)
{
	for (size_t i = 0; i < r->in.nlayers; i++)
		r->layer[i].phases = policy_phases(r->layer[i].policy) & (uint32_t)chance();
	return policy_decide(r->in.floor, r->layer, r->in.nlayers, ev);
}

static void
compare(struct rig *r, unsigned n, const struct export_call *c, const struct answer *answer, struct tried *t)
{
	const struct answer *leaf = leaf_at(answer, &t->data);
	uint32_t got = run_filter(r->insn, r->ninsns, &t->data);
	struct verdict v = decide(r, &t->ev);
	bool lets_in = v.action == ACT_ALLOW;
	char mem[2048];
	struct strbuf b = STRBUF(mem);

	sysevent_print(&t->ev, &b);
	ck_assert_msg(got == returned_by(leaf), "policy %u, %s %s: the filter returns %#x, the answer is %#x",
	    n, c->name, b.s, got, returned_by(leaf));
	ck_assert_msg(!(leaf->class == ANSWER_REFUSE && lets_in), "policy %u, %s %s: refused, and the policy allows",
	    n, c->name, b.s);
	ck_assert_msg(!(leaf->class == ANSWER_PASS && !lets_in), "policy %u, %s %s: passes, and the policy refuses",
	    n, c->name, b.s);
	if (!policies[n].plain || !is_in_registers(c->id))
		return;
	ck_assert_msg(leaf->class != ANSWER_LOOK, "policy %u, %s %s: no need to look (%#x)",
	    n, c->name, b.s, leaf->why);
	if (leaf->class == ANSWER_REFUSE && v.action != ACT_ASK)
		ck_assert_msg(leaf->action == v.action && (v.action == ACT_KILL || leaf->err == v.err),
		    "policy %u, %s %s: %u/%d instead of %u/%d", n, c->name, b.s,
		    leaf->action, leaf->err, v.action, v.err);
}

START_TEST(filter_decides_as_the_policy)
{
	struct tried t;
	struct rig r;

	seed = 88172645463325252u + (unsigned)_i;
	rig_start(&r, (unsigned)_i);
	r.ninsns = export_bpf(r.pool, &r.in, &r.insn);
	ck_assert_uint_gt(r.ninsns, 0);
	for (size_t a = 0; a < r.in.nabis; a++) {
		for (size_t i = 0; i < r.abi[a].ncalls; i++) {
			const struct export_call *c = &r.abi[a].call[i];
			const struct answer *answer = export_answer(r.pool, &r.in, &r.abi[a], c->id);

			for (unsigned k = 0; k < TRIES; k++) {
				try_call(&t, r.real[a], c);
				if (!t.skip)
					compare(&r, (unsigned)_i, c, answer, &t);
			}
		}
	}
	rig_end(&r);
}
END_TEST

/* Numbers of no call, of another ABI on the same machine, and of another machine. */
START_TEST(filter_answers_unknown_numbers)
{
	struct data d = { .nr = 335 + 60, .arch = 0xc000003e };
	struct rig r;

	rig_start(&r, 0);
	r.ninsns = export_bpf(r.pool, &r.in, &r.insn);
	for (d.nr = 4000; d.nr; d.nr <<= 1)
		ck_assert_uint_eq(run_filter(r.insn, r.ninsns, &d), 0x00050000 | ENOSYS);
	d.nr = 0x40000000;
	ck_assert_uint_eq(run_filter(r.insn, r.ninsns, &d), 0x00050000 | ENOSYS);
	d = (struct data){ .nr = 0, .arch = 0xc00000b7 };
	ck_assert_uint_eq(run_filter(r.insn, r.ninsns, &d), 0x00050000 | ENOSYS);
	rig_end(&r);
	rig_start(&r, 3);	/* unknown allow: but not another ABI */
	r.ninsns = export_bpf(r.pool, &r.in, &r.insn);
	d = (struct data){ .nr = 4000, .arch = 0xc000003e };
	ck_assert_uint_eq(run_filter(r.insn, r.ninsns, &d), 0x7fff0000);
	d.nr = 0x40000000;
	ck_assert_uint_eq(run_filter(r.insn, r.ninsns, &d), 0x00050000 | ENOSYS);
	rig_end(&r);
}
END_TEST

/* Who starts the program needs one call. */
START_TEST(starting_needs_execve)
{
	struct rig r;

	rig_start(&r, 0);
	ck_assert(!answer_may_pass(export_answer(r.pool, &r.in, &r.abi[0], SYS_ID_execve), NULL));
	r.in.running = false;
	ck_assert(answer_may_pass(export_answer(r.pool, &r.in, &r.abi[0], SYS_ID_execve), NULL));
	ck_assert(!answer_may_pass(export_answer(r.pool, &r.in, &r.abi[0], SYS_ID_execveat), NULL));
	rig_end(&r);
}
END_TEST

/* How a file is opened is in a register. */
START_TEST(read_only_policies_refuse_to_write)
{
	/* O_WRONLY, O_RDWR, both, O_CREAT, O_TRUNC, O_TMPFILE */
	static const uint64_t writing[] = { 1, 2, 3, 0100, 01000, 020200000 };
	struct data d = { .nr = 0 };
	const struct answer *a;
	struct rig r;

	rig_start(&r, 13);
	a = export_answer(r.pool, &r.in, &r.abi[0], SYS_ID_openat);
	ck_assert_int_eq(leaf_at(a, &d)->class, ANSWER_LOOK);
	for (size_t i = 0; i < sizeof(writing) / sizeof(writing[0]); i++) {
		d.args[2] = writing[i];
		ck_assert_msg(leaf_at(a, &d)->class == ANSWER_REFUSE, "flags %#llo", (unsigned long long)writing[i]);
	}
	ck_assert(!answer_may_pass(export_answer(r.pool, &r.in, &r.abi[0], SYS_ID_mkdir), NULL));
	rig_end(&r);
}
END_TEST

static TCase *
tests(void)
{
	TCase *t = tcase_create("export");

	tcase_add_loop_test(t, filter_decides_as_the_policy, 0, NPOLICIES);
	tcase_add_test(t, filter_answers_unknown_numbers);
	tcase_add_test(t, starting_needs_execve);
	tcase_add_test(t, read_only_policies_refuse_to_write);
	tcase_set_timeout(t, 300);
	return t;
}

int
main(void)
{
	static char *const nobody[] = { NULL };
	Suite *s = suite_create("export");

	host_init(&host, nobody);
	suite_add_tcase(s, tests());
	return run_suite(s);
}
