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

/* 0 or -errno.  The calls below do nothing before. */
int watchdog_start(void);
void watchdog_add(pid_t tid);
void watchdog_drop(pid_t tid);
/* It ends without killing anything. */
void watchdog_stop(void);

/* The process, 0 when there is none. */
pid_t watchdog_pid(void);

#endif
