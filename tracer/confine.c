/* SPDX-License-Identifier: ISC */
#include "tracer/confine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/xalloc.h"
#include "tracer/audit.h"

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void
append(struct confinement *c, const struct policy *p)
{
	c->layer[c->n] = (struct layer){ .policy = p, .phases = policy_phases(p) };
	c->since[c->n++] = now_ms();
}

struct confinement *
confine_new(const struct layer *layers, size_t n)
{
	struct confinement *c = xcalloc(1, sizeof(*c));

	c->refs = c->users = 1;
	for (size_t i = 0; i < n; i++)
		append(c, layers[i].policy);
	return c;
}

static struct confinement *
hold(struct confinement *c)
{
	if (c)
		c->refs++;
	return c;
}

struct confinement *
confine_child(struct confinement *parent)
{
	struct confinement *c = xcalloc(1, sizeof(*c));

	*c = *parent;
	c->refs = c->users = 1;
	c->parent = hold(parent);
	c->shared = parent->n;
	return c;
}

struct confinement *
confine_share(struct confinement *parent)
{
	parent->users++;
	return hold(parent);
}

static void
release(struct confinement *c)
{
	while (c && !--c->refs) {
		struct confinement *parent = c->parent;

		free(c);
		c = parent;
	}
}

void
confine_leave(struct confinement *c)
{
	if (!c)
		return;
	c->users--;
	release(c);
}

struct confinement *
confine_alone(struct confinement *c)
{
	struct confinement *own;

	if (c->users == 1)
		return c;
	own = confine_child(c);
	confine_leave(c);
	return own;
}

static bool
is_open(const struct confinement *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->layer[i].phases)
			return true;
	return false;
}

static void
keep_common(struct confinement *c, const struct confinement *ancestor, size_t shared)
{
	for (size_t i = 0; i < shared; i++)
		c->layer[i].phases &= ancestor->layer[i].phases;
}

/*
 * In an ancestor that is gone only what ends in its own ancestors still ends:
 * those are asked instead, or chains of processes that fork and die would grow.
 */
static void
drop_dead_parents(struct confinement *c)
{
	while (c->parent && !c->parent->users) {
		struct confinement *dead = c->parent;

		keep_common(c, dead, c->shared);
		c->parent = hold(dead->parent);
		c->shared = dead->shared < c->shared ? dead->shared : c->shared;
		release(dead);
	}
}

static void
follow_ancestors(struct confinement *c)
{
	size_t shared = c->shared;

	for (const struct confinement *a = c->parent; a; a = a->parent) {
		keep_common(c, a, shared);
		if (a->shared < shared)
			shared = a->shared;
	}
}

static void
follow_clock(struct confinement *c, pid_t tid, struct audit *audit)
{
	uint32_t ends[MAX_LAYERS] = { 0 }, any = 0;
	uint64_t now = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct moment m = { .call = NULL };

		if (!c->layer[i].phases || !policy_is_timed(&c->layer[i]))
			continue;
		now = now ? now : now_ms();
		m.elapsed_ms = now - c->since[i];
		any |= ends[i] = policy_phases_ended(&c->layer[i], &m);
	}
	if (any)
		confine_end(c, ends, "time", tid, audit);
}

void
confine_update(struct confinement *c, pid_t tid, struct audit *audit)
{
	drop_dead_parents(c);
	if (!is_open(c))
		return;
	follow_ancestors(c);
	follow_clock(c, tid, audit);
}

bool
confine_ends(const struct confinement *c, const struct moment *m, uint32_t ends[MAX_LAYERS])
{
	uint32_t any = 0;

	for (size_t i = 0; i < c->n; i++) {
		ends[i] = c->layer[i].phases ? policy_phases_ended(&c->layer[i], m) : 0;
		any |= ends[i];
	}
	return any;
}

void
confine_end(struct confinement *c, const uint32_t ends[MAX_LAYERS], const char *why, pid_t tid, struct audit *audit)
{
	for (size_t i = 0; i < c->n; i++) {
		uint32_t over = c->layer[i].phases & ends[i];

		c->layer[i].phases &= ~ends[i];
		for (unsigned n = 0; over; n++, over >>= 1)
			if (over & 1)
				audit_phase(audit, tid, policy_name(c->layer[i].policy),
				    policy_phase_name(c->layer[i].policy, n, NULL), why);
	}
}

static bool
is_among(const struct policy *p, const struct policy *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == p)
			return true;
	return false;
}

static bool
is_on(const struct confinement *c, const struct policy *p)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->layer[i].policy == p)
			return true;
	return false;
}

size_t
confine_transitions(const struct confinement *c, const struct sysevent *ev, const struct policy *added[MAX_LAYERS])
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct policy *to[MAX_LAYERS];
		size_t got = policy_transitions(&c->layer[i], ev, to, MAX_LAYERS);

		if (got > MAX_LAYERS)
			return MAX_LAYERS + 1;
		for (size_t k = 0; k < got; k++) {
			if (is_among(to[k], added, n))
				continue;
			if (n == MAX_LAYERS)
				return MAX_LAYERS + 1;
			added[n++] = to[k];
		}
	}
	return n;
}

bool
confine_has_room(const struct confinement *c, const struct policy *const *added, size_t n)
{
	size_t total = c->n;

	for (size_t i = 0; i < n; i++)
		total += !is_on(c, added[i]);
	return total <= MAX_LAYERS;
}

bool
confine_add(struct confinement *c, const struct policy *const *added, size_t n)
{
	if (!confine_has_room(c, added, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!is_on(c, added[i]))
			append(c, added[i]);
	return true;
}

unsigned
confine_needs(const struct confinement *c, const struct sysevent *ev)
{
	unsigned needs = 0;

	for (size_t i = 0; i < c->n; i++)
		needs |= policy_needs(c->layer[i].policy, ev);
	return needs;
}
