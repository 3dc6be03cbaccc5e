/* SPDX-License-Identifier: ISC */
#include "tracer/exec.h"

#include <stdlib.h>
#include <string.h>

#include "tracer/advance.h"
#include "tracer/cradle.h"
#include "tracer/enforce.h"
#include "tracer/gain.h"
#include "tracer/image.h"
#include "tracer/inject.h"
#include "tracer/orphan.h"
#include "tracer/pt.h"
#include "tracer/who.h"

/* The call in progress is the former's, and no longer his. */
static void
take_over(struct tracee *leader, struct tracee *former)
{
	struct tracee self;

	enforce_forget(leader);
	inject_abandon(leader);
	inject_abandon(former);
	cradle_hand_on(leader, NULL);
	self = *leader;
	*leader = *former;
	leader->tid = self.tid;
	leader->group = self.group;
	leader->next = self.next;
	leader->executes = false;
	former->ids = self.ids;
	former->shelf = self.shelf;
	memset(&former->hold, 0, sizeof(former->hold));
	former->birth = NULL;
	former->forking = false;
	former->ending = NULL;
}

/* Who had another number until it executed; NULL when it had not, or is not known. */
static struct tracee *
former_self(struct session *s, pid_t tid)
{
	unsigned long msg = 0;
	struct tracee *former = NULL;

	if (pt_event_msg(tid, &msg) == 0 && (pid_t)msg != tid)
		former = tracee_find(&s->tracees, (pid_t)msg);
	return former && former->group && former->group->tgid == tid ? former : NULL;
}

struct tracee *
exec_tid(struct session *s, pid_t tid)
{
	struct tracee *leader = tracee_find(&s->tracees, tid);
	struct tracee *former = former_self(s, tid);

	if (leader)
		tracee_take_late(leader);	/* that was a stop of who is no more */
	if (!leader && former) {
		leader = tracee_add(&s->tracees, tid, former->state);
		tracee_join(&s->tracees, leader, tid, (struct descent){ 0 });
	}
	if (former) {
		tracee_executed(leader);	/* he was to execute, too */
		advance_end(s, leader);
		orphan_note_death(s, leader);
		tracee_rest(&s->tracees, leader);
		tracee_rest(&s->tracees, former);
		take_over(leader, former);
	}
	lifecycle_forget_threads(s, tid);
	return leader;
}

/*
 * Where there is no no_new_privs, before Linux 3.5 and in a program that was
 * attached to, an exec can give more than the policy was written for.
 */
static bool
gains_nothing(struct session *s, struct tracee *t, const struct file_ids *before)
{
	const char *gain = gain_by_exec(t->tid, before, lifecycle_ids(t), t->group->image->wordsize);

	if (gain)
		audit_note(s->audit, t->tid, gain);
	return !gain;
}

/* The first image has been decided by who called us; all that come from it are looked at. */
static bool
may_run(struct session *s, struct tracee *t, bool first, const struct file_ids *before)
{
	struct task_view view = lifecycle_view(s, t);
	struct thread_group *g = t->group;
	int err = image_enter(s, t);

	g->confined = first ? confine_new(s->layers, s->nlayers) : confine_alone(g->confined);
	lifecycle_insist(t, err);
	if (err)
		return false;
	return first || (gains_nothing(s, t, before) && image_was_decided(s, t, &view) && advance_exec(s, t));
}

void
on_exec(struct session *s, struct tracee *t, const struct stop *stop)
{
	bool first = t->state == TS_LAUNCHED;
	struct file_ids *before = t->ids;

	(void)stop;
	orphan_note_death(s, t);	/* of a leader, where no event says who took its place (before Linux 3.0) */
	t->forking = false;
	cradle_hand_on(t, NULL);
	t->state = TS_IN_CALL;		/* execve's own exit-stop is to come */
	t->ids = NULL;
	tracee_rest(&s->tracees, t);
	arena_reset(&s->arena);
	if (!may_run(s, t, first, before) && !t->unfound)
		enforce_kill(t);
	free(before);
	enforce_forget(t);		/* only now: a file that is held is no other's number */
	who_note_image(t->group);
	lifecycle_resume(s, t, 0);
}
