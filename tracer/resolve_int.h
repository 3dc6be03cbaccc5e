/* SPDX-License-Identifier: ISC */
#ifndef TG_RESOLVE_INT_H
#define TG_RESOLVE_INT_H

/*
 * One resolution in progress.  resolve.c goes through the arguments,
 * resolve_path.c knows files, resolve_peer.c addresses and processes,
 * resolve_flags.c which flags the kernel takes.
 */

#include "tracer/resolve.h"

struct job {
	const struct task_view *view;
	struct sysevent *ev;
	const struct sysdesc *desc;
	struct arena *arena;
	struct resolved *out;
};

/* Resolves argument i: adds accesses.  0 or -errno. */
typedef int resolver(struct job *, unsigned i);

resolver resolve_fd, resolve_path;
resolver resolve_sockaddr, resolve_messages, resolve_domain;
resolver resolve_pid, resolve_pidfd, resolve_killpid;

/* What is about several arguments, after all of them: 0 or -errno. */
void resolve_rename(struct job *);
int resolve_owner(struct job *);
int resolve_listen(struct job *);

/* -errno with which the kernel refuses the call's flags, before it looks for any name; 0: it takes them.  fails: the names are not all found. */
int resolve_flags(struct job *, bool fails);

/* A new access of argument i; NULL when there is no more room. */
struct access *job_add(struct job *, unsigned i, enum access_kind, unsigned rights);

/* The value of the first argument that a vocabulary names: open flags, AT_* …; 0 when there is none. */
uint64_t job_value(const struct job *, enum vocab);

/* Has the call an argument of that vocabulary? */
bool job_has(const struct job *, enum vocab);

/*
 * Puts a walk's outcome into the access, which takes the object over.  What
 * was not reached still has a name to decide on.  0, or -errno when it has not.
 */
int job_settle(struct job *, struct access *, struct object *, int err);

#endif
