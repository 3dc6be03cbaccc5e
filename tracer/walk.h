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
	bool own_root;		/* it has tollgate's root directory and mounts, for certain */
};

enum {
	WALK_FOLLOW	= 1,	/* a symlink in last place is followed */
	WALK_IN_ROOT	= 2,	/* the starting directory is the root (RESOLVE_IN_ROOT) */
	WALK_ENTRY	= 4,	/* a symlink in last place is not followed, even before a slash: the entry is what counts */
	WALK_BENEATH	= 8,	/* the rest of openat2(2)'s wishes: errors where the kernel has them */
	WALK_NO_LINKS	= 16,
	WALK_NO_MAGIC	= 32,
	WALK_NO_XDEV	= 64,
	WALK_OBJECT	= 128,	/* what is found is all that matters, not the directory that it is in */
};

/* What a path leads to, held by a descriptor as long as the caller wants. */
struct object {
	int fd;			/* O_PATH; -1 when there is none, or nothing is held */
	int parent;		/* with .entry: the directory that it is in, O_PATH; else -1 */
	const char *last;	/* with .entry: its name there, with the slash that followed; in the arena */
	bool entry;		/* it is a name in a directory that counts: absent, or not followed */
	bool slash;		/* a directory by a path that does not follow links, but ended in a slash */
	bool absent;		/* nothing of that name; the parent is there */
	const char *name;	/* canonical, in the arena; see walk() */
	struct stat st;		/* when not absent and fd >= 0 */
	struct stat dir;	/* of the directory in which the last name of its path was looked up */
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
