/* SPDX-License-Identifier: ISC */
#ifndef TG_INJECT_H
#define TG_INJECT_H

/*
 * A new image gets its window (window.h) before its first system call: that
 * call is held, others are made in its place, by the program itself, and then
 * it is made again.  The image has one thread then, and no signal handlers.
 */

#include "tracer/callstop.h"
#include "tracer/trace.h"

struct injection;

/* Has this image yet to get its window, from a call by that ABI? */
bool inject_is_due(const struct tracee *, const struct abi *);

/*
 * Who ran before it had a window can share its memory with others: it has the
 * window of the first of them, and waits while that is being put in.
 */
bool inject_adopts(struct session *, struct tracee *);
bool inject_waits(struct session *, struct tracee *);

/* At the entry of its first call.  0: that is held; or -errno. */
int inject_begin(struct session *, struct tracee *, const struct pt_call *, const struct abi *, pid_t shelf);

/* Is one under way in this task? */
bool inject_is_under_way(const struct tracee *);

/* At the entry and at the exit of a call that was put in.  0 or -errno: it went wrong, and the task is to be killed. */
int inject_entered(struct session *, struct tracee *, const struct pt_call *);
int inject_left(struct session *, struct tracee *, const struct pt_call *);

void inject_abandon(struct tracee *);

/* Is that what the one that is under way puts in, or where? */
bool inject_uses(const struct tracee *, const struct mapping *);

#endif
