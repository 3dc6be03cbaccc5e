/* SPDX-License-Identifier: ISC */
#ifndef TG_LINT_INT_H
#define TG_LINT_INT_H

/* What the parts of `check` share. */

#include "engine/policy_int.h"

struct lint {
	const struct policy *p;
	const struct lint_host *host;
	policy_finding *put;
	void *ctx;
	const struct rule **by_object;	/* all but those nobody wrote; sorted by kind, call and text */
	size_t n;
	const struct rule **refusing;	/* those that refuse something of a path, most specific first */
	size_t nrefusing;
};

void lint_find(struct lint *, const char *kind, const struct origin *, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* "mpv:12", or with what brought it in. */
const char *lint_place(const struct rule *, char *mem, size_t size);
/* The rule's object, shortened. */
const char *lint_object(const struct rule *, char *mem, size_t size);

/* What comes with a promise or an include cannot be changed here. */
static inline bool
is_ours(const struct origin *o)
{
	return !o->via || o->local;
}

static inline bool
is_own(const struct rule *r)
{
	return is_ours(&r->origin);
}

/* No text begins with both. */
bool lint_disjoint(const struct pattern *, const struct pattern *);
/* Might one text match both?  Written patterns, a set of bytes is taken for any byte. */
bool globs_meet(const char *, const char *);

/* lint_line.c: what is odd about single lines. */
void lint_lines(struct lint *);
/* lint_phase.c: phases, blocks and variables. */
void lint_phases(struct lint *);

#endif
