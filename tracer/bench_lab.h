/* SPDX-License-Identifier: ISC */
#ifndef TG_BENCH_LAB_H
#define TG_BENCH_LAB_H

/*
 * Where things are measured: a folder of its own with a policy and a filter,
 * and commands that are run there, one at a time.  Whatever a signal ends, no
 * process is left and no file.
 */

#include <limits.h>
#include <sys/types.h>

#include "tracer/bench.h"

struct bench_lab {
	const struct bench_effort *effort;
	char dir[64];
	char self[PATH_MAX];		/* this program */
	char policy[128], filter[128];
	const char *const *words[BENCH_CONFIGS];	/* of its row; NULL: it is left out */
	char why[BENCH_CONFIGS][160];	/* "": was not asked for */
	struct { double ns, switches; } start[BENCH_CONFIGS];	/* of the tracer, for a program that does nothing */
	unsigned done, todo;		/* runs, for who watches */
};

/* Makes the folder and finds out which of these configurations work here.  0, or -1 after a message. */
int bench_lab_open(struct bench_lab *, const struct bench_effort *, const bool wanted[BENCH_CONFIGS]);
/* Takes all away; where a signal has ended the measure, that ends us now. */
void bench_lab_close(struct bench_lab *);
/* A signal came: all that is still to be done is in vain. */
bool bench_interrupted(void);

/* From here to there a signal that ends us ends what was started first, and then the end ends us. */
void bench_signals_begin(void);
void bench_signals_end(void);

/* A command that runs. */
struct bench_process {
	pid_t pid;
	int in, out;			/* in: -1 when it reads nothing */
	uint64_t start;			/* bench_now() */
};

/* How it ran. */
struct bench_run {
	double ns;			/* from its start to its end */
	double tracer_ns;		/* of processor time: what was started, without what that started */
	double tracer_switches;		/* likewise */
	double switches;		/* of all */
	char out[256];			/* what it printed, the beginning */
	size_t len;
	uint64_t hash;			/* of all that it printed */
	char why[160];			/* why it is of no use */
};

/* Starts a command in the folder, in that configuration.  0, or -1 and run->why. */
int bench_start(struct bench_lab *, enum bench_config_id, const char *const *command, bool reads, struct bench_process *,
    struct bench_run *);
/* Reads on to the end of what it prints, and waits.  0 when it exited with 0; else -1 and run->why. */
int bench_end(struct bench_lab *, struct bench_process *, struct bench_run *);
/* Both. */
int bench_execute(struct bench_lab *, enum bench_config_id, const char *const *command, struct bench_run *);

/* Is there such a program? */
bool bench_has(const char *program);
/* Says on a terminal what is being done; and takes that away, for what is told. */
void bench_progress(const struct bench_lab *, const char *what, enum bench_config_id);
void bench_progress_end(void);
/* Text without what a terminal, JSON or CSV takes for more than text. */
void bench_plain(char *out, size_t size, const char *text);

#endif
