/* SPDX-License-Identifier: ISC */
#ifndef TG_EXPOSURE_INT_H
#define TG_EXPOSURE_INT_H

/* What is said about one policy, while it is collected. */

#include "engine/policy_int.h"
#include "engine/pool.h"

struct strbuf;

enum { EXPOSURE_TEXT = 1600, EXPOSURE_PLACES = 64 };

/* The lines that one sentence is about, each once. */
struct places {
	const struct origin *at[EXPOSURE_PLACES];
	size_t n;
};
void places_add(struct places *, const struct origin *);

struct survey {
	const struct policy *p;
	const struct exposure_about *about;
	struct pool *pool;
	struct exposure *item;
	size_t n, cap;
};

/* Keeps the text and the places.  phase: NULL for what always holds. */
void survey_add(struct survey *, enum exposure_level, const char *topic, const char *text, const struct phase *phase,
    const struct places *);

/* Code and a process that no line names. */
extern const struct caller somebody;
extern const struct process nobody;

/* exposure_list.c: the objects that rules name, by what may be done to them. */
void survey_objects(struct survey *);

/* "reads, writes" */
void verbs_print(unsigned rights, struct strbuf *);

#endif
