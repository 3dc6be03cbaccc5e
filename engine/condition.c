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
	unsigned needs;
	const char *abi;		/* whose values constants have; NULL: the common ones */
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
		*v = constant_value(c, t->abi);
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

/* What a condition can be about beside the arguments of its call. */
static const struct subject {
	const char *name;
	uint8_t about, need;
	bool text;
} subjects[] = {
	{ "process.uid", ABOUT_UID, NEED_IDS, false },
	{ "process.euid", ABOUT_EUID, NEED_IDS, false },
	{ "process.gid", ABOUT_GID, NEED_IDS, false },
	{ "process.egid", ABOUT_EGID, NEED_IDS, false },
	{ "exe", ABOUT_EXE, NEED_IMAGE, true },
	{ "argv[0]", ABOUT_ARGV0, NEED_IMAGE, true },
	{ "caller", ABOUT_CALLER, NEED_CALLER, true },
};
enum { NSUBJECTS = sizeof(subjects) / sizeof(subjects[0]) };

static const struct subject *
find_subject(const char *name)
{
	for (unsigned i = 0; i < NSUBJECTS; i++)
		if (!strcmp(name, subjects[i].name))
			return &subjects[i];
	return NULL;
}

static bool
unknown_subject(struct testing *t, struct word w)
{
	const char *names[NSUBJECTS + 1] = { NULL };

	for (unsigned i = 0; i < NSUBJECTS; i++)
		names[i] = subjects[i].name;
	load_error(t->l, t->src, w.p, "\"%s\": only \"syscall\" rules test arguments; this one can test caller, exe, argv[0] "
	    "and process.uid, euid, gid, egid%s", shown_word(t->l, w), hint(t->l, word_text(t->l, w), names));
	return false;
}

static bool
compile_text_test(struct testing *t, const struct test *in, const struct subject *about, struct condop *op)
{
	struct texts x = { .l = t->l, .src = t->src, .name = about->name, .about = about->about };

	if (about->about == ABOUT_CALLER && text_is_word(t->l, in, "file")) {
		op->about = ABOUT_CALLER_FILE;
		return true;
	}
	if (!texts_compile(&x, in))
		return false;
	t->needs |= x.needs;
	op->kind = in->kind == COND_NE ? COND_NE : COND_IN;
	op->nvals = x.n;
	op->pat = pool_copy(t->l->keep, x.pat, x.n, sizeof(x.pat[0]));
	return true;
}

/* A number of the process: as wide as an id. */
static const struct argdesc id_argument = { .name = "the id", .kind = A_UINT };

static bool
compile_subject_test(struct testing *t, const struct test *in, const struct subject *about, struct condop *op)
{
	uint64_t *vals = pool_alloc(t->l->keep, list_length(in->value), sizeof(*vals));

	op->about = about->about;
	op->kind = (uint8_t)in->kind;
	op->mask = ~(uint64_t)0;
	op->val = vals;
	if (about->text && in->text)
		return compile_text_test(t, in, about, op);
	if (about->text || in->text || in->mask.first || in->kind == COND_HAS) {
		load_error(t->l, t->src, in->arg.p, about->text ?
		    "\"%s\" is tested with in, == or != and patterns in quotes" :
		    "\"%s\" is a number: ==, !=, <, <=, >, >= or in", about->name);
		return false;
	}
	t->arg = &id_argument;
	return read_values(t, in->value, vals, &op->nvals);
}

static bool
compile_argument(struct testing *t, const struct test *in, unsigned arg, struct condop *op)
{
	uint64_t *vals = pool_alloc(t->l->keep, list_length(in->value), sizeof(*vals));
	uint32_t n;

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

static bool
names_any(struct testing *t, const struct constant_abi *c, struct wordlist list)
{
	for (const struct wordnode *w = list.first; w; w = w->next)
		if (!strcmp(word_text(t->l, w->w), c->name))
			return true;
	return false;
}

static const struct condop *
find_other(const struct condop *op, const char *abi)
{
	for (op = op->other; op && strcmp(op->abi, abi) != 0; op = op->other)
		;
	return op;
}

/* The same test for each ABI where a name in it means another number. */
static bool
compile_others(struct testing *t, const struct test *in, unsigned arg, struct condop *op)
{
	for (size_t i = 0; i < nconstants_abi; i++) {
		const struct constant_abi *c = &constants_abi[i];
		struct condop *other;

		if (find_other(op, c->abi) || (!names_any(t, c, in->value) && !names_any(t, c, in->mask)))
			continue;
		other = pool_alloc(t->l->keep, 1, sizeof(*other));
		t->abi = c->abi;
		if (!compile_argument(t, in, arg, other))
			return false;
		t->abi = NULL;
		other->abi = c->abi;
		other->other = op->other;
		op->other = other;
	}
	return true;
}

static bool
compile_test(struct testing *t, const struct test *in, struct condop *op)
{
	const char *name = word_text(t->l, in->arg);
	const struct subject *about = find_subject(name);
	int arg = sysdesc_arg(t->call, name);

	if (about) {
		t->needs |= about->need;
		return compile_subject_test(t, in, about, op);
	}
	if (arg < 0)
		return t->call == sysdesc_table ? unknown_subject(t, in->arg) : unknown_argument(t, in->arg);
	if (in->text) {
		load_error(t->l, t->src, in->value.first->w.p, "an argument is compared with numbers and constants");
		return false;
	}
	return compile_argument(t, in, (unsigned)arg, op) && compile_others(t, in, (unsigned)arg, op);
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
	out->needs = t.needs;
	return true;
}

bool
condition_fits(struct loader *l, const struct test *t, unsigned id)
{
	for (; t; t = t->next)
		if (t->kind > COND_NOT && !find_subject(word_text(l, t->arg)) &&
		    sysdesc_arg(&sysdesc_table[id], word_text(l, t->arg)) < 0)
			return false;
	return true;
}

/* The test as it reads when its variables, braces and links are resolved. */
static const char *
test_text(struct loader *l, const struct source *src, const struct test *t)
{
	const struct subject *about = find_subject(word_text(l, t->arg));
	struct texts x = { .l = l, .src = src };
	const char *text = "";

	if (!about || !about->text)
		return NULL;
	x.name = about->name;
	x.about = about->about;
	if (!texts_compile(&x, t))
		return NULL;
	for (uint32_t i = 0; i < x.n; i++)
		text = pool_printf(l->scratch, "%s%s\"%s\"", text, i ? ", " : "", x.text[i]);
	if (t->kind != COND_NE)
		return pool_printf(l->scratch, "%s in %s", about->name, text);
	return pool_printf(l->scratch, x.n == 1 ? "%s != %s" : "not %s in %s", about->name, text);
}

/* How much of the text stands before the subject of the test whose first pattern begins at the quote. */
static int
before_test(const char *text, const char *quote, const struct test *t)
{
	static const char *const ops[] = { "in ", "== ", "!= ", "" };

	for (unsigned i = 0;; i++) {
		size_t n = strlen(ops[i]) + 1 + t->arg.len;

		if ((size_t)(quote - text) >= n && !strncmp(quote - n, t->arg.p, t->arg.len) &&
		    !strncmp(quote - strlen(ops[i]), ops[i], strlen(ops[i])))
			return (int)(quote - text - (long)n);
	}
}

/* Tests of patterns stand in the text in the order of the tests. */
const char *
condition_text(struct loader *l, const struct source *src, const char *when, const struct test *tests)
{
	const char *text = "";

	for (const struct test *t = tests; t; t = t->next) {
		const char *quote = t->text ? strchr(when, '"') : NULL, *said;

		if (!quote || t->value.first->w.p[0] != '"')
			continue;
		said = test_text(l, src, t);
		if (!said)
			return when;
		text = pool_printf(l->scratch, "%s%.*s%s", text, before_test(when, quote, t), when, said);
		for (const struct wordnode *w = t->value.first; w; w = w->next)
			when = strchr(when, '"') + w->w.len;
	}
	text = when ? pool_printf(l->keep, "%s%s", text, when) : NULL;
	if (text && strlen(text) > MAX_WHEN)
		load_error(l, src, tests->arg.p, "the condition is too long when its patterns are written out");
	return text;
}
