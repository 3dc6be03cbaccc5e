/* SPDX-License-Identifier: ISC */
#ifndef TG_LEFTOVER_H
#define TG_LEFTOVER_H

/*
 * What of tollgate's a program that ran before it came has in its memory
 * already.  A tollgate leaves its window mapped in a program that it lets go, a
 * file that nobody else has: the next one puts its own in that place, so that
 * there is never more than one.  And who shares its memory with another process
 * has that one's: they guard the same.
 */

#include "tracer/trace.h"

/* Where the task has a window that is no living tracee's, below 4 GiB where `low` says so; 0: it has none. */
uint64_t leftover_window(struct session *, pid_t tid, bool low);

/* The window of another process that the task has, too; not held for the caller.  NULL: none. */
struct window *leftover_shared(struct session *, const struct tracee *);

#endif
