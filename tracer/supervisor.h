/* SPDX-License-Identifier: ISC */
#ifndef TG_SUPERVISOR_H
#define TG_SUPERVISOR_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* tollgate's own process, which no tracee may touch.  0 where nothing is supervised (explain). */
pid_t supervisor_pid(void);
void supervisor_set(pid_t pid);

/* The log: tracees may read it where rules allow, and no more. */
void supervisor_set_log(int fd);
bool supervisor_is_log(const struct stat *);

#endif
