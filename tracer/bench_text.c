/* SPDX-License-Identifier: ISC */
/* Tables for people. */
#include "tracer/bench.h"

#include <stdio.h>
#include <string.h>

static void
text_machine(struct bench_report *t, const struct bench_machine *m)
{
	(void)t;
	printf("tollgate " PACKAGE_VERSION " on %s, %ld CPUs, %s %s %s\n", m->cpu, m->cpus, m->name.sysname,
	    m->name.release, m->name.machine);
	if (m->load >= 0)
		printf("Load at the start: %.2f%s\n", m->load,
		    m->load > 0.5 ? ".  What others do here is part of what was measured." : "");
}

static void
print_configurations(const struct bench_report *t)
{
	printf("\nWorkloads, in these configurations:\n\n");
	for (unsigned c = 0; c < BENCH_CONFIGS; c++)
		if (t->config[c])
			printf("  %-11s %s\n", bench_configs[c].name, bench_configs[c].what);
	printf("\nHalf of all runs took between lower and upper.  /native and /null are the ratios of medians;\n"
	    "switches are those of context; tracer is the processor time of what watches.\n");
}

static const char *const heads[BENCH_SECTIONS] = {
	[SEC_MEMORY] = "\nMemory: resident, of the tracer and its helpers: with one task, and for each more of many.\n\n"
	    "  configuration  fixed (MiB)  process (KiB)  thread (KiB)\n",
	[SEC_BARS] = "\nBars: what tollgate is to cost at most.\n\n       is     bar\n",
	[SEC_CALLS] = "\nCalls: the time of one, in ns: alone; traced and decided on; and made on what was checked (held).\n"
	    "The ratio is of the last two.\n\n        call        alone       traced         held    ratio\n",
	[SEC_DECIDING] = "\nDeciding: the time of one decision, floor and all, the call being decoded already.\n"
	    "The ratio is to the first row of the same table.\n",
};

static void
text_begin(struct bench_report *t, enum bench_section s)
{
	if (heads[s])
		printf("%s", heads[s]);
	else
		print_configurations(t);
	fflush(stdout);
}

static void
text_left_out(struct bench_report *t, const char *name, const char *why)
{
	(void)t;
	printf("  %s: left out: %s\n", name, why);
}

/* A number with as many digits as the column has room for; not known below 0. */
static void
print_number(int width, double v)
{
	if (v < 0)
		printf(" %*s", width, "-");
	else
		printf(" %*.*f", width, v < 10 ? 2 : v < 1000 ? 1 : 0, v);
}

static double
ratio(const struct bench_result *r, const struct bench_result *to)
{
	return to->runs ? r->ns.median / to->ns.median : -1;
}

/* Calls in ns, programs in ms. */
static void
print_result(const struct bench_result of[BENCH_CONFIGS], unsigned c, double unit)
{
	const struct bench_result *r = &of[c];

	printf("  %-11s", bench_configs[c].name);
	print_number(9, r->ns.median / unit);
	print_number(9, r->ns.lower / unit);
	print_number(9, r->ns.upper / unit);
	print_number(8, ratio(r, &of[CFG_NATIVE]));
	print_number(8, ratio(r, &of[CFG_NULL]));
	print_number(6, r->stops);
	print_number(8, r->switches);
	print_number(8, r->tracer_ns < 0 ? -1 : r->tracer_ns / unit);
	printf("\n");
}

static void
text_workload(struct bench_report *t, enum bench_workload_id w, const struct bench_result of[BENCH_CONFIGS])
{
	const char *unit = bench_workloads[w].loop ? "ns" : "ms";

	(void)t;
	printf("\n%s: %s\n  %-11s %6s %2s %9s %9s %8s %8s %6s %8s %5s %2s\n", bench_workloads[w].name, bench_workloads[w].what,
	    "", "median", unit, "lower", "upper", "/native", "/null", "stops", "switches", "tracer", unit);
	for (unsigned c = 0; c < BENCH_CONFIGS; c++)
		if (of[c].runs)
			print_result(of, c, bench_workloads[w].loop ? 1 : 1e6);
	fflush(stdout);
}

static void
text_memory(struct bench_report *t, enum bench_config_id c, const struct bench_memory *m)
{
	(void)t;
	printf("  %-13s %12.2f %14.2f %13.2f\n", bench_configs[c].name, m->fixed / (1 << 20), m->process / (1 << 10), m->thread / (1 << 10));
}

static void
text_bar(struct bench_report *t, const struct bench_bar *b, const struct bench_results *r)
{
	const char *unit = strcmp(b->unit, "ratio") ? b->unit : "";
	double value;

	(void)t;
	if (bench_bar_value(b, r, &value))
		printf("  %7.2f %7.2f %3s  %-12s %s\n", value, b->limit, unit, value <= b->limit ? "met" : "NOT MET", b->what);
	else
		printf("  %7s %7.2f %3s  %-12s %s\n", "-", b->limit, unit, "not measured", b->what);
}

static void
text_call(struct bench_report *t, const struct bench_call *c)
{
	(void)t;
	printf("%12s %12.0f %12.0f %12.0f %8.2f\n", c->name, c->alone, c->traced, c->held, c->held / c->traced);
	fflush(stdout);
}

static void
text_row(struct bench_report *t, const struct bench_row *r)
{
	if (!t->what || strcmp(t->group, r->group) || strcmp(t->what, r->what)) {
		printf("\n%s\n%12s %12s %8s\n", r->group, r->what, "ns", "ratio");
		snprintf(t->group, sizeof(t->group), "%s", r->group);
		t->what = r->what;
	}
	printf("%12u %12.1f %8.2f\n", r->size, r->ns, r->ratio);
}

const struct bench_report bench_text = {
	.machine = text_machine, .begin = text_begin, .left_out = text_left_out, .workload = text_workload,
	.memory = text_memory, .bar = text_bar, .call = text_call, .row = text_row,
};
