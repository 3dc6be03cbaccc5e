/* SPDX-License-Identifier: ISC */
/*
 * Workloads under configurations.  They are run in turn, round after round, so
 * that what else the machine does falls on all alike.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/xalloc.h"
#include "tracer/bench_lab.h"

static double
median(double *v, unsigned n)
{
	return bench_spread(v, n).median;
}

/* What one run tells, of one call or of all of it. */
enum figure { F_NS, F_STOPS, F_SWITCHES, F_TRACER, FIGURES };

static void
leave_out(struct bench_report *report, const char *name, const char *why)
{
	bench_progress_end();
	if (!bench_interrupted())
		report->left_out(report, name, why);
}

/* A workload that is being measured: the figures of all rounds of a configuration. */
struct measure {
	struct bench_lab *lab;
	const struct bench_workload *w;
	unsigned rounds;
	double *figure[BENCH_CONFIGS][FIGURES];	/* NULL: not in this configuration, or no more */
	bool first;				/* it was run, natively, and printed: */
	uint64_t hash;
	size_t len;
};

static unsigned
size_of(const struct measure *m)
{
	unsigned n = m->w->size / m->lab->effort->small;

	return n ? n : 1;
}

/* A shell's part of a workload. */
static int
run_shell(struct measure *m, enum bench_config_id c, const char *text, struct bench_run *run)
{
	char script[4096];
	const char *const command[] = { "sh", "-c", script, NULL };

	snprintf(script, sizeof(script), "N=%u; %s", size_of(m), text);
	return bench_execute(m->lab, c, command, run);
}

static int
useless(struct bench_run *run, const char *why)
{
	snprintf(run->why, sizeof(run->why), "%s", why);
	return -1;
}

/* Whether so many of so many calls succeeded as should. */
static bool
as_expected(const struct bench_workload *w, enum bench_config_id c, unsigned long calls, unsigned long good)
{
	bool refused = w == &bench_workloads[WL_REFUSED] && bench_configs[c].refuses;
	bool missing = w == &bench_workloads[WL_MISS];

	return good == (refused || missing ? 0 : calls);
}

/* What starting took is none of the calls'. */
static double
above(double all, double start)
{
	return all > start ? all - start : 0;
}

static int
run_loop(struct measure *m, enum bench_config_id c, struct bench_run *run, double figure[FIGURES])
{
	char ms[16];
	const char *const command[] = { m->lab->self, "bench", "--loop", m->w->loop, "--ms", ms, NULL };
	unsigned long calls, good, waits, preemptions;

	snprintf(ms, sizeof(ms), "%u", m->lab->effort->call_ms);
	if (bench_execute(m->lab, c, command, run))
		return -1;
	if (sscanf(run->out, "%lf ns, %lu calls, %lu successful, %lu waits, %lu preemptions", &figure[F_NS], &calls, &good,
	    &waits, &preemptions) != 5 || !calls)
		return useless(run, "it did not print what it found");
	if (!as_expected(m->w, c, calls, good))
		return useless(run, "the calls did not end as they should");
	figure[F_STOPS] = (double)waits / (double)calls;
	figure[F_SWITCHES] = (double)(waits + preemptions) / (double)calls;
	figure[F_TRACER] = run->tracer_ns < 0 ? -1 : above(run->tracer_ns, m->lab->start[c].ns) / (double)calls;
	if (bench_configs[c].tracer)
		figure[F_SWITCHES] += above(run->tracer_switches, m->lab->start[c].switches) / (double)calls;
	return 0;
}

/* The first run is the one that the others are compared with. */
static int
run_program(struct measure *m, enum bench_config_id c, struct bench_run *run, double figure[FIGURES])
{
	if (m->w->before && run_shell(m, CFG_NATIVE, m->w->before, run))
		return -1;
	if (run_shell(m, c, m->w->run, run))
		return -1;
	if (m->first && (run->hash != m->hash || run->len != m->len))
		return useless(run, "it printed something else than alone");
	m->first = true;
	m->hash = run->hash;
	m->len = run->len;
	figure[F_NS] = run->ns;
	figure[F_STOPS] = -1;
	figure[F_SWITCHES] = run->switches;
	figure[F_TRACER] = run->tracer_ns;
	return 0;
}

static void
drop(struct measure *m, enum bench_config_id c)
{
	for (unsigned f = 0; f < FIGURES; f++) {
		free(m->figure[c][f]);
		m->figure[c][f] = NULL;
	}
}

/* One run.  What fails once is left out, whatever it was before. */
static void
run_once(struct measure *m, enum bench_config_id c, unsigned round, struct bench_report *report)
{
	double figure[FIGURES];
	struct bench_run run;
	char name[64], what[64];

	snprintf(what, sizeof(what), "%s (%u of %u)", m->w->name, round + 1, m->rounds);
	bench_progress(m->lab, what, c);
	m->lab->done++;
	if ((m->w->loop ? run_loop : run_program)(m, c, &run, figure)) {
		snprintf(name, sizeof(name), "%s under %s", m->w->name, bench_configs[c].name);
		leave_out(report, name, run.why);
		drop(m, c);
		return;
	}
	for (unsigned f = 0; f < FIGURES; f++)
		m->figure[c][f][round] = figure[f];
}

static struct bench_result
sum_up(const struct measure *m, enum bench_config_id c)
{
	double *const *figure = m->figure[c];
	bool stops = m->w->loop && m->w != &bench_workloads[WL_FUTEX];

	return (struct bench_result){
		.runs = m->rounds,
		.ns = bench_spread(figure[F_NS], m->rounds),
		.stops = stops ? median(figure[F_STOPS], m->rounds) : -1,
		.switches = median(figure[F_SWITCHES], m->rounds),
		.tracer_ns = bench_configs[c].tracer ? median(figure[F_TRACER], m->rounds) : -1,
	};
}

/* Installed and prepared; or left out. */
static bool
prepare(struct measure *m, struct bench_report *report)
{
	struct bench_run run;
	char why[80];

	for (unsigned i = 0; i < 4 && m->w->needs[i]; i++) {
		if (bench_has(m->w->needs[i]))
			continue;
		snprintf(why, sizeof(why), "%s is not installed", m->w->needs[i]);
		leave_out(report, m->w->name, why);
		return false;
	}
	bench_progress(m->lab, m->w->name, CFG_NATIVE);
	if (!m->w->prepare || run_shell(m, CFG_NATIVE, m->w->prepare, &run) == 0)
		return true;
	leave_out(report, m->w->name, run.why);
	return false;
}

static void
measure(struct bench_lab *lab, const struct bench_workload *w, const bool wanted[BENCH_CONFIGS],
    struct bench_result result[BENCH_CONFIGS], struct bench_report *report)
{
	struct measure m = { .lab = lab, .w = w, .rounds = w->loop ? lab->effort->rounds : lab->effort->runs };

	if (!prepare(&m, report))
		return;
	for (unsigned c = 0; c < BENCH_CONFIGS; c++)
		for (unsigned f = 0; wanted[c] && f < FIGURES; f++)
			m.figure[c][f] = xcalloc(m.rounds, sizeof(double));
	for (unsigned round = 0; round < m.rounds; round++)
		for (unsigned c = 0; c < BENCH_CONFIGS && !bench_interrupted(); c++)
			if (m.figure[c][0])
				run_once(&m, (enum bench_config_id)c, round, report);
	for (unsigned c = 0; c < BENCH_CONFIGS; c++) {
		if (m.figure[c][0] && !bench_interrupted())
			result[c] = sum_up(&m, (enum bench_config_id)c);
		drop(&m, (enum bench_config_id)c);
	}
	bench_progress_end();
}

/* Which configurations of a workload are wanted, by its own section or for a bar, and are there. */
static unsigned
choose(const struct bench_lab *lab, const struct bench_choice *choice, unsigned w, bool wanted[BENCH_CONFIGS])
{
	unsigned n = 0;

	memset(wanted, 0, BENCH_CONFIGS * sizeof(*wanted));
	for (unsigned c = 0; choice->section[SEC_WORKLOADS] && choice->workload[w] && c < BENCH_CONFIGS; c++)
		wanted[c] = choice->config[c] && (bench_workloads[w].loop || !bench_configs[c].calls_only);
	for (size_t i = 0; choice->section[SEC_BARS] && i < bench_nbars; i++)
		if (bench_bars[i].workload == w && !bench_bars[i].memory)
			wanted[bench_bars[i].of] = wanted[bench_bars[i].to] = true;
	for (unsigned c = 0; c < BENCH_CONFIGS; c++)
		n += wanted[c] = wanted[c] && lab->words[c];
	/* What it prints alone is what it has to print. */
	if (n && !wanted[CFG_NATIVE])
		n += wanted[CFG_NATIVE] = true;
	return n;
}

int
bench_overhead(struct bench_lab *lab, const struct bench_choice *choice, struct bench_results *results, struct bench_report *report)
{
	bool wanted[BENCH_CONFIGS];

	for (unsigned w = 0; w < BENCH_WORKLOADS; w++)
		lab->todo += choose(lab, choice, w, wanted) * (bench_workloads[w].loop ? lab->effort->rounds : lab->effort->runs);
	for (unsigned w = 0; w < BENCH_WORKLOADS && !bench_interrupted(); w++) {
		if (!choose(lab, choice, w, wanted))
			continue;
		measure(lab, &bench_workloads[w], wanted, results->of[w], report);
		if (choice->section[SEC_WORKLOADS] && choice->workload[w] && results->of[w][CFG_NATIVE].runs)
			report->workload(report, (enum bench_workload_id)w, results->of[w]);
	}
	return bench_interrupted() ? -1 : 0;
}

/* The calls whose cost of holding is shown, with one of each kind of argument. */
static const struct bench_workload held[] = {
	{ .name = "getppid", .loop = "getppid" },
	{ .name = "access", .loop = "access" },
	{ .name = "open", .loop = "open" },
	{ .name = "connect", .loop = "connect" },
};

int
bench_calls(struct bench_lab *lab, struct bench_report *report)
{
	static const bool wanted[BENCH_CONFIGS] = { [CFG_NATIVE] = true, [CFG_UNHELD] = true, [CFG_PTRACE] = true };

	for (unsigned i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		struct bench_result r[BENCH_CONFIGS] = { 0 };
		struct bench_call call = { .name = held[i].name };

		measure(lab, &held[i], wanted, r, report);
		if (bench_interrupted())
			return -1;
		if (!r[CFG_NATIVE].runs || !r[CFG_UNHELD].runs || !r[CFG_PTRACE].runs) {
			warn("the call %s could not be measured", call.name);
			return -1;
		}
		call.alone = r[CFG_NATIVE].ns.median;
		call.traced = r[CFG_UNHELD].ns.median;
		call.held = r[CFG_PTRACE].ns.median;
		report->call(report, &call);
	}
	return 0;
}
