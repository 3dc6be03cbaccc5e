/* SPDX-License-Identifier: ISC */
#ifndef TG_ORPHAN_H
#define TG_ORPHAN_H

/*
 * A task whose parent was killed before it could tell of it.  What it may do
 * is what its parent could, with every phase ended.  Whose child it is nobody
 * says: where several have died that were not alike, it is killed.
 */

#include "tracer/trace.h"

/* A task is gone: it may have left a child that nobody has told us of. */
void orphan_note_death(struct session *, struct tracee *);

/* Takes in those that wait and that no living task will tell us of. */
void orphan_settle(struct session *);

#endif
