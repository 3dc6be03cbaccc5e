/* SPDX-License-Identifier: ISC */
#ifndef TG_SHELF_H
#define TG_SHELF_H

/*
 * The shelf: a process that shares tollgate's table of descriptors and does
 * nothing.  What tollgate holds open as number N, a program can name as
 * /proc/SHELF/fd/N, and the kernel goes from there to that very object, by
 * whatever names it could be reached at that moment.  tollgate itself hides
 * its /proc directory, and keeps programs from walking into the shelf's: only
 * names that tollgate writes lead there.
 */

#include <sys/types.h>

#include "lib/arena.h"

/* To be called by the thread that traces, while it is still dumpable.  0 or -errno. */
int shelf_start(void);

/* Its process; 0: there is none. */
pid_t shelf_pid(void);

/* The object that tollgate holds as fd, and the entry `last` of the directory held as fd; NULL: no room. */
const char *shelf_object(int fd, struct arena *);
const char *shelf_entry(int fd, const char *last, struct arena *);

#endif
