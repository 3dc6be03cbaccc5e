/* SPDX-License-Identifier: ISC */
#ifndef TG_EXEC_H
#define TG_EXEC_H

/* A task becomes another program: who that is by now, and whether it is the program that was decided about. */

#include "tracer/lifecycle.h"

/*
 * At an exec event the task may have changed its tid to its leader's, whom we
 * may not know (any more).  Returns the tracee under its new tid, NULL when
 * both are unknown; its siblings are gone.
 */
struct tracee *exec_tid(struct session *, pid_t tid);

handler on_exec;	/* the new image is in place and none of its code ran */

#endif
