/* SPDX-License-Identifier: ISC */
/*
 * The policy that minijail0 -S reads: for each call a sum of products of tests
 * under which it is let in, and one error for all else.  A test can only ask
 * for bits that are set or not set, which is all that a masked value is.
 */
#include <string.h>

#include "engine/export.h"

enum { REGISTERS = 6, MOST_PRODUCTS = 48, MOST_ANY = 8 };

/*
 * minijail takes no policy at all in which a name is not in the kernel headers
 * it was built with.  These came after Linux 6.1: from a number on, which is the
 * same for all ABIs, and two that filled holes.
 */
enum { FIRST_NEW = 451 };
static const char *const filled_holes[] = { "uretprobe", "uprobe" };
static const char new_calls[] = "calls newer than Linux 6.1, as comments for a minijail that knows them: without a line they kill";

/* All of this holds: a masked value for each register, and some bit of each of these sets. */
struct product {
	struct cube of[REGISTERS];
	struct {
		unsigned reg;
		uint64_t bits;
	} any[MOST_ANY];
	unsigned nany;
};

struct sum {
	struct product *p;
	size_t n;
};

struct writing {
	const struct export_input *in;
	const struct export_out *out;
	const struct answer *fallback;	/* of the call at hand: how it is refused, or NULL */
	bool mixed;			/* it is refused in several ways */
	struct sum sum;
};

static bool
add_product(struct sum *s, const struct product *p)
{
	if (s->n == MOST_PRODUCTS)
		return false;
	s->p[s->n++] = *p;
	return true;
}

/* p and the cube; nothing when they exclude each other. */
static bool
add_with(struct sum *s, const struct product *p, unsigned reg, struct cube c)
{
	struct product q = *p;

	if (cubes_disjoint(p->of[reg], c))
		return true;
	q.of[reg].mask |= c.mask;
	q.of[reg].value |= c.value;
	return add_product(s, &q);
}

static bool
add_any(struct sum *s, const struct product *p, unsigned reg, uint64_t bits)
{
	struct product q = *p;

	if (q.nany == MOST_ANY)
		return false;
	q.any[q.nany].reg = reg;
	q.any[q.nany++].bits = bits;
	return add_product(s, &q);
}

/* p and not the cube: one of its bits is not set, or one set that it has not. */
static bool
add_without(struct sum *s, const struct product *p, unsigned reg, struct cube c)
{
	const struct cube *known = &p->of[reg];
	uint64_t zeros = c.mask & ~c.value & ~known->mask, set = c.value & ~known->mask;

	if (cubes_disjoint(*known, c))
		return add_product(s, p);
	for (; set; set &= set - 1)
		if (!add_with(s, p, reg, (struct cube){ set & -set, 0 }))
			return false;
	return !zeros || add_any(s, p, reg, zeros);
}

static void
swap(struct sum *a, struct sum *b)
{
	struct sum t = *a;

	*a = *b;
	*b = t;
	b->n = 0;
}

/* Each product so far and the test; next is room for what that gives. */
static bool
multiply(struct sum *s, struct sum *next, const struct regtest *t, bool holds)
{
	bool good = true;

	for (unsigned k = 0; k < t->n; k++) {
		for (size_t i = 0; good && i < s->n; i++)
			good = holds ? add_with(next, &s->p[i], t->reg, t->cube[k]) : add_without(next, &s->p[i], t->reg, t->cube[k]);
		if (!holds)
			swap(s, next);
	}
	if (holds)
		swap(s, next);
	return good;
}

/* The sum of all paths that let the call in. */
static bool
add_paths(struct writing *w, const struct answer *a, const struct sum *path)
{
	struct pool *pool = w->out->pool;
	struct sum way = { pool_alloc(pool, MOST_PRODUCTS, sizeof(*way.p)), path->n }, next = { NULL, 0 };

	if (!a->test) {
		for (size_t i = 0; a->class != ANSWER_REFUSE && i < path->n; i++)
			if (!add_product(&w->sum, &path->p[i]))
				return false;
		if (a->class == ANSWER_REFUSE) {
			w->mixed |= w->fallback && !answers_equal(w->fallback, a);
			w->fallback = a;
		}
		return true;
	}
	next.p = pool_alloc(pool, MOST_PRODUCTS, sizeof(*next.p));
	for (unsigned holds = 2; holds-- > 0;) {
		way.n = path->n;
		memcpy(way.p, path->p, path->n * sizeof(*way.p));
		if (!multiply(&way, &next, a->test, holds) || !add_paths(w, holds ? a->yes : a->no, &way))
			return false;
	}
	return true;
}

/* Printing. */

static void
print_bits(const struct export_out *out, const char *and, unsigned reg, const char *op, uint64_t v)
{
	export_text(out, "%sarg%u %s %#llx", and, reg, op, (unsigned long long)v);
}

static void
print_product(const struct export_out *out, const struct product *p)
{
	const char *and = "";

	for (unsigned r = 0; r < REGISTERS; r++) {
		uint64_t zeros = p->of[r].mask & ~p->of[r].value, ones = p->of[r].value;

		if (p->of[r].mask == ~(uint64_t)0) {
			print_bits(out, and, r, "==", p->of[r].value);
			and = " && ";
			continue;
		}
		if (zeros) {
			print_bits(out, and, r, "in", ~zeros);
			and = " && ";
		}
		for (; ones; ones &= ones - 1, and = " && ")
			print_bits(out, and, r, "&", ones & -ones);
	}
	for (unsigned i = 0; i < p->nany; i++, and = " && ")
		print_bits(out, and, p->any[i].reg, "&", p->any[i].bits);
}

static bool
is_new(const struct export_call *c)
{
	for (size_t i = 0; i < sizeof(filled_holes) / sizeof(filled_holes[0]); i++)
		if (!strcmp(filled_holes[i], c->name))
			return true;
	return c->nr >= FIRST_NEW;
}

static void
print_refusal(struct writing *w, const char *name, const struct answer *a, const char *before)
{
	if (a->action == ACT_DENY)
		export_text(w->out, "%sreturn %d", before, a->err);
	else if (a->action == ACT_TRAP)
		w->out->lost(w->out->ctx, "calls that get a signal, which here kills", name, NULL);
}

static void
print_sum(struct writing *w, const char *name)
{
	export_text(w->out, "%s: ", name);
	for (size_t i = 0; i < w->sum.n; i++) {
		export_text(w->out, "%s", i ? " || " : "");
		print_product(w->out, &w->sum.p[i]);
	}
	if (w->fallback)
		print_refusal(w, name, w->fallback, "; ");
	export_text(w->out, "\n");
	if (w->mixed)
		w->out->lost(w->out->ctx, "calls with several errors, of which one is left", name, NULL);
}

static void
print_plain(struct writing *w, const char *name, const struct answer *a)
{
	if (a->class != ANSWER_REFUSE) {
		export_text(w->out, "%s: 1\n", name);
	} else if (a->action == ACT_DENY) {
		export_text(w->out, "%s: ", name);
		print_refusal(w, name, a, "");
		export_text(w->out, "\n");
	} else {
		export_text(w->out, "# %s: kill, as every call without a line\n", name);
		print_refusal(w, name, a, "");
	}
}

static bool
always_holds(const struct product *p)
{
	for (unsigned r = 0; r < REGISTERS; r++)
		if (p->of[r].mask)
			return false;
	return !p->nany;
}

static void
print_call(struct writing *w, const char *name, const struct answer *a)
{
	struct product all = { .nany = 0 };
	struct sum path = { &all, 1 };

	w->sum.n = 0;
	w->fallback = NULL;
	w->mixed = false;
	if (!a->test) {
		print_plain(w, name, a);
		return;
	}
	if (add_paths(w, a, &path) && (!w->sum.n || !always_holds(&w->sum.p[0]))) {
		if (w->sum.n)
			print_sum(w, name);
		else
			print_plain(w, name, w->fallback);
		return;
	}
	w->out->lost(w->out->ctx, "calls with more cases than a line should have, let in whatever their arguments", name, NULL);
	export_text(w->out, "%s: 1\n", name);
}

void
export_minijail(const struct export_input *in, const struct export_out *out)
{
	const struct answer *unknown = export_unknown(out->pool, in);
	struct writing w = { .in = in, .out = out };

	w.sum.p = pool_alloc(out->pool, MOST_PRODUCTS, sizeof(*w.sum.p));
	if (in->nabis > 1)
		out->lost(out->ctx, "ABIs: a policy of minijail's is for one", in->abi[1].name, NULL);
	if (unknown->class != ANSWER_REFUSE || unknown->action != ACT_KILL)
		out->lost(out->ctx, "calls that have no line kill", "calls that are in no table", NULL);
	for (size_t i = 0; i < in->abi[0].ncalls; i++) {
		const struct export_call *c = &in->abi[0].call[i];

		if (is_new(c)) {
			out->lost(out->ctx, new_calls, c->name, NULL);
			export_text(out, "# ");
		}
		print_call(&w, c->name, export_answer(out->pool, in, &in->abi[0], c->id));
	}
	export_lost_rules(in, out, NULL);
}
