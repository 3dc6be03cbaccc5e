/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/xalloc.h"
#include "tracer/bench.h"

uint64_t
bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static double
time_batch(uint64_t n, void (*fn)(void *ctx), void *ctx)
{
	uint64_t start = bench_now();

	for (uint64_t i = 0; i < n; i++)
		fn(ctx);
	return (double)(bench_now() - start);
}

static int
compare_doubles(const void *va, const void *vb)
{
	double a = *(const double *)va, b = *(const double *)vb;

	return (a > b) - (a < b);
}

struct bench_spread
bench_spread(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), compare_doubles);
	return (struct bench_spread){ v[n / 4], v[n / 2], v[n - 1 - n / 4] };
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
	return bench_spread(took, e->batches).median;
}
