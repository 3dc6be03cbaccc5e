/* SPDX-License-Identifier: ISC */
#ifndef TG_RESOLVE_H
#define TG_RESOLVE_H

/*
 * From decoded arguments to the objects they name: paths made canonical as the
 * task sees them, addresses taken apart, processes classified.  `run` and
 * `explain` resolve with the same code.
 */

#include "engine/sysevent.h"
#include "lib/arena.h"
#include "tracer/tracee.h"
#include "tracer/walk.h"

/* The task that calls, and who its neighbours are. */
struct task_view {
	struct whose whose;
	enum proc_class (*classify)(void *ctx, struct whose, pid_t pid);
	void *ctx;
};

/* Flags of pidfd_send_signal(2): whom it is to reach (PIDFD_SIGNAL_THREAD, PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9). */
enum { PIDFD_TO_THREAD = 1 << 0, PIDFD_TO_GROUP = 1 << 2 };

/* The view of a program that tollgate itself would start: its cwd, root and descriptors. */
struct task_view task_view_self(void);

/*
 * What a call's arguments were found to name.  object[i] belongs to access[i]:
 * held open so that enforcing can make the kernel act on it.
 */
struct resolved {
	struct access *access;
	struct object *object;
	unsigned n, cap;
	enum sys_id called;	/* as the call was made: what it means can be named otherwise, fstat for newfstatat */
	int failed;		/* errno with which the kernel would end the lookup of a path; 0 when it would not */
	unsigned by_number;	/* 1 + the argument that named an object by a descriptor, instead of by its path; 0: none */
	pid_t signalled;	/* whom a descriptor of a process was found to mean, or -group, what no number was; 0: nobody */
	bool made;		/* tollgate has made the call itself, the program's does nothing, and this is what it is told: */
	int result;
	bool answered;		/* tollgate answers the call itself, with 0 */
	struct fileid exec[3];	/* exec: the program, the interpreter of a script, the loader that what runs names */
};

/*
 * Fills *r and the event's accesses.  0, or -errno when an argument cannot be
 * resolved: then the call must not be let in.  resolved_release() in any case.
 */
int resolve(const struct task_view *, struct sysevent *, struct arena *, struct resolved *);
void resolved_release(struct resolved *);

/* The descriptor's process as /proc/TID/fdinfo says; -1 when it is gone, else -errno. */
pid_t pidfd_target(struct whose, int fd);
/* Was it opened for one thread (PIDFD_THREAD, which is O_EXCL)?  Without saying more a signal goes to that alone. */
bool pidfd_is_of_thread(struct whose, int fd);

#endif
