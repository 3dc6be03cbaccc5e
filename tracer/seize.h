/* SPDX-License-Identifier: ISC */
#ifndef TG_SEIZE_H
#define TG_SEIZE_H

/*
 * The tasks of processes that run already become ours, each where it is, while
 * they go on making threads and processes, die, and execute programs, and their
 * numbers become those of others.
 */

#include "tracer/trace.h"

struct seizure {
	struct session *s;
	pid_t main_pid;		/* whom to speak of */
	pid_t pid;		/* the process at hand */
	bool leader_is_dead;	/* it was in this look, and not ours */
	bool lives;		/* so was somebody who is alive, and ours */
	bool lost;		/* and somebody had gone before its turn came: in its leader's place, perhaps */
	bool any;		/* something was seized in this round */
	bool executed;		/* and executed meanwhile: it has its leader's number, and no options */
	bool moves;		/* somebody has not stopped yet, and may be making a task */
	bool restless;		/* and was not waited for any longer */
	int err;		/* 0; or -errno after a message, and nothing more is done */
};

/* Until a look at all threads finds none that is new, when nobody could have been making one. */
void seize_process(struct seizure *, pid_t pid);

/* What those that were seized have made, when `any` was; until a look at all processes finds none. */
void seize_what_is_new(struct seizure *);

#endif
