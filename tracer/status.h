/* SPDX-License-Identifier: ISC */
#ifndef TG_STATUS_H
#define TG_STATUS_H

#include "tracer/trace.h"

/*
 * What tollgate exits with: the program's own status, 128+n when signal n
 * ended it, 128+SIGSYS when a verdict did, 124 after --timeout, 125 when
 * tollgate failed, 126 and 127 when the program could not be executed.
 */
int status_code(const struct outcome *);

/* JSON lines on --status-fd: {"child-pid":…} at the start, {"exit-code":…, "signal":…, "by":…} at the end.  fd -1: nothing. */
void status_started(int fd, pid_t pid);
void status_ended(int fd, const struct outcome *, unsigned long refusals);

#endif
