/* SPDX-License-Identifier: ISC */
/*
 * The policies that one load brings in: the one asked for, and all that "->"
 * leads to, from one to the next.  Each is there once, by the name it is shown
 * with, and so policies can lead to each other.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"

struct member {
	const char *name, *from;	/* what is to be loaded, and who names it */
	const char *shown;
	struct policy *policy;
	const struct policy **target;	/* of the policy, to be filled in when all are loaded */
	const struct member **leads_to;
	size_t n;
};

struct family {
	const struct policy_host *host;
	const char *extra;
	struct policy_errors *errors;
	struct pool *scratch;
	struct said said;
	struct vector members;		/* struct member */
};

static struct member *
member_at(const struct family *f, size_t i)
{
	return (struct member *)(uintptr_t)f->members.item[i];
}

static struct member *
add_member(struct family *f, const char *name, const char *from, const char *shown)
{
	struct member *m = pool_alloc(f->scratch, 1, sizeof(*m));

	m->name = name ? pool_text(f->scratch, name, strlen(name)) : NULL;
	m->from = from ? pool_text(f->scratch, from, strlen(from)) : NULL;
	m->shown = shown ? pool_text(f->scratch, shown, strlen(shown)) : NULL;
	vector_add(&f->members, m);
	return m;
}

/* NULL after a message. */
static const struct member *
find_target(struct family *f, struct loader *l, const struct target *t)
{
	const char *shown = target_find(l, t);

	for (size_t i = 0; shown && i < f->members.n; i++)
		if (!strcmp(member_at(f, i)->shown, shown))
			return member_at(f, i);
	if (shown && f->members.n < MAX_TARGETS)
		return add_member(f, t->name, target_from(t), shown);
	if (shown)
		load_error(l, t->src, t->place, "more than %d policies lead to each other", MAX_TARGETS);
	return NULL;
}

static void
find_targets(struct family *f, struct loader *l, struct member *m)
{
	size_t n = l->targets.n;
	const char **name = pool_alloc(l->keep, n, sizeof(*name));

	m->n = n;
	m->target = pool_alloc(l->keep, n, sizeof(*m->target));
	m->leads_to = pool_alloc(f->scratch, n, sizeof(*m->leads_to));
	for (size_t i = 0; i < n; i++) {
		const struct target *t = l->targets.item[i];

		name[i] = pool_text(l->keep, t->name, strlen(t->name));
		m->leads_to[i] = find_target(f, l, t);
	}
	l->policy->target = m->target;
	l->policy->target_name = name;
	l->policy->ntargets = n;
}

/* The command line's text is a part of every member: what it refuses is refused to all. */
static void
load_member(struct family *f, struct member *m)
{
	struct loader *l = loader_new(f->host, &f->said);

	if (m->name)
		load_main(l, m->name, m->from);
	if (f->extra)
		load_extra(l, f->extra);
	loader_compile(l);
	m->shown = pool_text(f->scratch, l->policy->name, strlen(l->policy->name));
	find_targets(f, l, m);
	m->policy = loader_end(l, f->errors);
}

/* The one asked for owns the others. */
static struct policy *
join(struct family *f)
{
	struct policy *head = member_at(f, 0)->policy;
	struct policy **others = pool_alloc(head->pool, f->members.n, sizeof(*others));

	for (size_t i = 0; i < f->members.n; i++) {
		const struct member *m = member_at(f, i);

		for (size_t k = 0; k < m->n; k++)
			m->target[k] = m->leads_to[k] ? m->leads_to[k]->policy : NULL;
		if (i)
			others[head->nfamily++] = m->policy;
	}
	head->family = others;
	return head;
}

static struct policy *
load_family(struct family *f, const char *name)
{
	struct policy *head;

	f->scratch = pool_new();
	f->said.pool = f->scratch;
	add_member(f, name, NULL, NULL);
	for (size_t i = 0; i < f->members.n; i++)
		load_member(f, member_at(f, i));
	head = join(f);
	free(f->members.item);
	pool_free(f->scratch);
	return head;
}

struct policy *
policy_load(const struct policy_host *host, const char *name, const char *extra, struct policy_errors *errors)
{
	struct family f = { .host = host, .extra = extra, .errors = errors };

	errors->text[0] = '\0';
	errors->count = 0;
	if (!name && !extra) {
		snprintf(errors->text, sizeof(errors->text), "no policy is named\n");
		errors->count = 1;
		return NULL;
	}
	return unless_wrong(load_family(&f, name), errors);
}
