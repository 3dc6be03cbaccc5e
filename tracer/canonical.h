/* SPDX-License-Identifier: ISC */
#ifndef TG_CANONICAL_H
#define TG_CANONICAL_H

/* Which file an absolute path of the policy's is, and by which links. */

#include <stddef.h>

#include "engine/policy.h"

struct route {
	char *path;		/* the longest part that exists, links resolved, and the rest as it is */
	struct policy_link *link;	/* those on the way that somebody with our user's rights could replace; NULL: none */
	size_t nlinks, cap;
};

/* One look at each name: what is said of the links is true of the path.  route_free() it. */
void route_find(struct route *, const char *path);
void route_free(struct route *);

#endif
