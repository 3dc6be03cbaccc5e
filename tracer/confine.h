/* SPDX-License-Identifier: ISC */
#ifndef TG_CONFINE_H
#define TG_CONFINE_H

/*
 * What holds for one process: its policies, and which of their phases are
 * still open.  A child starts with a copy; a phase that ends for a process ends
 * for its descendants, too, also when those between them are gone: nobody is
 * freer than who made them.  Processes with the same memory have the same
 * confinement: what is ended in one must not be had through the other.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "engine/policy.h"

enum { MAX_LAYERS = 16 };

struct audit;

struct confinement {
	unsigned refs;
	unsigned users;			/* processes that have it; none: they are gone, and it will not change by itself */
	struct confinement *parent;	/* whose ends end here, too; NULL when there is none, or nothing is shared */
	size_t shared;			/* how many layers are the parent's */
	size_t n;
	struct layer layer[MAX_LAYERS];
	uint64_t since[MAX_LAYERS];	/* ms: when the policy was put on */
};

/* A first one, with those layers and their phases open.  A process gives back what it has by confine_leave(). */
struct confinement *confine_new(const struct layer *, size_t n);
/* Of a new process: with its own memory, or with its parent's. */
struct confinement *confine_child(struct confinement *parent);
struct confinement *confine_share(struct confinement *parent);
void confine_leave(struct confinement *);		/* takes NULL */
/* Of a process whose memory is its own from now on: what it had, or a child of it when others have that, too. */
struct confinement *confine_alone(struct confinement *);

/* Takes in what has ended in the ancestors and by time.  Before each decision. */
void confine_update(struct confinement *, pid_t tid, struct audit *);

/* Which phases of each layer the moment ends; false when none of any. */
bool confine_ends(const struct confinement *, const struct moment *, uint32_t ends[MAX_LAYERS]);
/* Ends them for good.  `why` is for the log. */
void confine_end(struct confinement *, const uint32_t ends[MAX_LAYERS], const char *why, pid_t tid, struct audit *);

/* The further policies that an exec which is let in puts on: how many; more than room is one too many. */
size_t confine_transitions(const struct confinement *, const struct sysevent *, const struct policy *added[MAX_LAYERS]);
/* Is there room for these?  Those that are on already need none. */
bool confine_has_room(const struct confinement *, const struct policy *const *added, size_t n);
/* False when there was not. */
bool confine_add(struct confinement *, const struct policy *const *added, size_t n);

/* What deciding this call has to know of who makes it: enum need. */
unsigned confine_needs(const struct confinement *, const struct sysevent *);

#endif
