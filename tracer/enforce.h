/* SPDX-License-Identifier: ISC */
#ifndef TG_ENFORCE_H
#define TG_ENFORCE_H

/*
 * The only writer of tracee state: turns a verdict into what happens.
 *
 * A call that is let in runs on the tracee's own arguments: nothing yet keeps
 * another thread from changing them after the check.  The objects that the
 * verdict was about are in struct resolved, held open until the stop ends, so
 * that this is the one place where the call can be made to act on them.
 */

#include "arch/arch.h"
#include "engine/policy.h"
#include "tracer/resolve.h"
#include "tracer/tracee.h"

/* At the syscall-enter-stop.  0 or -errno; on failure the caller kills the tracee. */
int enforce(const struct arch *, struct tracee *, const struct sysevent *, const struct verdict *,
    const struct resolved *);

/* At the syscall-exit-stop of a call that was skipped: sees to it that it returned what it should. */
int enforce_result(const struct arch *, struct tracee *, int64_t returned);

/* Kills the whole process. */
void enforce_kill(const struct tracee *);

#endif
