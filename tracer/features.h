/* SPDX-License-Identifier: ISC */
#ifndef TG_FEATURES_H
#define TG_FEATURES_H

/*
 * What kernels differ in, as far as it matters to tollgate: one row each, with
 * what it is for and what tollgate does without it.
 */

#include <stdbool.h>
#include <stddef.h>

#include "tracer/opt.h"

struct feature {
	const char *name;
	const char *since;		/* the first Linux that has it */
	const char *gives, *without;
	unsigned pt;			/* an enum pt_feature, which can be done without for a test; 0: none */
	bool (*measure)(void);		/* of all others; called after pt_probe() */
};

extern const struct feature features[];
extern const size_t nfeatures;

bool feature_is_there(const struct feature *);

/* The pt_feature bits of these names.  -1 after a message when there is no such feature. */
int features_named(const struct opt_list *names, unsigned *bits);

#endif
