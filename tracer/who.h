/* SPDX-License-Identifier: ISC */
#ifndef TG_WHO_H
#define TG_WHO_H

/*
 * Who makes a call: the code that the instruction pointer is in, the program,
 * the ids.  Looked up when a rule asks, anew each time: a program can map other
 * code to the same place from one call to the next.
 */

#include "engine/sysevent.h"
#include "lib/arena.h"
#include "tracer/pt.h"
#include "tracer/tracee.h"

/*
 * Fills ev->caller and ev->process as far as `needs` (enum need) says.  0, or
 * -errno: then the call must not be let in.
 */
int who_calls(const struct tracee *, const struct pt_call *, const struct abi *, unsigned needs, struct arena *,
    struct sysevent *);

/* At an exec event: keeps the names of the new image in the group. */
void who_note_image(struct thread_group *);

#endif
