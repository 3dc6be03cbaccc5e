/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/xalloc.h"
#include "tracer/bench.h"
#include "tracer/command.h"

enum { FINE, WRONG, USAGE };

struct bench_options {
	bool json, quick;
	const char *loop;
	int times;
};

#define AT(member)	offsetof(struct bench_options, member)

static const struct option_row rows[] = {
	{ .name = "json", .kind = OPT_FLAG, .offset = AT(json),
	  .help = "write one JSON object" },
	{ .name = "quick", .kind = OPT_FLAG, .offset = AT(quick),
	  .help = "measure less, and less well: 100 rules at most" },
	{ .name = "loop", .kind = OPT_STRING, .offset = AT(loop), .arg = "CALL",
	  .help = "only make a call (getppid, access, open, connect) and print the time of one in ns" },
	{ .name = "times", .kind = OPT_INT, .offset = AT(times), .arg = "N", .min = 1, .max = 1 << 30,
	  .help = "with --loop: how often; 10000 when not said" },
	{ .kind = OPT_END },
};

static int exec_bench(void *options, int argc, char **argv);

const struct command cmd_bench = {
	.name = "bench",
	.usage = "[OPTION]...",
	.summary = "measure what tollgate costs on this machine",
	.examples = "tollgate bench\ntollgate bench --json >bench.json",
	.options = rows,
	.options_size = sizeof(struct bench_options),
	.exec = exec_bench,
	.usage_status = USAGE,
};

static const struct bench_effort thorough = { .batches = 31, .batch_ns = 200000, .rules = 10000, .rounds = 9, .calls = 20000 };
static const struct bench_effort quick = { .batches = 3, .batch_ns = 10000, .rules = 100, .rounds = 1, .calls = 200 };

/* Time */

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static double
time_batch(uint64_t n, void (*fn)(void *ctx), void *ctx)
{
	uint64_t start = now_ns();

	for (uint64_t i = 0; i < n; i++)
		fn(ctx);
	return (double)(now_ns() - start);
}

static int
compare_doubles(const void *va, const void *vb)
{
	double a = *(const double *)va, b = *(const double *)vb;

	return (a > b) - (a < b);
}

/* What else the machine does only ever adds: a median leaves most of that out, and an average would not. */
double
bench_time(const struct bench_effort *e, void (*fn)(void *ctx), void *ctx)
{
	cleanup_free double *took = xcalloc(e->batches, sizeof(*took));
	uint64_t n = 1;

	while (time_batch(n, fn, ctx) < (double)e->batch_ns)
		n *= 2;
	for (unsigned i = 0; i < e->batches; i++)
		took[i] = time_batch(n, fn, ctx) / (double)n;
	qsort(took, e->batches, sizeof(*took), compare_doubles);
	return took[e->batches / 2];
}

/* The machine */

struct machine {
	struct utsname name;
	char cpu[128];
	long cpus;
};

/* Fit for a table and for JSON. */
static void
copy_plain(char *out, size_t size, const char *s)
{
	size_t n = 0;

	for (; *s && n + 1 < size; s++)
		if (isprint((unsigned char)*s) && *s != '"' && *s != '\\')
			out[n++] = *s;
	out[n] = '\0';
}

static void
machine_find(struct machine *m)
{
	cleanup_file FILE *f = fopen("/proc/cpuinfo", "re");
	char line[512];

	memset(m, 0, sizeof(*m));
	uname(&m->name);
	m->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	copy_plain(m->cpu, sizeof(m->cpu), m->name.machine);
	while (f && fgets(line, sizeof(line), f)) {
		const char *value = strchr(line, ':');

		if (!strncmp(line, "model name", 10) && value) {
			copy_plain(m->cpu, sizeof(m->cpu), value + 1 + strspn(value + 1, " "));
			return;
		}
	}
}

/* A table for people */

struct table {
	char group[64];
	const char *what;
};

static void
print_row(void *ctx, const struct bench_row *r)
{
	struct table *t = ctx;

	if (strcmp(t->group, r->group) || strcmp(t->what, r->what)) {
		printf("\n%s\n%12s %12s %8s\n", r->group, r->what, "ns", "ratio");
		snprintf(t->group, sizeof(t->group), "%s", r->group);
		t->what = r->what;
	}
	printf("%12u %12.1f %8.2f\n", r->size, r->ns, r->ratio);
}

static void
print_call(void *ctx, const struct bench_call *c)
{
	(void)ctx;
	printf("%12s %12.0f %12.0f %12.0f %8.2f\n", c->name, c->ns[BENCH_NATIVE], c->ns[BENCH_NAIVE], c->ns[BENCH_HELD],
	    c->ns[BENCH_HELD] / c->ns[BENCH_NAIVE]);
	fflush(stdout);
}

static int
bench_text(const struct bench_effort *e)
{
	struct table table = { .what = "" };
	struct machine m;

	machine_find(&m);
	printf("tollgate " PACKAGE_VERSION " on %s, %ld CPUs, %s %s %s\n", m.cpu, m.cpus, m.name.sysname,
	    m.name.release, m.name.machine);
	printf("\nCalls: the time of one, in ns: alone; traced and decided on; and made on what was checked (held).\n"
	    "The ratio is of the last two.\n\n%12s %12s %12s %12s %8s\n", "call", "alone", "traced", "held", "ratio");
	if (bench_calls(e, print_call, NULL))
		return -1;
	printf("\nDeciding: the time of one decision, floor and all, the call being decoded already.\n"
	    "The ratio is to the first row of the same table.\n");
	return bench_deciding(e, print_row, &table);
}

/* JSON for programs */

static void
print_json_row(void *ctx, const struct bench_row *r)
{
	bool *first = ctx;

	printf("%s\n  {\"group\": \"%s\", \"%s\": %u, \"ns\": %.1f, \"ratio\": %.3f}", *first ? "" : ",",
	    r->group, r->what, r->size, r->ns, r->ratio);
	*first = false;
}

static void
print_json_call(void *ctx, const struct bench_call *c)
{
	bool *first = ctx;

	printf("%s\n  {\"call\": \"%s\", \"alone_ns\": %.0f, \"traced_ns\": %.0f, \"held_ns\": %.0f, \"ratio\": %.3f}",
	    *first ? "" : ",", c->name, c->ns[BENCH_NATIVE], c->ns[BENCH_NAIVE], c->ns[BENCH_HELD],
	    c->ns[BENCH_HELD] / c->ns[BENCH_NAIVE]);
	*first = false;
}

static int
bench_json(const struct bench_effort *e)
{
	bool first = true;
	struct machine m;
	int r;

	machine_find(&m);
	printf("{\"version\": \"" PACKAGE_VERSION "\",\n \"machine\": {\"cpu\": \"%s\", \"cpus\": %ld, \"kernel\": \"%s\"},\n",
	    m.cpu, m.cpus, m.name.release);
	printf(" \"calls\": [");
	r = bench_calls(e, print_json_call, &first);
	first = true;
	printf("\n ],\n \"deciding\": [");
	r = r ? r : bench_deciding(e, print_json_row, &first);
	printf("\n ]}\n");
	return r;
}

static int
exec_bench(void *options, int argc, char **argv)
{
	const struct bench_options *o = options;
	const struct bench_effort *e = o->quick ? &quick : &thorough;

	if (o->loop && bench_loop(o->loop, o->times ? (unsigned)o->times : 10000))
		return command_misused(&cmd_bench, "--loop: there is no call of that name");
	if (o->loop)
		return FINE;
	(void)argv;
	if (argc)
		return command_misused(&cmd_bench, "there is nothing to name");
	return (o->json ? bench_json(e) : bench_text(e)) ? WRONG : FINE;
}
