/* SPDX-License-Identifier: ISC */
#ifndef TG_BENCH_H
#define TG_BENCH_H

/*
 * What `tollgate bench` measures.  A measure is a row of a section: the time of
 * one thing and how it compares with the first row of its group, which was
 * measured in the same run on the same machine.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_effort {
	unsigned batches;		/* the median of so many is the time */
	uint64_t batch_ns;		/* a batch takes at least this long */
	unsigned rules;			/* of the largest policy */
	unsigned rounds, calls;		/* so often each tracer is started, for so many calls */
};

struct bench_row {
	const char *group;		/* "paths" */
	const char *what;		/* "rules" or "bytes": what size counts */
	unsigned size;
	double ns;			/* of one */
	double ratio;			/* to the group's first row */
};

typedef void bench_put(void *ctx, const struct bench_row *);

/* The time in which fn(ctx) happens once: the median of batches. */
double bench_time(const struct bench_effort *, void (*fn)(void *ctx), void *ctx);

/* Deciding: by the number of rules, by the length of a path.  0, or -1 after a message. */
int bench_deciding(const struct bench_effort *, bench_put *, void *ctx);

/* A call, with nobody looking; traced and decided on; and made on what was checked as well. */
enum bench_mode { BENCH_NATIVE, BENCH_NAIVE, BENCH_HELD, BENCH_MODES };

struct bench_call {
	const char *name;
	double ns[BENCH_MODES];		/* of one */
};

typedef void bench_put_call(void *ctx, const struct bench_call *);

/* What calls cost.  0, or -1 after a message. */
int bench_calls(const struct bench_effort *, bench_put_call *, void *ctx);
/* What that runs: makes a call so often, and prints how long one took.  -1: there is none of that name. */
int bench_loop(const char *name, unsigned times);

#endif
