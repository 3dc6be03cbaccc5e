/* SPDX-License-Identifier: ISC */
#include "engine/lint_int.h"

/* Would anything in the policy let this call in?  Objects have their own rules, which are not asked here. */
static bool
call_possible(const struct policy *p, unsigned id)
{
	bool any = false;

	for (uint32_t i = p->call_at[id]; i < p->call_at[id + 1]; i++) {
		if (p->sorted[OBJ_CALL][i]->action == ACT_ALLOW)
			return true;
		any = any || !p->sorted[OBJ_CALL][i]->cond.n;
	}
	if (any)
		return false;
	for (unsigned i = 0; i < sysdesc_nargs(&sysdesc_table[id]); i++)
		if (sysdesc_table[id].arg[i].rights)
			return true;
	return p->fallback.action == ACT_ALLOW;
}

static bool
right_possible(const struct policy *p, unsigned rights, const struct pattern *path)
{
	if (p->fallback.action == ACT_ALLOW)
		return true;
	for (size_t i = 0; i < p->nrules; i++) {
		const struct rule *r = p->rule[i];

		if (r->kind == OBJ_PATH && r->action == ACT_ALLOW && r->rights & rights && (!path || !lint_disjoint(&r->path, path)))
			return true;
	}
	return false;
}

/* Can it come that far, by this policy? */
static bool
trigger_possible(const struct policy *p, const struct trigger *t)
{
	switch (t->kind) {
	case TRIGGER_CALL:
		return call_possible(p, t->id);
	case TRIGGER_EXEC:
		return right_possible(p, R_EXEC, NULL);
	case TRIGGER_OPEN:
		return right_possible(p, R_READ | R_WRITE | R_CREATE, &t->path);
	case TRIGGER_MARK:
	case TRIGGER_TIME:
		return true;
	}
	return true;
}

static void
check_phase(struct lint *l, const struct phase *ph)
{
	unsigned possible = 0;

	for (unsigned i = 0; i < ph->ntriggers; i++)
		possible += trigger_possible(l->p, &ph->trigger[i]);
	if (!possible) {
		lint_find(l, "endless-phase", &ph->origin, "phase %s never ends: the policy refuses all that would end it", ph->name);
		return;
	}
	for (unsigned i = 0; i < ph->ntriggers; i++)
		if (!ph->trigger[i].hidden && !trigger_possible(l->p, &ph->trigger[i]))
			lint_find(l, "idle-trigger", &ph->origin, "\"%s\" never ends phase %s: the policy refuses it",
			    ph->trigger[i].text, ph->name);
}

static void
check_empty(struct lint *l, unsigned phase)
{
	const struct policy *p = l->p;

	for (size_t i = 0; i < p->nrules; i++)
		if (p->rule[i]->phase == phase + 1)
			return;
	lint_find(l, "empty-phase", &p->phase[phase].origin, "phase %s gives nothing", p->phase[phase].name);
}

void
lint_phases(struct lint *l)
{
	const struct policy *p = l->p;

	for (unsigned i = 0; i < p->nphases; i++) {
		if (!is_ours(&p->phase[i].origin))
			continue;
		check_phase(l, &p->phase[i]);
		check_empty(l, i);
	}
	for (size_t i = 0; i < p->nidle; i++)
		lint_find(l, "unused-block", &p->idle[i].origin, "block %s is not used: what it says holds nowhere", p->idle[i].word);
	for (size_t i = 0; i < p->nidle_lets; i++)
		lint_find(l, "unused-let", &p->idle_let[i].origin, p->idle_let[i].origin.via ?
		    "variable %s is not used here, and another file does not see it" : "variable %s is not used", p->idle_let[i].word);
	for (size_t i = 0; i < p->nidle_programs; i++)
		lint_find(l, "unused-program", &p->idle_program[i].origin, "\"program %s\" does nothing here: "
		    "a policy is chosen by its own lines, not by what is added to it", p->idle_program[i].word);
}
