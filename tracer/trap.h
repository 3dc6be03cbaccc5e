/* SPDX-License-Identifier: ISC */
#ifndef TG_TRAP_H
#define TG_TRAP_H

/*
 * `trap`: the call is skipped and the thread gets the SIGSYS that a seccomp
 * filter's SECCOMP_RET_TRAP would send, so that a handler can make up a result.
 */

#include "tracer/pt.h"
#include "tracer/tracee.h"

/* At the entry: what the signal will say.  The call is to return t->trap.returns. */
void trap_prepare(struct tracee *, const struct pt_call *, const struct abi *, int err);

/* At the exit: sends it.  False when the thread cannot take it: then it is to be killed, as the kernel does. */
bool trap_raise(struct tracee *);

/*
 * At an entry: SIGSYS was sent, and the thread goes on without it, as another
 * thread has had it thrown away.  The zero verdict is what the kernel's would be.
 */
bool trap_is_lost(const struct tracee *);

/* At a stop before the delivery of SIGSYS, ours or another: puts in what ours says.  0 or -errno. */
int trap_deliver(struct tracee *);

#endif
