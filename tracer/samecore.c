/* SPDX-License-Identifier: ISC */
#include "tracer/samecore.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "lib/diag.h"
#include "lib/strbuf.h"
#include "tracer/trace.h"

enum {
	SAMPLE	= 64,		/* calls that are timed together */
	BUSY	= 8000,		/* calls per second from which on a task is moved */
	IDLE	= 5000,		/* and below which it is let go */
	TICK	= 10000,	/* microseconds between two looks at those that were moved */
};
static const uint64_t second = 1000000000;

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * second + (uint64_t)t.tv_nsec;
}

static cpu_set_t
only(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return set;
}

static bool
bind_to(struct samecore *c, int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return false;
	set = only(cpu);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		return false;
	c->cpu = cpu;
	return true;
}

static int
refuse(const char *how, const char *why)
{
	char text[128];
	struct strbuf b = STRBUF(text);

	strbuf_quote(&b, how, strlen(how), 60);
	warn("--affinity: %s %s", b.s, why);
	return -EINVAL;
}

int
samecore_init(struct samecore *c, const char *how)
{
	char *end;
	long n;

	*c = (struct samecore){ .mode = SAMECORE_AUTO, .cpu = -1 };
	if (sched_getaffinity(0, sizeof(c->own), &c->own) < 0 || CPU_COUNT(&c->own) < 2)
		c->mode = SAMECORE_OFF;
	if (!how || !strcmp(how, "auto"))
		return 0;
	c->mode = SAMECORE_OFF;
	if (!strcmp(how, "off"))
		return 0;
	n = strtol(how, &end, 10);
	if (*end || end == how || *how < '0' || *how > '9')
		return refuse(how, "is neither auto nor off nor the number of a core");
	if (n >= CPU_SETSIZE || !CPU_ISSET((int)n, &c->own))
		return refuse(how, "is no core that tollgate may run on");
	c->mode = (int)n;
	return 0;
}

static void
set_ticking(struct samecore *c, bool on)
{
	const struct timeval tick = { 0, on ? TICK : 0 };
	const struct itimerval t = { tick, tick };

	if (c->ticks == on)
		return;
	setitimer(ITIMER_REAL, &t, NULL);
	c->ticks = on;
	c->ticked = now();
}

/* A core that both may run on, by choice the one where tollgate is now. */
static int
choose(const struct samecore *c, const struct guest *g)
{
	int here = c->mode >= 0 ? c->mode : sched_getcpu();

	if (here >= 0 && CPU_ISSET(here, &g->own) && CPU_ISSET(here, &c->own))
		return here;
	for (int cpu = 0; cpu < CPU_SETSIZE && c->mode < 0; cpu++)
		if (CPU_ISSET(cpu, &g->own) && CPU_ISSET(cpu, &c->own))
			return cpu;
	return -1;
}

static void
move(struct samecore *c, struct tracee *t)
{
	struct guest *g = &t->guest;
	cpu_set_t set;

	if (sched_getaffinity(t->tid, sizeof(g->own), &g->own) < 0)
		return;
	if (c->cpu < 0 && !bind_to(c, choose(c, g)))
		return;
	if (!CPU_ISSET(c->cpu, &g->own))
		return;
	set = only(c->cpu);
	g->moved = sched_setaffinity(t->tid, sizeof(set), &set) == 0;
	if (g->moved)
		set_ticking(c, true);
}

void
samecore_count(struct session *s, struct tracee *t)
{
	struct guest *g = &t->guest;
	uint64_t then = g->since;

	if (s->core.mode == SAMECORE_OFF || ++g->calls < SAMPLE || g->moved)
		return;
	g->calls = 0;
	g->since = now();
	if (g->since - then <= SAMPLE * second / BUSY)
		move(&s->core, t);
}

/* Unless somebody else has put it elsewhere meanwhile. */
static void
put_back(const struct samecore *c, struct tracee *t)
{
	cpu_set_t set, ours = only(c->cpu);

	if (sched_getaffinity(t->tid, sizeof(set), &set) == 0 && CPU_EQUAL(&set, &ours))
		sched_setaffinity(t->tid, sizeof(t->guest.own), &t->guest.own);
	t->guest.moved = false;
	t->guest.calls = 0;
	t->guest.since = 0;
}

void
samecore_release(struct session *s, struct tracee *t)
{
	if (t->guest.moved)
		put_back(&s->core, t);
}

struct look {
	struct session *s;
	uint64_t elapsed;
	bool any;
};

static void
look_at(struct tracee *t, void *ctx)
{
	struct look *l = ctx;

	if (!t->guest.moved)
		return;
	if (t->guest.calls * second < l->elapsed * IDLE)
		put_back(&l->s->core, t);
	t->guest.calls = 0;
	l->any |= t->guest.moved;
}

/* Without guests tollgate may run where it likes, too. */
void
samecore_tick(struct session *s)
{
	struct samecore *c = &s->core;
	struct look l = { .s = s };
	uint64_t at;

	if (!c->ticks)
		return;
	at = now();
	l.elapsed = at - c->ticked;
	if (l.elapsed < TICK * 500)
		return;		/* woken for something else */
	c->ticked = at;
	tracee_each(&s->tracees, look_at, &l);
	if (l.any)
		return;
	set_ticking(c, false);
	if (sched_setaffinity(0, sizeof(c->own), &c->own) == 0)
		c->cpu = -1;
}
