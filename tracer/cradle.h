/* SPDX-License-Identifier: ISC */
#ifndef TG_CRADLE_H
#define TG_CRADLE_H

/*
 * Without PTRACE_SEIZE (before Linux 3.4) a new task begins with a SIGSTOP,
 * which a SIGCONT from anywhere takes away: it then runs, and stops for none of
 * its calls.  So it begins in a cradle, code of tollgate's in which it stops
 * itself again and again.  Whatever it stops for first, it goes on from there
 * where its maker's call returns.
 *
 * A call that makes a task is made, as seen by the kernel, from the cradle; the
 * child has that place from its parent, who gets its own back at once.  The code
 * is shared memory that nobody can write, and the range is kept as the window's
 * is (ranges.c).
 */

#include "tracer/maps.h"
#include "tracer/tracee.h"

/* Makes the code.  0, also for an architecture that needs none; or -errno: new tasks begin where their parents' calls return. */
int cradle_make(const struct arch *);

/* What a program attaches, for reading and executing; -1: there is none. */
int cradle_segment(void);
const struct mapped_file *cradle_file(void);

/* At the entry of a call that has been let in, after anything else.  0, also when it makes no task, or -errno. */
int cradle_prepare(const struct arch *, struct tracee *);

/* At the event, and at the end, of that call: its maker is where it was. */
int cradle_leave(const struct arch *, struct tracee *);

/* Whose child that is; NULL: it has none. */
void cradle_hand_on(struct tracee *maker, struct tracee *child);

/* Stopped for the first time.  -EFAULT: it did not come from there. */
int cradle_rise(const struct arch *, struct tracee *child);

#endif
