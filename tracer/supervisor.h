/* SPDX-License-Identifier: ISC */
#ifndef TG_SUPERVISOR_H
#define TG_SUPERVISOR_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* What becomes of tracees when tollgate dies: killed, or let go without a policy. */
enum supervisor_loss { LOSS_KILLS, LOSS_DETACHES };

/* tollgate's own processes, and its threads, which no tracee may touch: none where nothing is supervised (explain). */
bool supervisor_is(pid_t pid);
bool supervisor_is_there(void);
void supervisor_set(pid_t pid);

/* Where it was attached, it sits in no group for the program's sake, and a signal that it can catch means that it is to go. */
void supervisor_goes_when_told(void);
bool supervisor_minds(int sig);		/* sent to a group that it is in */

/* The log: tracees may read it where rules allow, and no more. */
void supervisor_set_log(int fd);
bool supervisor_is_log(const struct stat *);

#endif
