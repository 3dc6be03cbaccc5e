/* SPDX-License-Identifier: ISC */
#include "tracer/lifecycle.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <string.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"
#include "tracer/advance.h"
#include "tracer/console.h"
#include "tracer/cradle.h"
#include "tracer/enforce.h"
#include "tracer/orphan.h"
#include "tracer/procs.h"
#include "tracer/pt.h"
#include "tracer/shelf.h"
#include "tracer/supervisor.h"
#include "tracer/trap.h"
#include "tracer/unheard.h"
#include "tracer/watchdog.h"
#include "tracer/wording.h"

/*
 * Not with a call that was skipped and has no result yet, nor from a cradle,
 * nor with a signal of ours on its way.  Without PT_SEIZE there may be two of
 * them: the kernel's, for a new task, and ours.
 */
static bool
may_leave(const struct session *s, struct tracee *t)
{
	if (!s->leaving || t->skipped || t->hold.nregs || t->injection || t->birth || t->trap.state != TRAP_NONE)
		return false;
	if (!pt_has(PT_SEIZE) && procs_has_pending(t->tid, SIGSTOP))
		t->awaits_stop = true;
	return !t->awaits_stop;
}

void
lifecycle_insist(struct tracee *t, int err)
{
	t->unfound |= err == -ESRCH;
	if (!err || err == -ESRCH)
		return;
	warn_err(-err, "killed process %d, which can be traced no longer:", t->tid);
	enforce_kill(t);
}

/* What it stopped for goes on without us: a group-stop lasts. */
static void
leave(struct session *s, struct tracee *t, int sig)
{
	int err;

	samecore_release(s, t);
	if (t->group)
		watchdog_unmark(t->group->tgid);
	err = pt_detach(t->tid, sig);
	lifecycle_insist(t, err);
	if (!err)
		tracee_remove(&s->tracees, t);
}

/*
 * Has it to stop at its next call, or at the end of the one it is in, whatever
 * its filter says?  Filters are for one ABI: who runs as another stops always.
 */
static bool
stops_anyway(const struct session *s, const struct tracee *t)
{
	const struct thread_group *g = t->group;

	return !s->filtered || t->state != TS_RUNNING || g->image != s->filtered || t->injection ||
	    (g->wants_window && !s->naive) || !business_is_planned(s->filtered, g->window);
}

void
lifecycle_resume(struct session *s, struct tracee *t, int sig)
{
	/* It is dead; and who has its number by now, as a thread that executes gets its leader's, was not looked at yet. */
	if (t->unfound)
		return;
	if (may_leave(s, t))
		leave(s, t, sig);
	else
		lifecycle_insist(t, stops_anyway(s, t) ? pt_resume(t->tid, sig) : pt_continue(t->tid, sig));
}

static void
interrupt_one(struct tracee *t, void *ctx)
{
	(void)ctx;
	if (t->state == TS_PARKED)
		return;
	t->awaits_stop |= !pt_has(PT_SEIZE);
	lifecycle_insist(t, pt_interrupt(t->tid));
}

void
lifecycle_forget(struct session *s, struct tracee *t)
{
	advance_end(s, t);
	orphan_note_death(s, t);
	tracee_remove(&s->tracees, t);
}

/* By its own number, or by its leader's, which it has before an exec event tells of it. */
static bool
is_ours(const struct tracee *t)
{
	return procs_is_ours(t->tid) || (t->group && procs_is_ours(t->group->tgid));
}

static void
drop_released(struct tracee *t, void *ctx)
{
	struct session *s = ctx;

	if (is_ours(t))
		return;
	if (t->group)
		watchdog_unmark(t->group->tgid);
	lifecycle_forget(s, t);
}

void
lifecycle_drop_released(struct session *s)
{
	tracee_each(&s->tracees, drop_released, s);
	orphan_settle(s);
}

void
lifecycle_leave(struct session *s)
{
	s->leaving = true;
	lifecycle_drop_released(s);
	tracee_each(&s->tracees, interrupt_one, NULL);
}

static void
kill_one(struct tracee *t, void *ctx)
{
	(void)ctx;
	enforce_kill(t);
}

void
lifecycle_kill_all(struct session *s)
{
	s->doomed = true;
	tracee_each(&s->tracees, kill_one, NULL);
}

static enum proc_class
classify(void *ctx, struct whose whose, pid_t pid)
{
	struct session *s = ctx;
	struct tracee *t = tracee_find(&s->tracees, pid);
	pid_t tgid = t && t->group ? t->group->tgid : procs_tgid(pid);

	/* Nor is anybody touched of whom it cannot be found out. */
	if (supervisor_is(pid) || supervisor_is(tgid) || (tgid < 0 && tgid != -ENOENT && tgid != -ESRCH))
		return PROC_SUPERVISOR;
	if (pid == whose.tgid || tgid == whose.tgid)
		return PROC_SELF;
	if (t || (tgid > 0 && tracee_group(&s->tracees, tgid)))
		return PROC_TREE;
	/* A child of a tracee is about to be one, or dead and not yet waited for; or older than our attachment. */
	if (!tracee_group(&s->tracees, procs_parent(pid)))
		return PROC_OUTSIDE;
	return procs_is_ours(pid) || procs_is_dead(pid) ? PROC_TREE : PROC_OUTSIDE;
}

const struct file_ids *
lifecycle_ids(struct tracee *t)
{
	if (!t->ids) {
		t->ids = xmalloc(sizeof(*t->ids));
		ids_read(t->tid, t->ids);
	}
	return t->ids;
}

void
lifecycle_forget_ids(struct tracee *t)
{
	free(t->ids);
	t->ids = NULL;
}

/* Before its first stop is looked at. */
static void
inherit(struct tracee *child, struct tracee *t)
{
	cradle_hand_on(t, child);
	lifecycle_forget_ids(child);
	if (!t->ids || t->changes_ids)		/* in a user name space of its own it has more */
		return;
	child->ids = xmalloc(sizeof(*child->ids));
	*child->ids = *t->ids;
}

/* Is what the task has at /proc ours?  In another root, or with other mounts, a name there is whatever somebody put there. */
static bool
sees_our_proc(pid_t tid)
{
	struct stat ours, its;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/root/proc", tid);
	return stat("/proc", &ours) == 0 && stat(path, &its) == 0 && ours.st_dev == its.st_dev && ours.st_ino == its.st_ino;
}

pid_t
lifecycle_shelf(const struct session *s, struct tracee *t)
{
	const struct file_ids *ids = lifecycle_ids(t);
	pid_t before;

	if (!ids->known || (s->views_differ && !sees_our_proc(t->tid)))
		return 0;
	before = t->shelf;
	t->shelf = shelf_take(t->tid, ids);
	shelf_give(before);
	return t->shelf;
}

struct task_view
lifecycle_view(struct session *s, const struct tracee *t)
{
	return (struct task_view){ { t->tid, t->group->tgid, !s->views_differ }, classify, s };
}

void
on_relay(struct session *s, struct tracee *t, const struct stop *stop)
{
	(void)stop;
	lifecycle_resume(s, t, 0);
}

void
on_first(struct session *s, struct tracee *t, const struct stop *stop)
{
	if (t->tid == s->main_pid && t->state == TS_STOPPED)
		console_continued();
	if (s->leaving && t->state != TS_STOPPED)
		lifecycle_insist(t, unheard(&s->map, t, 0));
	t->state = TS_RUNNING;
	t->awaits_stop = false;
	on_relay(s, t, stop);
}

void
on_early_signal(struct session *s, struct tracee *t, const struct stop *stop)
{
	if (pt_has(PT_SEIZE))
		enforce_kill(t);
	t->state = TS_RUNNING;
	t->awaits_stop = procs_has_pending(t->tid, SIGSTOP);	/* unless a SIGCONT has taken it away */
	lifecycle_resume(s, t, stop->sig);
}

static bool
stops(int sig)
{
	return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

void
lifecycle_refine(const struct tracee *t, pid_t tid, struct stop *stop)
{
	siginfo_t info;
	int err;

	if (pt_has(PT_SEIZE) || stop->kind != STOP_SIGNAL)
		return;
	if (t && t->state == TS_SEIZED && t->awaits_stop)
		stop->sig = pt_without_exec_trap(tid, stop->sig);
	if (!stops(stop->sig))
		return;
	err = pt_get_siginfo(tid, &info);
	if (err == -EINVAL)
		stop->kind = STOP_GROUP;
	else if (stop->sig == SIGSTOP && (!t || t->state == TS_EXPECTED || t->awaits_stop))
		stop->kind = STOP_FIRST;
}

void
on_signal(struct session *s, struct tracee *t, const struct stop *stop)
{
	int err = stop->sig == SIGSYS ? trap_deliver(t) : unheard(&s->map, t, stop->sig);

	lifecycle_insist(t, err);
	lifecycle_resume(s, t, stop->sig);
}

/*
 * The shell that started us waits for our stop, not the program's: when the
 * terminal stops the program, we stop with it.
 */
void
on_group(struct session *s, struct tracee *t, const struct stop *stop)
{
	if (may_leave(s, t)) {
		leave(s, t, 0);
		return;
	}
	lifecycle_insist(t, pt_listen(t->tid));
	t->state = pt_has(PT_SEIZE) ? TS_STOPPED : TS_RUNNING;
	if (t->tid == s->main_pid)
		console_stopped(stop->sig != SIGSTOP);
}

static pid_t
tgid_of(pid_t tid)
{
	pid_t tgid = procs_tgid(tid);

	return tgid > 0 ? tgid : tid;
}

/* A process that was made while we were attaching to its parent has no mark. */
static void
join(struct session *s, struct tracee *child, pid_t tgid, struct descent from)
{
	tracee_join(&s->tracees, child, tgid, from);
	if (child->group->refs == 1)
		watchdog_mark_other(child->group->tgid);
}

void
lifecycle_join(struct session *s, struct tracee *child, struct descent from)
{
	join(s, child, tgid_of(child->tid), from);
	child->state = TS_RUNNING;
}

void
lifecycle_unpark(struct session *s, struct tracee *t)
{
	int sig = t->early_sig;

	t->early_sig = 0;
	lifecycle_insist(t, cradle_rise(s->map.arch, t));
	lifecycle_resume(s, t, sig);
}

/*
 * The thread group of a child that is still ours; 0: it is not.  One that was
 * killed before its first stop, and of whose death we have heard already, is a
 * zombie for as long as its parent likes: it can be signalled, and will not be
 * reported again.
 */
static pid_t
still_ours(pid_t tid)
{
	pid_t tracer, tgid = procs_whose(tid, &tracer);

	return tgid > 0 && tracer == getpid() ? tgid : 0;
}

/* At a filter's stop: nothing is to be put back at the end of the call, and nobody waits for that. */
static bool
needs_no_exit(const struct tracee *t)
{
	return t->by_filter && !t->changes_ids && !t->hold.nregs && !t->hold.nfds && t->turn == TURN_NONE && t->trap.state == TRAP_NONE;
}

void
on_fork(struct session *s, struct tracee *t, const struct stop *stop)
{
	unsigned long msg = 0;
	int err = pt_event_msg(t->tid, &msg);
	pid_t tid = (pid_t)msg;
	struct tracee *child = tracee_find(&s->tracees, tid);
	struct descent from = { t->group, t->shares_memory };
	pid_t tgid;

	(void)stop;
	if (err || tid <= 0) {
		/* Killed at this very stop: whose child that was is settled when its death is reported. */
		lifecycle_insist(t, err ? err : -ECHILD);
		return;
	}
	lifecycle_insist(t, cradle_leave(s->map.arch, t));
	advance_end(s, t);		/* before the child runs: for it, the call has succeeded, too */
	if (child && child->state == TS_PARKED) {
		lifecycle_join(s, child, from);
		inherit(child, t);
		lifecycle_unpark(s, child);
	} else if (!child && (tgid = still_ours(tid)) > 0) {
		child = tracee_add(&s->tracees, tid, TS_EXPECTED);
		inherit(child, t);
		join(s, child, tgid, from);
	}
	t->forking = false;
	orphan_settle(s);
	if (needs_no_exit(t))
		t->state = TS_RUNNING;
	lifecycle_resume(s, t, 0);
}

struct threads {
	struct session *s;
	pid_t tgid;
};

static void
forget_thread(struct tracee *t, void *ctx)
{
	struct threads *of = ctx;

	if (!t->group || t->group->tgid != of->tgid || t->tid == of->tgid)
		return;
	lifecycle_forget(of->s, t);
}

void
lifecycle_forget_threads(struct session *s, pid_t tgid)
{
	struct threads of = { s, tgid };

	tracee_each(&s->tracees, forget_thread, &of);
}

static void
meet_death(struct session *s, pid_t tid, const struct stop *stop)
{
	if (tid == watchdog_pid()) {
		warn("the watchdog has died: the program is killed, since nobody would if tollgate died now");
		watchdog_forget();
		lifecycle_kill_all(s);
	} else if (shelf_is(tid)) {
		warn("the process that holds open what was checked has died (%s %d): the program is killed",
		    stop->kind == STOP_KILLED ? "signal" : "status", stop->kind == STOP_KILLED ? stop->sig : stop->code);
		lifecycle_kill_all(s);
	} else {
		lifecycle_forget_threads(s, tid);	/* its leader had been let go, or was never met */
	}
}

void
lifecycle_meet(struct session *s, pid_t tid, const struct stop *stop)
{
	struct tracee *t;

	if (stop_is_end(stop)) {
		meet_death(s, tid, stop);
		return;
	}
	t = tracee_add(&s->tracees, tid, TS_PARKED);
	t->early_sig = stop->kind == STOP_SIGNAL ? stop->sig : 0;
	t->awaits_stop = t->early_sig && procs_has_pending(tid, SIGSTOP);
	if (stop->kind != STOP_SIGNAL && stop->kind != STOP_GROUP && stop->kind != STOP_FIRST) {
		/* It has run unseen, to an exec perhaps: to go on from here would be to have looked at it. */
		warn("killed process %d: %s before it was heard of", tid, stop_name(stop->kind));
		enforce_kill(t);
	}
	orphan_settle(s);
}

void
lifecycle_note_call(struct tracee *t, uint64_t ip, const struct sysevent *ev, const struct verdict *v)
{
	struct thread_group *g = t->group;
	char text[1024];
	struct strbuf b = STRBUF(text);

	if (v->action == ACT_KILL)
		g->killed = true;
	if (!g->loading)
		return;
	if (ip < g->loader_lo || ip >= g->loader_hi) {
		g->loading = false;
	} else if (v->action != ACT_ALLOW) {
		wording_line(ev, v, &b);
		free(g->refusal);
		g->refusal = xstrdup(text);
	}
}

static void
note_outcome(struct session *s, const struct tracee *t, const struct stop *stop)
{
	struct outcome *o = &s->outcome;

	o->sig = stop->kind == STOP_KILLED ? stop->sig : 0;
	o->code = stop->code;
	o->by = t->group->killed || (t->group->trapped && o->sig == SIGSYS) ? BY_POLICY : BY_PROGRAM;
	o->never_ran = t->state == TS_LAUNCHED;
	if (t->group->loading && (o->code || o->sig) && t->group->refusal)
		o->refusal = xstrdup(t->group->refusal);
}

void
on_gone(struct session *s, struct tracee *t, const struct stop *stop)
{
	struct tracee *leader = t->group ? tracee_find(&s->tracees, t->group->tgid) : NULL;
	bool last = leader && leader != t && leader->ghost && leader->group == t->group && tracee_fellows(&s->tracees, leader) == 1;

	if (t->tid == s->main_pid) {
		console_program_ended();
		note_outcome(s, t, stop);
		s->main_pid = 0;	/* its number can be another's from now on */
	}
	lifecycle_forget_threads(s, t->tid);
	orphan_note_death(s, t);
	tracee_remove(&s->tracees, t);
	if (last)
		on_gone(s, leader, stop);	/* as the threads of a process end, so does it */
	orphan_settle(s);
}

struct missing {
	struct session *s;
	struct tracee *found;
};

/*
 * One that is missing for the second time.  Who was not found and stands at a
 * stop was not resumed; else it is dying, and may be long about it.
 */
static void
look_after(struct tracee *t, void *ctx)
{
	struct missing *m = ctx;
	bool was_missing = t->missing;

	if (t->ghost)
		t->missing = !tracee_fellows(&m->s->tracees, t) && procs_threads(t->tid) < 2;
	else
		t->missing = (t->unfound && procs_is_held(t->tid)) || !procs_is_ours(t->tid);
	if (t->missing && was_missing)
		m->found = t;
}

void
lifecycle_sweep(struct session *s)
{
	static const struct stop unseen = { .kind = STOP_KILLED, .sig = SIGKILL };
	struct missing m = { s, NULL };
	struct tracee *found;
	bool dead;

	tracee_each(&s->tracees, look_after, &m);
	found = m.found;
	if (!found)
		return;
	/* One at a time: others may go with it, and the rest is seen at the next sweep. */
	dead = procs_is_dead(found->tid);
	warn("process %d %s", found->tid, dead ? "ended unseen" : "was lost, and is killed");
	if (!dead)
		enforce_kill(found);
	on_gone(s, found, &unseen);
}
