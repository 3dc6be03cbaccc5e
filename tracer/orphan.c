/* SPDX-License-Identifier: ISC */
#include "tracer/orphan.h"

#include <string.h>

#include "tracer/enforce.h"
#include "tracer/lifecycle.h"

static bool
same_policies(const struct confinement *a, const struct confinement *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->layer[i].policy != b->layer[i].policy)
			return false;
	return true;
}

void
orphan_note_death(struct session *s, struct tracee *t)
{
	if (!t->forking || !t->group)
		return;
	if (!s->bereaved)
		s->bereaved = group_hold(t->group);
	else if (!same_policies(s->bereaved->confined, t->group->confined))
		s->many_bereaved = true;
}

static void
look_for_parent(struct tracee *t, void *ctx)
{
	*(bool *)ctx |= t->forking;
}

static void
end_all_phases(struct confinement *c)
{
	for (size_t i = 0; i < c->n; i++)
		c->layer[i].phases = 0;
}

static void
take_in(struct tracee *t, void *ctx)
{
	struct session *s = ctx;

	if (t->state != TS_PARKED)
		return;
	if (s->many_bereaved) {
		enforce_kill(t);
		return;
	}
	lifecycle_adopt(s, t, s->bereaved);
	if (t->group->refs == 1)
		end_all_phases(t->group->confined);
}

void
orphan_settle(struct session *s)
{
	bool expected = false;

	if (!s->bereaved)
		return;
	tracee_each(&s->tracees, look_for_parent, &expected);
	if (!expected)
		tracee_each(&s->tracees, take_in, s);
}
