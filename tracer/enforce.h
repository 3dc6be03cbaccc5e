/* SPDX-License-Identifier: ISC */
#ifndef TG_ENFORCE_H
#define TG_ENFORCE_H

/*
 * The only writer of tracee state: turns a verdict into what happens.
 *
 * A call that is let in is made on what was checked.  Memory that the verdict
 * depended on is a copy that the program cannot write (enforce_pins.c), and
 * names are replaced by ones that lead to the objects found (enforce_objects.c).
 * When the call ends its registers are as they were.
 */

#include "arch/arch.h"
#include "engine/policy.h"
#include "lib/arena.h"
#include "tracer/decode.h"
#include "tracer/pins.h"
#include "tracer/resolve.h"
#include "tracer/tracee.h"

/* All there is to know of a call that is let in. */
struct let_in {
	const struct arch *arch;
	const struct rawcall *raw;
	enum sys_id id;			/* of the call as it was made: resolving can name it otherwise */
	const struct sysevent *ev;
	const struct pins *pins;
	struct resolved *found;		/* objects that are needed until the call ends are taken from it */
	struct arena *arena;
	bool no_room;			/* it receives, and the verdict was about a message without room for control data */
	bool no_replace;		/* it renames to a name that was not there, and may not replace what comes there */
	pid_t shelf;			/* by which this task reaches what is held; 0: it cannot */
	const struct file_ids *ids;	/* its rights */
	bool alone;			/* nobody else can change its descriptors meanwhile */
	bool may_use_stub;		/* nobody has to hear of its end */
};

/* At the syscall-enter-stop.  0 or -errno; on failure the caller kills the tracee. */
int enforce(const struct arch *, struct tracee *, const struct sysevent *, const struct verdict *,
    const struct resolved *);

/* Will the call be made?  Else it is skipped, whatever the verdict. */
bool enforce_lets_in(const struct sysevent *, const struct verdict *, const struct resolved *);

/*
 * Before enforce(), for a call that will be let in: 0, and the call is made on
 * what was checked; or -errno with which it is to be refused instead.
 */
int enforce_hold(struct tracee *, const struct let_in *);

/*
 * At its syscall-exit-stop: puts the registers back.  0 or -errno.  A call
 * that met another object than was checked is made again.
 */
int enforce_let_go(const struct arch *, struct tracee *, int64_t returned);
/* Before that: a directory had come in place of a file that the call, which has succeeded, has renamed. */
bool enforce_moved_directory(const struct tracee *);
/* Where nothing is to be put back: after an exec, or a death. */
void enforce_forget(struct tracee *);

/* At the syscall-exit-stop of a call that was skipped: sees to it that it returned what it should. */
int enforce_result(const struct arch *, struct tracee *, int64_t returned);

/* Kills the whole process. */
void enforce_kill(const struct tracee *);

#endif
