/* SPDX-License-Identifier: ISC */
#ifndef TG_ORPHAN_H
#define TG_ORPHAN_H

/*
 * A task whose parent was killed before it could tell of it.  Whose child it
 * is nobody says: what it may do is what all could that died while making one,
 * with every phase ended; where those had nothing in common, it is killed.
 */

#include "tracer/trace.h"

/* A task is gone: it may have left a child that nobody has told us of. */
void orphan_note_death(struct session *, struct tracee *);

/* No task is left that could tell of one, and there is one: its first stop is to come. */
bool orphan_is_due(struct session *);

/* Takes in those that wait and that no living task will tell us of. */
void orphan_settle(struct session *);

#endif
