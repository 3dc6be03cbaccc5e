/* SPDX-License-Identifier: ISC */
/*
 * For programs: one JSON object, or the workloads as comma separated values.
 * All text is from our tables, or without quotes and such: bench_plain().
 */
#include "tracer/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/diag.h"
#include "lib/xalloc.h"

/* null: not known. */
static void
put_number(const char *name, double v, bool known)
{
	if (known)
		printf(", \"%s\": %.3f", name, v);
	else
		printf(", \"%s\": null", name);
}

static void
json_machine(struct bench_report *j, const struct bench_machine *m)
{
	(void)j;
	printf("{\"version\": \"" PACKAGE_VERSION "\",\n \"machine\": {\"cpu\": \"%s\", \"cpus\": %ld, \"kernel\": \"%s\"",
	    m->cpu, m->cpus, m->name.release);
	put_number("load", m->load, m->load >= 0);
	printf("}");
}

/* What was left out is told in the midst of other lists, and has one of its own at the end. */
static struct left_out {
	char name[64], why[160];
} *left;
static size_t nleft, cap;

static void
json_left_out(struct bench_report *j, const char *name, const char *why)
{
	(void)j;
	xgrow(&left, nleft, &cap, sizeof(*left));
	snprintf(left[nleft].name, sizeof(left->name), "%s", name);
	snprintf(left[nleft++].why, sizeof(left->why), "%s", why);
}

static void
json_begin(struct bench_report *j, enum bench_section s)
{
	printf("%s,\n \"%s\": [", j->any ? "\n ]" : "", bench_section_names[s]);
	j->any = true;
	j->more = false;
}

static void
next(struct bench_report *j)
{
	printf("%s\n  ", j->more ? "," : "");
	j->more = true;
}

static void
json_workload(struct bench_report *j, enum bench_workload_id w, const struct bench_result of[BENCH_CONFIGS])
{
	const struct bench_result *native = &of[CFG_NATIVE], *null = &of[CFG_NULL];

	for (unsigned c = 0; c < BENCH_CONFIGS; c++) {
		const struct bench_result *r = &of[c];

		if (!r->runs)
			continue;
		next(j);
		printf("{\"workload\": \"%s\", \"configuration\": \"%s\", \"of\": \"%s\", \"runs\": %u, "
		    "\"median_ns\": %.1f, \"lower_ns\": %.1f, \"upper_ns\": %.1f", bench_workloads[w].name, bench_configs[c].name,
		    bench_workloads[w].loop ? "call" : "run", r->runs, r->ns.median, r->ns.lower, r->ns.upper);
		put_number("to_native", r->ns.median / native->ns.median, native->runs);
		put_number("to_null", r->ns.median / null->ns.median, null->runs);
		put_number("stops", r->stops, r->stops >= 0);
		put_number("switches", r->switches, true);
		put_number("tracer_ns", r->tracer_ns, r->tracer_ns >= 0);
		printf("}");
	}
}

static void
json_memory(struct bench_report *j, enum bench_config_id c, const struct bench_memory *m)
{
	next(j);
	printf("{\"configuration\": \"%s\", \"fixed_bytes\": %.0f, \"process_bytes\": %.0f, \"thread_bytes\": %.0f}",
	    bench_configs[c].name, m->fixed, m->process, m->thread);
}

static void
json_bar(struct bench_report *j, const struct bench_bar *b, const struct bench_results *r)
{
	double value = 0;
	bool known = bench_bar_value(b, r, &value);

	next(j);
	printf("{\"bar\": \"%s\", \"unit\": \"%s\", \"limit\": %.2f", b->what, b->unit, b->limit);
	put_number("value", value, known);
	printf(", \"met\": %s}", !known ? "null" : value <= b->limit ? "true" : "false");
}

static void
json_call(struct bench_report *j, const struct bench_call *c)
{
	next(j);
	printf("{\"call\": \"%s\", \"alone_ns\": %.0f, \"traced_ns\": %.0f, \"held_ns\": %.0f, \"ratio\": %.3f}",
	    c->name, c->alone, c->traced, c->held, c->held / c->traced);
}

static void
json_row(struct bench_report *j, const struct bench_row *r)
{
	next(j);
	printf("{\"group\": \"%s\", \"%s\": %u, \"ns\": %.1f, \"ratio\": %.3f}", r->group, r->what, r->size, r->ns, r->ratio);
}

static void
json_finish(struct bench_report *j)
{
	printf("%s,\n \"left_out\": [", j->any ? "\n ]" : "");
	j->more = false;
	for (size_t i = 0; i < nleft; i++) {
		next(j);
		printf("{\"name\": \"%s\", \"why\": \"%s\"}", left[i].name, left[i].why);
	}
	printf("\n ]}\n");
	free(left);
	left = NULL;
	nleft = cap = 0;
}

const struct bench_report bench_json = {
	.machine = json_machine, .begin = json_begin, .left_out = json_left_out, .workload = json_workload,
	.memory = json_memory, .bar = json_bar, .call = json_call, .row = json_row, .finish = json_finish,
};

/* CSV */

static void
csv_machine(struct bench_report *t, const struct bench_machine *m)
{
	(void)t;
	(void)m;
	printf("workload,configuration,of,runs,median_ns,lower_ns,upper_ns,stops,switches,tracer_ns\n");
}

static void
csv_left_out(struct bench_report *t, const char *name, const char *why)
{
	(void)t;
	warn("bench: %s: left out: %s", name, why);
}

/* Nothing: not known. */
static void
csv_number(double v)
{
	if (v < 0)
		printf(",");
	else
		printf(",%.3f", v);
}

static void
csv_workload(struct bench_report *t, enum bench_workload_id w, const struct bench_result of[BENCH_CONFIGS])
{
	(void)t;
	for (unsigned c = 0; c < BENCH_CONFIGS; c++) {
		const struct bench_result *r = &of[c];

		if (!r->runs)
			continue;
		printf("%s,%s,%s,%u,%.1f,%.1f,%.1f", bench_workloads[w].name, bench_configs[c].name,
		    bench_workloads[w].loop ? "call" : "run", r->runs, r->ns.median, r->ns.lower, r->ns.upper);
		csv_number(r->stops);
		csv_number(r->switches);
		csv_number(r->tracer_ns);
		printf("\n");
	}
}

const struct bench_report bench_csv = { .machine = csv_machine, .left_out = csv_left_out, .workload = csv_workload };
