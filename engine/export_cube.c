/* SPDX-License-Identifier: ISC */
/* Sets of a register's values, as masks and what is left. */
#include <string.h>

#include "engine/export.h"

bool
cubes_disjoint(struct cube a, struct cube b)
{
	return ((a.value ^ b.value) & a.mask & b.mask) != 0;
}

bool
cube_within(struct cube inner, struct cube outer)
{
	return !(outer.mask & ~inner.mask) && (inner.value & outer.mask) == outer.value;
}

static bool
differ_in_one_bit(struct cube a, struct cube b)
{
	uint64_t bits = a.value ^ b.value;

	return a.mask == b.mask && bits && !(bits & (bits - 1));
}

unsigned
cubes_join(struct cube *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		for (unsigned k = 0; k < i; k++) {
			if (!differ_in_one_bit(c[i], c[k]))
				continue;
			c[k].mask &= ~(c[i].value ^ c[k].value);
			c[k].value &= c[k].mask;
			c[i] = c[--n];
			i = 0;		/* what has grown may meet others */
			break;
		}
	}
	return n;
}

void
cubeset_init(struct cubeset *s, struct pool *pool, size_t max)
{
	s->cube = pool_alloc(pool, max, sizeof(*s->cube));
	s->max = max;
	s->n = 1;
	s->cube[0] = (struct cube){ 0, 0 };
}

static bool
add(struct cubeset *s, struct cube c)
{
	if (s->n == s->max)
		return false;
	s->cube[s->n++] = c;
	return true;
}

/*
 * a without b: for each bit that b asks for and a leaves open, from the top,
 * those that agree with b above it and differ there.
 */
static bool
add_difference(struct cubeset *out, struct cube a, struct cube b)
{
	if (cubes_disjoint(a, b))
		return add(out, a);
	for (uint64_t open = b.mask & ~a.mask; open; ) {
		uint64_t bit = (uint64_t)1 << (63 - __builtin_clzll(open));
		struct cube part = { a.mask | bit, a.value | (~b.value & bit) };

		if (!add(out, part))
			return false;
		a.mask |= bit;
		a.value |= b.value & bit;
		open &= ~bit;
	}
	return true;
}

/* The cubes from `from` on become the set. */
static void
shift(struct cubeset *s, size_t from)
{
	s->n -= from;
	memmove(s->cube, s->cube + from, s->n * sizeof(*s->cube));
}

bool
cubeset_cut(struct cubeset *s, const struct regtest *t)
{
	for (unsigned k = 0; k < t->n; k++) {
		size_t n = s->n;

		for (size_t i = 0; i < n; i++)
			if (!add_difference(s, s->cube[i], t->cube[k]))
				return false;
		shift(s, n);
	}
	return true;
}

bool
cubeset_keep(struct cubeset *s, const struct regtest *t)
{
	size_t n = s->n;

	for (size_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < t->n; k++) {
			struct cube a = s->cube[i], b = t->cube[k];

			if (!cubes_disjoint(a, b) && !add(s, (struct cube){ a.mask | b.mask, a.value | b.value }))
				return false;
		}
	}
	shift(s, n);
	return true;
}
