/* SPDX-License-Identifier: ISC */
#ifndef TG_LAUNCH_H
#define TG_LAUNCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "engine/export.h"
#include "tracer/limits.h"
#include "tracer/supervisor.h"

/* A program to start. */
struct launch {
	const char *path;	/* what is executed */
	char *const *argv;
	char *const *env;
	const int *keep;	/* descriptors above 2 that it inherits */
	size_t nkeep;
	const struct limits *limits;
	enum supervisor_loss on_loss;
	const struct export_insn *filter;	/* put in before the exec; NULL: none */
	size_t nfilter;
};

/*
 * Forks, seizes the child and lets it go on to its execve(2): the first stop
 * is the exec event, and nothing of the program has run before it.  The child
 * cannot gain privileges by exec (PR_SET_NO_NEW_PRIVS), and from here on
 * tollgate is not dumpable.  The pid; or -errno after a message.
 */
pid_t launch(const struct launch *);

/* Why the child's execve(2) failed: an errno; 0 when it did not, or died before. */
int launch_error(void);

#endif
