/* SPDX-License-Identifier: ISC */
#ifndef TG_ADVANCE_H
#define TG_ADVANCE_H

/*
 * What a call brings with it beside its verdict: phases that end when it has
 * succeeded, policies that an exec puts on, a mark that the program sets.
 */

#include "tracer/pt.h"
#include "tracer/trace.h"

/* The mark that the call sets for one of n policies; NULL when it sets none. */
const char *advance_mark(const struct layer *, size_t n, const struct sysevent *);
/* The program has come that far. */
void advance_to_mark(struct session *, struct tracee *, const char *mark);

/* Does a call make tasks, execute, or change whose rights a task has or what names mean to it?  All such have to be seen. */
bool advance_follows(enum sys_id);

/* At the entry of a call that is let in.  False when it must not be: more policies than a process can have. */
bool advance_prepare(struct session *, struct tracee *, const struct sysevent *);

/*
 * Ends what the call in progress ends: it has succeeded, or nobody will say any
 * more whether it did, and what is open for want of knowing would stay open.
 */
void advance_end(struct session *, struct tracee *);

/* At its exit. */
void advance_done(struct session *, struct tracee *, const struct pt_call *);

/* At an exec event: phases end, policies come.  False when the new image must not run. */
bool advance_exec(struct session *, struct tracee *);

#endif
