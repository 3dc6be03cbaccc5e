/* SPDX-License-Identifier: ISC */
#ifndef TG_CHECK_JSON_H
#define TG_CHECK_JSON_H

#include <stdbool.h>

#include "engine/policy.h"

/*
 * What `check` has to say as one JSON object; tollgate(1) describes it.  Things
 * are said about the policy that was begun last.
 */
struct check_json;

/* NULL when tollgate was built without jansson. */
struct check_json *check_json_new(void);
void check_json_free(struct check_json *);	/* takes NULL */
void check_json_policy(struct check_json *, const char *name, bool loads);
void check_json_finding(struct check_json *, const char *kind, const struct origin *, const char *text);
void check_json_exposure(struct check_json *, const struct exposure *);
/* To standard output. */
void check_json_print(const struct check_json *);

/* "grave", "notable", "plain" */
extern const char *const exposure_levels[];

#endif
