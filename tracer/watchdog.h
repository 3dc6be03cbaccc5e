/* SPDX-License-Identifier: ISC */
#ifndef TG_WATCHDOG_H
#define TG_WATCHDOG_H

/*
 * Where the kernel has no PTRACE_O_EXITKILL, a process of tollgate's own that
 * knows all tracees and kills them when tollgate dies.  What a tracee was
 * about to do at that moment it may still do.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "tracer/supervisor.h"

/*
 * Before anything is forked.  Then the program marks itself, or tollgate does
 * it, where the kernel lets it: so those are found whose parents are not there
 * any more.
 */
void watchdog_prepare(enum supervisor_loss);
void watchdog_mark(void);
void watchdog_mark_other(pid_t pid);
/* One that is let go is nobody's, and has the limit that it had. */
void watchdog_unmark(pid_t pid);
bool watchdog_marks(void);

/*
 * 0 or -errno.  Starts none where the kernel does the killing, or nothing is to
 * be killed; the calls below do nothing then.
 */
int watchdog_start(enum supervisor_loss);
void watchdog_add(pid_t tid);
void watchdog_drop(pid_t tid);
/* It ends without killing anything. */
void watchdog_stop(void);
/* It has died, and was waited for. */
void watchdog_forget(void);

/* The process, 0 when there is none. */
pid_t watchdog_pid(void);

#endif
