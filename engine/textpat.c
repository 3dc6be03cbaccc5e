/* SPDX-License-Identifier: ISC */
/* The patterns of a condition: what calls, what is executed, what it was called. */
#include <string.h>

#include "engine/load_int.h"

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
compile_text(struct texts *x, const struct bytes *b, struct pattern *out)
{
	size_t at;
	const char *wrong = b->n ? pattern_compile(out, &x->l->build, b->b, b->n, &at) : "an empty pattern";

	if (wrong) {
		load_error(x->l, x->src, x->word.p, "%s", wrong);
		return false;
	}
	pattern_keep(out, x->l->keep);
	return true;
}

static bool
has_slash(const struct bytes *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->b[i].c == '/')
			return true;
	return false;
}

/* A pattern for a whole path that is not like this never matches. */
static bool
begins_like_path(const struct bytes *b)
{
	bool deep = b->n > 1 && b->b[0].c == '*' && b->b[1].c == '*' && !b->b[0].literal && !b->b[1].literal;

	return b->n && (b->b[0].c == '/' || deep);
}

/* A colon that is no separator is written with a backslash. */
static const char *
print_part(struct texts *x, const struct bytes *b)
{
	const char *plain = print_bytes(x->l, b), *text = "";
	size_t n;

	if (x->about != ABOUT_CALLER)
		return plain;
	for (; plain[n = strcspn(plain, ":")]; plain += n + 1)
		text = pool_printf(x->l->scratch, "%s%.*s\\:", text, (int)n, plain);
	return pool_printf(x->l->scratch, "%s%s", text, plain);
}

/* Parts "module:function", and leaves the module in *b. */
static bool
take_function(struct texts *x, struct bytes *b, struct textpat *p, const char **text)
{
	size_t at = function_at(b);
	struct bytes fn;

	if (at == b->n)
		return true;
	fn = (struct bytes){ .b = b->b + at + 1, .n = b->n - at - 1 };
	b->n = at;
	p->has_function = true;
	x->needs |= NEED_FUNCTION;
	*text = pool_printf(x->l->scratch, ":%s", print_part(x, &fn));
	return compile_text(x, &fn, &p->function);
}

/* One pattern more, once. */
static bool
add_module(struct texts *x, const struct bytes *b, struct textpat pat, const char *function)
{
	const char *text = pool_printf(x->l->scratch, "%s%s", print_part(x, b), function);

	for (uint32_t i = 0; i < x->n; i++)
		if (!strcmp(x->text[i], text))
			return true;
	if (x->n == MAX_TEXTS) {
		load_error(x->l, x->src, x->word.p, "more than %d patterns in one test", MAX_TEXTS);
		return false;
	}
	x->text[x->n] = text;
	x->pat[x->n++] = pat;
	return true;
}

static bool
add_text(void *ctx, const struct bytes *whole)
{
	struct texts *x = ctx;
	struct bytes b = *whole, canonical;
	struct textpat p = { .whole = true };
	const char *function = "";

	if (x->about == ABOUT_CALLER) {
		if (!take_function(x, &b, &p, &function))
			return false;
		p.whole = has_slash(&b);
	}
	if (b.n && x->about != ABOUT_ARGV0 && p.whole && !begins_like_path(&b)) {
		load_error(x->l, x->src, x->word.p, "%s: a whole path begins with \"/\" or \"**\"", x->name);
		return false;
	}
	if (!compile_text(x, &b, &p.text) || !add_module(x, &b, p, function))
		return false;
	if (x->about == ABOUT_ARGV0 || !p.whole || !canonical_form(x->l, &p.text, &b, &canonical))
		return true;
	return compile_text(x, &canonical, &p.text) && add_module(x, &canonical, p, function);
}

bool
text_is_word(struct loader *l, const struct test *t, const char *word)
{
	return t->kind == COND_EQ && !strcmp(word_text(l, t->value.first->w), word);
}

bool
texts_compile(struct texts *x, const struct test *t)
{
	struct bytes b;

	for (const struct wordnode *w = t->value.first; w; w = w->next) {
		x->word = w->w;
		if (w->w.p[0] != '"') {
			load_error(x->l, x->src, w->w.p, "\"%s\" is compared with a pattern in quotes", x->name);
			return false;
		}
		if (!expand_word(x->l, x->src, w->w, &b) || !expand_braces(x->l, x->src, w->w, &b, add_text, x))
			return false;
	}
	return true;
}
