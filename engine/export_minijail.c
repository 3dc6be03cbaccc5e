/* SPDX-License-Identifier: ISC */
/*
 * The policy that minijail0 -S reads: for each call a sum of products of tests
 * under which it is let in, and one error for all else.  A test can only ask
 * for bits that are set or not set, which is all that a masked value is.
 */
#include <string.h>

#include "engine/export.h"

enum { REGISTERS = 6, MOST_PRODUCTS = 48, MOST_ANY = 8, MOST_STEPS = 64 };

static const struct answer allow = { .class = ANSWER_LOOK };

/*
 * minijail takes no policy at all in which a name is not in the kernel headers
 * it was built with.  These came after Linux 6.1: from a number on, which is the
 * same for all ABIs, and two that filled holes.
 */
enum { FIRST_NEW = 451 };
static const char *const filled_holes[] = { "uretprobe", "uprobe" };
static const char new_calls[] =
    "calls newer than Linux 6.1, as comments for a minijail that knows them: without a line they kill";

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

/*
 * What minijail takes: so many instructions in the whole filter, and labels.
 * A line that lets a call in costs two instructions, one that refuses it a
 * label as well, and one with conditions more for each product and each test.
 */
enum {
	MOST_INSNS = 4000, MOST_LABELS = 500,
	ALLOW_INSNS = 2, REFUSE_INSNS = 5, LINE_INSNS = 7, PRODUCT_INSNS = 3, TEST_INSNS = 8,
	REFUSE_LABELS = 1, LINE_LABELS = 2, PRODUCT_LABELS = 1,
};

struct line {
	const struct export_call *call;
	const struct answer *answer;
	size_t insns, labels;
	bool widened;
};

struct writing {
	const struct export_input *in;
	const struct export_out *out;
	const struct answer *fallback;	/* of the call at hand: how it is refused, or NULL */
	bool mixed;			/* it is refused in several ways */
	struct sum sum;
	struct product *room[2];
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
			good = holds ? add_with(next, &s->p[i], t->reg, t->cube[k]) :
			    add_without(next, &s->p[i], t->reg, t->cube[k]);
		if (!holds)
			swap(s, next);
	}
	if (holds)
		swap(s, next);
	return good;
}

/* A path down the tree of an answer. */
struct path {
	const struct regtest *test[MOST_STEPS];
	bool holds[MOST_STEPS];
	unsigned n;
};

/* What holds is known first: of what does not hold, little is left to say then. */
static bool
add_path(struct writing *w, const struct path *path)
{
	struct sum way = { w->room[0], 0 }, next = { w->room[1], 0 };

	memset(&way.p[way.n++], 0, sizeof(*way.p));
	for (unsigned holds = 2; holds-- > 0;)
		for (unsigned i = 0; i < path->n; i++)
			if (path->holds[i] == holds && !multiply(&way, &next, path->test[i], holds))
				return false;
	for (size_t i = 0; i < way.n; i++)
		if (!add_product(&w->sum, &way.p[i]))
			return false;
	return true;
}

/* The sum of all paths that let the call in. */
static bool
add_paths(struct writing *w, const struct answer *a, struct path *path)
{
	bool good;

	if (!a->test && a->class != ANSWER_REFUSE)
		return add_path(w, path);
	if (!a->test) {
		w->mixed |= w->fallback && !answers_equal(w->fallback, a);
		w->fallback = a;
		return true;
	}
	if (path->n == MOST_STEPS)
		return false;
	path->test[path->n] = a->test;
	path->holds[path->n++] = true;
	good = add_paths(w, a->yes, path);
	path->holds[path->n - 1] = false;
	good = good && add_paths(w, a->no, path);
	path->n--;
	return good;
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
lose_mixed(struct writing *w, const char *name)
{
	if (w->mixed)
		w->out->lost(w->out->ctx, "calls with several errors, of which one is left", name, NULL);
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
	lose_mixed(w, name);
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

static unsigned
tests_of(const struct product *p)
{
	unsigned n = p->nany;

	for (unsigned r = 0; r < REGISTERS; r++) {
		bool word = p->of[r].mask == ~(uint64_t)0;

		n += word ? 1 : (p->of[r].mask & ~p->of[r].value) != 0;
		n += word ? 0 : (unsigned)__builtin_popcountll(p->of[r].value);
	}
	return n;
}

/* False: it has to be let in whatever its arguments. */
static bool
find_sum(struct writing *w, const struct answer *a)
{
	struct path path = { .n = 0 };

	w->sum.n = 0;
	w->fallback = NULL;
	w->mixed = false;
	return add_paths(w, a, &path);
}

static void
measure(struct writing *w, struct line *l)
{
	bool passes = answer_always_passes(l->answer);

	l->insns = passes ? ALLOW_INSNS : REFUSE_INSNS;
	l->labels = passes ? 0 : REFUSE_LABELS;
	if (!l->answer->test || passes)
		return;
	l->widened = !find_sum(w, l->answer);
	if (l->widened || !w->sum.n)
		return;
	l->insns = LINE_INSNS;
	l->labels = LINE_LABELS;
	for (size_t i = 0; i < w->sum.n; i++) {
		l->insns += PRODUCT_INSNS + TEST_INSNS * tests_of(&w->sum.p[i]);
		l->labels += PRODUCT_LABELS;
	}
}

/* The longest lines go first, until what is left fits into one filter. */
static void
make_fit(struct line *line, size_t n)
{
	for (;;) {
		size_t insns = 0, labels = 0, longest = 0;

		for (size_t i = 0; i < n; i++) {
			insns += line[i].insns;
			labels += line[i].labels;
			if (line[i].insns > line[longest].insns)
				longest = i;
		}
		if ((insns <= MOST_INSNS && labels <= MOST_LABELS) || line[longest].insns < LINE_INSNS)
			return;
		line[longest].widened = true;
		line[longest].insns = ALLOW_INSNS;
		line[longest].labels = 0;
	}
}

static void
let_in(struct writing *w, const char *name)
{
	static const char why[] = "calls with more cases than a line should have, let in whatever their arguments";

	w->out->lost(w->out->ctx, why, name, NULL);
	print_plain(w, name, &allow);
}

static void
print_line(struct writing *w, const struct line *l)
{
	const char *name = l->call->name;
	const struct answer *a = l->answer;

	if (!a->test || answer_always_passes(a)) {
		print_plain(w, name, a->test ? &allow : a);
	} else if (l->widened || !find_sum(w, a)) {
		let_in(w, name);
	} else if (w->sum.n) {
		print_sum(w, name);
	} else {
		print_plain(w, name, w->fallback);
		lose_mixed(w, name);
	}
}

static struct line *
find_lines(struct writing *w)
{
	const struct export_abi *abi = &w->in->abi[0];
	struct line *line = pool_alloc(w->out->pool, abi->ncalls, sizeof(*line));

	for (size_t i = 0; i < abi->ncalls; i++) {
		line[i].call = &abi->call[i];
		line[i].answer = export_answer(w->out->pool, w->in, abi, abi->call[i].id);
		measure(w, &line[i]);
	}
	make_fit(line, abi->ncalls);
	return line;
}

void
export_minijail(const struct export_input *in, const struct export_out *out)
{
	const struct answer *unknown = export_unknown(out->pool, in);
	struct writing w = { .in = in, .out = out };
	struct line *line;

	w.sum.p = pool_alloc(out->pool, MOST_PRODUCTS, sizeof(*w.sum.p));
	for (unsigned i = 0; i < 2; i++)
		w.room[i] = pool_alloc(out->pool, MOST_PRODUCTS, sizeof(*w.room[i]));
	if (in->nabis > 1)
		out->lost(out->ctx, "ABIs: a policy of minijail's is for one", in->abi[1].name, NULL);
	if (unknown->class != ANSWER_REFUSE || unknown->action != ACT_KILL)
		out->lost(out->ctx, "calls that have no line kill", "calls that are in no table", NULL);
	line = find_lines(&w);
	for (size_t i = 0; i < in->abi[0].ncalls; i++) {
		if (is_new(line[i].call)) {
			out->lost(out->ctx, new_calls, line[i].call->name, NULL);
			export_text(out, "# ");
		}
		print_line(&w, &line[i]);
	}
	export_lost_rules(in, out);
}
