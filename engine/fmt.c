/* SPDX-License-Identifier: ISC */
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"
#include "engine/parse.h"
#include "lib/xalloc.h"

/*
 * A policy in canonical form.  The tokens are the scanner's own; what lies
 * between them are blanks, line breaks and comments.  Rules that stand together
 * have their objects in one column.
 */

enum { WIDTH = 100, MAX_COLUMN = 40, TAB = 8 };

struct token {
	int kind;
	const char *p;
	size_t len;
};

/* Text that grows, and the column it has come to. */
struct text {
	char *s;
	size_t len, cap, column;
};

/* A statement: its tokens, and how many of them stand before the column of objects. */
struct statement {
	struct token *token;
	size_t n, head;
	const char *comment;	/* behind it; NULL when there is none */
	const char *after;	/* where its line ends */
};

struct formatter {
	const char *at, *end;	/* what is not looked at yet */
	struct token *token;	/* of the statement being read */
	size_t n, cap;
	struct statement *run;	/* rules that stand together */
	size_t nrun, runcap;
	struct text out;
	unsigned indent;
};

/* Text */

static void
add(struct text *t, const char *s, size_t len)
{
	while (t->len + len + 1 > t->cap) {
		t->cap = t->cap ? 2 * t->cap : 1024;
		t->s = xreallocarray(t->s, t->cap, 1);
	}
	memcpy(t->s + t->len, s, len);
	t->len += len;
	t->s[t->len] = '\0';
	for (size_t i = 0; i < len; i++)
		t->column = s[i] == '\n' ? 0 : s[i] == '\t' ? (t->column / TAB + 1) * TAB : t->column + 1;
}

static void
fill(struct text *t, const char *s, size_t n)
{
	while (n-- > 0)
		add(t, s, 1);
}

static size_t
comment_length(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));
	size_t n = (size_t)((nl ? nl : end) - p);

	while (n && strchr(" \t\r", p[n - 1]))
		n--;
	return n;
}

/* The next comment in a stretch without tokens; NULL when there is none. */
static const char *
next_comment(const char *from, const char *to)
{
	return from < to ? memchr(from, '#', (size_t)(to - from)) : NULL;
}

static void
new_line(struct formatter *f, unsigned indent)
{
	add(&f->out, "\n", 1);
	fill(&f->out, "\t", indent);
}

/* Tokens */

static bool
is_action(int kind)
{
	return kind == K_ALLOW || kind == K_ASK || kind == K_DENY || kind == K_TRAP || kind == K_KILL;
}

/* Between which tokens there is no blank; rights stand closer than objects. */
static bool
is_tight(const struct token *before, const struct token *t, bool in_head)
{
	if (t->kind == ',' || t->kind == ')' || t->kind == '|' || t->kind == ':')
		return true;
	return before->kind == '(' || before->kind == '|' || (in_head && before->kind == ',');
}

/* How wide the tokens up to the next place are where a line can be parted. */
static size_t
width_of_part(const struct statement *s, size_t i)
{
	size_t width = 0;

	for (size_t first = i; i < s->n; i++) {
		if (i > first && (s->token[i - 1].kind == ',' || s->token[i].kind == AND || s->token[i].kind == OR ||
		    s->token[i].kind == K_IF))
			break;
		width += s->token[i].len + (i > first && !is_tight(&s->token[i - 1], &s->token[i], false));
	}
	return width;
}

/* One value of a chain that no line holds as a whole. */
static bool
is_overlong(const struct formatter *f, const struct statement *s, size_t i)
{
	size_t to = i + 1 < s->n && s->token[i + 1].kind == '|' ? 1 : 0;

	return s->token[i - 1].kind == '|' && f->out.column + s->token[i].len + to > WIDTH;
}

/* Comments behind a comma: the first on its line, further ones on their own. */
static bool
add_comments(struct formatter *f, const char *from, const char *to)
{
	bool any = false;

	for (const char *c; (c = next_comment(from, to)); from = c + comment_length(c, to)) {
		if (any)
			new_line(f, f->indent + 1);
		else
			add(&f->out, "  ", 2);
		add(&f->out, c, comment_length(c, to));
		any = true;
	}
	return any;
}

/* What stands between a token and the one before. */
static void
part(struct formatter *f, const struct statement *s, size_t i)
{
	const struct token *before = &s->token[i - 1], *t = &s->token[i];
	bool too_wide = f->out.column + 1 + width_of_part(s, i) > WIDTH;

	if (before->kind == ',' && i > s->head && (add_comments(f, before->p + 1, t->p) || too_wide)) {
		new_line(f, f->indent + 1);
	} else if ((t->kind == AND || t->kind == OR || t->kind == K_IF || is_overlong(f, s, i)) && too_wide) {
		add(&f->out, " \\", 2);
		new_line(f, f->indent + 1);
	} else if (!is_tight(before, t, i < s->head)) {
		add(&f->out, " ", 1);
	}
}

static void
add_tokens(struct formatter *f, const struct statement *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (i > from)
			part(f, s, i);
		add(&f->out, s->token[i].p, s->token[i].len);
	}
}

/* Statements */

/* Of a rule: action, error and rights.  Other statements have no column. */
static size_t
head_length(const struct formatter *f)
{
	size_t i = 1;

	if (!f->n || !is_action(f->token[0].kind))
		return 0;
	if (i < f->n && f->token[i].kind == ERRNO)
		i++;
	for (i++; i + 1 < f->n && f->token[i].kind == ','; i += 2)
		;
	return i < f->n ? i : 0;
}

static size_t
head_width(const struct statement *s)
{
	size_t width = 0;

	for (size_t i = 0; i < s->head; i++)
		width += s->token[i].len + (i && !is_tight(&s->token[i - 1], &s->token[i], true));
	return width;
}

static void
write_statement(struct formatter *f, const struct statement *s, size_t column)
{
	size_t width = head_width(s);

	fill(&f->out, "\t", f->indent);
	add_tokens(f, s, 0, s->head);
	if (s->head)
		fill(&f->out, " ", width < column ? column - width : 1);
	add_tokens(f, s, s->head, s->n);
	if (s->comment) {
		add(&f->out, "  ", 2);
		add(&f->out, s->comment, comment_length(s->comment, s->after));
	}
	add(&f->out, "\n", 1);
}

static void
flush_run(struct formatter *f)
{
	size_t column = 0;

	for (size_t i = 0; i < f->nrun; i++) {
		size_t width = head_width(&f->run[i]) + 1;

		if (width > column && width <= MAX_COLUMN)
			column = width;
	}
	for (size_t i = 0; i < f->nrun; i++) {
		write_statement(f, &f->run[i], column);
		free(f->run[i].token);
	}
	f->nrun = 0;
}

/* Comment lines before a statement, and one blank line where there were any. */
static void
write_gap(struct formatter *f, const char *to)
{
	bool blank = false;

	for (const char *p = f->at; p < to;) {
		size_t space = 0;
		const char *nl = memchr(p, '\n', (size_t)(to - p));

		while (p + space < to && strchr(" \t\r", p[space]))
			space++;
		if (p + space < to && p[space] == '#') {
			flush_run(f);
			if (blank && f->out.len)
				add(&f->out, "\n", 1);
			fill(&f->out, "\t", f->indent);
			add(&f->out, p + space, comment_length(p + space, to));
			add(&f->out, "\n", 1);
			blank = false;
		} else if (nl == p + space) {
			blank = true;
		}
		p = nl ? nl + 1 : to;
	}
	if (!blank || to == f->end)
		return;
	flush_run(f);
	if (f->out.len)
		add(&f->out, "\n", 1);
}

static void
end_statement(struct formatter *f, const char *line_end)
{
	const struct token *last = &f->token[f->n - 1];
	struct statement s = {
		.n = f->n, .head = head_length(f), .after = line_end, .comment = next_comment(last->p + last->len, line_end),
	};
	bool opens = last->kind == '{';

	s.token = xcalloc(f->n, sizeof(*s.token));
	memcpy(s.token, f->token, f->n * sizeof(*s.token));
	f->indent -= last->kind == '}' && f->indent ? 1 : 0;
	if (!s.head)
		flush_run(f);
	xgrow(&f->run, f->nrun, &f->runcap, sizeof(*f->run));
	f->run[f->nrun++] = s;
	if (!s.head)
		flush_run(f);
	f->indent += opens;
	f->n = 0;
}

static void
take_token(void *ctx, int kind, struct word w)
{
	struct formatter *f = ctx;

	if (kind == NL) {
		if (f->n)
			end_statement(f, w.p);
		f->at = w.p + w.len < f->end ? w.p + w.len : f->end;
		return;
	}
	if (!f->n) {
		if (kind == '}')
			flush_run(f);
		write_gap(f, w.p);
	}
	xgrow(&f->token, f->n, &f->cap, sizeof(*f->token));
	f->token[f->n++] = (struct token){ kind, w.p, w.len };
}

static void
format(struct loader *l, struct source *src, struct text *out)
{
	struct formatter f = { .at = src->text, .end = src->text + src->len, .out = *out };

	add(&f.out, "", 0);
	lex_source(l, src, take_token, &f);
	if (f.n)
		end_statement(&f, f.end);
	write_gap(&f, f.end);
	flush_run(&f);
	free(f.token);
	free(f.run);
	*out = f.out;
}

static void
see_guard(void *ctx, int kind, struct word w)
{
	(void)w;
	*(bool *)ctx |= kind == K_GUARD;
}

/* The floor has guards, and no other policy. */
static bool
is_floor(struct loader *l, struct source *src)
{
	bool guards = false;

	lex_source(l, src, see_guard, &guards);
	return guards && !l->nfailures;
}

char *
policy_fmt(const char *text, size_t len, const char *shown, size_t *out_len, struct policy_errors *errors)
{
	static const struct policy_host nothing;
	struct said said = { .pool = NULL };
	struct loader *l = loader_new(&nothing, &said);
	struct source *src = add_source(l, shown, text, len);
	struct text out = { .s = NULL };

	said.pool = l->scratch;
	errors->text[0] = '\0';
	errors->count = 0;
	if (fit_to_parse(l, src)) {
		l->floor = is_floor(l, src);
		parse_source(l, src);
	}
	/* It never loads, and where its words end is not what was meant. */
	if (!l->nfailures && src->open_word)
		load_error(l, src, src->open_word, "a brace in this word is not closed");
	if (!l->nfailures)
		format(l, src, &out);
	policy_free(loader_end(l, errors));
	*out_len = out.len;
	return out.s;
}
