/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "engine/policy_int.h"

/* The numbers are needed, the variable is not. */
enum { ERR_PERM = EPERM, ERR_NOSYS = ENOSYS };

#include "engine/pure.h"

enum { CALL_ITSELF = -1, MAXRIGHTS = 16, THREAD_FLAG = 0x10000 /* CLONE_THREAD */ };

/* The strictest verdict so far; none yet while `any` is false. */
struct strictest {
	struct verdict v;
	bool any;
	const char *guard;	/* of the floor, that refuses: even where something else is stricter */
};

/* Among equals the first one stands, but one that wants a line says more than one that does not. */
static void
consider(struct strictest *s, const struct verdict *v)
{
	bool says_more = v->action == ACT_ALLOW && s->v.action == ACT_ALLOW && v->log && !s->v.log;

	if (s->any && s->v.action <= v->action && !says_more)
		return;
	s->v = *v;
	s->any = true;
}

static struct verdict
verdict_of_rule(const struct rule *r, enum reason why, int access, unsigned right)
{
	struct verdict v = {
		.action = r->action, .err = r->err, .reason = why, .origin = &r->origin,
		.access = access, .rights = (uint16_t)right,
		.log = r->log && r->action == ACT_ALLOW && !(right & r->implied),
		.quiet = r->quiet && r->action != ACT_ALLOW,
	};

	return v;
}

static struct verdict
verdict_of_setting(const struct setting *s, enum reason why, int access, unsigned right)
{
	struct verdict v = {
		.action = s->action, .err = s->err, .reason = why,
		.origin = s->origin.file ? &s->origin : NULL,
		.access = access, .rights = (uint16_t)right,
	};

	return v;
}

static struct verdict
verdict_of_floor(int err, const char *unsafe, int access, unsigned right)
{
	struct verdict v = {
		.action = ACT_DENY, .err = err, .reason = WHY_FLOOR, .unsafe = unsafe,
		.access = access, .rights = (uint16_t)right,
	};

	return v;
}

/* The kind of rules an access is held against; -1 for one that says nothing. */
static int
kind_of(const struct access *a)
{
	switch (a->kind) {
	case ACC_PATH:
		return a->path ? OBJ_PATH : -1;
	case ACC_ADDR:
		return OBJ_ADDR;
	case ACC_PROC:
		return OBJ_PROC;
	}
	return -1;
}

static unsigned
lowest(unsigned rights)
{
	return rights & -rights;
}

/* The supervisor is no object of any policy: neither as a process nor by its directory in /proc. */
static bool
touches_supervisor(const struct access *a)
{
	static const char own[] = "/proc/tollgate";
	size_t n = sizeof(own) - 1;

	if (a->kind == ACC_PROC)
		return a->proc == PROC_SUPERVISOR;
	return a->kind == ACC_PATH && a->path && !strncmp(a->path, own, n) && (!a->path[n] || a->path[n] == '/');
}

/* What no policy file says: other ABIs' gates, and tollgate itself. */
static void
consider_builtin(struct strictest *s, const struct policy *layer, const struct sysevent *ev)
{
	struct verdict v;

	if (ev->foreign && !policy_lifts(layer, "foreign-abi")) {
		v = verdict_of_floor(ERR_NOSYS, "foreign-abi", CALL_ITSELF, 0);
		s->guard = v.unsafe;
		consider(s, &v);
	}
	for (unsigned i = 0; i < ev->naccess; i++) {
		const struct access *a = &ev->access[i];

		if (!touches_supervisor(a))
			continue;
		v = verdict_of_floor(ERR_PERM, NULL, (int)i, lowest(a->rights));
		consider(s, &v);
	}
}

static void
consider_guard(struct strictest *s, const struct policy *floor, const struct policy *layer,
    const struct rule *r, int access, unsigned right)
{
	struct verdict v;

	if (policy_lifts(layer, floor->guards[r->guard]))
		return;
	v = verdict_of_rule(r, WHY_FLOOR, access, right);
	v.unsafe = floor->guards[r->guard];
	s->guard = s->guard ? s->guard : v.unsafe;
	consider(s, &v);
}

static void
consider_guarded_access(struct strictest *s, const struct policy *floor, const struct policy *layer,
    const struct sysevent *ev, unsigned i)
{
	const struct layer floor_layer = { .policy = floor };
	const struct access *a = &ev->access[i];
	int kind = kind_of(a);
	const struct rule *r;
	struct rulewalk w;

	if (kind < 0)
		return;
	rulewalk_start(&w, &floor_layer, kind, ev, a);
	while ((r = rulewalk_next(&w, a->rights)))
		consider_guard(s, floor, layer, r, (int)i, lowest(r->rights & a->rights));
}

static void
consider_floor(struct strictest *s, const struct policy *floor, const struct policy *layer, const struct sysevent *ev)
{
	const struct layer floor_layer = { .policy = floor };
	const struct rule *r;
	struct rulewalk w;

	consider_builtin(s, layer, ev);
	if (!floor)
		return;
	rulewalk_start(&w, &floor_layer, OBJ_CALL, ev, NULL);
	while ((r = rulewalk_next(&w, 0)))
		consider_guard(s, floor, layer, r, CALL_ITSELF, 0);
	for (unsigned i = 0; i < ev->naccess; i++)
		consider_guarded_access(s, floor, layer, ev, i);
}

static const struct rule *
rule_for_call(const struct layer *l, const struct sysevent *ev)
{
	struct rulewalk w;

	rulewalk_start(&w, l, OBJ_CALL, ev, NULL);
	return rulewalk_next(&w, 0);
}

/* Is there anything the accesses will decide? */
static bool
has_rights(const struct sysevent *ev)
{
	for (unsigned i = 0; i < ev->naccess; i++)
		if (ev->access[i].rights)
			return true;
	return false;
}

/*
 * A program that may not end spins, one that may not return from a signal
 * handler runs off its stack; both only ever act on themselves.  Without a rule
 * that says otherwise they are let in, as pledge("") lets a program end.
 */
bool
call_always_possible(enum sys_id id)
{
	static const uint16_t ids[] = {
		SYS_ID_exit, SYS_ID_exit_group, SYS_ID_rt_sigreturn, SYS_ID_sigreturn, SYS_ID_restart_syscall,
	};

	for (unsigned i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		if (ids[i] == id)
			return true;
	return false;
}

static void
consider_call(struct strictest *s, const struct layer *l, const struct sysevent *ev)
{
	const struct rule *r = rule_for_call(l, ev);
	struct verdict v;

	if (r)
		v = verdict_of_rule(r, WHY_RULE, CALL_ITSELF, 0);
	else if (has_rights(ev))
		return;
	else
		v = verdict_of_setting(&l->policy->fallback, WHY_DEFAULT, CALL_ITSELF, 0);
	if (!r && call_always_possible(ev->id))
		v.action = ACT_ALLOW;
	consider(s, &v);
}

/* Finds the rule for each right of an access, in one walk: the first that matches is the most specific. */
static void
rules_for_access(const struct layer *l, const struct sysevent *ev, const struct access *a, int kind,
    const struct rule *found[MAXRIGHTS])
{
	unsigned left = a->rights;
	const struct rule *r;
	struct rulewalk w;

	rulewalk_start(&w, l, kind, ev, a);
	while (left && (r = rulewalk_next(&w, left))) {
		for (unsigned bits = r->rights & left; bits; bits &= bits - 1)
			found[__builtin_ctz(bits)] = r;
		left &= ~(unsigned)r->rights;
	}
}

const struct rule *
rule_for_right(const struct layer *l, const struct sysevent *ev, const struct access *a, unsigned right)
{
	int kind = kind_of(a);
	struct rulewalk w;

	if (kind < 0)
		return NULL;
	rulewalk_start(&w, l, kind, ev, a);
	return rulewalk_next(&w, right);
}

/* Where one of several rights is enough, the one that is refused least decides; among equals the first. */
static void
consider_alternative(struct strictest *s, const struct verdict *v)
{
	if (s->any && s->v.action >= v->action)
		return;
	s->v = *v;
	s->any = true;
}

static void
consider_access(struct strictest *s, const struct layer *l, const struct sysevent *ev, unsigned i)
{
	static const struct verdict killed;
	const struct rule *found[MAXRIGHTS] = { NULL };
	const struct access *a = &ev->access[i];
	struct strictest best = { .any = false };
	int kind = kind_of(a);

	if (kind < 0) {
		consider(s, &killed);
		return;
	}
	rules_for_access(l, ev, a, kind, found);
	for (unsigned bits = a->rights; bits; bits &= bits - 1) {
		const struct rule *r = found[__builtin_ctz(bits)];
		struct verdict v = r ? verdict_of_rule(r, WHY_RULE, (int)i, lowest(bits)) :
		    verdict_of_setting(&l->policy->fallback, WHY_DEFAULT, (int)i, lowest(bits));

		if (a->any)
			consider_alternative(&best, &v);
		else
			consider(s, &v);
	}
	if (best.any)
		consider(s, &best.v);
}

static void
consider_unknown(struct strictest *s, const struct policy *p)
{
	struct verdict v = verdict_of_setting(&p->unknown, WHY_UNKNOWN, CALL_ITSELF, 0);

	consider(s, &v);
}

/* Threads are not children. */
static bool
makes_process(const struct sysevent *ev)
{
	const struct sysdesc *d = &sysdesc_table[ev->id];
	int flags;

	if (ev->id == SYS_ID_fork || ev->id == SYS_ID_vfork)
		return true;
	if (ev->id != SYS_ID_clone && ev->id != SYS_ID_clone3)
		return false;
	flags = sysdesc_arg(d, "flags");
	return flags < 0 || !(ev->arg[flags].val & THREAD_FLAG);
}

static void
consider_children(struct strictest *s, const struct policy *p, const struct sysevent *ev)
{
	struct verdict v;

	if (p->children.action == ACT_ALLOW || !makes_process(ev))
		return;
	v = verdict_of_setting(&p->children, WHY_CHILDREN, CALL_ITSELF, 0);
	consider(s, &v);
}

/* Rules that ask who calls can say nothing when nobody knows. */
static void
consider_needs(struct strictest *s, const struct policy *p, const struct sysevent *ev)
{
	static const struct verdict unmet = { .action = ACT_DENY, .err = ERR_PERM, .reason = WHY_CALLER, .access = CALL_ITSELF };

	if (!needs_are_met(policy_needs(p, ev), ev))
		consider(s, &unmet);
}

static void
consider_move(struct strictest *s, const struct policy *p, const struct sysevent *ev)
{
	struct verdict v;

	if (move_gains(p, ev, &v))
		consider(s, &v);
}

static struct verdict
decide_layer(const struct policy *floor, const struct layer *l, const struct sysevent *ev)
{
	const struct policy *p = l->policy;
	struct strictest s = { .any = false };

	consider_floor(&s, floor, p, ev);
	consider_children(&s, p, ev);
	consider_needs(&s, p, ev);
	if (ev->id == SYS_ID_none)
		consider_unknown(&s, p);
	else
		consider_call(&s, l, ev);
	for (unsigned i = 0; i < ev->naccess; i++)
		consider_access(&s, l, ev, i);
	consider_move(&s, p, ev);
	if (s.v.reason != WHY_FLOOR)
		s.v.unsafe = s.guard;
	return s.v;		/* zero, which kills, when nothing was considered */
}

struct verdict
policy_decide(const struct policy *floor, const struct layer *layers, size_t n, const struct sysevent *ev)
{
	struct strictest s = { .any = false };

	if (ev->id >= SYS_IDS)
		return s.v;
	for (size_t i = 0; i < n; i++) {
		struct verdict v = decide_layer(floor, &layers[i], ev);

		v.layer = (unsigned)i;
		consider(&s, &v);
	}
	return s.v;		/* zero, which kills, when nothing was considered */
}

unsigned
policy_needs(const struct policy *p, const struct sysevent *ev)
{
	unsigned needs = ev->id < SYS_IDS ? p->needs[ev->id] : 0;

	for (unsigned i = 0; i < ev->naccess; i++) {
		int kind = kind_of(&ev->access[i]);

		needs |= kind < 0 ? 0 : p->object_needs[kind];
	}
	return needs;
}

static const struct origin *
names_function(const struct policy *p)
{
	for (size_t i = 0; i < p->nrules; i++)
		if (p->rule[i]->cond.needs & NEED_FUNCTION)
			return &p->rule[i]->origin;
	return NULL;
}

const struct origin *
policy_names_function(const struct policy *p)
{
	const struct origin *o = names_function(p);

	for (size_t i = 0; !o && i < p->nfamily; i++)
		o = names_function(p->family[i]);
	return o;
}

/* What rules lead to, each policy once. */
struct targets {
	const struct policy **out;
	size_t n, max;
};

static void
add_target(struct targets *t, const struct policy *p, const struct rule *r)
{
	const struct policy *to = r->target ? p->target[r->target - 1] : NULL;

	for (size_t i = 0; i < t->n && i < t->max; i++)
		if (t->out[i] == to)
			return;
	if (!to)
		return;
	if (t->n < t->max)
		t->out[t->n] = to;
	t->n++;
}

/*
 * The rule that decides, and those that are as specific.  The end of a phase
 * gives nothing: where it uncovers another rule, what its own led to still is added.
 */
static void
add_targets(struct targets *t, const struct layer *l, const struct sysevent *ev, const struct access *a)
{
	const struct layer all = { .policy = l->policy, .phases = UINT32_MAX };
	const struct rule *r, *decides = NULL;
	struct rulewalk w;

	rulewalk_start(&w, &all, OBJ_PATH, ev, a);
	while ((r = rulewalk_next(&w, R_EXEC))) {
		if (decides && (r->rank != decides->rank || r->terms != decides->terms))
			return;
		if (!decides && rule_is_open(r, l->phases))
			decides = r;
		add_target(t, l->policy, r);
	}
}

size_t
policy_transitions(const struct layer *l, const struct sysevent *ev, const struct policy **out, size_t max)
{
	struct targets t = { .out = out, .max = max };

	for (unsigned i = 0; i < ev->naccess; i++)
		if (ev->access[i].rights & R_EXEC && !ev->access[i].any && kind_of(&ev->access[i]) == OBJ_PATH)
			add_targets(&t, l, ev, &ev->access[i]);
	return t.n;
}
