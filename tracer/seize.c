/* SPDX-License-Identifier: ISC */
#include "tracer/seize.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/diag.h"
#include "tracer/advance.h"
#include "tracer/console.h"
#include "tracer/lifecycle.h"
#include "tracer/older.h"
#include "tracer/orphan.h"
#include "tracer/procs.h"
#include "tracer/pt.h"
#include "tracer/watchdog.h"

/* How often somebody is waited for who does not stop, or is not found, a millisecond each. */
enum { MOVES = 100, LOOKS = 1000 };

static void
warn_refused(pid_t tid, int err)
{
	cleanup_file FILE *f = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	pid_t tracer = procs_tracer(tid);
	int scope = 0;

	if (tracer)
		warn("cannot attach to %d: process %d traces it already", tid, tracer);
	else if (err == -EPERM && f && fscanf(f, "%d", &scope) == 1 && scope > 0)
		warn("cannot attach to %d: kernel.yama.ptrace_scope is %d, and allows %s", tid, scope,
		    scope == 1 ? "it to root only, for a process that tollgate did not start" : "it to root only, if at all");
	else if (err == -EPERM)
		warn("cannot attach to %d: it is another user's, has privileges that tollgate has not, or is the kernel's", tid);
	else
		warn_err(-err, "cannot attach to %d:", tid);
}

static struct tracee *
take(struct seizure *sz, pid_t tid)
{
	struct session *s = sz->s;
	struct tracee *t = tracee_find(&s->tracees, tid);

	if (t)				/* somebody else, who had that number */
		tracee_renew(&s->tracees, t, TS_SEIZED);
	else
		t = tracee_add(&s->tracees, tid, TS_SEIZED);
	t->forking = true;		/* for all we know */
	tracee_join(&s->tracees, t, sz->pid, (struct descent){ 0 });
	if (!t->group->confined)
		t->group->confined = confine_new(s->layers, s->nlayers);
	return t;
}

static void
forget_dead(struct tracee *t, void *ctx)
{
	struct seizure *sz = ctx;

	if (t->group && t->group->tgid == sz->pid && t->tid != sz->pid && (procs_is_dead(t->tid) || !procs_is_ours(t->tid)))
		lifecycle_forget(sz->s, t);
}

/* A thread that was not ours has executed, and no event told of it.  Who is alive is of the new image. */
static void
forget_image(struct seizure *sz)
{
	struct tracee *leader = tracee_find(&sz->s->tracees, sz->pid);

	tracee_each(&sz->s->tracees, forget_dead, sz);
	if (!leader)
		return;
	leader->group->image = NULL;
	advance_end(sz->s, leader);
	orphan_note_death(sz->s, leader);
	take(sz, sz->pid);
}

/* A thread that is dead, and ours, be it since it was attached to and not looked at yet: who executes waits until we have waited for it. */
static void
reap(pid_t tid, void *ctx)
{
	struct seizure *sz = ctx;
	struct tracee *t;
	int status;

	if (tid == sz->pid || !procs_is_dead(tid) || waitpid(tid, &status, WNOHANG | __WALL) != tid)
		return;
	t = tracee_find(&sz->s->tracees, tid);
	if (t)
		lifecycle_forget(sz->s, t);
}

static void
reap_dead(void *ctx)
{
	struct seizure *sz = ctx;

	procs_each_task(sz->pid, reap, sz);
}

static void
wait_a_moment(void)
{
	const struct timespec moment = { 0, 1000000 };

	nanosleep(&moment, NULL);
}

/*
 * A leader that had ended cannot be seized; its number can be another's by now,
 * of a thread that executes, and who is ours.  -EALREADY: that is so; -ESRCH: nobody has it.
 */
static int
seize_by_number(struct seizure *sz, pid_t tid)
{
	int err = -EPERM;
	pid_t tracer = 0;

	for (int times = 0; err == -EPERM && !tracer && times < 100; times++) {
		err = pt_seize_running(tid, reap_dead, sz);
		if (err == -EPERM && procs_is_dead(tid))
			err = -ESRCH;
		tracer = err == -EPERM ? procs_tracer(tid) : 0;
		if (err == -EPERM && !tracer)
			wait_a_moment();
	}
	return tracer == getpid() ? -EALREADY : err;
}

/*
 * Who was executing when it was seized may have its leader's number by now.
 * Who does not stop would go on as if nobody had come.
 */
static void
stop_seized(struct seizure *sz, pid_t tid, bool late)
{
	int err = pt_has(PT_SEIZE) ? pt_interrupt(tid) : 0;

	if (err == -ESRCH && !procs_is_ours(tid)) {
		tid = sz->pid;
		forget_image(sz);
		err = pt_interrupt(tid);
	}
	if (err && !procs_is_ours(tid))
		return;			/* another one has executed since: the next look finds that */
	take(sz, tid)->awaits_stop = late;
	if (!err || procs_is_dead(tid))
		return;
	warn_err(-err, "cannot stop %d:", tid);
	sz->err = err;
}

/* Who has gone has left its number, for anybody to get. */
static bool
is_of_another(const struct seizure *sz, pid_t tid)
{
	pid_t tgid = procs_tgid(tid);

	return tgid > 0 && tgid != sz->pid;
}

static void
meet_own(struct seizure *sz, pid_t tid)
{
	sz->lives |= !procs_is_dead(tid);
	if (!sz->executed || tid != sz->pid)
		return;
	sz->executed = false;
	forget_image(sz);
	take(sz, tid)->awaits_stop = true;
}

static void
meet_dead(struct seizure *sz, pid_t tid)
{
	sz->leader_is_dead |= tid == sz->pid;
	sz->lost |= procs_tgid(tid) != sz->pid;
}

/* late: it has not stopped yet. */
static void
meet_new(struct seizure *sz, pid_t tid, bool late)
{
	sz->any = true;
	if (is_of_another(sz, tid)) {
		warn("cannot attach to %d: number %d, of a thread of its, was another process's a moment later", sz->main_pid, tid);
		sz->err = -EAGAIN;
	} else {
		watchdog_mark_other(sz->pid);	/* not before: it may be another tollgate's, and have its mark */
	}
	stop_seized(sz, tid, late);
}

/*
 * What a seized task makes is seized by the kernel.  A leader that has ended
 * before its threads cannot be seized; a thread that executes takes its place.
 */
static void
seize(pid_t tid, void *ctx)
{
	struct seizure *sz = ctx;
	struct tracee *known = tracee_find(&sz->s->tracees, tid);
	int err;

	if (sz->err)
		return;
	if (known && known->ghost && procs_is_dead(tid)) {
		sz->leader_is_dead = true;
		return;
	}
	err = procs_is_ours(tid) ? -EALREADY : is_of_another(sz, tid) ? -ESTALE : seize_by_number(sz, tid);
	if (err == -EALREADY)		/* or the kernel has seized it for us, since who made it is; or it has executed in its leader's place */
		meet_own(sz, tid);
	if (err == -EALREADY || err == -ESTALE)
		return;
	if (known && tid == sz->pid)
		forget_image(sz);
	if (!err || err == -EAGAIN) {
		meet_new(sz, tid, err == -EAGAIN);
	} else if (err == -ECHILD) {
		sz->any = true;
		sz->executed |= tid != sz->pid;
	} else if (err == -ESRCH || procs_is_dead(tid)) {
		meet_dead(sz, tid);
	} else {
		warn_refused(tid, err);
		sz->err = err;
	}
}

/* A thread has executed while the others were looked at, and has its leader's number; and may be dead again, since another one executes. */
static bool
is_succeeded(const struct seizure *sz)
{
	return !procs_is_ours(sz->pid) && !(sz->leader_is_dead && procs_is_dead(sz->pid)) && !procs_has_ended(sz->pid);
}

static void
look_for_mover(struct tracee *t, void *ctx)
{
	struct seizure *sz = ctx;

	sz->moves |= t->state == TS_SEIZED && t->group->tgid == sz->pid && procs_is_moving(t->tid);
}

/*
 * Who was in clone(2) when it was seized makes a task that is not.  Before that
 * has a stop to come to, the new one can have executed in its place.
 */
static bool
somebody_moves(struct seizure *sz)
{
	sz->moves = false;
	if (pt_has(PT_SEIZE))
		tracee_each(&sz->s->tracees, look_for_mover, sz);
	if (sz->moves)
		wait_a_moment();
	return sz->moves;
}

/* Whether a process of which nobody was found alive is to be looked at again: one of its threads may have executed meanwhile. */
static bool
has_patience(struct seizure *sz, unsigned *looks)
{
	if (procs_has_ended(sz->pid))
		return false;
	reap_dead(sz);
	wait_a_moment();
	return ++*looks < LOOKS;
}

/* A leader that ended before it could be seized: as its threads end, so will it. */
static void
be_ghost(struct seizure *sz)
{
	struct tracee *leader = tracee_find(&sz->s->tracees, sz->pid);

	leader = leader ? leader : take(sz, sz->pid);
	leader->ghost = true;
	if (!tracee_fellows(&sz->s->tracees, leader))
		tracee_remove(&sz->s->tracees, leader);
}

/* Until a look at all threads finds none that is new, when nobody could have been making one. */
void
seize_process(struct seizure *sz, pid_t pid)
{
	bool found = false, again;
	unsigned looks = 0, waits = 0;

	sz->pid = pid;
	sz->executed = false;
	do {
		bool moved = waits < MOVES && somebody_moves(sz);	/* what it made is there now */

		waits += moved;
		sz->any = sz->leader_is_dead = sz->lives = sz->lost = false;
		procs_each_task(pid, seize, sz);
		found |= sz->any;
		again = sz->any || sz->lost || moved || is_succeeded(sz) || (!sz->lives && has_patience(sz, &looks));
		/* Who was attached to and is not known yet would be left with a SIGSTOP. */
	} while (again && !sz->err && (sz->executed || !console_interrupted()));
	if (sz->leader_is_dead && tracee_group(&sz->s->tracees, pid))
		be_ghost(sz);
	sz->any = found;
	sz->restless |= waits == MOVES;
}

/* A process that a thread made before its turn came, or that shares its memory. */
static void
seize_younger(pid_t pid, void *ctx)
{
	struct seizure *sz = ctx;
	bool before = sz->any;

	if (sz->err || !tracee_group(&sz->s->tracees, procs_parent(pid)) || procs_is_ours(pid) || older_stays_free(pid))
		return;
	seize_process(sz, pid);
	sz->any |= before;
}

void
seize_what_is_new(struct seizure *sz)
{
	while (sz->any && !sz->err && !console_interrupted()) {
		sz->any = false;
		procs_each(seize_younger, sz);
	}
}
