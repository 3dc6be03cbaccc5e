/* SPDX-License-Identifier: ISC */
/* What a filter of registers cannot look after: the rules, and the calls that are let in for them. */
#include <string.h>

#include "engine/export_int.h"
#include "lib/strbuf.h"

static const struct {
	unsigned why;
	const char *text;
} reasons[] = {
	{ LOOK_PATH, "paths: let in for every file that the user may use; the rules that say which" },
	{ LOOK_ADDR, "addresses: let in for every address; the rules that say which" },
	{ LOOK_PROC, "processes: let in for every process of the user; the rules that say which" },
	{ LOOK_MEMORY, "values in memory, which a filter does not see" },
	{ LOOK_CALLER, "who calls: the code, the program, its users" },
	{ LOOK_PHASE, "phases, which a filter has not: what they give stays" },
};
enum { NREASONS = sizeof(reasons) / sizeof(reasons[0]) };

static const char asked[] = "questions, which nobody answers there: refused";
static const char transition[] = "what another program gets: it has this filter, and no other";
static const char calls_let_in[] = "calls that are let in for some of the objects they may be about";
static const char start[] = "calls that are let in to start the program";
static const char large[] = "calls with more cases than are looked at, let in whatever their arguments";

struct losing {
	const struct export_input *in;
	const struct export_out *out;
	unsigned layer;
};

static void
lose_rule(const struct losing *l, const char *why, const struct rule *r)
{
	char mem[512];
	struct strbuf b = STRBUF(mem);

	rule_print(l->in->layer[l->layer].policy, r, &b);
	l->out->lost(l->out->ctx, why, b.s, &r->origin);
}

static const char *
reason_text(unsigned why)
{
	for (unsigned i = 0; i < NREASONS; i++)
		if (reasons[i].why & why)
			return reasons[i].text;
	return NULL;
}

/* The rights of a rule on objects that nobody can look at. */
static bool
matters(const struct losing *l, const struct rule *r)
{
	for (unsigned left = r->rights & ~(unsigned)R_SOCKET & (R_PATHS | R_ADDRS | R_PROCS); left; left &= left - 1)
		if (right_given(l->in, l->layer, left & -left).can == MAYBE)
			return true;
	return false;
}

/* Tests of what is not in a register. */
static unsigned
blind_tests(const struct export_abi *abi, const struct rule *r)
{
	struct regmap m = regmap_of(abi, (enum sys_id)r->id);
	unsigned why = 0;

	for (unsigned i = 0; i < r->cond.n; i++) {
		const struct condop *op = &r->cond.op[i];

		if (op->kind <= COND_NOT)
			continue;
		if (op->about != ABOUT_ARG)
			why |= LOOK_CALLER;
		else if (m.reg[op->arg] == REG_MEMORY)
			why |= LOOK_MEMORY;
	}
	return why;
}

static void
judge(const struct losing *l, const struct rule *r)
{
	static const unsigned by_kind[] = {
		[OBJ_PATH] = LOOK_PATH, [OBJ_ADDR] = LOOK_ADDR, [OBJ_PROC] = LOOK_PROC, [OBJ_CALL] = 0
	};
	unsigned blind = blind_tests(l->in->abi, r);

	if (r->hidden)
		return;
	if (r->action == ACT_ASK)
		lose_rule(l, asked, r);
	if (r->target)
		lose_rule(l, transition, r);
	if (r->phase)
		lose_rule(l, reason_text(LOOK_PHASE), r);
	else if (blind)
		lose_rule(l, reason_text(blind), r);
	else if (matters(l, r))
		lose_rule(l, reason_text(by_kind[r->kind]), r);
}

/* The floor is the same for every policy: its guards' names are enough. */
static void
judge_floor(const struct losing *l)
{
	const struct policy *f = l->in->floor, *p = l->in->layer[l->layer].policy;
	const struct rule *last = NULL;

	for (size_t i = 0; f && i < f->nrules; i++) {
		const struct rule *r = f->rule[i];

		if (r->kind == OBJ_CALL || policy_lifts(p, f->guards[r->guard]) || (last && last->guard == r->guard))
			continue;
		l->out->lost(l->out->ctx, "guards of the floor on objects", f->guards[r->guard], NULL);
		last = r;
	}
}

static void
judge_call(const struct losing *l, const struct export_call *c, const struct export_abi *abi)
{
	unsigned why = answer_why(export_answer(l->out->pool, l->in, abi, c->id));

	if (why & LOOK_START)
		l->out->lost(l->out->ctx, start, c->name, NULL);
	else if (why & LOOK_LARGE)
		l->out->lost(l->out->ctx, large, c->name, NULL);
	else if (why)
		l->out->lost(l->out->ctx, calls_let_in, c->name, NULL);
}

void
export_lost_rules(const struct export_input *in, const struct export_out *out)
{
	struct losing l = { .in = in, .out = out };

	for (l.layer = 0; l.layer < in->nlayers; l.layer++) {
		const struct policy *p = in->layer[l.layer].policy;

		for (size_t i = 0; i < p->nrules; i++)
			judge(&l, p->rule[i]);
		judge_floor(&l);
	}
	for (size_t a = 0; a < in->nabis; a++)
		for (size_t i = 0; i < in->abi[a].ncalls; i++)
			judge_call(&l, &in->abi[a].call[i], &in->abi[a]);
}
