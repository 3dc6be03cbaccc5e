/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "engine/load_int.h"

enum { MAX_HINTS = 64 };

static struct group *
group_at(const struct vector *v, size_t i)
{
	return (struct group *)(uintptr_t)v->item[i];
}

static struct group *
find_group(const struct vector *v, struct word name)
{
	for (size_t i = 0; i < v->n; i++) {
		struct group *g = group_at(v, i);

		if (g->name.len == name.len && !memcmp(g->name.p, name.p, name.len))
			return g;
	}
	return NULL;
}

/* Names are one each in the whole policy, whatever file they are in. */
static void
add_group_name(struct loader *l, struct vector *v, const struct group *g, const char *what, unsigned max)
{
	const struct group *old = find_group(v, g->name);

	if (old)
		load_error(l, g->src, g->name.p, "a second %s \"%s\"; the first is in %s, line %u", what,
		    shown_word(l, g->name), old->src->shown, old->name.line);
	else if (v->n == max)
		load_error(l, g->src, g->name.p, "more than %u %ss", max, what);
	else
		vector_add(v, g);
}

/* A text that is included inside of a phase as well is read again, and has the same blocks. */
static bool
was_read_before(const struct loader *l, const struct source *s)
{
	for (const struct source *o = l->sources; o != s; o = o->next)
		if (!o->group && o->promise == s->promise && o->headless == s->headless && !strcmp(o->shown, s->shown))
			return true;
	return false;
}

void
add_blocks(struct loader *l, struct source *s)
{
	if (was_read_before(l, s))
		return;
	for (struct group *g = s->blocks; g; g = g->next)
		add_group_name(l, &l->blocks, g, "block", MAX_BLOCKS);
}

void
load_phases(struct loader *l, struct source *s)
{
	for (struct group *g = s->phases; g; g = g->next) {
		size_t n = l->phases.n;

		if (s->inside)
			load_error(l, s, g->name.p, "a policy with phases is included inside of a phase or a block");
		else
			add_group_name(l, &l->phases, g, "phase", MAX_PHASES);
		if (l->phases.n > n)
			fetch_lines(l, add_group(l, g, (unsigned)l->phases.n));
	}
}

static const char *
near_block(struct loader *l, struct word name)
{
	const char *words[MAX_HINTS + 1] = { NULL };

	for (size_t i = 0; i < l->blocks.n && i < MAX_HINTS; i++)
		words[i] = word_text(l, group_at(&l->blocks, i)->name);
	return hint(l, word_text(l, name), words);
}

static void
use_block(struct loader *l, const struct source *s, struct word name)
{
	struct group *g = find_group(&l->blocks, name);
	uint64_t phase = (uint64_t)1 << s->phase;

	if (!g) {
		load_error(l, s, name.p, "there is no block \"%s\"%s", shown_word(l, name), near_block(l, name));
		return;
	}
	/* Twice the same lines are no more than once. */
	if (g->used_in & phase)
		return;
	g->used_in |= phase;
	fetch_lines(l, add_group(l, g, s->phase));
}

/* "a -> b -> a", from the one that is used again. */
static const char *
use_chain(struct loader *l, const struct group *g, const struct group *top)
{
	const char *text = shown_word(l, g->name);

	for (; g != top; text = pool_printf(l->scratch, "%s -> %s", shown_word(l, g->name), text))
		g = g->user;
	return pool_printf(l->scratch, "%s -> %s", text, shown_word(l, top->name));
}

/* As deep as there are blocks, which are few. */
static void
check_uses(struct loader *l, struct group *g)
{
	g->visit = VISIT_BUSY;
	for (const struct fetchline *f = g->lines.fetches; f; f = f->next) {
		struct group *to = f->kind == FETCH_BLOCK ? find_group(&l->blocks, f->name) : NULL;

		if (!to)
			continue;
		if (to->visit == VISIT_BUSY)
			load_error(l, g->src, f->name.p, "blocks that use each other: %s", use_chain(l, g, to));
		if (to->visit != VISIT_NONE)
			continue;
		to->user = g;
		check_uses(l, to);
	}
	g->visit = VISIT_DONE;
}

/* Blocks of a file that is included are there for whoever wants them. */
static void
collect_idle(struct loader *l)
{
	struct mark *m = pool_alloc(l->keep, l->blocks.n, sizeof(*m));
	size_t n = 0;

	for (size_t i = 0; i < l->blocks.n; i++) {
		const struct group *g = group_at(&l->blocks, i);

		if (g->used_in || (g->src->parent && !g->src->local))
			continue;
		m[n].word = pool_text(l->keep, g->name.p, g->name.len);
		m[n++].origin = origin_of(g->src, g->name);
	}
	l->policy->idle = m;
	l->policy->nidle = n;
}

void
load_blocks(struct loader *l)
{
	for (size_t i = 0; i < l->uses.n; i++) {
		const struct source *s = l->uses.item[i];

		for (const struct fetchline *f = s->lines.fetches; f; f = f->next)
			if (f->kind == FETCH_BLOCK)
				use_block(l, s, f->name);
	}
	for (size_t i = 0; i < l->blocks.n; i++)
		if (group_at(&l->blocks, i)->visit == VISIT_NONE)
			check_uses(l, group_at(&l->blocks, i));
	collect_idle(l);
}
