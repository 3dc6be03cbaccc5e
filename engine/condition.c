/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

enum { MAX_TEXTS = 64 };

/* A test being compiled for one call. */
struct testing {
	struct loader *l;
	const struct source *src;
	const struct sysdesc *call;
	const struct argdesc *arg;
	unsigned needs;
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

/* Where "module:function" is parted: the last colon that is no part of the path. */
static size_t
function_at(const struct bytes *b)
{
	for (size_t i = b->n; i-- > 0 && b->b[i].c != '/';)
		if (b->b[i].c == ':' && !b->b[i].literal)
			return i;
	return b->n;
}

static bool
compile_text(struct testing *t, struct word w, const struct bytes *b, struct pattern *out)
{
	size_t at;
	const char *wrong = b->n ? pattern_compile(out, &t->l->build, b->b, b->n, &at) : "an empty pattern";

	if (wrong) {
		load_error(t->l, t->src, w.p, "%s", wrong);
		return false;
	}
	pattern_keep(out, t->l->keep);
	return true;
}

/* The patterns of one test on their way. */
struct texts {
	struct testing *t;
	const struct subject *about;
	struct word word;
	struct textpat pat[MAX_TEXTS];
	uint32_t n;
};

static bool
add_text(void *ctx, const struct bytes *whole)
{
	struct texts *x = ctx;
	struct bytes b = *whole, fn, canonical;
	struct textpat *p = &x->pat[x->n];

	if (x->n == MAX_TEXTS) {
		load_error(x->t->l, x->t->src, x->word.p, "more than %d patterns in one test", MAX_TEXTS);
		return false;
	}
	x->n++;
	*p = (struct textpat){ .whole = true };
	if (x->about->about == ABOUT_CALLER) {
		b.n = function_at(whole);
		fn = (struct bytes){ whole->b + b.n + 1, whole->n - b.n - (b.n < whole->n) };
		p->has_function = b.n < whole->n;
		x->t->needs |= p->has_function ? NEED_FUNCTION : 0;
		p->whole = b.n && b.b[0].c == '/';
		if (p->has_function && !compile_text(x->t, x->word, &fn, &p->function))
			return false;
		fn.b = whole->b + b.n;
		fn.n = whole->n - b.n;
	}
	if (!compile_text(x->t, x->word, &b, &p->text))
		return false;
	if (x->about->about == ABOUT_ARGV0 || !p->whole || !canonical_form(x->t->l, &p->text, &b, &canonical))
		return true;
	if (x->n == MAX_TEXTS)
		return add_text(ctx, whole);
	x->pat[x->n] = *p;
	return compile_text(x->t, x->word, &canonical, &x->pat[x->n++].text);
}

static bool
compile_text_test(struct testing *t, const struct test *in, const struct subject *about, struct condop *op)
{
	struct texts x = { .t = t, .about = about };
	struct bytes b;

	if (in->kind == COND_EQ && about->about == ABOUT_CALLER && !strcmp(word_text(t->l, in->value.first->w), "file")) {
		op->about = ABOUT_CALLER_FILE;
		return true;
	}
	for (const struct wordnode *w = in->value.first; w; w = w->next) {
		x.word = w->w;
		if (w->w.p[0] != '"') {
			load_error(t->l, t->src, w->w.p, "\"%s\" is compared with a pattern in quotes", about->name);
			return false;
		}
		if (!expand_word(t->l, t->src, w->w, &b) || !expand_braces(t->l, t->src, w->w, &b, add_text, &x))
			return false;
	}
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
compile_test(struct testing *t, const struct test *in, struct condop *op)
{
	const char *name = word_text(t->l, in->arg);
	const struct subject *about = find_subject(name);
	int arg = sysdesc_arg(t->call, name);
	uint64_t *vals = pool_alloc(t->l->keep, list_length(in->value), sizeof(*vals));
	uint32_t n;

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

/* A pattern of a condition as it reads when all its variables are resolved. */
static const char *
pattern_text(struct loader *l, const struct source *src, struct word w)
{
	struct bytes b;

	return expand_word(l, src, w, &b) ? print_bytes(l, &b) : "";
}

const char *
condition_text(struct loader *l, const struct source *src, const char *when, const struct test *tests)
{
	const struct wordnode *w = NULL;
	const char *text = "", *quote;

	/* Patterns stand in the text in the order of the tests. */
	while (when && (quote = strchr(when, '"'))) {
		while (!w && tests) {
			w = tests->text ? tests->value.first : NULL;
			tests = tests->next;
		}
		if (!w)
			break;
		if (w->w.p[0] == '"') {
			text = pool_printf(l->scratch, "%s%.*s\"%s\"", text, (int)(quote - when), when, pattern_text(l, src, w->w));
			when = quote + w->w.len;
		}
		w = w->next;
	}
	return when ? pool_printf(l->keep, "%s%s", text, when) : NULL;
}
