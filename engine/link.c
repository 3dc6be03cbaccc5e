/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"

/*
 * What a rule allows is allowed where symbolic links lead, too.  A program that
 * may replace `out` by a link would choose what the next run of its policy
 * allows: so the end of a link counts only where the policy does not let the
 * program create the link.  A refusal counts at both ends.
 */

static bool
outranks(const struct rule *a, const struct rule *b)
{
	return a->rank != b->rank ? a->rank > b->rank : a->terms > b->terms;
}

static bool
is_about(const struct rule *r, const char *path, size_t len)
{
	return r->kind == OBJ_PATH && r->rights & R_CREATE && !r->path.anonymous && pattern_match(&r->path, path, len);
}

/* What is known of the right to create one name. */
struct asked {
	const char *path;
	size_t len;
	const struct rule *refusal;	/* the most specific that always holds */
	bool granted;			/* by one that this does not take back */
};

static void
find_refusal(struct asked *a, const struct vector *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *r = rules->item[i];

		if (r->action != ACT_ALLOW && !r->cond.n && is_about(r, a->path, a->len) && (!a->refusal || outranks(r, a->refusal)))
			a->refusal = r;
	}
}

static void
find_grant(struct asked *a, const struct vector *rules)
{
	for (size_t i = 0; i < rules->n && !a->granted; i++) {
		const struct rule *r = rules->item[i];

		a->granted = r->action >= ACT_ASK && is_about(r, a->path, a->len) && (!a->refusal || outranks(r, a->refusal));
	}
}

/* In any phase, whoever calls.  What leads elsewhere counts as a grant: whether it is one is not known yet. */
static bool
may_create(const struct loader *l, const char *path)
{
	struct asked a = { .path = path, .len = strlen(path) };

	find_refusal(&a, &l->rules);
	find_refusal(&a, &l->ghosts);
	find_grant(&a, &l->rules);
	find_grant(&a, &l->ghosts);
	return a.granted || (!a.refusal && l->policy->fallback.action >= ACT_ASK);
}

/* Links that were looked at; many rules lead over the same few. */
struct answers {
	struct vector loose, firm;	/* char */
};

static bool
has(const struct vector *v, const char *path)
{
	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->item[i], path))
			return true;
	return false;
}

static bool
is_loose(const struct loader *l, struct answers *known, const char *link)
{
	if (has(&known->loose, link))
		return true;
	if (has(&known->firm, link))
		return false;
	vector_add(may_create(l, link) ? &known->loose : &known->firm, link);
	return has(&known->loose, link);
}

/* The link that the rule does not count for; NULL when it counts. */
static const char *
loose_link(const struct loader *l, struct answers *known, const struct rule *r)
{
	for (size_t i = 0; r->action >= ACT_ASK && r->links && r->links[i].name; i++)
		if (is_loose(l, known, r->links[i].name))
			return r->links[i].name;
	return NULL;
}

static void
keep_loose(struct loader *l, const struct vector *rules, struct answers *known)
{
	struct loose *loose = pool_alloc(l->keep, rules->n, sizeof(*loose));

	for (size_t i = 0; i < rules->n; i++) {
		const struct rule *r = rules->item[i];

		loose[i] = (struct loose){ .link = loose_link(l, known, r), .object = r->object, .origin = r->origin };
	}
	l->policy->loose = loose;
	l->policy->nloose = rules->n;
}

void
compile_links(struct loader *l)
{
	struct vector dropped = { .n = 0 };
	struct answers known = { .loose = { .n = 0 } };
	size_t n = 0;

	/* All that count are asked before the first one goes. */
	for (size_t i = 0; i < l->rules.n; i++)
		if (loose_link(l, &known, l->rules.item[i]))
			vector_add(&dropped, l->rules.item[i]);
	keep_loose(l, &dropped, &known);
	for (size_t i = 0; i < l->rules.n; i++)
		if (!loose_link(l, &known, l->rules.item[i]))
			l->rules.item[n++] = l->rules.item[i];
	l->rules.n = n;
	free(dropped.item);
	free(known.loose.item);
	free(known.firm.item);
}
