/* SPDX-License-Identifier: ISC */
#include "tracer/attach.h"

#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/diag.h"
#include "tracer/console.h"
#include "tracer/image.h"
#include "tracer/lifecycle.h"
#include "tracer/older.h"
#include "tracer/prepared.h"
#include "tracer/procs.h"
#include "tracer/pt.h"
#include "tracer/seize.h"
#include "tracer/shelf.h"
#include "tracer/supervisor.h"
#include "tracer/unheard.h"
#include "tracer/watchdog.h"

/* Kept: where the kernel takes its time, there is more to be seized later. */
static struct seizure seizure;
static bool late;		/* a task has got its options at its first stop only, or came to that late */

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

/* Nothing that acts without calls is left to a program whose policy would not have let it make that. */
static void
look_for_prepared(struct tracee *t, void *ctx)
{
	struct seizure *sz = ctx;
	const char *what = sz->err ? NULL : prepared_by(sz->s, t);

	if (!what)
		return;
	warn("cannot attach to %d: process %d has %s, which acts without calls that could be decided about", sz->main_pid,
	    t->group->tgid, what);
	sz->err = -EPERM;
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
	struct seizure *sz = &seizure;
	pid_t sharer;

	*sz = (struct seizure){ .s = s, .main_pid = pid, .err = become_supervisor(s->on_loss) };
	late = false;
	sharer = older_note(pid);
	if (!sz->err && sharer) {
		warn("cannot attach to %d: process %d, which is no child of its, shares its memory", pid, sharer);
		sz->err = -EBUSY;
	}
	if (!sz->err)
		seize_process(sz, pid);
	seize_what_is_new(sz);
	tracee_each(&s->tracees, drop_ended, s);
	tracee_each(&s->tracees, look_for_prepared, sz);
	if (!sz->err && !s->tracees.n && !console_interrupted()) {
		warn("cannot attach to %d: it has ended", pid);
		sz->err = -ESRCH;
	}
	return sz->err;
}

/* What it made between our attaching and its stop is nobody's yet: no event told of it. */
static int
settle_late(struct tracee *t)
{
	late = true;
	return pt_set_options(t->tid);
}

static void
seize_again(pid_t pid, void *ctx)
{
	struct seizure *sz = ctx;

	if (!sz->err && tracee_group(&sz->s->tracees, pid))
		seize_process(sz, pid);
}

int
attach_catch_up(void)
{
	struct seizure *sz = &seizure;

	if (!late || sz->err)
		return 0;
	late = false;
	procs_each(seize_again, sz);
	sz->any = true;
	seize_what_is_new(sz);
	return sz->err;
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

	late |= seizure.restless && !gone;
	err = err || gone || t->group->image ? err : image_adopt(s, t);
	err = err || gone ? err : check_window(t, stop);
	if (!err && (stop->kind == STOP_FIRST || stop->kind == STOP_SIGNAL))
		err = unheard(&s->map, t, stop->sig);
	lifecycle_insist(t, err);
	if (!gone)
		t->forking = stop->kind == STOP_FORK;
	t->state = stop->kind == STOP_FORK || stop->kind == STOP_EXEC ? TS_IN_CALL : TS_RUNNING;
}
