/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

/* A test being compiled for one call. */
struct testing {
	struct loader *l;
	const struct source *src;
	const struct sysdesc *call;
	const struct argdesc *arg;
};

static enum argwidth
width_of(const struct argdesc *arg)
{
	return kinddesc_table[arg->kind].width;
}

static bool
is_bit_set(const struct argdesc *arg)
{
	bool virtual_set = arg->kind == A_VIRT && vocabdesc_table[arg->vocab].style == VS_BITS;

	return arg->kind == A_FLAGS || arg->kind == A_LFLAGS || virtual_set;
}

static bool
unknown_argument(struct testing *t, struct word w)
{
	const char *names[SYS_MAXARGS + 1] = { NULL };
	const char *text = "";
	unsigned n = sysdesc_nargs(t->call);

	for (unsigned i = 0; i < n; i++) {
		names[i] = t->call->arg[i].name;
		text = pool_printf(t->l->scratch, "%s%s%s", text, i ? ", " : "", names[i]);
	}
	load_error(t->l, t->src, w.p, "%s has no argument \"%s\"%s%s%s%s", t->call->name,
	    shown_word(t->l, w), hint(t->l, word_text(t->l, w), names),
	    n ? " (it has " : " (it has none", text, ")");
	return false;
}

static bool
unknown_constant(struct testing *t, struct word w)
{
	const char **names = xcalloc(nconstants + 1, sizeof(*names));

	for (size_t i = 0; i < nconstants; i++)
		names[i] = constants[i].name;
	load_error(t->l, t->src, w.p, "unknown constant \"%s\"%s", shown_word(t->l, w),
	    hint(t->l, word_text(t->l, w), names));
	free(names);
	return false;
}

/* A name can stand in several vocabularies; the argument's own comes first. */
static const struct constant *
find_constant(const struct argdesc *arg, const char *name)
{
	for (size_t i = 0; i < nconstants; i++)
		if (constants[i].vocab == arg->vocab && !strcmp(constants[i].name, name))
			return &constants[i];
	return constant_find(name);
}

static bool
read_number(struct testing *t, struct word w, const char *text, uint64_t *v)
{
	char *end;

	errno = 0;
	*v = strtoull(text, &end, 0);
	if (!*end && !errno)
		return true;
	load_error(t->l, t->src, w.p, "\"%s\" is not a number", shown_word(t->l, w));
	return false;
}

/* One word: a number or a constant, cut to the argument's width as the kernel cuts the argument. */
static bool
read_value(struct testing *t, struct word w, uint64_t *v)
{
	const char *text = word_text(t->l, w);
	const struct constant *c;

	if (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) {
		if (!read_number(t, w, text, v))
			return false;
	} else {
		c = find_constant(t->arg, text);
		if (!c)
			return unknown_constant(t, w);
		*v = c->value;
	}
	if (width_of(t->arg) > W_UINT16)
		return true;
	if (*v > UINT32_MAX && *v < (uint64_t)INT32_MIN) {
		load_error(t->l, t->src, w.p, "\"%s\" does not fit: %s is 32 bits wide", text, t->arg->name);
		return false;
	}
	*v = argwidth_cut(width_of(t->arg), sizeof(*v), *v);
	return true;
}

/* The values of a list; those joined by "|" are one. */
static bool
read_values(struct testing *t, struct wordlist list, uint64_t *vals, uint32_t *n)
{
	*n = 0;
	for (const struct wordnode *w = list.first; w; w = w->next) {
		uint64_t v;

		if (!read_value(t, w->w, &v))
			return false;
		if (w->joined)
			vals[*n - 1] |= v;
		else
			vals[(*n)++] = v;
	}
	return true;
}

static size_t
list_length(struct wordlist list)
{
	size_t n = 0;

	for (const struct wordnode *w = list.first; w; w = w->next)
		n++;
	return n;
}

/* For a set of bits, `in` says that no others are set. */
static void
make_subset(struct condop *op, uint64_t *vals)
{
	op->kind = COND_WITHIN;
	for (uint32_t i = 1; i < op->nvals; i++)
		vals[0] |= vals[i];
	op->nvals = 1;
}

/* Tests that cannot fail, or cannot hold, are mistakes; O_RDONLY is the one that people make. */
static bool
check_sense(struct testing *t, const struct test *in, const struct condop *op)
{
	struct word w = in->value.first->w;

	if (in->kind == COND_HAS && op->val[0] == 0)
		load_error(t->l, t->src, w.p, "\"has %s\" always holds: it is no bit but 0", shown_word(t->l, w));
	else if (in->mask.first && op->val[0] & ~op->mask)
		load_error(t->l, t->src, w.p, "%s has bits that the mask takes away", shown_word(t->l, w));
	else
		return true;
	return false;
}

static bool
compile_test(struct testing *t, const struct test *in, struct condop *op)
{
	int arg = sysdesc_arg(t->call, word_text(t->l, in->arg));
	uint64_t *vals = pool_alloc(t->l->keep, list_length(in->value), sizeof(*vals));
	uint32_t n;

	if (arg < 0)
		return unknown_argument(t, in->arg);
	t->arg = &t->call->arg[arg];
	op->kind = (uint8_t)in->kind;
	op->arg = (uint8_t)arg;
	op->is_signed = width_of(t->arg) == W_INT || t->arg->kind == A_LONG || t->arg->kind == A_OFF64;
	op->word = width_of(t->arg) == W_WORD;
	op->val = vals;
	op->mask = ~(uint64_t)0;
	if (in->mask.first) {
		if (!read_values(t, in->mask, vals, &n))
			return false;
		op->mask = vals[0];
	}
	if (!read_values(t, in->value, vals, &op->nvals))
		return false;
	if (in->kind == COND_IN && is_bit_set(t->arg))
		make_subset(op, vals);
	return check_sense(t, in, op);
}

/* How many results wait at most; the last operator leaves one. */
static unsigned
depth_needed(const struct test *tests)
{
	unsigned now = 0, most = 0;

	for (; tests; tests = tests->next) {
		if (tests->kind == COND_AND || tests->kind == COND_OR)
			now--;
		else if (tests->kind != COND_NOT)
			now++;
		if (now > most)
			most = now;
	}
	return most;
}

static bool
compile_step(struct testing *t, const struct test *in, struct condop *op, unsigned *terms)
{
	if (in->kind <= COND_NOT) {
		op->kind = (uint8_t)in->kind;
		return true;
	}
	++*terms;
	return compile_test(t, in, op);
}

bool
condition_compile(struct loader *l, const struct source *src, const struct test *tests, unsigned id,
    struct condition *out, unsigned *terms)
{
	struct testing t = { .l = l, .src = src, .call = &sysdesc_table[id] };
	struct condop *op;
	unsigned n = 0;

	for (const struct test *in = tests; in; in = in->next)
		n++;
	*terms = 0;
	if (depth_needed(tests) > COND_DEPTH) {
		load_error(l, src, tests->arg.p, "the condition is nested too deeply");
		return false;
	}
	op = pool_alloc(l->keep, n, sizeof(*op));
	out->op = op;
	out->n = n;
	for (const struct test *in = tests; in; in = in->next, op++)
		if (!compile_step(&t, in, op, terms))
			return false;
	return true;
}
