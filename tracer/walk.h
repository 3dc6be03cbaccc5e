/* SPDX-License-Identifier: ISC */
#ifndef TG_WALK_H
#define TG_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "lib/arena.h"

/* The task whose root, working directory, descriptors and /proc/self count. */
struct whose {
	pid_t tid, tgid;
};

enum {
	WALK_FOLLOW	= 1,	/* a symlink in last place is followed */
	WALK_IN_ROOT	= 2,	/* the starting directory is the root (RESOLVE_IN_ROOT) */
};

/* What a path leads to, held by a descriptor as long as the caller wants. */
struct object {
	int fd;			/* O_PATH; of the parent directory when absent; -1 when nothing is held */
	bool absent;		/* nothing of that name; the parent is there */
	const char *name;	/* canonical, in the arena; see walk() */
	struct stat st;		/* when not absent and fd >= 0 */
};

/*
 * Resolves a path as that task sees it, component by component beneath O_PATH
 * descriptors, so that no open of ours has a side effect.  The name is the
 * kernel's for what was found: absolute, without links; "/proc/self/…" for the
 * task's own process and "/proc/tollgate/…" for the supervisor's; "pipe:[7]"
 * and the like for what has no name.  Returns 0; or -errno with which the
 * kernel would refuse the path, then the name is the part that was resolved
 * with the rest as it stands, or NULL when not even the start was found.
 */
int walk(struct whose, int dirfd, const char *path, unsigned flags, struct arena *, struct object *);

/* The object behind a descriptor of the task.  -EBADF when it has none. */
int walk_fd(struct whose, int fd, struct arena *, struct object *);

/* Whether tollgate could read the file. */
bool object_readable(const struct object *);

void object_release(struct object *);

#endif
