/* SPDX-License-Identifier: ISC */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/policy.h"
#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"
#include "tracer/bench.h"
#include "tracer/bench_lab.h"
#include "tracer/command.h"

enum { FINE, WRONG, USAGE };
enum { TRACER_NONE, TRACER_NULL, TRACER_LOOK };

struct bench_options {
	bool json, csv, quick, list;
	struct opt_list only;
	const char *plot;
	const char *loop, *filter;
	int times, ms;
	int tracer;
};

#define AT(member)	offsetof(struct bench_options, member)

static const struct option_row rows[] = {
	{ .name = "only", .kind = OPT_LIST, .offset = AT(only), .arg = "NAME,...",
	  .help = "only these sections, workloads and configurations; may be repeated" },
	{ .name = "list", .kind = OPT_FLAG, .offset = AT(list),
	  .help = "list them" },
	{ .name = "quick", .kind = OPT_FLAG, .offset = AT(quick),
	  .help = "measure less, and less well" },
	{ .name = "json", .kind = OPT_FLAG, .offset = AT(json),
	  .help = "write one JSON object" },
	{ .name = "csv", .kind = OPT_FLAG, .offset = AT(csv),
	  .help = "write the workloads as comma separated values" },
	{ .name = "plot", .kind = OPT_STRING, .offset = AT(plot), .arg = "FILE",
	  .help = "also have gnuplot draw the workloads: FILE.svg or FILE.png" },
	{ .name = "loop", .kind = OPT_STRING, .offset = AT(loop), .arg = "CALL",
	  .help = "only make a call over and over and print the time of one" },
	{ .name = "times", .kind = OPT_INT, .offset = AT(times), .arg = "N", .min = 1, .max = 1 << 30,
	  .help = "with --loop: how often; 10000 when not said" },
	{ .name = "ms", .kind = OPT_INT, .offset = AT(ms), .arg = "N", .min = 1, .max = 1 << 20,
	  .help = "with --loop: for how long" },
	{ .name = "tracer", .kind = OPT_CHOICE, .offset = AT(tracer), .arg = "KIND", .choices = "none|null|look",
	  .help = "only run PROGRAM, under a tracer that does nothing, or looks at each call" },
	{ .name = "filter", .kind = OPT_STRING, .offset = AT(filter), .arg = "FILE",
	  .help = "only run PROGRAM, behind a filter that export --format bpf has written" },
	{ .kind = OPT_END },
};

static int exec_bench(void *options, int argc, char **argv);

const struct command cmd_bench = {
	.name = "bench",
	.usage = "[OPTION]... [--] [PROGRAM [ARGUMENT]...]",
	.summary = "measure what tollgate costs on this machine",
	.examples =
	    "tollgate bench --quick\n"
	    "tollgate bench --only bars\n"
	    "tollgate bench --only open-hit,make --only native,ptrace,strace\n"
	    "tollgate bench --json --plot bench.svg >bench.json",
	.options = rows,
	.options_size = sizeof(struct bench_options),
	.exec = exec_bench,
	.usage_status = USAGE,
};

static const struct bench_effort thorough = {
	.batches = 31, .batch_ns = 200000, .rules = 10000,
	.rounds = 9, .call_ms = 100, .runs = 5, .small = 1, .tasks = 1000,
};
static const struct bench_effort quick = {
	.batches = 3, .batch_ns = 10000, .rules = 100,
	.rounds = 1, .call_ms = 2, .runs = 1, .small = 20, .tasks = 100,
};

static void
machine_find(struct bench_machine *m)
{
	cleanup_file FILE *f = fopen("/proc/cpuinfo", "re");
	char line[512];

	memset(m, 0, sizeof(*m));
	uname(&m->name);
	m->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (getloadavg(&m->load, 1) != 1)
		m->load = -1;
	bench_plain(m->cpu, sizeof(m->cpu), m->name.machine);
	while (f && fgets(line, sizeof(line), f)) {
		const char *value = strchr(line, ':');

		if (!strncmp(line, "model name", 10) && value) {
			bench_plain(m->cpu, sizeof(m->cpu), value + 1 + strspn(value + 1, " "));
			return;
		}
	}
}

/* What was asked for */

enum { NAMES = (int)BENCH_SECTIONS + (int)BENCH_WORKLOADS + (int)BENCH_CONFIGS };

/* All names, sections first; and where each is chosen. */
static void
names_fill(const char *name[NAMES + 1], bool *chosen[NAMES], struct bench_choice *choice)
{
	size_t n = 0;

	for (unsigned i = 0; i < BENCH_SECTIONS; i++, n++) {
		name[n] = bench_section_names[i];
		chosen[n] = &choice->section[i];
	}
	for (unsigned i = 0; i < BENCH_WORKLOADS; i++, n++) {
		name[n] = bench_workloads[i].name;
		chosen[n] = &choice->workload[i];
	}
	for (unsigned i = 0; i < BENCH_CONFIGS; i++, n++) {
		name[n] = bench_configs[i].name;
		chosen[n] = &choice->config[i];
	}
	name[n] = NULL;
}

static int
choose_name(struct bench_choice *choice, const char *word, size_t len)
{
	bool *chosen[NAMES];
	const char *name[NAMES + 1], *near;
	char given[40], mem[160];
	struct strbuf b = STRBUF(mem);

	names_fill(name, chosen, choice);
	snprintf(given, sizeof(given), "%.*s", (int)len, word);
	for (unsigned i = 0; i < NAMES; i++) {
		if (strcmp(name[i], given))
			continue;
		*chosen[i] = true;
		return 0;
	}
	near = nearest_word(given, name);
	strbuf_quote(&b, given, strlen(given), sizeof(given));
	if (near)
		return command_misused(&cmd_bench, "--only: nothing is called %s; did you mean \"%s\"?", b.s, near);
	return command_misused(&cmd_bench, "--only: nothing is called %s; --list has all names", b.s);
}

/* Where nothing was named all is meant. */
static bool
complete(bool *chosen, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any |= chosen[i];
	for (size_t i = 0; !any && i < n; i++)
		chosen[i] = true;
	return any;
}

/* Workloads and configurations are those of the section that has them. */
static int
choose(struct bench_choice *choice, const struct bench_options *o)
{
	bool sections = false;

	for (size_t i = 0; i < o->only.n; i++)
		for (const char *p = o->only.v[i]; *p;) {
			size_t len = strcspn(p, ",");

			if (choose_name(choice, p, len))
				return -1;
			p += len + (p[len] == ',');
		}
	for (unsigned i = 0; i < BENCH_SECTIONS; i++)
		sections |= choice->section[i];
	/* Nothing else can be written so. */
	if (o->csv && !sections)
		choice->section[SEC_WORKLOADS] = sections = true;
	if ((complete(choice->workload, BENCH_WORKLOADS) | complete(choice->config, BENCH_CONFIGS)) && !sections)
		choice->section[SEC_WORKLOADS] = true;
	complete(choice->section, BENCH_SECTIONS);
	return 0;
}

static int
list(void)
{
	printf("Sections:\n");
	for (unsigned i = 0; i < BENCH_SECTIONS; i++)
		printf("  %s\n", bench_section_names[i]);
	printf("Workloads:\n");
	for (unsigned i = 0; i < BENCH_WORKLOADS; i++)
		printf("  %-11s %s\n", bench_workloads[i].name, bench_workloads[i].what);
	printf("Configurations:\n");
	for (unsigned i = 0; i < BENCH_CONFIGS; i++)
		printf("  %-11s %s\n", bench_configs[i].name, bench_configs[i].what);
	return FINE;
}

/* All sections in turn */

/* Those that start programs. */
static bool
needs_lab(const struct bench_choice *c)
{
	return c->section[SEC_WORKLOADS] || c->section[SEC_MEMORY] || c->section[SEC_BARS] || c->section[SEC_CALLS];
}

static void
begin(struct bench_report *report, enum bench_section s)
{
	if (report->begin)
		report->begin(report, s);
}

/* Of those that were asked for; in a narrow choice of sections, of those that these need. */
static void
wanted_configurations(const struct bench_choice *c, bool wanted[BENCH_CONFIGS])
{
	for (unsigned i = 0; i < BENCH_CONFIGS; i++)
		wanted[i] = (c->section[SEC_WORKLOADS] || c->section[SEC_MEMORY]) && c->config[i];
	for (size_t i = 0; c->section[SEC_BARS] && i < bench_nbars; i++)
		wanted[bench_bars[i].of] = wanted[bench_bars[i].to] = true;
	if (c->section[SEC_CALLS])
		wanted[CFG_PTRACE] = wanted[CFG_UNHELD] = true;
	wanted[CFG_NATIVE] = true;
}

static void
tell_left_out(const struct bench_lab *lab, struct bench_report *report)
{
	for (unsigned c = 0; c < BENCH_CONFIGS; c++)
		if (*lab->why[c])
			report->left_out(report, bench_configs[c].name, lab->why[c]);
}

static int
measure_programs(struct bench_lab *lab, const struct bench_choice *choice, struct bench_results *results, struct bench_report *report)
{
	if (choice->section[SEC_WORKLOADS])
		begin(report, SEC_WORKLOADS);
	tell_left_out(lab, report);
	if (bench_overhead(lab, choice, results, report))
		return -1;
	if (choice->section[SEC_MEMORY])
		begin(report, SEC_MEMORY);
	if (bench_memory(lab, choice, results, report))
		return -1;
	if (choice->section[SEC_BARS] && report->bar) {
		begin(report, SEC_BARS);
		for (size_t i = 0; i < bench_nbars; i++)
			report->bar(report, &bench_bars[i], results);
	}
	if (!choice->section[SEC_CALLS])
		return 0;
	begin(report, SEC_CALLS);
	return bench_calls(lab, report);
}

static int
measure(const struct bench_options *o, const struct bench_choice *choice, struct bench_report *report)
{
	const struct bench_effort *e = o->quick ? &quick : &thorough;
	cleanup_free struct bench_results *results = xcalloc(1, sizeof(*results));
	bool wanted[BENCH_CONFIGS];
	struct bench_machine m;
	struct bench_lab lab;
	int r = 0;

	machine_find(&m);
	report->config = choice->config;
	report->machine(report, &m);
	wanted_configurations(choice, wanted);
	if (needs_lab(choice)) {
		r = bench_lab_open(&lab, e, wanted) ? -1 : measure_programs(&lab, choice, results, report);
		bench_lab_close(&lab);
	}
	if (!r && choice->section[SEC_DECIDING]) {
		begin(report, SEC_DECIDING);
		r = bench_deciding(e, report);
	}
	if (report->finish)
		report->finish(report);
	return r || !o->plot ? r : bench_plot(o->plot, results);
}

static int
run_program(const struct bench_options *o, int argc, char **argv)
{
	if (!argc)
		return command_misused(&cmd_bench, "no program to run");
	if (o->filter && o->tracer)
		return command_misused(&cmd_bench, "--tracer or --filter, not both");
	return o->filter ? bench_filter(o->filter, argv) : bench_trace(o->tracer == TRACER_LOOK, argv);
}

static int
run_loop(const struct bench_options *o)
{
	char names[256];

	if (bench_loop(o->loop, o->times || o->ms ? (unsigned)o->times : 10000, (unsigned)o->ms) == 0)
		return FINE;
	bench_loop_names(names, sizeof(names));
	return command_misused(&cmd_bench, "--loop: there is no call of that name: %s", names);
}

static int
exec_bench(void *options, int argc, char **argv)
{
	const struct bench_options *o = options;
	struct bench_report report = o->json ? bench_json : o->csv ? bench_csv : bench_text;
	struct bench_choice choice = { 0 };

	if (o->tracer || o->filter)
		return run_program(o, argc, argv);
	if (argc)
		return command_misused(&cmd_bench, "there is no program to name without --tracer or --filter");
	if (o->loop)
		return run_loop(o);
	if (o->list)
		return list();
	if (o->json && o->csv)
		return command_misused(&cmd_bench, "--json or --csv, not both");
	if (choose(&choice, o))
		return USAGE;
	if (o->csv && !choice.section[SEC_WORKLOADS])
		return command_misused(&cmd_bench, "--csv: only workloads can be written so");
	if (o->plot && !choice.section[SEC_WORKLOADS])
		return command_misused(&cmd_bench, "--plot: only workloads can be drawn");
	if (o->plot && bench_plot_check(o->plot))
		return USAGE;
	return measure(o, &choice, &report) ? WRONG : FINE;
}
