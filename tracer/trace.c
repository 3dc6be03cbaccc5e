/* SPDX-License-Identifier: ISC */
/*
 * The flow, top to bottom:
 *
 *   serve       wait for stops, serve them
 *   on_stop     which task, in which state, stopped how -> handler; a hole kills
 *   on_enter    decode -> resolve -> decide -> enforce -> audit -> resume
 *
 * Each step is one function in its own file.
 */
#include "tracer/trace.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "engine/demux.h"
#include "lib/diag.h"
#include "tracer/advance.h"
#include "tracer/attach.h"
#include "tracer/callstop.h"
#include "tracer/console.h"
#include "tracer/cradle.h"
#include "tracer/decode.h"
#include "tracer/enforce.h"
#include "tracer/exec.h"
#include "tracer/filter.h"
#include "tracer/inject.h"
#include "tracer/lifecycle.h"
#include "tracer/orphan.h"
#include "tracer/pt.h"
#include "tracer/ranges.h"
#include "tracer/resolve.h"
#include "tracer/stop.h"
#include "tracer/stub.h"
#include "tracer/trap.h"
#include "tracer/turns.h"
#include "tracer/who.h"

enum { ARENA = 2 << 20, BATCH = 64 };

static int serve(struct session *);
static int gather(struct session *, pid_t tid[BATCH], int status[BATCH]);
static int drop_stale(pid_t tid[BATCH], int status[BATCH], int n);
static void on_stop(struct session *, pid_t tid, int status);
static handler on_call;
static void on_enter(struct session *, struct tracee *, const struct pt_call *);
static void on_leave(struct session *, struct tracee *, const struct pt_call *);
static void serve_waiting(struct tracee *, void *);
static void serve_late(struct tracee *, void *);
static void on_injected(struct session *, struct tracee *, const struct pt_call *);

int
trace_run(struct session *s, pid_t main_pid)
{
	s->main_pid = main_pid;
	tracee_join(&s->tracees, tracee_add(&s->tracees, main_pid, TS_LAUNCHED), main_pid, (struct descent){ 0 });
	return serve(s);
}

int
trace_attached(struct session *s, pid_t pid)
{
	int err = attach(s, pid), failed;

	s->main_pid = pid;
	s->views_differ = s->files_shared = true;
	if (err || console_interrupted())
		lifecycle_leave(s);
	failed = serve(s);
	return err ? err : failed;
}

static int
serve(struct session *s)
{
	pid_t tid[BATCH];
	int status[BATCH], n;

	while ((n = gather(s, tid, status)) > 0) {
		for (int i = 0; i < n; i++)
			on_stop(s, tid[i], status[i]);
		if (attach_catch_up())
			lifecycle_kill_all(s);		/* somebody goes on without a policy */
		if (s->tracees.late) {
			s->tracees.late = false;
			tracee_each(&s->tracees, serve_late, s);
		}
		if (s->tracees.waiting)
			tracee_each(&s->tracees, serve_waiting, s);
	}
	return n;
}

/*
 * The kernel serves tracees in the order of their attachment: a few that spin
 * would starve the rest.  So all that is pending is taken first, then served.
 */
static int
gather(struct session *s, pid_t tid[BATCH], int status[BATCH])
{
	int n = 0;

	while (!n && (s->tracees.n || orphan_is_due(s))) {
		pid_t got = waitpid(-1, &status[0], __WALL);

		if (got < 0 && errno != EINTR)
			return errno == ECHILD ? 0 : -errno;
		samecore_tick(s);
		if (console_expired())
			lifecycle_kill_all(s);
		if (got < 0 && console_is_time_to_look()) {
			lifecycle_sweep(s);
			stub_sweep(&s->tracees);
		}
		if (console_interrupted() && !s->leaving)
			lifecycle_leave(s);
		if (got < 0 && s->leaving)
			lifecycle_drop_released(s);
		if (got > 0)
			tid[n++] = got;
	}
	/*
	 * Each has at most one status waiting; a lone tracee's was just taken.  Who has
	 * ended has left its number to others: nothing more is taken before that is served.
	 */
	while (n && n < BATCH && WIFSTOPPED(status[n - 1]) && (size_t)n < s->tracees.n && (tid[n] = waitpid(-1, &status[n], __WALL | WNOHANG)) > 0)
		n++;
	return drop_stale(tid, status, n);
}

/*
 * A thread that executes a program takes over its leader's tid, and with it
 * the leader's place: what the leader had stopped for before is of no task any more.
 */
static int
drop_stale(pid_t tid[BATCH], int status[BATCH], int n)
{
	int kept = 0;

	for (int i = 0; i < n; i++) {
		bool stale = false;

		for (int later = i + 1; later < n && !stale; later++)
			stale = tid[later] == tid[i];
		if (stale)
			continue;
		tid[kept] = tid[i];
		status[kept++] = status[i];
	}
	return kept;
}

/*
 * Where a task is × why it stopped.  What is not here cannot happen with a
 * kernel that keeps its word, so the task is killed.
 */
static handler *const handlers[TS_STATES][STOP_KINDS] = {
	[TS_LAUNCHED] = {
		[STOP_CALL] = on_relay, [STOP_FILTER] = on_relay, [STOP_SIGNAL] = on_signal, [STOP_GROUP] = on_relay, [STOP_FIRST] = on_relay,
		[STOP_EXEC] = on_exec, [STOP_EXITED] = on_gone, [STOP_KILLED] = on_gone,
	},
	[TS_PARKED] = {
		[STOP_EXITED] = on_gone, [STOP_KILLED] = on_gone,
	},
	[TS_EXPECTED] = {
		[STOP_FIRST] = on_first, [STOP_SIGNAL] = on_early_signal, [STOP_GROUP] = on_group,
		[STOP_EXITED] = on_gone, [STOP_KILLED] = on_gone,
	},
	[TS_RUNNING] = {
		[STOP_CALL] = on_call, [STOP_FILTER] = on_call, [STOP_SIGNAL] = on_signal, [STOP_GROUP] = on_group, [STOP_FIRST] = on_first,
		[STOP_EXITED] = on_gone, [STOP_KILLED] = on_gone,
	},
	[TS_IN_CALL] = {
		[STOP_CALL] = on_call, [STOP_FILTER] = on_relay, [STOP_FORK] = on_fork, [STOP_EXEC] = on_exec,
		[STOP_EXITED] = on_gone, [STOP_KILLED] = on_gone,
	},
	[TS_STOPPED] = {
		[STOP_FIRST] = on_first, [STOP_GROUP] = on_group, [STOP_EXITED] = on_gone, [STOP_KILLED] = on_gone,
	},
};

/* Between entry and exit there is no stop for a signal: what looked like an entry was an exit. */
static void
settle_doubt(struct tracee *t, const struct stop *stop)
{
	if (t->doubtful && t->state == TS_IN_CALL &&
	    (stop->kind == STOP_SIGNAL || stop->kind == STOP_GROUP || stop->kind == STOP_FIRST)) {
		tracee_executed(t);
		t->state = TS_RUNNING;
	}
}

static void
kill_for(const struct tracee *t, const char *what)
{
	warn("killed process %d: %s while %s", t->tid, what, tracee_state_name(t->state));
	enforce_kill(t);
}

/*
 * As long as another thread of its process is in an exec nobody is served.
 * Before Linux 5.13 a request to a leader that had stopped, and whose number that
 * thread has taken, is one to the thread: it would be resumed from an exec event
 * that nobody has looked at.  And before 5.8 who reads a thread's memory waits for
 * the exec to end, which waits for the dead to be waited for.
 */
static bool
is_put_off(struct session *s, struct tracee *t, const struct stop *stop, int status)
{
	if (!tracee_is_outlived(t) || stop->kind == STOP_EXEC || stop_is_end(stop))
		return false;
	tracee_put_off(&s->tracees, t, status);
	return true;
}

static void
on_stop(struct session *s, pid_t tid, int status)
{
	struct stop stop = stop_parse(status);
	struct tracee *t = tracee_find(&s->tracees, tid);
	handler *fn;
	int err;

	if (t && is_put_off(s, t, &stop, status))
		return;
	/* One that was being made when all were killed. */
	if (s->doomed && !stop_is_end(&stop))
		kill(tid, SIGKILL);
	lifecycle_refine(t, tid, &stop);
	if (stop.kind == STOP_EXEC)
		t = exec_tid(s, tid);
	if (!t) {
		lifecycle_meet(s, tid, &stop);
		return;
	}
	t->missing = t->unfound = false;
	settle_doubt(t, &stop);
	err = stub_settle(s->map.arch, t, &stop);
	if (!err && t->state == TS_EXPECTED && !stop_is_end(&stop))
		err = cradle_rise(s->map.arch, t);
	if (err) {
		lifecycle_insist(t, err);
		return;
	}
	if (t->state == TS_SEIZED)
		attach_settle(s, t, &stop);
	fn = handlers[t->state][stop.kind];
	if (fn) {
		fn(s, t, &stop);
		return;
	}
	kill_for(t, stop_name(stop.kind));
}

static void
on_call(struct session *s, struct tracee *t, const struct stop *stop)
{
	struct pt_call call;
	int err = 0;

	if (stop)
		t->by_filter = stop->kind == STOP_FILTER;
	if (stop && stop->has_call)
		call = stop->call;
	else
		err = callstop_read(s->map.arch, t, &call);
	/*
	 * An entry is checked whatever came before.  An exit of a call that was
	 * never seen to begin is one that nobody checked.
	 */
	if (err)
		lifecycle_insist(t, err);
	else if (inject_is_under_way(t))
		on_injected(s, t, &call);
	else if (call.op == PT_ENTRY)
		on_enter(s, t, &call);
	else if (call.op == PT_EXIT && t->state == TS_IN_CALL)
		on_leave(s, t, &call);
	else if (call.op == PT_STRAY)
		lifecycle_resume(s, t, 0);
	else
		kill_for(t, "no beginning of a call");
}

static void
go_on(struct session *s, struct tracee *t, int err)
{
	lifecycle_insist(t, err);
	lifecycle_resume(s, t, 0);
}

/* Whoever waits at an entry-stop is looked at again; what it waits for has happened, or it waits on. */
static void
serve_waiting(struct tracee *t, void *ctx)
{
	struct session *s = ctx;

	if (!t->waits || tracee_is_outlived(t))
		return;
	t->waits = false;
	s->tracees.waiting--;
	on_call(s, t, NULL);
}

static void
serve_late(struct tracee *t, void *ctx)
{
	struct session *s = ctx;

	if (!t->late)
		return;
	if (tracee_is_outlived(t))
		s->tracees.late = true;
	else
		on_stop(s, t->tid, tracee_take_late(t));
}

static void
wait_for_others(struct session *s, struct tracee *t)
{
	t->waits = true;
	s->tracees.waiting++;
}

/* A call that tollgate put in, to give a new image its window. */
static void
on_injected(struct session *s, struct tracee *t, const struct pt_call *call)
{
	int err = call->op == PT_ENTRY ? inject_entered(s, t, call) : inject_left(s, t, call);

	go_on(s, t, err);
}

/* A call by the page of old at that address: nothing else can be put in its place, and a filter's stop is all there is of it. */
static bool
is_vsyscall(const struct pt_call *call)
{
	return call->ip >> 12 == 0xffffffffff600;
}

/* The first call of an image is held until that has its window.  False: this is not one. */
static bool
begin_image(struct session *s, struct tracee *t, const struct pt_call *call, const struct abi *abi)
{
	if (s->naive || !abi || !inject_is_due(t, abi) || is_vsyscall(call))
		return false;
	if (inject_waits(s, t)) {
		wait_for_others(s, t);
		return true;
	}
	if (s->leaving || inject_adopts(s, t))
		return false;
	go_on(s, t, inject_begin(s, t, call, abi, lifecycle_shelf(s, t)));
	return true;
}

/* What is called, also where another call carries it. */
static enum sys_id
carried_id(const struct session *s, const struct rawcall *raw)
{
	enum sys_id id = sysmap_id(&s->map, raw->abi, raw->nr);
	const struct demux *d = demux_carries(id) ? demux_find(id, (uint32_t)raw->args[0]) : NULL;

	return d ? (enum sys_id)d->meant : id;
}

/* False: others have to be done first. */
static bool
take_turn(struct session *s, struct tracee *t, enum sys_id id)
{
	enum turn turn = turn_of(id);
	bool starves = sys_executes(id) && t->group->late;	/* others, who have waited for the exec before */

	if (starves || !turn_has_come(turn, s->tracees.under_way)) {
		wait_for_others(s, t);
		return false;
	}
	tracee_begin(&s->tracees, t, turn);
	if (turn_changes_names(turn))
		stub_sweep(&s->tracees);	/* an object that is held too long would be seen to live on without a name */
	return true;
}

/* The verdict on a call that could not be decoded or resolved: what the kernel would say of it. */
static struct verdict
unreadable(int err)
{
	return (struct verdict){ .action = ACT_DENY, .err = -err, .reason = WHY_UNREADABLE, .access = -1 };
}

/* What no policy can grant: an ABI whose calls tollgate cannot tell apart (x32), or the window. */
static struct verdict
floor_refusal(int err)
{
	return (struct verdict){ .action = ACT_DENY, .err = err, .reason = WHY_FLOOR, .access = -1 };
}

struct fellows {
	const struct session *s;
	const struct tracee *of;
	bool any;
};

static void
look_for_names(struct tracee *t, void *ctx)
{
	struct fellows *f = ctx;

	if (t != f->of && t->turn != TURN_NONE && (t->group == f->of->group || f->s->roots_shared))
		f->any = true;
}

/* Does a task with the same root make a call on a name?  That would go by another /proc. */
static bool
root_is_in_use(struct session *s, const struct tracee *t)
{
	struct fellows f = { s, t, false };

	tracee_each(&s->tracees, look_for_names, &f);
	return f.any;
}

static struct verdict
decide(struct session *s, struct tracee *t, const struct pt_call *call, const struct rawcall *raw, struct sysevent *ev,
    struct pins *pins, struct resolved *r)
{
	const struct confinement *c = t->group->confined;
	struct task_view view = lifecycle_view(s, t);
	int err = decode(&s->map, raw, &s->arena, ev, pins), touched = ranges_refuse(t->group->window, ev);
	const char *mark;

	ev->foreign = raw->abi != t->group->image;
	if (ev->id == SYS_ID_chroot && root_is_in_use(s, t))
		touched = EBUSY;
	if (ev->foreign && t->group->wants_window && !s->naive)
		touched = EPERM;	/* who shares its memory could not guard the window that it does not have yet */
	if (!raw->abi->supported || touched)
		return floor_refusal(touched ? touched : ENOSYS);
	if (!err && (mark = advance_mark(c->layer, c->n, ev))) {
		advance_to_mark(s, t, mark);
		r->answered = true;
		return (struct verdict){ .action = ACT_ALLOW, .reason = WHY_MARK, .access = -1 };
	}
	if (!err)
		err = ids_borrow(lifecycle_ids(t));
	if (!err)
		err = resolve(&view, ev, &s->arena, r);
	ids_return();
	if (!err)
		err = who_calls(t, call, raw->abi, confine_needs(c, ev), &s->arena, ev);
	return err ? unreadable(err) : policy_decide(s->floor, c->layer, c->n, ev);
}

/* --dry-run lets in whatever a policy could have allowed; the floor and what we cannot see stay refused. */
static struct verdict
softened(const struct session *s, struct verdict v)
{
	if (s->dry_run && v.action != ACT_ALLOW && v.reason != WHY_FLOOR && v.reason != WHY_UNREADABLE && v.reason != WHY_CALLER)
		v.action = ACT_ALLOW;
	return v;
}

static bool
would_be_refused(const struct session *s, const struct tracee *t, const struct sysevent *ev)
{
	const struct confinement *c = t->group->confined;

	return policy_decide(s->floor, c->layer, c->n, ev).action != ACT_ALLOW;
}

/* Would it be refused if there were room for control data, which another thread can make? */
static bool
hangs_on_room(const struct session *s, const struct tracee *t, const struct sysevent *ev)
{
	int i = sysdesc_arg(&sysdesc_table[ev->id], "controllen");
	struct sysevent other = *ev;

	if (i < 0 || ev->arg[i].val)
		return false;
	other.arg[i].val = 1;
	return would_be_refused(s, t, &other);
}

/* Would it be refused if the new name were there, which somebody can make? */
static bool
hangs_on_absence(const struct session *s, const struct tracee *t, const struct sysevent *ev)
{
	struct sysevent other = *ev;
	struct access names[2];

	if (turn_of(ev->id) != TURN_RENAME || ev->naccess != 2 || !ev->access[1].absent)
		return false;
	memcpy(names, ev->access, sizeof(names));
	names[1].rights |= R_DELETE;
	other.access = names;
	return would_be_refused(s, t, &other);
}

/* Something has to be done when the call has succeeded. */
static bool
is_followed(const struct tracee *t, enum sys_id id)
{
	return t->ending || sys_executes(id) || t->forking || t->changes_ids || t->binds;
}

/* Where a root directory can change it has to be known which calls on names are under way, and for changes of names always. */
static bool
may_end_unseen(const struct session *s, const struct tracee *t, enum sys_id id)
{
	return s->stubs && !s->views_differ && t->by_filter && !t->group->filters && t->trap.state == TRAP_NONE &&
	    (t->turn == TURN_NONE || t->turn == TURN_PATH) && !is_followed(t, id);
}

/* An image that is let go before it has a window: what cannot be held is not refused any more. */
static bool
goes_without_window(const struct session *s, const struct tracee *t, const struct rawcall *raw)
{
	return s->leaving && raw->abi && inject_is_due(t, raw->abi);
}

/* A call that will be made is made on what was checked; what cannot be is refused. */
static int
hold(struct session *s, struct tracee *t, const struct rawcall *raw, const struct sysevent *ev, const struct pins *pins,
    const struct verdict *v, struct resolved *r)
{
	const struct let_in in = { s->map.arch, raw, r->called, ev, pins, r, &s->arena,
	    hangs_on_room(s, t, ev), hangs_on_absence(s, t, ev), lifecycle_shelf(s, t), lifecycle_ids(t), t->group->refs == 1 && !s->files_shared,
	    may_end_unseen(s, t, ev->id) };

	if (s->naive || goes_without_window(s, t, raw) || !enforce_lets_in(ev, v, r))
		return 0;
	return enforce_hold(t, &in);
}

/* Where a task may run is asked for, set, or handed on to a child: no move of ours is to be seen. */
static void
show_own_cores(struct session *s, struct tracee *t, const struct sysevent *ev)
{
	bool about_cores = ev->id == SYS_ID_sched_getaffinity || ev->id == SYS_ID_sched_setaffinity;
	struct tracee *of = about_cores && ev->arg[0].val ? tracee_find(&s->tracees, (pid_t)ev->arg[0].val) : t;

	if (of && (about_cores || t->forking))
		samecore_release(s, of);
}

/* What is known of it without looking: it passes, whatever phases have ended. */
static bool
is_known_to_pass(const struct session *s, const struct tracee *t, const struct rawcall *raw)
{
	return raw->abi && raw->abi == t->group->image && business_is_planned(raw->abi, t->group->window) &&
	    business_passes(&s->business, raw->abi, raw->nr, raw->args);
}

static bool
needs_no_look(const struct session *s, const struct tracee *t, const struct rawcall *raw)
{
	if (t->by_filter || t->trap.state != TRAP_NONE)
		return false;
	if (goes_without_window(s, t, raw) && !advance_follows(sysmap_id(&s->map, raw->abi, raw->nr)))
		return true;
	return !t->group->loading && is_known_to_pass(s, t, raw);
}

/* It was a filter of the program's own that stopped it, for a tracer that is not there. */
static bool
is_of_own_filter(const struct session *s, const struct tracee *t, const struct pt_call *call, const struct rawcall *raw)
{
	return t->by_filter && (call->data != FILTER_DATA || is_known_to_pass(s, t, raw));
}

static void
enter(const struct session *s, struct tracee *t, const struct pt_call *call, const struct rawcall *raw, bool let_in)
{
	enum sys_id id = raw->abi ? sysmap_id(&s->map, raw->abi, raw->nr) : SYS_ID_none;

	t->doubtful = t->state == TS_IN_CALL;
	tracee_executed(t);
	if (let_in && sys_executes(id))
		tracee_executes(t);
	t->takes_frame = let_in && (id == SYS_ID_rt_sigreturn || id == SYS_ID_sigreturn);
	t->state = TS_IN_CALL;
	t->audit_arch = call->audit_arch;
}

static void
raise_prepared(struct tracee *t)
{
	if (t->trap.state != TRAP_PREPARED || trap_raise(t))
		return;
	t->group->killed = true;
	enforce_kill(t);
}

/*
 * At a filter's stop a call that will be made as it is, by a stub, or not at
 * all, needs no exit-stop: nothing is to be put back, nobody waits for it,
 * nothing follows.
 */
static void
leave_at_once(struct session *s, struct tracee *t, enum sys_id id, bool is_all)
{
	bool held = t->hold.nregs || t->hold.nfds || t->turn != TURN_NONE;
	bool goes_on = (held && !t->hold.stub) || is_followed(t, id);

	if (!t->by_filter)
		return;
	if (!is_all && (t->trap.state != TRAP_NONE || (goes_on && (!t->skipped || t->made))))
		return;
	raise_prepared(t);
	tracee_rest(&s->tracees, t);
	tracee_executed(t);
	t->ending = NULL;
	t->forking = t->changes_ids = t->skipped = false;
	t->state = TS_RUNNING;
}

static void
on_enter(struct session *s, struct tracee *t, const struct pt_call *call)
{
	struct rawcall raw = { .tid = t->tid };
	struct sysevent ev = { 0 };
	struct pins pins = { 0 };
	struct resolved found = { 0 };
	int err;
	struct verdict verdict = { 0 }, done;

	arena_reset(&s->arena);
	memcpy(raw.args, call->args, sizeof(raw.args));
	raw.abi = arch_abi(s->map.arch, call->audit_arch, call->nr, &raw.nr);
	if (begin_image(s, t, call, raw.abi))
		return;
	samecore_count(s, t);
	if (needs_no_look(s, t, &raw)) {
		enter(s, t, call, &raw, true);
		lifecycle_resume(s, t, 0);
		return;
	}
	if (raw.abi && !s->naive && !take_turn(s, t, carried_id(s, &raw)))
		return;
	confine_update(t->group->confined, t->tid, s->audit);
	if (raw.abi)
		verdict = decide(s, t, call, &raw, &ev, &pins, &found);
	done = softened(s, verdict);
	if (done.action == ACT_ALLOW && !advance_prepare(s, t, &ev))
		verdict = done = unreadable(-EACCES);
	show_own_cores(s, t, &ev);
	if (is_of_own_filter(s, t, call, &raw))
		found.failed = ENOSYS;
	err = hold(s, t, &raw, &ev, &pins, &done, &found);
	if (err)
		verdict = done = unreadable(err);
	if (trap_is_lost(t))
		verdict = done = (struct verdict){ .access = -1 };
	if (done.action == ACT_TRAP)
		trap_prepare(t, call, raw.abi, done.err);
	enter(s, t, call, &raw, done.action == ACT_ALLOW);
	lifecycle_note_call(t, call->ip, &ev, &verdict);
	err = enforce(s->map.arch, t, &ev, &done, &found);
	err = err ? err : cradle_prepare(s->map.arch, t);
	audit_verdict(s->audit, t->tid, &ev, &verdict, done.action != verdict.action);
	resolved_release(&found);
	leave_at_once(s, t, ev.id, is_vsyscall(call));
	go_on(s, t, err);
}

static void
on_leave(struct session *s, struct tracee *t, const struct pt_call *call)
{
	int err = t->skipped ? enforce_result(s->map.arch, t, call->ret) : 0, let_go;

	if (!t->skipped && call->ret == 0 && enforce_moved_directory(t)) {
		audit_note(s->audit, t->tid, "killed: what it renamed is a directory, and was a file when that was allowed");
		enforce_kill(t);
	}
	let_go = enforce_let_go(s->map.arch, t, call->ret);
	err = err ? err : cradle_leave(s->map.arch, t);
	cradle_hand_on(t, NULL);
	advance_done(s, t, call);
	tracee_rest(&s->tracees, t);
	tracee_executed(t);
	orphan_settle(s);
	raise_prepared(t);
	t->skipped = t->takes_frame = false;
	t->state = TS_RUNNING;
	go_on(s, t, err ? err : let_go);
}

void
session_init(struct session *s)
{
	memset(s, 0, sizeof(*s));
	s->core.mode = SAMECORE_OFF;
	sysmap_init(&s->map, arch_native());
	arena_init(&s->arena, ARENA);
}

void
session_free(struct session *s)
{
	business_free(&s->business);
	sysmap_free(&s->map);
	arena_free(&s->arena);
	group_release(s->bereaved.first);
	free(s->bereaved.birth);
	free(s->outcome.refusal);
}
