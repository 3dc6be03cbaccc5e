/* SPDX-License-Identifier: ISC */
#ifndef TG_STRIDE_H
#define TG_STRIDE_H

/*
 * Paths on which nothing has to be looked at in between, in one step: openat2(2)
 * with RESOLVE_NO_SYMLINKS follows no link at all, so the name of what it finds
 * is the path itself; where what is found is all that matters it may follow
 * links that stay on one mount, and the kernel says what that is called.
 */

#include "tracer/walk.h"

/*
 * False: it is no such path, or not what walk() would simply find or find absent;
 * nothing is known then, and walk() has to look.  True: *o and *err are as walk()'s.
 */
bool stride(struct whose, int dirfd, const char *path, unsigned flags, struct arena *, struct object *o, int *err);

/*
 * As many of the path's directories as can be taken at once, but neither its last
 * name nor any on procfs: an O_PATH descriptor, and *n says how many bytes of the
 * path lead there; -1 when it is not worth it.
 */
int stride_dirs(int dir, const char *path, size_t *n);

/* Without openat2(2), for tests and as before Linux 5.6. */
void stride_never(void);

#endif
