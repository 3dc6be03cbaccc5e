/* SPDX-License-Identifier: ISC */
#ifndef TG_BENCH_H
#define TG_BENCH_H

/*
 * What `tollgate bench` measures and how it is told: workloads under
 * configurations, memory, the bars that both are held against, the cost of
 * holding, and deciding.  Each is a section; what a section finds goes to a
 * struct bench_report at once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/utsname.h>

struct bench_effort {
	unsigned batches;		/* deciding: the median of so many is the time */
	uint64_t batch_ns;		/* a batch takes at least this long */
	unsigned rules;			/* of the largest policy */
	unsigned rounds, call_ms;	/* calls: each configuration is started so often, and calls for so long */
	unsigned runs, small;		/* programs: likewise; small: they do a fraction of their work, 1/small */
	unsigned tasks;			/* memory: beside the first one */
};

/* In what a workload runs: rows of bench_configs[]. */
enum bench_config_id {
	CFG_NATIVE, CFG_NULL, CFG_FREE, CFG_LOOK, CFG_PTRACE, CFG_UNHELD, CFG_SECCOMP, CFG_FILTER,
	CFG_STRACE, CFG_STRACE_BPF, CFG_PROOT, CFG_FIREJAIL, CFG_BWRAP,
	BENCH_CONFIGS
};

enum { BENCH_WORDS = 14 };

struct bench_config {
	const char *name;
	const char *what;
	const char *program;		/* that has to be installed, or NULL */
	/* What stands before the program; %tollgate, %policy, %filter and %dir are put in. */
	const char *words[BENCH_WORDS];
	bool one_core;			/* it and the program are kept on one */
	bool tracer;			/* what is started is not the program, but watches it */
	bool refuses;			/* what the policy does */
	bool calls_only;		/* of no interest for whole programs */
};
extern const struct bench_config bench_configs[BENCH_CONFIGS];

/* What is run: rows of bench_workloads[]. */
enum bench_workload_id {
	WL_GETPPID, WL_REFUSED, WL_HIT, WL_MISS, WL_CONNECT, WL_FUTEX,
	WL_DECODE, WL_MAKE, WL_UNTAR, WL_FIND, WL_SERVE, WL_FORKS,
	BENCH_WORKLOADS
};

struct bench_workload {
	const char *name;
	const char *what;
	const char *loop;		/* a call that tollgate makes over and over; or a program: */
	const char *needs[4];		/* that have to be installed */
	unsigned size;			/* the N of: */
	const char *prepare;		/* once, for sh; alone */
	const char *before;		/* before each run, for sh; alone */
	const char *run;		/* for sh; what it prints has to be the same each time */
};
extern const struct bench_workload bench_workloads[BENCH_WORKLOADS];

/* Half of all runs are between lower and upper. */
struct bench_spread { double lower, median, upper; };
struct bench_spread bench_spread(double *values, unsigned n);	/* sorts them */

/* Of one call, or of a run of a program. */
struct bench_result {
	unsigned runs;			/* 0: it was not measured */
	struct bench_spread ns;
	double stops;			/* of the program for a tracer; below 0: not known */
	double switches;		/* of context, of all that was started */
	double tracer_ns;		/* of processor time; below 0: there is no tracer */
};

struct bench_memory { double fixed, process, thread; };	/* resident, in bytes; fixed 0: not measured */

struct bench_results {
	struct bench_result of[BENCH_WORKLOADS][BENCH_CONFIGS];
	struct bench_memory memory[BENCH_CONFIGS];
};

/* What a bar compares. */
struct bench_bar {
	const char *what;
	double limit;
	const char *unit;		/* "ratio", "KiB", "MiB" */
	enum bench_workload_id workload;
	enum bench_config_id of, to;	/* of memory: of == to */
	double (*memory)(const struct bench_memory *);	/* NULL: it is about time */
};
extern const struct bench_bar bench_bars[];
extern const size_t bench_nbars;

/* The value that is held against the limit.  False: what it takes was not measured. */
bool bench_bar_value(const struct bench_bar *, const struct bench_results *, double *value);

/* A call, with nobody looking; traced and decided on; and made on what was checked as well. */
struct bench_call {
	const char *name;
	double alone, traced, held;	/* ns */
};

/* A row of deciding: the time of one decision and how it compares with the first row of its group. */
struct bench_row {
	const char *group;		/* "paths" */
	const char *what;		/* "rules" or "bytes": what size counts */
	unsigned size;
	double ns;			/* of one */
	double ratio;			/* to the group's first row */
};

struct bench_machine {
	struct utsname name;
	char cpu[128];
	long cpus;
	double load;			/* of the last minute: what else it does; below 0: not known */
};

enum bench_section { SEC_WORKLOADS, SEC_MEMORY, SEC_BARS, SEC_CALLS, SEC_DECIDING, BENCH_SECTIONS };
extern const char *const bench_section_names[BENCH_SECTIONS];

/* How it is told.  Members that are NULL tell nothing. */
struct bench_report {
	void (*machine)(struct bench_report *, const struct bench_machine *);
	void (*begin)(struct bench_report *, enum bench_section);
	void (*left_out)(struct bench_report *, const char *name, const char *why);
	void (*workload)(struct bench_report *, enum bench_workload_id, const struct bench_result of[BENCH_CONFIGS]);
	void (*memory)(struct bench_report *, enum bench_config_id, const struct bench_memory *);
	void (*bar)(struct bench_report *, const struct bench_bar *, const struct bench_results *);
	void (*call)(struct bench_report *, const struct bench_call *);
	void (*row)(struct bench_report *, const struct bench_row *);
	void (*finish)(struct bench_report *);
	const bool *config;		/* which configurations were asked for */
	/* Of the one that tells: whether something came before, in the list and in all. */
	bool more, any;
	char group[64];
	const char *what;
};
extern const struct bench_report bench_text, bench_json, bench_csv;

/* Which of each were asked for. */
struct bench_choice {
	bool section[BENCH_SECTIONS];
	bool workload[BENCH_WORKLOADS];
	bool config[BENCH_CONFIGS];
};

struct bench_lab;

/* Sections; what they find goes to the report.  0, or -1 after a message. */
int bench_overhead(struct bench_lab *, const struct bench_choice *, struct bench_results *, struct bench_report *);
int bench_memory(struct bench_lab *, const struct bench_choice *, struct bench_results *, struct bench_report *);
int bench_calls(struct bench_lab *, struct bench_report *);
int bench_deciding(const struct bench_effort *, struct bench_report *);

/* Has gnuplot draw what was measured.  0, or -1 after a message. */
int bench_plot_check(const char *file);	/* before anything is measured: could it? */
int bench_plot(const char *file, const struct bench_results *);

/* Of the clock that is never set, in ns. */
uint64_t bench_now(void);

/* The time in which fn(ctx) happens once: the median of batches. */
double bench_time(const struct bench_effort *, void (*fn)(void *ctx), void *ctx);

/* What is run for calls: see --loop.  -1: there is none of that name. */
int bench_loop(const char *name, unsigned times, unsigned ms);
void bench_loop_names(char *text, size_t size);

/* Runs a program and exits as it did; 125 after a message.  Under a tracer that only waits, or also looks; behind a filter. */
int bench_trace(bool looks, char **argv);
int bench_filter(const char *file, char **argv);

#endif
