/* SPDX-License-Identifier: ISC */
#ifndef TG_AUDIT_H
#define TG_AUDIT_H

/*
 * What was refused and why, a line each, as text or as JSON.  Writing never
 * blocks the tracing loop: what the reader does not take, or what comes too
 * fast, is counted and the count is written later.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "engine/policy.h"

enum audit_format { AUDIT_TEXT, AUDIT_JSON };

struct audit;

/*
 * To a file (made anew), or standard error when path is NULL.  NULL and errno
 * on failure.  audit_close() writes what is still to be said and frees.
 */
struct audit *audit_open(const char *path, enum audit_format);
void audit_close(struct audit *);

/*
 * Logs a verdict when it is one that wants a line: refused and not quiet, or
 * allowed with `log`.  spared: a dry run let the call in all the same.
 */
void audit_verdict(struct audit *, pid_t tid, const struct sysevent *, const struct verdict *, bool spared);

/* Logs, where there is a log of its own, that a phase has ended for a process. */
void audit_phase(struct audit *, pid_t tid, const char *policy, const char *phase, const char *why);

/* Logs something else that happened to a task, in words of ours. */
void audit_note(struct audit *, pid_t tid, const char *words);

/* How many calls were refused so far. */
unsigned long audit_refusals(const struct audit *);

#endif
