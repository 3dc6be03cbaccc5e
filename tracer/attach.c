/* SPDX-License-Identifier: ISC */
#include "tracer/attach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/diag.h"
#include "tracer/advance.h"
#include "tracer/console.h"
#include "tracer/enforce.h"
#include "tracer/image.h"
#include "tracer/lifecycle.h"
#include "tracer/older.h"
#include "tracer/orphan.h"
#include "tracer/prepared.h"
#include "tracer/procs.h"
#include "tracer/pt.h"
#include "tracer/shelf.h"
#include "tracer/supervisor.h"
#include "tracer/watchdog.h"

/* How often somebody is waited for who does not stop, or is not found, a millisecond each. */
enum { MOVES = 100, LOOKS = 1000 };

struct attachment {
	struct session *s;
	pid_t main_pid;
	pid_t pid;		/* the process at hand */
	bool leader_is_dead;	/* it was in this look, and not ours */
	bool lives;		/* so was somebody who is alive, and ours */
	bool lost;		/* and somebody had gone before its turn came: in its leader's place, perhaps */
	bool any;		/* something was seized in this round */
	bool executed;		/* and executed meanwhile: it has its leader's number, and no options */
	bool late;		/* a task has got its options at its first stop only, or came to that late */
	bool moves;		/* somebody has not stopped yet, and may be making a task */
	bool restless;		/* and was not waited for any longer */
	int err;
};

/* Kept: where the kernel takes its time, there is more to be seized later. */
static struct attachment attachment;

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
take(struct attachment *a, pid_t tid)
{
	struct session *s = a->s;
	struct tracee *t = tracee_find(&s->tracees, tid);

	if (t)				/* somebody else, who had that number */
		tracee_renew(&s->tracees, t, TS_SEIZED);
	else
		t = tracee_add(&s->tracees, tid, TS_SEIZED);
	t->forking = true;		/* for all we know */
	tracee_join(&s->tracees, t, a->pid, (struct descent){ 0 });
	if (!t->group->confined)
		t->group->confined = confine_new(s->layers, s->nlayers);
	return t;
}

static void
forget_dead(struct tracee *t, void *ctx)
{
	struct attachment *a = ctx;

	if (t->group && t->group->tgid == a->pid && t->tid != a->pid && (procs_is_dead(t->tid) || !procs_is_ours(t->tid)))
		lifecycle_forget(a->s, t);
}

/* A thread that was not ours has executed, and no event told of it.  Who is alive is of the new image. */
static void
forget_image(struct attachment *a)
{
	struct tracee *leader = tracee_find(&a->s->tracees, a->pid);

	tracee_each(&a->s->tracees, forget_dead, a);
	if (!leader)
		return;
	leader->group->image = NULL;
	advance_end(a->s, leader);
	orphan_note_death(a->s, leader);
	take(a, a->pid);
}

/* A thread that is dead, and ours, be it since it was attached to and not looked at yet: who executes waits until we have waited for it. */
static void
reap(pid_t tid, void *ctx)
{
	struct attachment *a = ctx;
	struct tracee *t;
	int status;

	if (tid == a->pid || !procs_is_dead(tid) || waitpid(tid, &status, WNOHANG | __WALL) != tid)
		return;
	t = tracee_find(&a->s->tracees, tid);
	if (t)
		lifecycle_forget(a->s, t);
}

static void
reap_dead(void)
{
	procs_each_task(attachment.pid, reap, &attachment);
}

/*
 * A leader that had ended cannot be seized; its number can be another's by now,
 * of a thread that executes, and who is ours.  -EALREADY: that is so; -ESRCH: nobody has it.
 */
static int
seize_by_number(pid_t tid)
{
	int err = -EPERM;
	pid_t tracer = 0;

	for (int times = 0; err == -EPERM && !tracer && times < 100; times++) {
		err = pt_seize_running(tid, reap_dead);
		if (err == -EPERM && procs_is_dead(tid))
			err = -ESRCH;
		tracer = err == -EPERM ? procs_tracer(tid) : 0;
	}
	return tracer == getpid() ? -EALREADY : err;
}

/*
 * Who was executing when it was seized may have its leader's number by now.
 * Who does not stop would go on as if nobody had come.
 */
static void
stop_seized(struct attachment *a, pid_t tid, bool late)
{
	int err = pt_has(PT_SEIZE) ? pt_interrupt(tid) : 0;

	if (err == -ESRCH && !procs_is_ours(tid)) {
		tid = a->pid;
		forget_image(a);
		err = pt_interrupt(tid);
	}
	if (err && !procs_is_ours(tid))
		return;			/* another one has executed since: the next look finds that */
	take(a, tid)->awaits_stop = late;
	if (!err || procs_is_dead(tid))
		return;
	warn_err(-err, "cannot stop %d:", tid);
	a->err = err;
}

/* Who has gone has left its number, for anybody to get. */
static bool
is_of_another(const struct attachment *a, pid_t tid)
{
	pid_t tgid = procs_tgid(tid);

	return tgid > 0 && tgid != a->pid;
}

static void
meet_own(struct attachment *a, pid_t tid)
{
	a->lives |= !procs_is_dead(tid);
	if (!a->executed || tid != a->pid)
		return;
	a->executed = false;
	forget_image(a);
	take(a, tid)->awaits_stop = true;
}

static void
meet_dead(struct attachment *a, pid_t tid)
{
	a->leader_is_dead |= tid == a->pid;
	a->lost |= procs_tgid(tid) != a->pid;
}

/* late: it has not stopped yet. */
static void
meet_new(struct attachment *a, pid_t tid, bool late)
{
	a->any = true;
	if (is_of_another(a, tid)) {
		warn("cannot attach to %d: number %d, of a thread of its, was another process's a moment later", a->main_pid, tid);
		a->err = -EAGAIN;
	} else {
		watchdog_mark_other(a->pid);	/* not before: it may be another tollgate's, and have its mark */
	}
	stop_seized(a, tid, late);
}

/*
 * What a seized task makes is seized by the kernel.  A leader that has ended
 * before its threads cannot be seized; a thread that executes takes its place.
 */
static void
seize(pid_t tid, void *ctx)
{
	struct attachment *a = ctx;
	struct tracee *known = tracee_find(&a->s->tracees, tid);
	int err;

	if (a->err)
		return;
	if (known && known->ghost && procs_is_dead(tid)) {
		a->leader_is_dead = true;
		return;
	}
	err = procs_is_ours(tid) ? -EALREADY : is_of_another(a, tid) ? -ESTALE : seize_by_number(tid);
	if (err == -EALREADY)		/* or the kernel has seized it for us, since who made it is; or it has executed in its leader's place */
		meet_own(a, tid);
	if (err == -EALREADY || err == -ESTALE)
		return;
	if (known && tid == a->pid)
		forget_image(a);
	if (!err || err == -EAGAIN) {
		meet_new(a, tid, err == -EAGAIN);
	} else if (err == -ECHILD) {
		a->any = true;
		a->executed |= tid != a->pid;
	} else if (err == -ESRCH || procs_is_dead(tid)) {
		meet_dead(a, tid);
	} else {
		warn_refused(tid, err);
		a->err = err;
	}
}

/* A thread has executed while the others were looked at, and has its leader's number; and may be dead again, since another one executes. */
static bool
is_succeeded(const struct attachment *a)
{
	return !procs_is_ours(a->pid) && !(a->leader_is_dead && procs_is_dead(a->pid)) && !procs_has_ended(a->pid);
}

static void
look_for_mover(struct tracee *t, void *ctx)
{
	struct attachment *a = ctx;

	a->moves |= t->state == TS_SEIZED && t->group->tgid == a->pid && procs_is_moving(t->tid);
}

static void
wait_a_moment(void)
{
	const struct timespec moment = { 0, 1000000 };

	nanosleep(&moment, NULL);
}

/*
 * Who was in clone(2) when it was seized makes a task that is not.  Before that
 * has a stop to come to, the new one can have executed in its place.
 */
static bool
somebody_moves(struct attachment *a)
{
	a->moves = false;
	if (pt_has(PT_SEIZE))
		tracee_each(&a->s->tracees, look_for_mover, a);
	if (a->moves)
		wait_a_moment();
	return a->moves;
}

/* Whether a process of which nobody was found alive is to be looked at again: one of its threads may have executed meanwhile. */
static bool
has_patience(const struct attachment *a, unsigned *looks)
{
	if (procs_has_ended(a->pid))
		return false;
	reap_dead();
	wait_a_moment();
	return ++*looks < LOOKS;
}

/* A leader that ended before it could be seized: as its threads end, so will it. */
static void
be_ghost(struct attachment *a)
{
	struct tracee *leader = tracee_find(&a->s->tracees, a->pid);

	leader = leader ? leader : take(a, a->pid);
	leader->ghost = true;
	if (!tracee_fellows(&a->s->tracees, leader))
		tracee_remove(&a->s->tracees, leader);
}

/* Until a look at all threads finds none that is new, when nobody could have been making one. */
static void
seize_process(struct attachment *a, pid_t pid)
{
	bool found = false, again;
	unsigned looks = 0, waits = 0;

	a->pid = pid;
	a->executed = false;
	do {
		bool moved = waits < MOVES && somebody_moves(a);	/* what it made is there now */

		waits += moved;
		a->any = a->leader_is_dead = a->lives = a->lost = false;
		procs_each_task(pid, seize, a);
		found |= a->any;
		again = a->any || a->lost || moved || is_succeeded(a) || (!a->lives && has_patience(a, &looks));
		/* Who was attached to and is not known yet would be left with a SIGSTOP. */
	} while (again && !a->err && (a->executed || !console_interrupted()));
	if (a->leader_is_dead && tracee_group(&a->s->tracees, pid))
		be_ghost(a);
	a->any = found;
	a->restless |= waits == MOVES;
}

/* A process that a thread made before its turn came, or that shares its memory. */
static void
seize_younger(pid_t pid, void *ctx)
{
	struct attachment *a = ctx;
	bool before = a->any;

	if (a->err || !tracee_group(&a->s->tracees, procs_parent(pid)) || procs_is_ours(pid) || older_stays_free(pid))
		return;
	seize_process(a, pid);
	a->any |= before;
}

static int
become_supervisor(enum supervisor_loss on_loss)
{
	int err;

	watchdog_prepare(on_loss);
	err = watchdog_start(on_loss);

	err = err ? err : shelf_start();
	supervisor_set(getpid());
	supervisor_goes_when_told();
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (err)
		warn_err(-err, "cannot start a process:");
	return err;
}

static void
seize_what_is_new(struct attachment *a)
{
	while (a->any && !a->err && !console_interrupted()) {
		a->any = false;
		procs_each(seize_younger, a);
	}
}

/* Nothing that acts without calls is left to a program whose policy would not have let it make that. */
static void
look_for_prepared(struct tracee *t, void *ctx)
{
	struct attachment *a = ctx;
	const char *what = a->err ? NULL : prepared_by(a->s, t);

	if (!what)
		return;
	warn("cannot attach to %d: process %d has %s, which acts without calls that could be decided about", a->main_pid,
	    t->group->tgid, what);
	a->err = -EPERM;
}

/* All of it was over before we had looked at all of it. */
static void
drop_ended(struct tracee *t, void *ctx)
{
	if (!procs_is_ours(t->tid) && procs_has_ended(t->group->tgid))
		lifecycle_forget(ctx, t);
}

int
attach(struct session *s, pid_t pid)
{
	struct attachment *a = &attachment;
	pid_t sharer;

	*a = (struct attachment){ .s = s, .main_pid = pid, .err = become_supervisor(s->on_loss) };
	sharer = older_note(pid);
	if (!a->err && sharer) {
		warn("cannot attach to %d: process %d, which is no child of its, shares its memory", pid, sharer);
		a->err = -EBUSY;
	}
	if (!a->err)
		seize_process(a, pid);
	seize_what_is_new(a);
	tracee_each(&s->tracees, drop_ended, s);
	tracee_each(&s->tracees, look_for_prepared, a);
	if (!a->err && !s->tracees.n && !console_interrupted()) {
		warn("cannot attach to %d: it has ended", pid);
		a->err = -ESRCH;
	}
	return a->err;
}

/* What it made between our attaching and its stop is nobody's yet: no event told of it. */
static int
settle_late(struct tracee *t)
{
	attachment.late = true;
	return pt_set_options(t->tid);
}

static void
seize_again(pid_t pid, void *ctx)
{
	struct attachment *a = ctx;

	if (!a->err && tracee_group(&a->s->tracees, pid))
		seize_process(a, pid);
}

int
attach_catch_up(void)
{
	struct attachment *a = &attachment;

	if (!a->late || a->err)
		return 0;
	a->late = false;
	procs_each(seize_again, a);
	a->any = true;
	seize_what_is_new(a);
	return a->err;
}

/* A call that one of its threads was in meanwhile can have put something else in the window's place. */
static int
check_window(const struct tracee *t, const struct stop *stop)
{
	const struct window *w = stop->kind == STOP_EXEC ? NULL : t->group->window;

	return !w || window_is_mapped(w, t->tid) ? 0 : -EFAULT;
}

void
attach_settle(struct session *s, struct tracee *t, const struct stop *stop)
{
	bool gone = stop_is_end(stop);
	int err = !gone && t->awaits_stop && !pt_has(PT_SEIZE) ? settle_late(t) : 0;

	attachment.late |= attachment.restless && !gone;
	err = err || gone || t->group->image ? err : image_adopt(s, t);
	err = err || gone ? err : check_window(t, stop);
	lifecycle_insist(t, err);
	if (!gone)
		t->forking = stop->kind == STOP_FORK;
	t->state = stop->kind == STOP_FORK || stop->kind == STOP_EXEC ? TS_IN_CALL : TS_RUNNING;
}
