/* SPDX-License-Identifier: ISC */
#include "engine/plan.h"

#include <string.h>

#include "engine/demux.h"
#include "engine/export_int.h"

struct plan_abi {
	const struct export_abi *abi;	/* NULL: nobody has asked yet */
	const struct answer **call;	/* of each of its calls */
	const struct answer *unknown;
};

struct plan {
	struct pool *pool;
	struct export_input in;
	struct plan_abi *abi;
	const struct plan_look *look;
	size_t nlook;
	bool refuses;			/* who refuses what does not change with time */
	bool logs;			/* some policy has a line about each call on some object */
};

static const struct answer look_always = { .class = ANSWER_LOOK, .why = LOOK_OURS };

static const struct answer look_for_line = { .class = ANSWER_LOOK, .why = LOOK_LOG };

/* All that can ever hold: an exec adds, and never takes off. */
static void
add_layers(struct plan *p, const struct plan_input *in)
{
	size_t most = in->nlayers;
	struct layer *l;

	for (size_t i = 0; i < in->nlayers; i++)
		most += in->layer[i].policy->nfamily;
	l = pool_alloc(p->pool, most, sizeof(*l));
	memcpy(l, in->layer, in->nlayers * sizeof(*l));
	p->in.layer = l;
	p->in.nlayers = in->nlayers;
	for (size_t i = 0; i < in->nlayers; i++)
		for (size_t k = 0; k < in->layer[i].policy->nfamily; k++)
			l[p->in.nlayers++] = (struct layer){ .policy = in->layer[i].policy->family[k] };
}

static bool
changes(const struct export_input *in)
{
	for (size_t i = 0; i < in->nlayers; i++)
		if (in->layer[i].policy->nphases || in->layer[i].policy->nfamily)
			return true;
	return false;
}

static bool
logs_objects(const struct export_input *in)
{
	for (size_t i = 0; i < in->nlayers; i++)
		for (size_t k = 0; k < in->layer[i].policy->nrules; k++) {
			const struct rule *r = in->layer[i].policy->rule[k];

			if (r->log && r->kind != OBJ_CALL)
				return true;
		}
	return false;
}

static bool
is_ended_by(const struct trigger *t, enum sys_id id)
{
	return (t->kind == TRIGGER_CALL && t->id == id) || (t->kind == TRIGGER_MARK && sys_asks_for_access(id));
}

/* A phase may end by it. */
static bool
ends_phase(const struct export_input *in, enum sys_id id)
{
	for (size_t i = 0; i < in->nlayers; i++) {
		const struct policy *p = in->layer[i].policy;

		for (unsigned k = 0; k < p->nphases; k++)
			for (unsigned n = 0; n < p->phase[k].ntriggers; n++)
				if (is_ended_by(&p->phase[k].trigger[n], id))
					return true;
	}
	return false;
}

/* Why a verdict looks through an argument, or at an object that is not the program's own business; 0: it does not. */
static unsigned
look_at_arg(const struct argdesc *a, bool logs)
{
	switch (a->kind) {
	case A_PATH:
	case A_LPATH:
	case A_ENTRY:
		return a->rights == R_STAT ? 0 : LOOK_PATH;	/* where all may be looked at, it matters not what */
	case A_MSGHDR:
	case A_MMSGHDR:
		return LOOK_ADDR | LOOK_MEMORY;
	case A_OPENHOW:
	case A_CLONEARGS:
		return LOOK_MEMORY;
	case A_PID:
	case A_KILLPID:
	case A_PIDFD:
		return LOOK_PROC;
	case A_SOCKADDR:
		return a->rights & ~R_SEND ? LOOK_ADDR : 0;	/* to send takes no address; where there is one, the input says */
	case A_FD:
	case A_DIRFD:
		return a->rights && (logs || a->rights & ~(R_READ | R_STAT)) ? LOOK_PATH : 0;
	default:
		return 0;
	}
}

static unsigned
look_at_args(enum sys_id id, bool logs)
{
	unsigned why = 0;

	for (unsigned i = 0; i < SYS_MAXARGS; i++)
		why |= look_at_arg(&sysdesc_table[id].arg[i], logs);
	return why;
}

static const struct answer *
look_for(struct plan *p, unsigned why)
{
	struct answer *a = pool_alloc(p->pool, 1, sizeof(*a));

	a->class = ANSWER_LOOK;
	a->why = (uint16_t)why;
	return a;
}

static const struct answer *
fork_answer(struct plan *p, const struct regtest *test, const struct answer *yes, const struct answer *no)
{
	struct answer *a = pool_alloc(p->pool, 1, sizeof(*a));

	a->test = test;
	a->yes = yes;
	a->no = no;
	return a;
}

/* a, or a look where a test holds.  What is in no one register may hold. */
static const struct answer *
look_where(struct plan *p, const struct export_abi *abi, enum sys_id id, const struct plan_test *t, const struct answer *look,
    const struct answer *a)
{
	int reg = regmap_of(abi, id).reg[t->arg];
	uint64_t bits = abi->wordsize == 4 ? UINT32_MAX : UINT64_MAX;
	const struct cube cube = { t->mask & bits, t->value & bits };
	const struct regtest test = { (unsigned)reg, 1, pool_copy(p->pool, &cube, 1, sizeof(cube)) };

	if (!t->mask || reg < 0)
		return look;
	return fork_answer(p, pool_copy(p->pool, &test, 1, sizeof(test)), t->unless ? a : look, t->unless ? look : a);
}

static const struct answer *
add_look(struct plan *p, const struct export_abi *abi, enum sys_id id, const struct plan_look *l, const struct answer *a)
{
	const struct answer *look = &look_always;

	for (size_t i = PLAN_TESTS; i-- > 0;)
		look = look_where(p, abi, id, &l->when[i], look, a);
	return look;
}

/* What can be said without looking, and without a line in the log. */
static bool
is_final(const struct plan *p, const struct answer *leaf)
{
	if (leaf->class == ANSWER_REFUSE)
		return p->refuses && leaf->quiet && leaf->action == ACT_DENY;
	return leaf->class == ANSWER_PASS && !leaf->log && !leaf->may_log;
}

static const struct answer *
look_at_lines(struct plan *p, const struct answer *a)
{
	const struct answer *yes, *no;

	if (!a->test)
		return is_final(p, a) || a->class == ANSWER_LOOK ? a : &look_for_line;
	yes = look_at_lines(p, a->yes);
	no = look_at_lines(p, a->no);
	return yes == no ? yes : fork_answer(p, a->test, yes, no);
}

static const struct answer *
answer_of(struct plan *p, const struct export_abi *abi, enum sys_id id)
{
	unsigned why = look_at_args(id, p->logs);
	const struct answer *a;

	if (demux_carries(id))
		why |= LOOK_MEMORY;
	if (ends_phase(&p->in, id))
		why |= LOOK_PHASE;
	if (id == SYS_ID_none || why)
		return look_for(p, why ? why : LOOK_OURS);
	a = look_at_lines(p, export_answer(p->pool, &p->in, abi, id));
	for (size_t i = 0; i < p->nlook && answer_may_pass(a, NULL); i++)
		if (p->look[i].id == id || p->look[i].id == sysdesc_table[id].family)
			a = add_look(p, abi, id, &p->look[i], a);
	return a;
}

static void
fill(struct plan *p, struct plan_abi *out, const struct export_abi *abi)
{
	out->abi = abi;
	out->unknown = look_at_lines(p, export_unknown(p->pool, &p->in));
	out->call = pool_alloc(p->pool, abi->ncalls, sizeof(*out->call));
	for (size_t i = 0; i < abi->ncalls; i++)
		out->call[i] = answer_of(p, abi, abi->call[i].id);
}

struct plan *
plan_new(const struct plan_input *in)
{
	struct pool *pool = pool_new();
	struct plan *p = pool_alloc(pool, 1, sizeof(*p));

	p->pool = pool;
	p->look = in->look;
	p->nlook = in->nlook;
	p->in.floor = in->floor;
	p->in.abi = in->abi;
	p->in.nabis = in->nabis;
	p->in.running = true;
	add_layers(p, in);
	p->logs = logs_objects(&p->in);
	p->refuses = !in->spares && !changes(&p->in);
	export_prepare(pool, &p->in);
	p->abi = pool_alloc(pool, in->nabis, sizeof(*p->abi));
	return p;
}

void
plan_free(struct plan *p)
{
	if (p)
		pool_free(p->pool);
}

/* Most programs never call by another ABI than their own. */
static const struct plan_abi *
abi_of(struct plan *p, size_t abi)
{
	if (!p->abi[abi].abi)
		fill(p, &p->abi[abi], &p->in.abi[abi]);
	return &p->abi[abi];
}

const struct answer *
plan_answer(struct plan *p, size_t abi, uint32_t nr)
{
	const struct plan_abi *a = abi_of(p, abi);
	size_t lo = 0, hi = a->abi->ncalls;

	if (a->abi->nr_limit && nr >= a->abi->nr_limit)
		return &look_always;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (a->abi->call[mid].nr == nr)
			return a->call[mid];
		if (a->abi->call[mid].nr < nr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return a->unknown;
}

static bool
holds(const struct regtest *t, const uint64_t args[6])
{
	for (unsigned i = 0; i < t->n; i++)
		if ((args[t->reg] & t->cube[i].mask) == t->cube[i].value)
			return true;
	return false;
}

const struct answer *
plan_find(struct plan *p, size_t abi, uint32_t nr, const uint64_t args[6])
{
	const struct answer *a = plan_answer(p, abi, nr);

	while (a->test)
		a = holds(a->test, args) ? a->yes : a->no;
	return a;
}

size_t
plan_filter(struct plan *p, size_t abi, uint32_t look, const struct export_insn **out)
{
	const struct plan_abi *a = abi_of(p, abi);
	const struct bpf_abi one = { a->abi, a->call, a->unknown };
	const struct bpf_input in = { &one, 1, &look_always, look };

	return bpf_build(p->pool, &in, out);
}
