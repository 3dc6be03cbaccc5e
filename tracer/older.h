/* SPDX-License-Identifier: ISC */
#ifndef TG_OLDER_H
#define TG_OLDER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Who was there before tollgate came to a process stays free, also when it is a
 * child of that one: but for those who share its memory, and could change what
 * it does (procs_share_memory).
 */

/*
 * Looks at all there are.  0; or somebody's number who shares the memory of
 * `pid`, and is no descendant: then it cannot be attached to alone.
 */
pid_t older_note(pid_t pid);

/* Was it there, and stays free?  Its number can be another's by now. */
bool older_stays_free(pid_t pid);

#endif
