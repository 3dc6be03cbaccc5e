/* SPDX-License-Identifier: ISC */
#ifndef TG_WORDING_H
#define TG_WORDING_H

/*
 * A verdict in words, the same for `run` and `explain`:
 *
 *	read /etc/shadow: by default (mpv:12)
 *	syscall ptrace: by rule deny (base:7)
 */

#include <stdbool.h>

#include "engine/policy.h"
#include "lib/strbuf.h"

/* "EACCES", "kill", "allow". */
void wording_action(const struct verdict *, struct strbuf *);

/* What the verdict is about: the object with its right, or the call. */
void wording_object(const struct sysevent *, const struct verdict *, struct strbuf *);

/* "default (mpv:12)", "rule (mpv:7, promise stdio)", "floor (unsafe ptrace)", … */
void wording_reason(const struct verdict *, struct strbuf *);

/* "openat(…) = EACCES: read /x, default (mpv:12); to allow: allow read /x". */
void wording_line(const struct sysevent *, const struct verdict *, struct strbuf *);

/* "allow syscall ptrace, and unsafe ptrace": what a policy would have to say; false where nothing helps. */
bool wording_suggestion(const struct sysevent *, const struct verdict *, struct strbuf *);

/* The identity of a reason for machines: "rule", "default", "floor", "unknown", "unreadable". */
const char *reason_name(enum reason);

/* "(file:12, promise inet)" */
void wording_origin(const struct origin *, struct strbuf *);

#endif
