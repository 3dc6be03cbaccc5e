/* SPDX-License-Identifier: ISC */
#ifndef TG_POLICYFILE_H
#define TG_POLICYFILE_H

/* Where policies are found and how they are read; host.h says in which order. */

#include <stddef.h>

#include "tracer/host.h"

/* Built-in policies of this prefix are promises; the one called FLOOR_NAME is the floor. */
#define PROMISE_PREFIX	"promise/"
#define FLOOR_NAME	"floor"

/* The members read, read_local and read_promise of struct policy_host; ctx is a struct host. */
int policyfile_read(void *ctx, const char *name, const char *from, const char **text, size_t *len, const char **shown);
int policyfile_read_local(void *ctx, const char *name, unsigned n, const char **text, size_t *len, const char **shown);
int policyfile_read_promise(void *ctx, const char *name, const char **text, size_t *len, const char **shown);

/*
 * Of a policy that is named by its path, the name by which something would be
 * added to it, if there is such a thing; else NULL.
 */
const char *policyfile_unused_local(struct host *, const char *name);

/* The built-in text of that name; NULL when there is none. */
struct builtin;
const struct builtin *builtin_find(const char *name);

#endif
