/* SPDX-License-Identifier: ISC */
#include "tracer/tracee.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"
#include "tracer/enforce.h"
#include "tracer/inject.h"
#include "tracer/shelf.h"
#include "tracer/watchdog.h"

static struct tracee **
bucket_of(struct tracees *all, pid_t tid)
{
	return &all->bucket[(unsigned)tid % (sizeof(all->bucket) / sizeof(*all->bucket))];
}

struct tracee *
tracee_find(struct tracees *all, pid_t tid)
{
	struct tracee *t = *bucket_of(all, tid);

	while (t && t->tid != tid)
		t = t->next;
	return t;
}

struct tracee *
tracee_add(struct tracees *all, pid_t tid, enum tracee_state state)
{
	struct tracee **head = bucket_of(all, tid);
	struct tracee *t = xcalloc(1, sizeof(*t));

	t->tid = tid;
	t->state = state;
	t->next = *head;
	*head = t;
	watchdog_add(tid);
	all->n++;
	return t;
}

struct thread_group *
group_hold(struct thread_group *g)
{
	g->refs++;
	return g;
}

void
group_release(struct thread_group *g)
{
	if (!g || --g->refs)
		return;
	confine_leave(g->confined);
	window_release(g->window);
	free(g->refusal);
	free(g->exe);
	free(g->argv0);
	free(g);
}

static char *
copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static struct confinement *
inherit(struct descent d)
{
	if (!d.from->confined)
		return NULL;
	return d.shares_memory ? confine_share(d.from->confined) : confine_child(d.from->confined);
}

static struct thread_group *
group_new(pid_t tgid, struct descent d)
{
	struct thread_group *g = xcalloc(1, sizeof(*g));

	if (d.from) {
		if (d.from->wants_window)
			d.from->start_sp = 0;		/* whose memory is not its own alone */
		*g = *d.from;
		g->confined = inherit(d);
		window_hold(g->window);
		g->exe = copy(d.from->exe);
		g->argv0 = copy(d.from->argv0);
	}
	g->tgid = tgid;
	g->refs = g->executing = g->late = 0;
	g->refusal = NULL;
	g->injecting = g->killed = g->trapped = false;
	return g;
}

void
tracee_begin(struct tracees *all, struct tracee *t, enum turn turn)
{
	tracee_rest(all, t);
	t->turn = turn;
	if (turn != TURN_NONE)
		all->under_way[turn]++;
}

void
tracee_rest(struct tracees *all, struct tracee *t)
{
	all->waiting -= t->waits;
	t->waits = false;
	if (t->turn != TURN_NONE)
		all->under_way[t->turn]--;
	t->turn = TURN_NONE;
}

void
tracee_executes(struct tracee *t)
{
	if (t->executes)
		return;
	t->executes = true;
	t->group->executing++;
}

void
tracee_executed(struct tracee *t)
{
	if (t->executes)
		t->group->executing--;
	t->executes = false;
}

/* Of several that execute the leader waits for the others, and those for nobody. */
bool
tracee_is_outlived(const struct tracee *t)
{
	unsigned others = t->group ? t->group->executing - t->executes : 0;

	return others && (!t->executes || t->tid == t->group->tgid);
}

void
tracee_put_off(struct tracees *all, struct tracee *t, int status)
{
	t->group->late += !t->late;
	t->late = status;
	all->late = true;
}

int
tracee_take_late(struct tracee *t)
{
	int status = t->late;

	if (status)
		t->group->late--;
	t->late = 0;
	return status;
}

static void
let_go(struct tracees *all, struct tracee *t)
{
	enforce_forget(t);
	inject_abandon(t);
	shelf_give(t->shelf);
	free(t->ids);
	free(t->birth);
	tracee_rest(all, t);
	tracee_executed(t);
	tracee_take_late(t);
}

void
tracee_renew(struct tracees *all, struct tracee *t, enum tracee_state state)
{
	let_go(all, t);
	*t = (struct tracee){ .tid = t->tid, .state = state, .group = t->group, .next = t->next };
}

void
tracee_remove(struct tracees *all, struct tracee *t)
{
	struct tracee **p = bucket_of(all, t->tid);

	while (*p != t)
		p = &(*p)->next;
	*p = t->next;
	watchdog_drop(t->tid);
	let_go(all, t);
	all->n--;
	group_release(t->group);
	free(t);
}

void
tracee_each(struct tracees *all, void (*fn)(struct tracee *, void *), void *ctx)
{
	for (size_t i = 0; i < sizeof(all->bucket) / sizeof(*all->bucket); i++)
		for (struct tracee *t = all->bucket[i], *next; t; t = next) {
			next = t->next;
			fn(t, ctx);
		}
}

struct thread_group *
tracee_group(const struct tracees *all, pid_t tgid)
{
	for (size_t i = 0; i < sizeof(all->bucket) / sizeof(*all->bucket); i++)
		for (struct tracee *t = all->bucket[i]; t; t = t->next)
			if (t->group && t->group->tgid == tgid)
				return t->group;
	return NULL;
}

unsigned
tracee_fellows(const struct tracees *all, const struct tracee *t)
{
	unsigned n = 0;

	for (size_t i = 0; i < sizeof(all->bucket) / sizeof(*all->bucket); i++)
		for (const struct tracee *other = all->bucket[i]; other; other = other->next)
			n += other != t && other->group == t->group;
	return n;
}

void
tracee_join(struct tracees *all, struct tracee *t, pid_t tgid, struct descent d)
{
	struct thread_group *g = tracee_group(all, tgid);

	g = group_hold(g ? g : group_new(tgid, d));
	group_release(t->group);
	t->group = g;
}

const char *
tracee_state_name(enum tracee_state s)
{
	static const char *const names[TS_STATES] = {
		[TS_LAUNCHED] = "launched",
		[TS_SEIZED] = "seized",
		[TS_PARKED] = "parked",
		[TS_EXPECTED] = "expected",
		[TS_RUNNING] = "running",
		[TS_IN_CALL] = "in a call",
		[TS_STOPPED] = "stopped",
	};

	return names[s];
}
