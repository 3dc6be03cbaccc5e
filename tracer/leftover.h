/* SPDX-License-Identifier: ISC */
#ifndef TG_LEFTOVER_H
#define TG_LEFTOVER_H

/*
 * What a tollgate leaves in a program that it lets go: its window stays mapped,
 * a file that nobody else has.  The next one puts its own in that place, so
 * that there is never more than one.
 */

#include "tracer/trace.h"

/* Where the task has a window that is no living tracee's, below 4 GiB where `low` says so; 0: it has none. */
uint64_t leftover_window(struct session *, pid_t tid, bool low);

#endif
