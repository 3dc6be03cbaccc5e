/* SPDX-License-Identifier: ISC */
#ifndef TG_PREPARED_H
#define TG_PREPARED_H

#include "tracer/trace.h"

/*
 * What a program can have made before tollgate came to it, and that goes on
 * acting for it without a call: a ring of io_uring(7), whose requests the
 * kernel takes from memory, or a userfaultfd(2), by which one that is asked for
 * an argument waits for the program.
 */

/* What of that the task's process has, and its policies do not lift; NULL: nothing. */
const char *prepared_by(const struct session *, const struct tracee *);

#endif
