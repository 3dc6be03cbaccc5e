/* SPDX-License-Identifier: ISC */
/* Conditions as tests of registers. */
#include <string.h>

#include "engine/export_int.h"

static bool
is_wide(const struct argdesc *d)
{
	return kinddesc_table[d->kind].width == W_64;
}

struct regmap
regmap_of(const struct export_abi *abi, enum sys_id id)
{
	const struct sysdesc *d = &sysdesc_table[id];
	bool narrow = abi->wordsize == 4;
	struct regmap m;
	int r = 0;

	memset(m.reg, REG_MEMORY, sizeof(m.reg));
	for (unsigned i = 0; i < SYS_MAXARGS && d->arg[i].kind != A_NONE && r < SYS_MAXREGS; i++) {
		if (kinddesc_table[d->arg[i].kind].width == W_NOREG)
			continue;
		if (!narrow || !is_wide(&d->arg[i])) {
			m.reg[i] = (int8_t)r++;
			continue;
		}
		r += (abi->pairs_aligned && r % 2) + 2;		/* two registers: no test has both */
	}
	return m;
}

/* How many bits of the argument the kernel looks at. */
static unsigned
width_of(const struct export_abi *abi, const struct argdesc *d)
{
	switch (kinddesc_table[d->kind].width) {
	case W_INT:
	case W_UINT:
		return 32;
	case W_UINT16:
		return 16;
	case W_WORD:
		return abi->wordsize * 8;
	default:
		return 64;
	}
}

static uint64_t
ones(unsigned bits)
{
	return bits == 64 ? ~(uint64_t)0 : ((uint64_t)1 << bits) - 1;
}

/* A value as wide as the argument: sign-extended ones lose what was added; false for one it can never have. */
static bool
fits(uint64_t *v, unsigned bits)
{
	uint64_t above = *v & ~ones(bits);

	if (above && above != ~ones(bits))
		return false;
	if (above && !(*v >> (bits - 1) & 1))
		return false;
	*v &= ones(bits);
	return true;
}

enum tri
follows_from_assumption(const struct assumption *a, const struct regtest *t)
{
	bool apart = true, within = true;

	for (unsigned i = 0; i < (a->holds ? a->test->n : t->n); i++) {
		struct cube c = a->holds ? a->test->cube[i] : t->cube[i];
		const struct regtest *other = a->holds ? t : a->test;
		bool inside = false;

		for (unsigned k = 0; k < other->n; k++) {
			apart &= cubes_disjoint(c, other->cube[k]);
			inside |= cube_within(c, other->cube[k]);
		}
		within &= inside;
	}
	if (!a->holds)
		return within ? TRI_NO : TRI_OPEN;	/* all that it asks for has been ruled out */
	return apart ? TRI_NO : within ? TRI_YES : TRI_OPEN;
}

/* What is known of a test already. */
static enum tri
recall(const struct asking *x, const struct regtest *t)
{
	if (!t->n)
		return TRI_NO;
	if (!t->cube[0].mask)
		return TRI_YES;
	for (unsigned i = 0; i < x->nassumed; i++) {
		enum tri v = x->assumed[i].test->reg == t->reg ? follows_from_assumption(&x->assumed[i], t) : TRI_OPEN;

		if (v != TRI_OPEN)
			return v;
	}
	return TRI_OPEN;
}

static bool
holds_for_zero(const struct regtest *t)
{
	for (unsigned i = 0; i < t->n; i++)
		if (!t->cube[i].value)
			return true;
	return false;
}

static enum tri
ask_register(struct asking *x, int reg, const struct cube *cube, unsigned n)
{
	const struct regtest here = { (unsigned)reg, n, cube };
	struct regtest *t;
	enum tri v;

	if (reg == REG_MEMORY)
		return TRI_UNSURE;
	if (reg == REG_ZERO)
		return holds_for_zero(&here) ? TRI_YES : TRI_NO;
	v = recall(x, &here);
	if (v != TRI_OPEN || x->ask)
		return v;
	t = pool_copy(x->pool, &here, 1, sizeof(here));
	t->cube = pool_copy(x->pool, cube, n, sizeof(*cube));
	x->ask = t;
	return v;
}

enum tri
ask_masked(struct asking *x, enum sys_id id, const struct regmap *m, unsigned arg, uint64_t mask, uint64_t value)
{
	unsigned bits = width_of(x->abi, &sysdesc_table[id].arg[arg]);
	struct cube c = { mask & ones(bits), value & ones(bits) };

	return ask_register(x, m->reg[arg], &c, 1);
}

/*
 * Numbers below a limit, as cubes: the same above a bit that the limit has, and
 * not that bit.  flip turns the order of signed numbers.
 */
static unsigned
cubes_below(struct cube *out, uint64_t limit, unsigned bits, uint64_t flip)
{
	unsigned n = 0;

	for (unsigned i = bits; i-- > 0;) {
		uint64_t bit = (uint64_t)1 << i, mask = ones(bits) & ~(bit - 1);

		if (limit & bit)
			out[n++] = (struct cube){ mask, ((limit ^ bit) & mask) ^ (flip & mask) };
	}
	return n;
}

enum { MOST_CUBES = 64 };

/* < and its kin: all are "below a limit" or its opposite. */
static enum tri
ask_order(struct asking *x, const struct condop *t, int reg, unsigned bits, bool *opposite)
{
	uint64_t limit = t->val[0], flip = t->is_signed ? (uint64_t)1 << (bits - 1) : 0;
	bool inclusive = t->kind == COND_LE || t->kind == COND_GT;
	struct cube cube[MOST_CUBES];
	unsigned n;

	*opposite = t->kind == COND_GT || t->kind == COND_GE;
	if (!fits(&limit, bits))
		return TRI_UNSURE;
	limit ^= flip;
	if (inclusive && limit == ones(bits))
		return TRI_YES;
	n = cubes_below(cube, limit + inclusive, bits, flip);
	return n ? ask_register(x, reg, cube, n) : TRI_NO;
}

/* One of several values. */
static enum tri
ask_values(struct asking *x, const struct condop *t, int reg, unsigned bits)
{
	struct cube *cube = pool_alloc(x->pool, t->nvals, sizeof(*cube));
	uint64_t mask = t->mask & ones(bits);
	unsigned n = 0;

	for (uint32_t i = 0; i < t->nvals; i++) {
		struct cube c = { mask, t->val[i] };
		bool twice = !fits(&c.value, bits) || c.value & ~mask;

		for (unsigned k = 0; k < n; k++)
			twice |= cube[k].value == c.value;
		if (!twice)
			cube[n++] = c;
	}
	return n ? ask_register(x, reg, cube, cubes_join(cube, n)) : TRI_NO;
}

static enum tri
opposite_of(enum tri v)
{
	return v == TRI_YES ? TRI_NO : v == TRI_NO ? TRI_YES : v;
}

static enum tri
ask_argument(struct asking *x, enum sys_id id, const struct regmap *m, const struct condop *t)
{
	unsigned bits = width_of(x->abi, &sysdesc_table[id].arg[t->arg]);
	int reg = m->reg[t->arg];
	struct cube c;
	bool opposite;
	enum tri v;

	switch (t->kind) {
	case COND_EQ:
	case COND_IN:
		return ask_values(x, t, reg, bits);
	case COND_NE:
		return opposite_of(ask_values(x, t, reg, bits));
	case COND_HAS:
		c = (struct cube){ t->val[0], t->val[0] };
		if (!fits(&c.value, bits))
			return TRI_NO;
		c.mask = c.value;
		return ask_register(x, reg, &c, 1);
	case COND_WITHIN:
		c = (struct cube){ ~t->val[0] & t->mask & ones(bits), 0 };
		return ask_register(x, reg, &c, 1);
	}
	v = ask_order(x, t, reg, bits, &opposite);
	return opposite ? opposite_of(v) : v;
}

/* Where a constant has another value in the ABI, there is another test. */
static const struct condop *
for_abi(const struct condop *t, const struct export_abi *abi)
{
	for (const struct condop *o = t->other; o; o = o->other)
		if (!strcmp(o->abi, abi->name))
			return o;
	return t;
}

static enum tri
both(enum tri a, enum tri b)
{
	if (a == TRI_NO || b == TRI_NO)
		return TRI_NO;
	if (a == TRI_OPEN || b == TRI_OPEN)
		return TRI_OPEN;
	return a == TRI_UNSURE ? a : b == TRI_UNSURE ? b : TRI_YES;
}

static enum tri
ask_step(struct asking *x, enum sys_id id, const struct regmap *m, const struct condop *t, unsigned *why)
{
	enum tri v;

	if (t->about != ABOUT_ARG) {
		*why |= LOOK_CALLER;
		return TRI_UNSURE;
	}
	v = ask_argument(x, id, m, for_abi(t, x->abi));
	*why |= v == TRI_UNSURE ? LOOK_MEMORY : 0;
	return v;
}

enum tri
ask_condition(struct asking *x, enum sys_id id, const struct regmap *m, const struct condition *c, unsigned *why)
{
	const struct regtest *before = x->ask;
	enum tri stack[COND_DEPTH + 1] = { TRI_YES };
	unsigned top = 0;

	for (unsigned i = 0; i < c->n; i++) {
		switch (c->op[i].kind) {
		case COND_AND:
			top--;
			stack[top] = both(stack[top], stack[top + 1]);
			break;
		case COND_OR:
			top--;
			stack[top] = opposite_of(both(opposite_of(stack[top]), opposite_of(stack[top + 1])));
			break;
		case COND_NOT:
			stack[top] = opposite_of(stack[top]);
			break;
		default:
			if (++top > COND_DEPTH)
				return TRI_UNSURE;
			stack[top] = ask_step(x, id, m, &c->op[i], why);
		}
	}
	if (stack[top] != TRI_OPEN)
		x->ask = before;	/* whatever it waited for does not matter */
	return stack[top];
}
