/* SPDX-License-Identifier: ISC */
/* The answer to a call: a tree of tests, grown wherever something has to be asked first. */
#include <string.h>

#include "engine/export_int.h"

enum { MAX_CASES = 512 };

static struct answer *
leaf(struct pool *pool, enum answer_class class)
{
	struct answer *a = pool_alloc(pool, 1, sizeof(*a));

	a->class = (uint8_t)class;
	return a;
}

static const struct answer *
leaf_of(struct pool *pool, const struct outcome *o)
{
	struct answer *a = leaf(pool, o->refused ? ANSWER_REFUSE : o->unsure ? ANSWER_LOOK : ANSWER_PASS);

	if (a->class == ANSWER_REFUSE) {
		a->action = o->action;
		a->err = a->action == ACT_KILL ? 0 : o->err;
		a->quiet = !o->loud;
	}
	if (a->class == ANSWER_LOOK)
		a->why = (uint16_t)o->why;
	if (a->class == ANSWER_PASS) {
		a->log = o->log;
		a->may_log = o->may_log;
	}
	return a;
}

bool
answers_equal(const struct answer *a, const struct answer *b)
{
	if (a->test || b->test)
		return a->test && b->test && a->test->reg == b->test->reg && a->test->n == b->test->n &&
		    !memcmp(a->test->cube, b->test->cube, a->test->n * sizeof(*a->test->cube)) &&
		    answers_equal(a->yes, b->yes) && answers_equal(a->no, b->no);
	return a->class == b->class && a->action == b->action && a->log == b->log && a->may_log == b->may_log &&
	    a->quiet == b->quiet &&
	    a->err == b->err && a->why == b->why;
}

/* NULL: too many cases. */
static const struct answer *
grow(struct asking *x, enum sys_id id, unsigned *cases)
{
	const struct regtest *test;
	const struct answer *yes, *no;
	struct outcome o;
	struct answer *a;

	x->ask = NULL;
	if (try_layers(x, id, &o))
		return ++*cases > MAX_CASES ? NULL : leaf_of(x->pool, &o);
	test = x->ask;
	if (!test || x->nassumed == MAX_ASSUMED)
		return NULL;
	x->assumed[x->nassumed++] = (struct assumption){ test, true };
	yes = grow(x, id, cases);
	x->assumed[x->nassumed - 1].holds = false;
	no = yes ? grow(x, id, cases) : NULL;
	x->nassumed--;
	if (!no || answers_equal(yes, no))
		return no;
	a = pool_alloc(x->pool, 1, sizeof(*a));
	a->test = test;
	a->yes = yes;
	a->no = no;
	return a;
}

static const struct answer *
look(struct pool *pool, unsigned why)
{
	struct answer *a = leaf(pool, ANSWER_LOOK);

	a->why = (uint16_t)why;
	return a;
}

const struct answer *
export_answer(struct pool *pool, const struct export_input *in, const struct export_abi *abi, enum sys_id id)
{
	struct asking x = { .pool = pool, .in = in, .abi = abi };
	unsigned cases = 0;
	const struct answer *a = grow(&x, id, &cases);

	if (!a)
		return look(pool, LOOK_LARGE);
	if (id == SYS_ID_execve && !in->running && !answer_may_pass(a, NULL))
		return look(pool, LOOK_START);
	return a;
}

const struct answer *
export_unknown(struct pool *pool, const struct export_input *in)
{
	struct outcome o = { .refused = false };

	for (size_t i = 0; i < in->nlayers; i++) {
		const struct setting *s = &in->layer[i].policy->unknown;

		if (s->action != ACT_ALLOW)
			outcome_refuse(&o, s->action, s->err);
	}
	return leaf_of(pool, &o);
}

static bool
tests_exclude(const struct regtest *a, bool holds, const struct regtest *b)
{
	const struct assumption x = { a, holds };

	return a->reg == b->reg && follows_from_assumption(&x, b) == TRI_NO;
}

bool
answer_may_pass(const struct answer *a, const struct regtest *t)
{
	if (!a->test)
		return a->class != ANSWER_REFUSE;
	if (!(t && tests_exclude(a->test, true, t)) && answer_may_pass(a->yes, t))
		return true;
	return !(t && tests_exclude(a->test, false, t)) && answer_may_pass(a->no, t);
}

bool
answer_always_passes(const struct answer *a)
{
	return a->test ? answer_always_passes(a->yes) && answer_always_passes(a->no) : a->class != ANSWER_REFUSE;
}

unsigned
answer_why(const struct answer *a)
{
	if (a->test)
		return answer_why(a->yes) | answer_why(a->no);
	return a->class == ANSWER_LOOK ? a->why : 0;
}
