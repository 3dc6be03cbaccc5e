/* SPDX-License-Identifier: ISC */
/*
 * What a tracer takes of memory: with one task, and how much more for each of
 * many that wait.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tracer/bench_lab.h"

/* A line "Name:   123 kB" of a file in /proc, in bytes; 0: it is not there. */
static double
read_size(pid_t pid, const char *file, const char *name)
{
	cleanup_file FILE *f = NULL;
	char path[64], line[256];
	double kib;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)) && sscanf(line + strlen(name), ":%lf kB", &kib) == 1)
			return kib * 1024;
	return 0;
}

/* status counts in a rough way, but tells everyone. */
static double
resident(pid_t pid)
{
	double exact = read_size(pid, "smaps_rollup", "Rss");

	return exact > 0 ? exact : read_size(pid, "status", "VmRSS");
}

static bool
is_traced(pid_t pid)
{
	cleanup_file FILE *f = NULL;
	char path[64], line[256];
	int tracer = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "TracerPid: %d", &tracer) == 1)
			break;
	return tracer > 0;
}

/* What it shares with no other process.  Who may not ask that is told what may be shared, too. */
static double
private(pid_t pid)
{
	double clean = read_size(pid, "smaps_rollup", "Private_Clean"), dirty = read_size(pid, "smaps_rollup", "Private_Dirty");

	return clean + dirty > 0 ? clean + dirty : read_size(pid, "status", "RssAnon");
}

/* The tracer's, and what its helpers have beside that. */
static double
taken(pid_t tracer)
{
	cleanup_file FILE *f = NULL;
	double bytes = resident(tracer);
	char path[64];
	int pid;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", tracer, tracer);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1)
		if (!is_traced(pid))
			bytes += private(pid);
	return bytes;
}

/* Below 0 after a line that says why. */
static double
with_tasks(struct bench_lab *lab, enum bench_config_id c, const char *kind, unsigned n, struct bench_report *report)
{
	char times[16], name[64], ready[8] = "";
	const char *const command[] = { lab->self, "bench", "--loop", kind, "--times", times, NULL };
	struct bench_process p;
	struct bench_run run;
	double bytes = -1;
	bool failed;

	snprintf(times, sizeof(times), "%u", n);
	bench_progress(lab, kind, c);
	failed = bench_start(lab, c, command, true, &p, &run);
	if (!failed) {
		if (read(p.out, ready, 6) == 6)
			bytes = taken(p.pid);
		failed = bench_end(lab, &p, &run) || bytes < 0;
	}
	bench_progress_end();
	if (!failed)
		return bytes;
	snprintf(name, sizeof(name), "memory for %s under %s", kind, bench_configs[c].name);
	if (!bench_interrupted())
		report->left_out(report, name, *run.why ? run.why : "its tasks could not be made");
	return -1;
}

static bool
measure(struct bench_lab *lab, enum bench_config_id c, struct bench_memory *m, struct bench_report *report)
{
	unsigned n = lab->effort->tasks;
	double one = with_tasks(lab, c, "processes", 1, report), processes, threads;

	if (one < 0 || (processes = with_tasks(lab, c, "processes", n + 1, report)) < 0 ||
	    (threads = with_tasks(lab, c, "threads", n + 1, report)) < 0)
		return false;
	*m = (struct bench_memory){ one, (processes - one) / n, (threads - one) / n };
	return true;
}

static bool
is_wanted(const struct bench_lab *lab, const struct bench_choice *choice, unsigned c)
{
	bool wanted = choice->section[SEC_MEMORY] && choice->config[c] && !bench_configs[c].calls_only;

	for (size_t i = 0; choice->section[SEC_BARS] && i < bench_nbars; i++)
		wanted |= bench_bars[i].memory && bench_bars[i].of == c;
	return wanted && bench_configs[c].tracer && lab->words[c];
}

int
bench_memory(struct bench_lab *lab, const struct bench_choice *choice, struct bench_results *results, struct bench_report *report)
{
	for (unsigned c = 0; c < BENCH_CONFIGS && !bench_interrupted(); c++)
		if (is_wanted(lab, choice, c) && measure(lab, (enum bench_config_id)c, &results->memory[c], report) &&
		    choice->section[SEC_MEMORY])
			report->memory(report, (enum bench_config_id)c, &results->memory[c]);
	return bench_interrupted() ? -1 : 0;
}
