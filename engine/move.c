/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <string.h>

#include "engine/policy_int.h"

/* The number is needed, the variable is not. */
enum { ERR_XDEV = EXDEV };

#include "engine/pure.h"

/*
 * rename and link give an object another name, and rules are about names.  So
 * that no program gains a right by it, what is refused of the old name must be
 * refused of the new one as well.  What the call itself asks of the old name
 * (read, write, and delete of a rename) needs no second look.
 *
 * Phases and conditions are no comfort: they can hold later, for another caller.
 * A rule with one of them may refuse and may allow, and settles nothing.
 */
static const uint16_t path_rights[] = { R_EXEC, R_STAT, R_ATTR }, addr_rights[] = { R_CONNECT, R_SEND };

/* How much of what an object is, or of what a directory holds, a rule is about. */
enum extent { EXTENT_NONE, EXTENT_SOME, EXTENT_ALL };

/* One name while the rules are walked. */
struct named {
	struct access a;
	bool settled;		/* a rule for all of it that always holds was met */
	bool refused, allowed;	/* by any rule up to there, perhaps */
	const struct origin *origin;	/* of the first that refuses */
};

static enum extent
extent_of(const struct pattern *p, const struct access *a)
{
	size_t len = strlen(a->path);

	if (p->anonymous != path_anonymous(a->path, len))
		return EXTENT_NONE;
	if (!a->tree)
		return pattern_match(p, a->path, len) ? EXTENT_ALL : EXTENT_NONE;
	return pattern_covers_tree(p, a->path, len) ? EXTENT_ALL :
	    pattern_reaches_tree(p, a->path, len) ? EXTENT_SOME : EXTENT_NONE;
}

static enum extent
rule_extent(const struct rule *r, const struct access *a)
{
	if (r->kind == OBJ_PATH)
		return extent_of(&r->path, a);
	if (r->addr.shape == ADDR_UNIX)
		return extent_of(&r->addr.name, a);
	return r->addr.shape == ADDR_ANY || (r->addr.shape == ADDR_FAMILY && r->addr.family == NA_UNIX) ? EXTENT_ALL : EXTENT_NONE;
}

static void
name_meets(struct named *n, const struct rule *r, enum extent extent)
{
	if (n->settled || extent == EXTENT_NONE)
		return;
	if (r->action != ACT_ALLOW && !n->refused)
		n->origin = &r->origin;
	n->refused |= r->action != ACT_ALLOW;
	n->allowed |= r->action >= ACT_ASK;
	n->settled = extent == EXTENT_ALL && !r->cond.n && !r->phase;
}

static void
name_ends(struct named *n, const struct policy *p)
{
	if (n->settled)
		return;
	if (p->fallback.action != ACT_ALLOW && !n->refused)
		n->origin = p->fallback.origin.file ? &p->fallback.origin : NULL;
	n->refused |= p->fallback.action != ACT_ALLOW;
	n->allowed |= p->fallback.action >= ACT_ASK;
}

/* Names that all rules are about alike, as far as they matter, have the same rights. */
static bool
gains(const struct policy *p, enum object_kind kind, unsigned right, struct named *from, struct named *to)
{
	const struct rule *const *list = kind == OBJ_PATH ? p->trees : p->sorted[kind];
	bool alike = true;

	for (size_t i = 0; i < p->nsorted[kind] && !(from->settled && to->settled); i++) {
		enum extent a, b;

		if (!(list[i]->rights & right))
			continue;
		a = rule_extent(list[i], &from->a);
		b = rule_extent(list[i], &to->a);
		alike &= a == b && a != EXTENT_SOME;
		name_meets(from, list[i], a);
		name_meets(to, list[i], b);
	}
	name_ends(from, p);
	name_ends(to, p);
	return !alike && from->refused && to->allowed;
}

static bool
right_is_gained(const struct policy *p, enum object_kind kind, unsigned right, const struct sysevent *ev, unsigned from,
    struct verdict *v)
{
	struct named old = { .a = ev->access[from] }, new = { .a = ev->access[!from] };

	if (!gains(p, kind, right, &old, &new))
		return false;
	*v = (struct verdict){
		.action = ACT_DENY, .err = ERR_XDEV, .reason = WHY_MOVE, .origin = old.origin,
		.access = (int)from, .rights = (uint16_t)right,
	};
	return true;
}

static bool
any_is_gained(const struct policy *p, const struct sysevent *ev, unsigned from, struct verdict *v)
{
	for (unsigned i = 0; i < sizeof(path_rights) / sizeof(path_rights[0]); i++)
		if (right_is_gained(p, OBJ_PATH, path_rights[i], ev, from, v))
			return true;
	for (unsigned i = 0; i < sizeof(addr_rights) / sizeof(addr_rights[0]); i++)
		if (right_is_gained(p, OBJ_ADDR, addr_rights[i], ev, from, v))
			return true;
	return false;
}

/* Has it two names, the old one first?  One that makes what is there already only says so. */
static bool
moves(const struct sysevent *ev)
{
	static const uint16_t ids[] = { SYS_ID_rename, SYS_ID_renameat, SYS_ID_renameat2, SYS_ID_link, SYS_ID_linkat };

	for (unsigned i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (ids[i] == ev->id)
			return ev->naccess == 2 && ev->access[0].path && ev->access[1].path && ev->access[1].rights & R_CREATE;
	return false;
}

bool
move_gains(const struct policy *p, const struct sysevent *ev, struct verdict *v)
{
	if (!moves(ev))
		return false;
	/* RENAME_EXCHANGE: each comes to the other's name. */
	return any_is_gained(p, ev, 0, v) || (ev->access[0].rights & R_CREATE && any_is_gained(p, ev, 1, v));
}
