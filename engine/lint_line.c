/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "engine/lint_int.h"

/* MANY: of so many lines nobody reads what is odd about one by one, and it would take long. */
enum { NEAR = 16, OBJECT_TEXT = 256, PLACE_TEXT = 256, STEPS = 512, MANY = 10000 };

/* Ties */

/* Behind an escape, the byte; of a set, its end.  What one byte of text can be matched by. */
static const char *
one_byte(const char *p, int *byte)
{
	const char *end = *p == '[' ? strchr(p + 1, ']') : NULL;

	*byte = *p == '?' || end ? -1 : (unsigned char)*p;
	if (end)
		return end + 1;
	if (*p == '\\' && p[1]) {
		*byte = (unsigned char)p[1];
		return p + 2;
	}
	return p + 1;
}

static bool meet(const char *a, const char *b, unsigned *steps);

/* The star at a takes what b begins with, or nothing more. */
static bool
star_meets(const char *a, const char *b, unsigned *steps)
{
	const char *rest = a + strspn(a, "*");
	bool deep = rest - a > 1;
	int byte;

	if (meet(rest, b, steps))
		return true;
	if (!*b)
		return false;
	if (*b == '*')
		return meet(a, b + strspn(b, "*"), steps);
	b = one_byte(b, &byte);
	return (deep || byte != '/') && meet(a, b, steps);
}

/* Few steps are enough for what people write; where they are not, nothing is said. */
static bool
meet(const char *a, const char *b, unsigned *steps)
{
	for (;;) {
		int x, y;

		if (++*steps > STEPS)
			return false;
		if (*a == '*')
			return star_meets(a, b, steps);
		if (*b == '*')
			return star_meets(b, a, steps);
		if (!*a || !*b)
			return *a == *b;
		a = one_byte(a, &x);
		b = one_byte(b, &y);
		if (x != y && x >= 0 && y >= 0)
			return false;
		if ((x == '/') != (y == '/') && (x == '/' || y == '/'))
			return false;
	}
}

bool
globs_meet(const char *a, const char *b)
{
	unsigned steps = 0;

	return meet(a, b, &steps);
}

/* Of two that are equally specific: both decide about some paths, and they do not agree. */
static bool
is_tie(const struct rule *a, const struct rule *b)
{
	return (a->action == ACT_ALLOW) != (b->action == ACT_ALLOW) && a->rights & b->rights &&
	    !a->cond.n == !b->cond.n && strcmp(a->object, b->object) != 0 && !lint_disjoint(&a->path, &b->path) &&
	    globs_meet(a->object, b->object);
}

/* Said of the later line, or of the one that can be changed. */
static void
say_tie(struct lint *l, const struct rule *a, const struct rule *b)
{
	bool later = is_own(a) == is_own(b) ? b->seq > a->seq : is_own(b);
	const struct rule *r = later ? b : a, *o = later ? a : b;
	char what[OBJECT_TEXT], other[OBJECT_TEXT], at[PLACE_TEXT];

	lint_find(l, "tie", &r->origin, "%s is no more specific than %s of %s, and both can match one path: "
	    "the stricter one wins there", lint_object(r, what, sizeof(what)), lint_object(o, other, sizeof(other)),
	    lint_place(o, at, sizeof(at)));
}

static void
check_ties(struct lint *l)
{
	const struct rule *const *sorted = l->p->sorted[OBJ_PATH];
	size_t n = l->p->nsorted[OBJ_PATH];

	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1; k < n && k < i + NEAR && sorted[k]->rank == sorted[i]->rank; k++) {
			const struct rule *a = sorted[i], *b = sorted[k];

			if (!a->hidden && !b->hidden && (is_own(a) || is_own(b)) && is_tie(a, b))
				say_tie(l, a, b);
		}
	}
}

/* Refusals that change nothing */

static bool
may_match_both(const struct rule *a, const struct rule *b)
{
	if (a->kind != OBJ_PATH)
		return true;
	return !lint_disjoint(&a->path, &b->path) && (a->path.shape != PAT_EXACT || b->path.shape != PAT_EXACT ||
	    !strcmp(a->object, b->object));
}

/* Does any other line say something else about what this one is about? */
static bool
is_needed(const struct lint *l, const struct rule *r)
{
	for (size_t i = 0; i < l->p->nrules; i++) {
		const struct rule *o = l->p->rule[i];

		if (o->kind != r->kind || (o->action == r->action && o->err == r->err))
			continue;
		if (r->kind == OBJ_CALL ? o->id == r->id : o->rights & r->rights && may_match_both(o, r))
			return true;
	}
	return false;
}

/* Calls that need rights on objects go on to those: a rule that refuses the call as such says more. */
static bool
is_default(const struct lint *l, const struct rule *r)
{
	return r->action == l->p->fallback.action && r->err == l->p->fallback.err && r->action != ACT_ALLOW &&
	    (r->kind == OBJ_PATH || r->kind == OBJ_ADDR);
}

static void
check_refusal(struct lint *l, const struct rule *r)
{
	char what[OBJECT_TEXT];

	if (is_own(r) && !r->quiet && !r->log && is_default(l, r) && !is_needed(l, r))
		lint_find(l, "idle-refusal", &r->origin, "nothing allows %s: without this line the answer is the same",
		    lint_object(r, what, sizeof(what)));
}

/* Refusals that something narrower takes back where nobody sees it */

/* Is all that the rule asks who calls?  Then it means: whatever the call is. */
static bool
asks_only_who(const struct rule *r)
{
	for (unsigned i = 0; i < r->cond.n; i++)
		if (r->cond.op[i].kind > COND_NOT && r->cond.op[i].about == ABOUT_ARG)
			return false;
	return true;
}

/* Meant for good: who says less than this expects exceptions. */
static bool
is_meant_for_good(const struct rule *r)
{
	bool ends = r->action == ACT_KILL || r->action == ACT_TRAP;

	if (r->action == ACT_ALLOW || r->hidden || !is_own(r) || r->quiet)
		return false;
	return r->kind == OBJ_CALL ? asks_only_who(r) && (r->cond.n || ends) : ends || r->cond.n;
}

static bool
covers_addr(const struct rule *r, const struct rule *o)
{
	return r->addr.shape == ADDR_ANY || (r->addr.shape == ADDR_FAMILY && r->addr.family == o->addr.family);
}

static bool
takes_back(const struct rule *o, const struct rule *r)
{
	if (o->action != ACT_ALLOW || o->hidden || is_own(o) || o->kind != r->kind)
		return false;
	switch (r->kind) {
	case OBJ_CALL:
		return o->id == r->id && o->terms > r->terms;
	case OBJ_ADDR:
		return o->rights & r->rights && o->rank > r->rank && covers_addr(r, o);
	case OBJ_PATH:
		return o->rights & r->rights && o->rank > r->rank && may_match_both(o, r) && globs_meet(o->object, r->object);
	}
	return false;
}

static void
check_taken_back(struct lint *l, const struct rule *r)
{
	char what[OBJECT_TEXT], narrow[OBJECT_TEXT], at[PLACE_TEXT];

	if (!is_meant_for_good(r))
		return;
	for (size_t i = 0; i < l->n; i++) {
		const struct rule *o = l->by_object[i];

		if (!takes_back(o, r))
			continue;
		lint_find(l, "outranked", &r->origin, "%s is refused here, and %s allows %s%s%s, which is narrower and wins",
		    lint_object(r, what, sizeof(what)), lint_place(o, at, sizeof(at)), lint_object(o, narrow, sizeof(narrow)),
		    o->when ? " if " : "", o->when ? o->when : "");
		return;
	}
}

/* Words and calls */

static void
check_quiet(struct lint *l, const struct rule *r)
{
	if (r->quiet && r->action == ACT_ALLOW && is_own(r))
		lint_find(l, "quiet", &r->origin, "\"quiet\" on a line that allows: only refusals are reported");
}

static void
check_call(struct lint *l, const struct rule *r)
{
	const char *name = sysdesc_table[r->id].name;

	if (r->kind == OBJ_CALL && is_own(r) && l->host->has_call && !l->host->has_call(l->host->ctx, name))
		lint_find(l, "no-such-call", &r->origin, "no program of this machine can call %s: the line does nothing here", name);
}

/* A module or program that is named in full and is not there. */
static void
check_texts(struct lint *l, const struct rule *r)
{
	for (unsigned i = 0; is_own(r) && l->host->has_file && i < r->cond.n; i++) {
		const struct condop *op = &r->cond.op[i];
		bool named = op->about == ABOUT_CALLER || op->about == ABOUT_EXE;

		for (uint32_t k = 0; named && k < op->nvals; k++) {
			const struct pattern *text = &op->pat[k].text;

			if (!op->pat[k].whole || text->shape != PAT_EXACT || l->host->has_file(l->host->ctx, text->prefix))
				continue;
			lint_find(l, "no-such-file", &r->origin, "there is no file %.200s: the condition never holds for it", text->prefix);
		}
	}
}

/* Memory that can be written and executed */

static bool
lets_write_exec(const struct lint *l, enum sys_id id, const struct rule **by)
{
	const struct policy *p = l->p;
	int prot = sysdesc_arg(&sysdesc_table[id], "prot");
	struct sysevent ev = { .id = id, .wordsize = 8 };

	ev.arg[prot].val = 7;	/* PROT_READ|PROT_WRITE|PROT_EXEC */
	for (uint32_t i = p->call_at[id]; i < p->call_at[id + 1]; i++) {
		*by = p->sorted[OBJ_CALL][i];
		if (!(*by)->cond.needs && condition_holds(&(*by)->cond, &ev))
			return (*by)->action == ACT_ALLOW;
	}
	return false;
}

static void
check_memory(struct lint *l)
{
	static const uint16_t ids[] = { SYS_ID_mmap, SYS_ID_mprotect, SYS_ID_pkey_mprotect };
	const struct origin *said = NULL;
	const struct rule *r;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (!lets_write_exec(l, ids[i], &r) || !is_own(r) || (said && said->line == r->origin.line))
			continue;
		lint_find(l, "write-exec-memory", &r->origin, "%s with PROT_WRITE and PROT_EXEC at once is allowed: "
		    "what the program reads it can run as code", sysdesc_table[ids[i]].name);
		said = &r->origin;
	}
}

void
lint_lines(struct lint *l)
{
	check_ties(l);
	check_memory(l);
	for (size_t i = 0; i < l->n; i++) {
		check_quiet(l, l->by_object[i]);
		check_call(l, l->by_object[i]);
		check_texts(l, l->by_object[i]);
		if (l->n < MANY) {
			check_refusal(l, l->by_object[i]);
			check_taken_back(l, l->by_object[i]);
		}
	}
}
