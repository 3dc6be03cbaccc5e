/* SPDX-License-Identifier: ISC */
#include "tracer/orphan.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/xalloc.h"
#include "tracer/enforce.h"
#include "tracer/lifecycle.h"
#include "tracer/procs.h"
#include "tracer/registers.h"
#include "tracer/window.h"

static bool
has_policy(const struct bereaved *b, const struct policy *p)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->policy[i] == p)
			return true;
	return false;
}

static void
add_policies(struct bereaved *b, const struct confinement *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (has_policy(b, c->layer[i].policy))
			continue;
		if (b->n == MAX_LAYERS)
			b->unlike = true;
		else
			b->policy[b->n++] = c->layer[i].policy;
	}
}

void
orphan_note_death(struct session *s, struct tracee *t)
{
	struct bereaved *b = &s->bereaved;

	if (!t->forking || !t->group)
		return;
	if (!b->first)
		b->first = group_hold(t->group);
	b->unlike |= b->first->image != t->group->image || b->first->window != t->group->window ||
	    (b->birth && t->birth && memcmp(b->birth, t->birth, sizeof(*b->birth)) != 0);
	if (!b->birth) {
		b->birth = t->birth;
		t->birth = NULL;
	}
	add_policies(b, t->group->confined);
}

static void
look_for_parent(struct tracee *t, void *ctx)
{
	*(bool *)ctx |= t->forking;
}

/* It may be the child of any of them: it has the policies of all, no phase, and no name that a rule could trust. */
static bool
humble(struct thread_group *g, const struct bereaved *b)
{
	bool room = confine_add(g->confined, b->policy, b->n);

	for (size_t i = 0; i < g->confined->n; i++)
		g->confined->layer[i].phases = 0;
	free(g->exe);
	free(g->argv0);
	g->exe = g->argv0 = NULL;
	return room;
}

/*
 * It has the window of the first of the dead, or it is not let go: it may share
 * the memory of somebody whose window it could then take away.
 */
static bool
has_window(const struct tracee *t)
{
	const struct window *w = t->group->window;

	return !w || window_is_mapped(w, t->tid);
}

/* One that was made where the calls of all of the dead return. */
static void
inherit_birth(const struct bereaved *b, struct tracee *t)
{
	if (!b->birth)
		return;
	t->birth = xmalloc(sizeof(*t->birth));
	*t->birth = *b->birth;
}

static void
take_in(struct tracee *t, void *ctx)
{
	struct session *s = ctx;

	if (t->state != TS_PARKED)
		return;
	if (s->bereaved.unlike) {
		enforce_kill(t);
		return;
	}
	lifecycle_join(s, t, (struct descent){ s->bereaved.first, false });
	if (!has_window(t))
		enforce_kill(t);
	inherit_birth(&s->bereaved, t);
	if (t->group->refs == 1 && !humble(t->group, &s->bereaved))
		enforce_kill(t);
	lifecycle_unpark(s, t);
}

struct search {
	struct session *s;
	bool found;
};

static void
look_for_stranger(pid_t pid, void *ctx)
{
	struct search *search = ctx;

	if (!search->found && procs_tracer(pid) == getpid())
		search->found = !tracee_find(&search->s->tracees, pid);
}

bool
orphan_is_due(struct session *s)
{
	struct search search = { .s = s };

	if (s->bereaved.first)
		procs_each(look_for_stranger, &search);
	return search.found;
}

void
orphan_settle(struct session *s)
{
	bool expected = false;

	if (!s->bereaved.first)
		return;
	tracee_each(&s->tracees, look_for_parent, &expected);
	if (!expected)
		tracee_each(&s->tracees, take_in, s);
}
