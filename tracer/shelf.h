/* SPDX-License-Identifier: ISC */
#ifndef TG_SHELF_H
#define TG_SHELF_H

/*
 * A shelf: a process that shares tollgate's table of descriptors and does
 * nothing.  What tollgate holds open as number N, a program can name as
 * /proc/SHELF/fd/N, and the kernel goes from there to that very object, by
 * whatever names it could be reached at that moment.  tollgate itself hides
 * its /proc directory, and keeps programs from walking into a shelf's: only
 * names that tollgate writes lead there.
 *
 * The kernel lets a task go there when its file system ids are the shelf's and
 * the shelf has no capability that it has not, in the same user name space.  So a
 * shelf has none, and there is one for each pair of ids, and for each name
 * space, that tasks have.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "lib/arena.h"
#include "tracer/ids.h"

/* The first, for tollgate's own ids: while it is still dumpable, and by the thread that traces.  0 or -errno. */
int shelf_start(void);

/* The one for tasks with the rights of this one, until it is given back; 0: there is none, and cannot be.  What nobody uses can end when there are many. */
pid_t shelf_take(pid_t tid, const struct file_ids *);
void shelf_give(pid_t);		/* 0: nothing */

bool shelf_is(pid_t pid);

/* The object that tollgate holds as fd, and the entry `last` of the directory held as fd; NULL: no room. */
const char *shelf_object(pid_t shelf, int fd, struct arena *);
const char *shelf_entry(pid_t shelf, int fd, const char *last, struct arena *);

#endif
