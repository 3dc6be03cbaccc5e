/* SPDX-License-Identifier: ISC */
#ifndef TG_ATTACH_H
#define TG_ATTACH_H

/*
 * A process that runs already becomes ours: every thread it has, and every
 * process it makes while we come.  Each is seized where it is and asked to
 * stop; from that stop on its calls are decided.  Until then it does what it did.
 */

#include "tracer/stop.h"
#include "tracer/trace.h"

/* 0; or -errno after a message, and what was seized by then is to be let go. */
int attach(struct session *, pid_t pid);

/* The first stop of a task that was seized: tells whether it is in a call. */
void attach_settle(struct session *, struct tracee *, const struct stop *);

/* After the stops of a time were served: what tasks had made that got their options late.  0; or -errno after a message. */
int attach_catch_up(void);

#endif
