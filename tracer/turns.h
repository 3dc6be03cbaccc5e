/* SPDX-License-Identifier: ISC */
#ifndef TG_TURNS_H
#define TG_TURNS_H

/*
 * Calls that must not be under way at the same time, because one could change
 * what the other was decided about in a way that holding objects does not
 * cover.  Whoever comes second waits at its entry-stop, and is then looked at
 * as if it came only now.
 *
 *	a rename	and another, or mkdir(2): a file that was looked at would be a directory when it moves
 *	bind(2)		and calls that change names: a socket keeps the name it was bound to
 *	chroot(2)	and any call on a name: /proc would be another one
 */

#include <stdbool.h>

#include "engine/sysdesc.h"

enum turn { TURN_NONE, TURN_PATH, TURN_NAMES, TURN_MKDIR, TURN_RENAME, TURN_BIND, TURN_ROOT, TURNS };

enum turn turn_of(enum sys_id);
/* It asks about names, and does nothing to what they name: nobody waits for one that is let in as it is. */
bool turn_only_looks(enum sys_id);

bool turn_changes_names(enum turn);

/* May a call of that kind begin, while so many of each kind are under way? */
bool turn_has_come(enum turn, const unsigned under_way[TURNS]);

#endif
