/* SPDX-License-Identifier: ISC */
/* Objects: what the rules for a right come to when nobody can look which object it is. */
#include <string.h>

#include "engine/export_int.h"

struct giving
refused(unsigned action, int err)
{
	if (action == ACT_ASK)
		action = ACT_DENY;
	return (struct giving){ .can = NEVER, .action = (uint8_t)action, .err = err };
}

/* Whatever the object is, the rule is about it, at any time and whoever calls. */
static bool
is_about_all(const struct rule *r)
{
	if (r->phase || r->cond.n)
		return false;
	switch (r->kind) {
	case OBJ_PATH:
		return !strcmp(r->object, "/**");
	case OBJ_ADDR:
		return r->addr.shape == ADDR_ANY;
	case OBJ_PROC:
		return r->proc == PROC_OUTSIDE;
	}
	return false;
}

static bool
overrules(const struct rule *o, const struct rule *r, unsigned right)
{
	return o->rights & right && o->action < r->action && !o->phase && !o->cond.n && !strcmp(o->object, r->object);
}

/*
 * Another rule for the same object refuses: between the two the stricter
 * decides, unless conditions make this one the more specific.  Rules for one
 * object have one rank, and stand together.
 */
static bool
is_overruled(const struct policy *p, size_t at, unsigned kind, unsigned right)
{
	const struct rule *const *rule = p->sorted[kind], *r = rule[at];

	for (size_t i = at; !r->terms && i-- > 0 && rule[i]->rank == r->rank;)
		if (overrules(rule[i], r, right))
			return true;
	for (size_t i = at + 1; !r->terms && i < p->nsorted[kind] && rule[i]->rank == r->rank; i++)
		if (overrules(rule[i], r, right))
			return true;
	return false;
}

/* A guard of the floor on such objects. */
static bool
is_guarded(const struct export_input *in, const struct policy *p, unsigned kind, unsigned right)
{
	for (size_t i = 0; in->floor && i < in->floor->nsorted[kind]; i++) {
		const struct rule *r = in->floor->sorted[kind][i];

		if (r->rights & right && !policy_lifts(p, in->floor->guards[r->guard]))
			return true;
	}
	return false;
}

static struct giving
work_out(const struct export_input *in, const struct policy *p, unsigned kind, unsigned right)
{
	struct giving g = refused(p->fallback.action, p->fallback.err);
	bool all = p->fallback.action == ACT_ALLOW, none = !all, some = false, refuses = false;

	for (size_t i = 0; i < p->nsorted[kind]; i++) {
		const struct rule *r = p->sorted[kind][i];

		if (!(r->rights & right))
			continue;
		if (r->action != ACT_ALLOW) {
			refuses = true;
			if (is_about_all(r) && !is_overruled(p, i, kind, right)) {
				g = refused(r->action, r->err);
				/* Objects without a name are under no such rule. */
				none = kind != OBJ_PATH || none;
				all = false;
			}
		} else if (!is_overruled(p, i, kind, right)) {
			some = true;
			all |= is_about_all(r) && kind != OBJ_PATH;	/* likewise */
		}
	}
	if (none && !some)
		return g;
	g.can = all && !refuses && !is_guarded(in, p, kind, right) ? ALWAYS : MAYBE;
	return g;
}

enum { NRIGHTS = 13 };

struct right_table {
	struct giving of[NRIGHTS];
};

static unsigned
kind_of_right(unsigned right)
{
	return right & R_PATHS ? OBJ_PATH : right & R_ADDRS ? OBJ_ADDR : OBJ_PROC;
}

void
export_prepare(struct pool *pool, struct export_input *in)
{
	struct right_table *t = pool_alloc(pool, in->nlayers, sizeof(*t));

	for (size_t i = 0; i < in->nlayers; i++)
		for (unsigned bit = 0; bit < NRIGHTS; bit++)
			t[i].of[bit] = work_out(in, in->layer[i].policy, kind_of_right(1u << bit), 1u << bit);
	in->rights = t;
}

struct giving
right_given(const struct export_input *in, unsigned layer, unsigned right)
{
	return in->rights[layer].of[__builtin_ctz(right)];
}

static bool
names_family(const struct rule *r, int family)
{
	return r->addr.shape == ADDR_ANY || (r->addr.shape == ADDR_FAMILY && r->addr.family == family);
}

struct giving
family_given(const struct policy *p, int family)
{
	bool allows = false, refuses = false;
	struct giving g = { .can = MAYBE };

	for (size_t i = 0; i < p->nsorted[OBJ_ADDR]; i++) {
		const struct rule *r = p->sorted[OBJ_ADDR][i];

		if (!(r->rights & R_SOCKET) || !names_family(r, family))
			continue;
		allows |= r->action == ACT_ALLOW;
		refuses |= r->action != ACT_ALLOW;
		if (r->phase || r->cond.n)
			continue;
		if (!allows)
			return refused(r->action, r->err);
		g.can = refuses ? MAYBE : ALWAYS;
		return g;
	}
	if (p->fallback.action == ACT_ALLOW)
		g.can = refuses ? MAYBE : ALWAYS;
	else if (!allows)
		g = refused(p->fallback.action, p->fallback.err);
	return g;
}

bool
export_lifts_foreign(const struct export_input *in)
{
	for (size_t i = 0; i < in->nlayers; i++)
		if (!policy_lifts(in->layer[i].policy, "foreign-abi"))
			return false;
	return true;
}
