/* SPDX-License-Identifier: ISC */
#ifndef TG_LIFECYCLE_H
#define TG_LIFECYCLE_H

/*
 * Tasks that come, become another program, stop and go.  The handlers of
 * trace.c's table that are about tasks and not about calls.
 */

#include "tracer/resolve.h"
#include "tracer/stop.h"
#include "tracer/trace.h"

typedef void handler(struct session *, struct tracee *, const struct stop *);

handler on_relay;	/* resume, nothing else */
handler on_first;	/* a new task, or the end of a group-stop */
handler on_signal;	/* deliver it */
handler on_early_signal;	/* before the SIGSTOP that a new task begins with where there is no PTRACE_SEIZE */
handler on_group;	/* stay stopped, listening */
handler on_fork;	/* in the parent: a child is there or about to be */
handler on_gone;

/*
 * Without PTRACE_SEIZE: which stop for a signal is a group-stop, or a task's
 * first; and of the kernel's own SIGTRAP nothing is left.  t: NULL when unknown.
 */
void lifecycle_refine(const struct tracee *t, pid_t tid, struct stop *);

/* A stop of a task we do not know: it waits, stopped, until its parent's event explains it. */
void lifecycle_meet(struct session *, pid_t tid, const struct stop *);

/* Of it nothing will be heard any more, not even what became of the call that it was in. */
void lifecycle_forget(struct session *, struct tracee *);

/*
 * Those that are known of a process, but for its leader, are gone: it has
 * executed a program, or the leader's death was told, which is when all its
 * threads have been waited for.  Who is still here then was executing, had taken
 * over the leader's tid, and was killed before its event.
 */
void lifecycle_forget_threads(struct session *, pid_t tgid);

/*
 * Resumes until the next stop that concerns us; sig is delivered.  Who could not
 * be found is not resumed.  Where the session is leaving it detaches: afterwards
 * the tracee may be gone.
 */
void lifecycle_resume(struct session *, struct tracee *, int sig);

/*
 * What has to be done to a task has failed: its process does not go on.  But a
 * thread that another one's exec or exit has ended (-ESRCH) is none of that
 * process's any more; its death is still to be reported.  0: nothing happens.
 */
void lifecycle_insist(struct tracee *, int err);

/* Whose rights that task has on files; the same after it has forked, others may be after an exec. */
const struct file_ids *lifecycle_ids(struct tracee *);
void lifecycle_forget_ids(struct tracee *);

/* The shelf by which that task reaches what is held; 0: it cannot. */
pid_t lifecycle_shelf(const struct session *, struct tracee *);

/* How that task sees files and processes. */
struct task_view lifecycle_view(struct session *, const struct tracee *);

/* Remembers the last refusal while a program's loader is at work, and when that ends. */
void lifecycle_note_call(struct tracee *, uint64_t ip, const struct sysevent *, const struct verdict *);

/* Afterwards it runs. */
void lifecycle_unpark(struct session *, struct tracee *);

void lifecycle_kill_all(struct session *);

/*
 * Now and then: who is gone, not traced by us, or could not be found at the stop
 * where it stands, at two looks without having been heard of in between is
 * forgotten, and killed where it runs.  It should not happen; where it did,
 * tollgate would wait for ever.
 */
void lifecycle_sweep(struct session *);

/*
 * Detaches from all, each at its next stop, which is asked for; now and then it
 * is to be seen who has gone without one: a leader that had ended before we
 * came, or whose place was taken by a thread of its that was let go and executed.
 */
void lifecycle_leave(struct session *);
void lifecycle_drop_released(struct session *);

/* A parked task has come from there.  Its own stop was its first. */
void lifecycle_join(struct session *, struct tracee *, struct descent);

#endif
