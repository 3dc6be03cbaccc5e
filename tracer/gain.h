/* SPDX-License-Identifier: ISC */
#ifndef TG_GAIN_H
#define TG_GAIN_H

#include <sys/types.h>

#include "tracer/ids.h"

/*
 * At an exec event: what the task can now that it could not before, in words
 * for the log; NULL: nothing.  before: NULL where nobody has looked, as in a
 * program that was attached to while it executed.
 */
const char *gain_by_exec(pid_t tid, const struct file_ids *before, const struct file_ids *now, unsigned wordsize);

#endif
