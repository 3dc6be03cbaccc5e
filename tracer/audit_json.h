/* SPDX-License-Identifier: ISC */
#ifndef TG_AUDIT_JSON_H
#define TG_AUDIT_JSON_H

#include <stdbool.h>
#include <sys/types.h>

#include "engine/policy.h"
#include "lib/strbuf.h"

/* False when this tollgate was built without jansson. */
bool audit_json_possible(void);

/*
 * The facts of a verdict as one JSON object.  All text is escaped as in the
 * text form, so that it is valid UTF-8 whatever the tracee passed.
 */
void audit_json(struct strbuf *, pid_t tid, const char *comm, const struct sysevent *, const struct verdict *,
    bool spared);

/* The same for the end of a phase, and for other things that happened. */
void audit_json_phase(struct strbuf *, pid_t, const char *comm, const char *policy, const char *phase, const char *why);
void audit_json_note(struct strbuf *, pid_t, const char *comm, const char *words);

#endif
