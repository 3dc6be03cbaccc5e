/* SPDX-License-Identifier: ISC */
#ifndef TG_NAMING_H
#define TG_NAMING_H

/*
 * What rules call an object.  The kernel's name for it, absolute and without
 * links; but what is a process's own is "/proc/self/…", what is tollgate's
 * "/proc/tollgate/…", and processes go by our numbers, wherever procfs is
 * mounted and whoever mounted it: those of another name space than ours and what
 * it holds are "/proc/0/…".
 */

#include <stdbool.h>
#include <sys/stat.h>

#include "tracer/walk.h"

/* The kernel's name for what an O_PATH descriptor holds, as rules know it; in the arena.  NULL when it has none that fits. */
const char *object_name(struct whose, int fd, struct arena *);

/* The same as the kernel says it: its length, or -1 when it has none that fits. */
ssize_t name_by_descriptor(int fd, char *path, size_t size);

/* Which process "/proc/123" belongs to, by any of its threads; 0 when it is no such name.  *rest is what follows. */
pid_t proc_owner(const char *path, const char **rest);

bool same_file(const struct stat *, const struct stat *);
bool is_on_proc(int fd);
/* Its topmost directory; st: its attributes. */
bool is_proc_root(int fd, const struct stat *st);
/* Is that directory the topmost of a procfs of our own process name space, wherever it is mounted? */
bool has_our_numbers(int root);
/* Is that name in it, a number, the supervisor's or one of its helpers'?  Its directory has links to what it holds. */
bool is_supervisor_in(int root, const char *name);

#endif
