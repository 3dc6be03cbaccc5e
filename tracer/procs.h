/* SPDX-License-Identifier: ISC */
#ifndef TG_PROCS_H
#define TG_PROCS_H

/* What /proc says of processes: thread groups, process groups, pidfds. */

#include "tracer/resolve.h"

/* The thread group of a task; -errno. */
pid_t procs_tgid(pid_t tid);

/* The parent process; 0 when there is none. */
pid_t procs_parent(pid_t tid);
/* When it began, in ticks since the machine did: no two of one number say the same.  0: it is gone. */
uint64_t procs_start(pid_t tid);
/* A number of that file, one of /proc/PID/stat, by its place there as proc(5) counts them, from 4 on; 0 when it is not told. */
uint64_t procs_stat(FILE *, int field);
/* Calls fn for each process that /proc shows; false when it shows none. */
bool procs_each(void (*fn)(pid_t pid, void *ctx), void *ctx);

/* The task that traces this one; 0 when there is none. */
pid_t procs_tracer(pid_t tid);

/* How many threads the process has, its first one among them even when it has ended; 0: there is no such process. */
int procs_threads(pid_t pid);

/* It is this process that traces it. */
bool procs_is_ours(pid_t tid);

/* Both at one look: the thread group, -errno, and who traces it. */
pid_t procs_whose(pid_t tid, pid_t *tracer);

/* Its soft limit of file locks, which the kernel keeps and does not look at; 0: none, < 0: it is gone. */
long procs_file_locks(pid_t pid);

/* Its umask; all bits where the kernel does not say (before Linux 4.7). */
mode_t procs_umask(pid_t tid);

/* Is it a zombie, or gone? */
bool procs_is_dead(pid_t tid);
/* Is the process, with all of its threads?  Then the number may be one of another's threads. */
bool procs_has_ended(pid_t pid);
/* Does it stand at a stop? */
bool procs_is_held(pid_t tid);
/* Does it run, or do something in the kernel that cannot be interrupted? */
bool procs_is_moving(pid_t tid);
/* Calls fn for each thread of a process; false when /proc shows none. */
bool procs_each_task(pid_t pid, void (*fn)(pid_t tid, void *ctx), void *ctx);

/* Have two processes one memory?  The kernel tells by kcmp(2) (Linux 3.5, CONFIG_KCMP); else, and of one that is gone, false. */
bool procs_share_memory(pid_t, pid_t);
bool procs_tell_sharing(void);		/* whether it does */

/* At one look: the task's process group, and how the task itself calls it, 0 where its name space has no number for it.  0: it is gone. */
pid_t procs_group(pid_t tid, pid_t *seen);

/* Does that task hold the signal back, or throw it away?  Also when nobody can say. */
bool procs_blocks_signal(pid_t tid, int sig);
/* With which flags of open(2) that descriptor is open; 0 when it is not. */
unsigned procs_fd_flags(struct whose, int fd);

/* Where its heap begins; 0 when the kernel does not say. */
uint64_t procs_heap(pid_t tid);
/* Has it seccomp filters?  Before Linux 3.8 nobody says so, and it is a no. */
bool procs_has_filters(pid_t tid);

/* Would nobody hear of it, because the process ignores it or nobody has said anything else? */
bool procs_ignores_signal(pid_t tid, int sig);
/* Is it on its way to that task alone? */
bool procs_has_pending(pid_t tid, int sig);

/*
 * Whom a signal to that process group would reach: the furthest of its
 * members.  The supervisor sits in its program's group, as a shell's job must,
 * and outlives all but the signals no one can catch; only for those does its
 * membership count.
 */
enum proc_class procs_classify_group(const struct task_view *, pid_t pgid, int sig);

#endif
