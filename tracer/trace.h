/* SPDX-License-Identifier: ISC */
#ifndef TG_TRACE_H
#define TG_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "engine/policy.h"
#include "lib/arena.h"
#include "tracer/audit.h"
#include "tracer/business.h"
#include "tracer/samecore.h"
#include "tracer/supervisor.h"
#include "tracer/sysmap.h"
#include "tracer/tracee.h"

/* Who ended the program. */
enum ended_by { BY_PROGRAM, BY_POLICY, BY_TIMEOUT, BY_TOLLGATE, BY_DETACHING };

struct outcome {
	enum ended_by by;
	int code;		/* its exit status, when sig is 0 */
	int sig;
	bool never_ran;		/* the program could not be executed */
	char *refusal;		/* its loader's last refused call when it never got to its own code; owned */
};

/* Those whose tasks died while they made others, taken together. */
struct bereaved {
	struct thread_group *first;	/* held; NULL when there are none */
	bool unlike;			/* of two ABIs, or with more policies than one process can have, or from two places */
	struct registers *birth;	/* of the first; owned */
	const struct policy *policy[MAX_LAYERS];
	size_t n;
};

/* One run of a program and all that it starts. */
struct session {
	struct sysmap map;
	struct arena arena;		/* for the length of one stop */
	struct tracees tracees;
	struct business business;	/* which calls need not be looked at */
	const struct abi *filtered;	/* programs of that ABI stop only for the others; NULL: all stop at each call */
	bool stubs;			/* calls that were held may return by a stub */
	struct samecore core;
	const struct policy *floor;
	const struct layer *layers;	/* of the main program */
	size_t nlayers;
	struct audit *audit;
	bool views_differ;		/* a task may have another root, other mounts or name spaces than tollgate */
	bool roots_shared;		/* processes can have one root directory between them (CLONE_FS) */
	bool files_shared;		/* processes can have their descriptors in common */
	bool naive;			/* calls are made on what the program had, whatever that is by then: for measuring */
	enum supervisor_loss on_loss;
	bool dry_run;			/* decide and log, refuse nothing that a policy could allow */
	bool doomed;			/* all have been killed, and so is whoever still appears */
	bool leaving;			/* each tracee is detached at its next stop */
	pid_t main_pid;
	struct bereaved bereaved;
	struct outcome outcome;		/* of the main program */
};

/* The caller fills floor, layers, audit, on_loss and dry_run in between. */
void session_init(struct session *);
void session_free(struct session *);

/*
 * Traces a task that launch() seized, and everything that comes of it, until
 * the last of them is gone.  0, or -errno when waiting itself failed: then there
 * are some, and tollgate has to end.
 */
int trace_run(struct session *, pid_t main_pid);

/*
 * The same for a process that runs already, which is seized, with all its
 * threads or not at all; also ends, with 0, when console_interrupted() has let
 * it go.  -errno when it was left alone.
 */
int trace_attached(struct session *, pid_t pid);

#endif
