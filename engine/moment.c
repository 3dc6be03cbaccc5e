/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "engine/policy_int.h"

#include "engine/pure.h"

/* Calls that open a file; O_PATH only looks at one. */
static bool
opens(enum sys_id id)
{
	return id == SYS_ID_open || id == SYS_ID_openat || id == SYS_ID_openat2 || id == SYS_ID_creat;
}

static bool
opens_file(const struct trigger *t, const struct sysevent *ev)
{
	if (!opens(ev->id))
		return false;
	for (unsigned i = 0; i < ev->naccess; i++) {
		const struct access *a = &ev->access[i];
		size_t len = a->kind == ACC_PATH && a->path ? strlen(a->path) : 0;

		if (len && !a->any && a->rights & (R_READ | R_WRITE | R_CREATE) && t->path.anonymous == path_anonymous(a->path, len) &&
		    pattern_match(&t->path, a->path, len))
			return true;
	}
	return false;
}

/* A phase ends rather than that it stays open for want of knowing. */
static bool
is_made(const struct trigger *t, const struct sysevent *ev)
{
	return ev->id == t->id && (!needs_are_met(t->cond.needs, ev) || condition_holds(&t->cond, ev));
}

static bool
happens(const struct trigger *t, const struct moment *m)
{
	switch (t->kind) {
	case TRIGGER_CALL:
		return m->call && is_made(t, m->call);
	case TRIGGER_EXEC:
		return m->exec;
	case TRIGGER_OPEN:
		return m->call && opens_file(t, m->call);
	case TRIGGER_MARK:
		return m->mark && !strcmp(m->mark, t->mark);
	case TRIGGER_TIME:
		return m->elapsed_ms >= t->ms;
	}
	return true;
}

uint32_t
policy_phases(const struct policy *p)
{
	return p->nphases == MAX_PHASES ? UINT32_MAX : ((uint32_t)1 << p->nphases) - 1;
}

uint32_t
policy_phases_ended(const struct layer *l, const struct moment *m)
{
	uint32_t ended = 0;

	for (unsigned i = 0; i < l->policy->nphases; i++) {
		const struct phase *ph = &l->policy->phase[i];

		for (unsigned k = 0; k < ph->ntriggers; k++)
			if (happens(&ph->trigger[k], m))
				ended |= (uint32_t)1 << i;
	}
	return ended & l->phases;
}

static bool
has_trigger(const struct phase *ph, enum trigger_kind kind, const char *mark)
{
	for (unsigned i = 0; i < ph->ntriggers; i++)
		if (ph->trigger[i].kind == kind && (!mark || !strcmp(mark, ph->trigger[i].mark)))
			return true;
	return false;
}

bool
policy_is_timed(const struct layer *l)
{
	for (unsigned i = 0; i < l->policy->nphases; i++)
		if (l->phases >> i & 1 && has_trigger(&l->policy->phase[i], TRIGGER_TIME, NULL))
			return true;
	return false;
}

bool
policy_has_mark(const struct policy *p, const char *mark)
{
	for (unsigned i = 0; i < p->nphases; i++)
		if (has_trigger(&p->phase[i], TRIGGER_MARK, mark))
			return true;
	return false;
}

const char *
policy_phase_name(const struct policy *p, unsigned n, const struct origin **origin)
{
	if (n >= p->nphases)
		return NULL;
	if (origin)
		*origin = &p->phase[n].origin;
	return p->phase[n].name;
}
