/* SPDX-License-Identifier: ISC */
#ifndef TG_LIMITS_H
#define TG_LIMITS_H

#include <stddef.h>
#include <sys/resource.h>

#include "tracer/opt.h"

enum { MOST_LIMITS = 16 };

/* What a program may use, for setrlimit(2). */
struct limits {
	struct {
		int resource;
		struct rlimit value;
	} of[MOST_LIMITS];
	size_t n;
};

/* Of "NAME=VALUE,..." texts.  0, or -EINVAL after a message. */
int limits_parse(const struct opt_list *, struct limits *);

/* To the calling process, and that there is no core: a file that no rule allowed.  0 or -errno. */
int limits_apply(const struct limits *);

#endif
