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

/* The bit of a window_backing beside those of enum pt_feature. */
enum { FEATURE_HOLD = 1 << 15, FEATURE_WINDOWS = 16 };
#define FEATURE_WINDOW(backing)	(1U << (FEATURE_WINDOWS + (backing)))

struct feature {
	const char *name;
	const char *since;		/* the first Linux that has it */
	const char *gives, *without;
	unsigned bit;			/* an enum pt_feature, or FEATURE_WINDOW of a window_backing; 0: nothing to do without for a test */
	bool (*measure)(void);		/* of all that is no pt_feature; called after pt_probe() */
};

extern const struct feature features[];
extern const size_t nfeatures;

bool feature_is_there(const struct feature *);

/* The bits of these names.  -1 after a message when there is no such feature. */
int features_named(const struct opt_list *names, unsigned *bits);

#endif
