/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

enum { MAX_NESTING = 16 };

/* A word on its way to bytes. */
struct expansion {
	struct loader *l;
	const struct source *src;
	struct patbyte *out;
	size_t n;
	bool from_variable;		/* the last byte */
	unsigned nesting;
};

static bool expand_range(struct expansion *, const char *p, const char *end, bool literal);

static uint32_t
offset_of(const struct expansion *e, const char *p)
{
	return (uint32_t)(p - e->src->text);
}

static bool
emit(struct expansion *e, unsigned char c, bool literal, bool from_variable, const char *place)
{
	bool from = from_variable || e->from_variable;

	/* HOME=/home/u/ in ${HOME}/x is no "//". */
	if (c == '/' && from && e->n && e->out[e->n - 1].c == '/')
		return true;
	if (e->n == PATTERN_MAX) {
		load_error(e->l, e->src, place, "longer than %d bytes when expanded", PATTERN_MAX);
		return false;
	}
	e->out[e->n++] = (struct patbyte){ .c = c, .literal = literal, .at = offset_of(e, place) };
	e->from_variable = from_variable;
	return true;
}

static bool
emit_value(struct expansion *e, const char *value, const char *place)
{
	for (; *value; value++)
		if (!emit(e, (unsigned char)*value, true, true, place))
			return false;
	return true;
}

static int
hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * p stands on the backslash.  Messages print odd bytes as \n, \t, \r and \xHH,
 * and so a policy can say them; any other byte stands for itself.
 */
static bool
expand_escape(struct expansion *e, const char **p, const char *end)
{
	static const char letters[] = "ntr", meant[] = "\n\t\r";
	const char *place = *p, *letter;
	unsigned char c;

	if (++*p == end) {
		load_error(e->l, e->src, place, "a backslash with nothing after it");
		return false;
	}
	c = (unsigned char)*(*p)++;
	if (c == 'x' && end - *p >= 2 && hex_digit((*p)[0]) >= 0 && hex_digit((*p)[1]) >= 0) {
		c = (unsigned char)(hex_digit((*p)[0]) << 4 | hex_digit((*p)[1]));
		*p += 2;
	} else if ((letter = strchr(letters, c))) {
		c = (unsigned char)meant[letter - letters];
	}
	return emit(e, c, true, false, place);
}

static bool
name_byte(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

/* The end of NAME or a digit after "${"; NULL when there is neither. */
static const char *
name_end(const char *p, const char *end)
{
	const char *start = p;

	if (p < end && *p == '*')
		return p + 1;
	if (p < end && *p >= '1' && *p <= '9') {
		while (p < end && *p >= '0' && *p <= '9')
			p++;
		return p;
	}
	while (p < end && name_byte(*p, p == start))
		p++;
	return p > start ? p : NULL;
}

/* The "}" that closes what was opened before p; NULL when there is none. */
static const char *
closing_brace(const char *p, const char *end)
{
	unsigned depth = 1;

	for (; p < end; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		else if (*p == '{')
			depth++;
		else if (*p == '}' && --depth == 0)
			return p;
	}
	return NULL;
}

static const struct let *
let_in(const struct source *src, const char *name)
{
	for (const struct let *v = src->lets; v; v = v->next)
		if (strlen(name) == v->name.len && !memcmp(name, v->name.p, v->name.len))
			return v;
	return NULL;
}

/* A file sees its own variables, then those of the main one; a promise only its own. */
static const struct let *
let_find(const struct loader *l, const struct source *src, const char *name)
{
	const struct let *v = let_in(src, name);

	return v || src->promise || !l->main ? v : let_in(l->main, name);
}

static void
expand_let(struct loader *l, struct let *v)
{
	if (v->state != LET_UNSEEN)
		return;
	v->state = LET_BUSY;
	v->text = expand_text(l, v->src, v->value);
	v->state = v->text && let_fits_type(l, v) ? LET_DONE : LET_WRONG;
}

void
expand_lets(struct loader *l)
{
	for (struct source *s = l->sources; s; s = s->next)
		for (struct let *v = s->lets; v; v = v->next)
			expand_let(l, v);
}

/* Lists of variables have the last one first. */
static void
collect_idle_lets(struct loader *l, const struct let *v, struct mark *m, size_t *n)
{
	size_t end = *n, at;

	for (const struct let *u = v; u; u = u->next)
		end += !u->used;
	for (at = end; v; v = v->next)
		if (!v->used)
			m[--at] = (struct mark){ pool_text(l->keep, v->name.p, v->name.len), origin_of(v->src, v->name) };
	*n = end;
}

/* Other texts than the main one see their own variables alone: what is not used there is not used. */
void
compile_idle_lets(struct loader *l)
{
	struct mark *m;
	size_t n = 0;

	for (const struct source *s = l->sources; s; s = s->next)
		for (const struct let *v = s->group ? NULL : s->lets; v; v = v->next)
			n += !v->used;
	l->policy->idle_let = m = pool_alloc(l->keep, n, sizeof(*m));
	n = 0;
	for (const struct source *s = l->sources; s; s = s->next)
		if (!s->group)
			collect_idle_lets(l, s->lets, m, &n);
	l->policy->nidle_lets = n;
}

/* False: the variable is wrong, and a message said so. */
static bool
variable_value(struct expansion *e, const char *name, const char *place, const char **value)
{
	/* Lists are built by a loader that may change what it points to. */
	struct let *v = (struct let *)(uintptr_t)let_find(e->l, e->src, name);

	*value = NULL;
	if (!strcmp(name, "*")) {
		if (!e->l->many) {
			load_error(e->l, e->src, place, "${*} can be several operands: it stands in the objects of rules");
			return false;
		}
		name = pool_printf(e->l->scratch, "%u", e->l->operand);
	}
	if (!v) {
		*value = e->l->host->variable ? e->l->host->variable(e->l->host->ctx, name) : NULL;
		return true;
	}
	if (v->state == LET_BUSY) {
		load_error(e->l, e->src, place, "variable \"%s\" refers to itself", name);
		return false;
	}
	v->used = true;
	expand_let(e->l, v);
	*value = v->text;
	return v->state == LET_DONE;
}

static const char *const usual_variables[] = {
	"HOME", "TMPDIR", "USER", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
	"XDG_STATE_HOME", NULL
};

static const char *
variable_hint(struct expansion *e, const char *name)
{
	const char *words[65] = { NULL };
	const char *near;
	size_t n = 0;

	for (const struct let *v = e->src->lets; v && n < 32; v = v->next)
		words[n++] = word_text(e->l, v->name);
	for (const struct let *v = e->l->main && !e->src->promise ? e->l->main->lets : NULL; v && n < 64; v = v->next)
		words[n++] = word_text(e->l, v->name);
	near = hint(e->l, name, words);
	return *near ? near : hint(e->l, name, usual_variables);
}

/* A number is an operand that is not there; a usual name is not set; another may be misspelt. */
static const char *
undefined_hint(struct expansion *e, const char *name)
{
	size_t len = strlen(name);

	if (len > 9 && !strncmp(name, "XDG_", 4) && !strcmp(name + len - 5, "_HOME"))
		return pool_printf(e->l->scratch, " (neither it nor HOME is set; ${%s:-...} gives it a default)", name);
	for (const char *const *usual = usual_variables; *usual; usual++)
		if (!strcmp(*usual, name))
			return pool_printf(e->l->scratch, " (it is not set; ${%s:-...} gives it a default)", name);
	if (!strcmp(name, "PROGRAM"))
		return " (no program is named; --program names one)";
	if (name[0] == '*')
		return " (the program has no operands; ${*:-...} gives them a default)";
	if (name[0] >= '0' && name[0] <= '9')
		return pool_printf(e->l->scratch, " (the program has no such operand; ${%s:-...} gives it a default)", name);
	return variable_hint(e, name);
}

static bool
undefined(struct expansion *e, const char *name, const char *value, const char *place)
{
	/* A line that defines it may be among those that could not be read. */
	if (e->src->broken)
		return false;
	if (value)
		load_error(e->l, e->src, place, "variable \"%s\" is empty; ${%s:-...} gives it a default", name, name);
	else
		load_error(e->l, e->src, place, "undefined variable \"%s\"%s", name, undefined_hint(e, name));
	return false;
}

/* p stands on the "$" of "${". */
static bool
expand_variable(struct expansion *e, const char **p, const char *end)
{
	const char *place = *p, *start = place + 2, *after = name_end(start, end), *close = closing_brace(start, end);
	const char *name, *value;

	if (!close) {
		load_error(e->l, e->src, place, "unterminated \"${\"");
		return false;
	}
	if (!after || (after != close && strncmp(after, ":-", 2) != 0)) {
		load_error(e->l, e->src, place, "not a variable; it is written ${NAME} or ${NAME:-default}");
		return false;
	}
	*p = close + 1;
	name = pool_text(e->l->scratch, start, (size_t)(after - start));
	if (!variable_value(e, name, place, &value))
		return false;
	if (value && *value)
		return emit_value(e, value, place);
	if (after == close)
		return undefined(e, name, value, place);
	return expand_range(e, after + 2, close, true);
}

/* p stands on a plain byte. */
static bool
expand_byte(struct expansion *e, const char *p, const char *end, bool literal)
{
	if (*p == '$' && p + 1 < end && (name_byte(p[1], true) || (p[1] >= '1' && p[1] <= '9'))) {
		load_error(e->l, e->src, p, "a variable is written ${NAME}; a literal $ is written \\$");
		return false;
	}
	if (literal && strchr("*?[{", *p)) {
		load_error(e->l, e->src, p, "a value is literal text: write \\%c, or the wildcard where the variable is used", *p);
		return false;
	}
	return emit(e, (unsigned char)*p, literal, literal, p);
}

static bool
expand_range(struct expansion *e, const char *p, const char *end, bool literal)
{
	const char *quote = NULL;
	bool ok = true;

	if (++e->nesting > MAX_NESTING) {
		load_error(e->l, e->src, p, "variables nested too deeply");
		return false;
	}
	while (ok && p < end) {
		if (*p == '\\') {
			ok = expand_escape(e, &p, end);
		} else if (*p == '"') {
			quote = quote ? NULL : p;
			p++;
		} else if (*p == '$' && p + 1 < end && p[1] == '{') {
			ok = expand_variable(e, &p, end);
		} else {
			ok = expand_byte(e, p, end, literal);
			p++;
		}
	}
	e->nesting--;
	if (ok && quote) {
		load_error(e->l, e->src, quote, "unterminated quote");
		return false;
	}
	return ok;
}

bool
expand_word(struct loader *l, const struct source *src, struct word w, struct bytes *out)
{
	struct patbyte buf[PATTERN_MAX];
	struct expansion e = { .l = l, .src = src, .out = buf };

	/* Variables of variables come here again, each with its own room on the stack. */
	if (l->nesting == MAX_NESTING) {
		load_error(l, src, w.p, "variables nested too deeply");
		return false;
	}
	l->nesting++;
	if (!expand_range(&e, w.p, w.p + w.len, false)) {
		l->nesting--;
		return false;
	}
	l->nesting--;
	out->b = pool_copy(l->scratch, buf, e.n, sizeof(buf[0]));
	out->n = e.n;
	return true;
}

const char *
expand_text(struct loader *l, const struct source *src, struct word w)
{
	struct bytes b;
	char *s;

	if (!expand_word(l, src, w, &b))
		return NULL;
	s = pool_alloc(l->scratch, b.n + 1, 1);
	for (size_t i = 0; i < b.n; i++) {
		unsigned char c = b.b[i].c;

		if (!c || (!b.b[i].literal && strchr("*?[{", c))) {
			load_error(l, src, src->text + b.b[i].at,
			    c ? "a value is literal text: write \\%c, or the wildcard where the variable is used" :
			    "a NUL byte in a value", c);
			return NULL;
		}
		s[i] = (char)c;
	}
	return s;
}

static bool
active(const struct bytes *b, size_t i, unsigned char c)
{
	return !b->b[i].literal && b->b[i].c == c;
}

/* The first active brace from i on, sets skipped; n when there is none. */
static size_t
next_brace(const struct bytes *b, size_t i)
{
	bool in_set = false;

	for (; i < b->n; i++) {
		if (in_set ? active(b, i, ']') : active(b, i, '['))
			in_set = !in_set;
		else if (!in_set && (active(b, i, '{') || active(b, i, '}')))
			break;
	}
	return i;
}

/* One pair of braces: where its parts end.  parts[0] is the "{", the last one the "}". */
struct braces {
	size_t part[MAX_ALTERNATIVES + 2];
	size_t n;
};

/* False when it does not end, or has too many parts (n is MAX_ALTERNATIVES + 1 then). */
static bool
find_group(const struct bytes *b, size_t open, struct braces *g)
{
	unsigned depth = 0;
	bool in_set = false;

	g->n = 0;
	for (size_t i = open; i < b->n; i++) {
		if (in_set ? active(b, i, ']') : active(b, i, '['))
			in_set = !in_set;
		if (in_set)
			continue;
		depth += active(b, i, '{');
		depth -= active(b, i, '}');
		if (i == open || depth == 0 || (depth == 1 && active(b, i, ',')))
			g->part[g->n++] = i;
		if (depth == 0)
			return true;
		if (g->n > MAX_ALTERNATIVES)
			return false;
	}
	return false;
}

static struct bytes
choose(const struct bytes *b, const struct braces *g, size_t part)
{
	size_t open = g->part[0], close = g->part[g->n - 1];
	size_t from = g->part[part] + 1, len = g->part[part + 1] - from;
	struct bytes r = { .n = open + len + (b->n - close - 1) };

	r.b = xcalloc(r.n, sizeof(*r.b));
	memcpy(r.b, b->b, open * sizeof(*r.b));
	memcpy(r.b + open, b->b + from, len * sizeof(*r.b));
	memcpy(r.b + open + len, b->b + close + 1, (b->n - close - 1) * sizeof(*r.b));
	return r;
}

/* What waits to be looked at; the next one last. */
struct pending {
	struct bytes item[MAX_ALTERNATIVES + 1];
	size_t n;
	size_t done;
};

static const char *
split(struct pending *p, const struct bytes *b, size_t brace)
{
	struct braces g;

	if (active(b, brace, '}'))
		return "\"}\" without \"{\"; a literal one is written \\}";
	if (!find_group(b, brace, &g))
		return g.n > MAX_ALTERNATIVES ? "too many alternatives" : "unterminated \"{\"";
	if (g.n < 3)
		return "braces with one alternative; a literal \"{\" is written \\{";
	if (p->done + p->n + g.n - 1 > MAX_ALTERNATIVES)
		return "too many alternatives";
	for (size_t i = g.n - 1; i-- > 0;)
		p->item[p->n++] = choose(b, &g, i);
	return NULL;
}

/* Braces as a number: each pair is copied through for every alternative before it. */
static size_t
count_braces(const struct bytes *b)
{
	size_t n = 0;

	for (size_t i = next_brace(b, 0); i < b->n; i = next_brace(b, i + 1))
		n += b->b[i].c == '{';
	return n;
}

static bool
expand_one(struct loader *l, const struct source *src, struct pending *p,
    bool (*each)(void *ctx, const struct bytes *), void *ctx)
{
	struct bytes b = p->item[--p->n];
	size_t brace = next_brace(&b, 0);
	const char *wrong = NULL;
	bool ok = true;

	if (brace < b.n) {
		wrong = split(p, &b, brace);
	} else {
		p->done++;
		ok = each(ctx, &b);
	}
	if (wrong)
		load_error(l, src, src->text + b.b[brace].at, "%s", wrong);
	free(b.b);
	return ok && !wrong;
}

bool
expand_braces(struct loader *l, const struct source *src, struct word w, const struct bytes *in,
    bool (*each)(void *ctx, const struct bytes *), void *ctx)
{
	struct pending p = { .n = 1 };
	bool ok = true;

	if (count_braces(in) > MAX_BRACES) {
		load_error(l, src, w.p, "too many braces in one pattern");
		return false;
	}
	p.item[0].n = in->n;
	p.item[0].b = xcalloc(in->n, sizeof(*in->b));
	memcpy(p.item[0].b, in->b, in->n * sizeof(*in->b));
	while (ok && p.n)
		ok = expand_one(l, src, &p, each, ctx);
	while (p.n)
		free(p.item[--p.n].b);
	return ok;
}

static bool
uses_operands(struct word w)
{
	for (size_t i = 0; i + 2 < w.len; i++) {
		if (w.p[i] == '\\')
			i++;
		else if (!memcmp(w.p + i, "${*", 3))
			return true;
	}
	return false;
}

static bool
expand_once(struct loader *l, const struct source *src, struct word w,
    bool (*each)(void *ctx, const struct bytes *), void *ctx)
{
	struct bytes b;

	return expand_word(l, src, w, &b) && expand_braces(l, src, w, &b, each, ctx);
}

bool
expand_each(struct loader *l, const struct source *src, struct word w,
    bool (*each)(void *ctx, const struct bytes *), void *ctx)
{
	const struct policy_host *h = l->host;
	bool ok = true;

	if (!uses_operands(w))
		return expand_once(l, src, w, each, ctx);
	l->many = true;
	l->operand = 1;
	do
		ok = expand_once(l, src, w, each, ctx);
	while (ok && h->variable && h->variable(h->ctx, pool_printf(l->scratch, "%u", ++l->operand)));
	l->many = false;
	return ok;
}
