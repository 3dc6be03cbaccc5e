/* SPDX-License-Identifier: ISC */
#include "engine/load_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
syntax_error(struct parser *x, const char *place, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	x->src->broken = true;
	if (x->error_line == x->last.line)
		return;
	x->error_line = x->last.line;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	load_error(x->l, x->src, place, "%s", text);
}

struct wordlist
wordlist_add(struct parser *x, struct wordlist list, struct word w, bool joined)
{
	struct wordnode *n = pool_alloc(x->l->scratch, 1, sizeof(*n));

	n->w = w;
	n->joined = joined;
	if (list.last)
		list.last->next = n;
	else
		list.first = n;
	list.last = n;
	return list;
}

struct wordlist
wordlist_one(struct parser *x, struct word w)
{
	return wordlist_add(x, (struct wordlist){ 0 }, w, false);
}

struct wordlist
wordlist_join(struct wordlist a, struct wordlist b)
{
	if (!a.first)
		return b;
	a.last->next = b.first;
	a.last = b.first ? b.last : a.last;
	return a;
}

/* An older tollgate must not guess at what a newer language means. */
static void
check_version(struct parser *x, struct word number)
{
	const char *text = word_text(x->l, number);
	char *end;
	long version = strtol(text, &end, 10);

	if (end == text || *end || version < 1) {
		syntax_error(x, number.p, "\"%s\" is not a version of the policy language", shown_word(x->l, number));
	} else if (version > POLICY_VERSION) {
		syntax_error(x, number.p, "the policy needs a newer tollgate: it is written in version %ld, this one knows %d",
		    version, POLICY_VERSION);
		x->stop = true;
	}
}

void
stmt_policy(struct parser *x, struct word number)
{
	if (x->src->version.len)
		syntax_error(x, number.p, "a second \"policy\" line");
	else
		check_version(x, number);
	x->src->version = number;
}

void
lines_init(struct lines *lines)
{
	*lines = (struct lines){ .rules = NULL };
	lines->rules_end = &lines->rules;
	lines->fetches_end = &lines->fetches;
}

/* Some statements are about the whole policy. */
static void
refuse_inside(struct parser *x, struct word head, const char *what)
{
	if (x->group)
		syntax_error(x, head.p, "\"%s\" is about the whole policy: it stands outside of blocks and phases", what);
}

void
stmt_program(struct parser *x, struct wordlist names)
{
	refuse_inside(x, names.first->w, "program");
	x->src->programs = wordlist_join(x->src->programs, names);
}

void
stmt_unsafe(struct parser *x, struct wordlist names)
{
	refuse_inside(x, names.first->w, "unsafe");
	x->src->unsafe = wordlist_join(x->src->unsafe, names);
}

void
stmt_fetch(struct parser *x, struct wordlist names, enum fetch_kind kind)
{
	for (struct wordnode *n = names.first; n; n = n->next) {
		struct fetchline *f = pool_alloc(x->l->scratch, 1, sizeof(*f));

		f->name = n->w;
		f->kind = kind;
		*x->into->fetches_end = f;
		x->into->fetches_end = &f->next;
	}
}

static bool
same_word(struct word a, struct word b)
{
	return a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
}

void
stmt_let(struct parser *x, struct word name, struct word type, struct word value)
{
	struct let *v = pool_alloc(x->l->scratch, 1, sizeof(*v));

	refuse_inside(x, name, "let");
	for (struct let *old = x->src->lets; old; old = old->next) {
		if (!same_word(old->name, name))
			continue;
		syntax_error(x, name.p, "a second \"let %s\"; the first is on line %u",
		    shown_word(x->l, name), old->name.line);
		return;
	}
	v->name = name;
	v->type = type;
	v->value = value;
	v->src = x->src;
	v->next = x->src->lets;
	x->src->lets = v;
}

void
stmt_setting(struct parser *x, int which, struct word head, enum action action, struct word err)
{
	struct settingline *s = &x->src->setting[which];

	refuse_inside(x, head, word_text(x->l, head));
	if (s->present) {
		syntax_error(x, head.p, "a second \"%s\" line; the first is line %u", shown_word(x->l, head), s->head.line);
		return;
	}
	s->present = true;
	s->head = head;
	s->action = action;
	s->err = err;
}

void
stmt_guard(struct parser *x, struct word name)
{
	if (!x->l->floor)
		syntax_error(x, name.p, "\"guard\" blocks stand in the floor only");
	else if (x->guard >= 0)
		syntax_error(x, name.p, "a guard inside a guard");
	x->guard = (int)x->l->guards.n;
	x->guard_word = name;
	vector_add(&x->l->guards, pool_text(x->l->keep, name.p, name.len));
}

static struct group *
open_group(struct parser *x, struct word name, const char *what)
{
	struct group *g = pool_alloc(x->l->scratch, 1, sizeof(*g));

	if (x->l->floor)
		syntax_error(x, name.p, "the floor has \"guard\" blocks only");
	else if (x->group)
		syntax_error(x, name.p, "a %s inside of \"%s\", which is not closed yet", what, shown_word(x->l, x->group->name));
	g->name = name;
	g->src = x->src;
	lines_init(&g->lines);
	x->group = g;
	x->into = &g->lines;
	return g;
}

void
stmt_block(struct parser *x, struct word name)
{
	struct group *g = open_group(x, name, "block");

	*x->src->blocks_end = g;
	x->src->blocks_end = &g->next;
}

void
stmt_phase(struct parser *x, struct word name)
{
	struct group *g = open_group(x, name, "phase");

	g->triggers = x->triggers;
	*x->src->phases_end = g;
	x->src->phases_end = &g->next;
}

void
stmt_close(struct parser *x, struct word w)
{
	if (x->guard < 0 && !x->group)
		syntax_error(x, w.p, "\"}\" without a \"block\" or a \"phase\" before it");
	x->guard = -1;
	x->group = NULL;
	x->into = &x->src->lines;
}

void
stmt_trigger(struct parser *x, enum trigger_kind kind, struct word head, struct wordlist words)
{
	struct triggerline *t = pool_alloc(x->l->scratch, 1, sizeof(*t));

	t->kind = kind;
	t->head = head;
	t->words = words;
	t->tests = x->tests;
	t->when = x->tests ? pool_text(x->l->keep, x->when, x->when_len) : NULL;
	x->tests = NULL;
	x->tests_end = &x->tests;
	*x->triggers_end = t;
	x->triggers_end = &t->next;
}

void
stmt_test(struct parser *x, enum condop_kind kind, struct word arg, struct wordlist mask, struct wordlist value)
{
	struct test *t = pool_alloc(x->l->scratch, 1, sizeof(*t));

	t->kind = kind;
	t->arg = arg;
	t->mask = mask;
	t->value = value;
	*x->tests_end = t;
	x->tests_end = &t->next;
}

void
stmt_text_test(struct parser *x, enum condop_kind kind, struct word subject, struct wordlist patterns)
{
	struct test **end = x->tests_end;

	stmt_test(x, kind, subject, (struct wordlist){ 0 }, patterns);
	(*end)->text = true;
}

void
stmt_rule(struct parser *x, struct ruleline r)
{
	struct ruleline *line = pool_alloc(x->l->scratch, 1, sizeof(*line));

	if (x->l->floor && x->guard < 0)
		syntax_error(x, r.head.p, "the floor's rules stand in \"guard\" blocks");
	if (x->l->floor && r.action == ACT_ALLOW)
		syntax_error(x, r.head.p, "a guard only refuses");
	if (x->group && x->group->triggers && r.action != ACT_ALLOW)
		syntax_error(x, r.head.p, "a phase only gives: what refuses stands outside of it");
	*line = r;
	line->guard = x->guard < 0 ? 0 : (unsigned)x->guard;
	line->tests = x->tests;
	if (x->tests)
		line->when = pool_text(x->l->keep, x->when, x->when_len);
	*x->into->rules_end = line;
	x->into->rules_end = &line->next;
}

void
stmt_end(struct parser *x)
{
	if (x->guard >= 0)
		syntax_error(x, x->guard_word.p, "guard \"%s\" is not closed with \"}\"", shown_word(x->l, x->guard_word));
	if (x->group)
		syntax_error(x, x->group->name.p, "\"%s\" is not closed with \"}\"", shown_word(x->l, x->group->name));
	if (!x->src->version.len && !x->src->headless && !x->src->broken)
		syntax_error(x, x->src->text, "a policy starts with the line \"policy %d\"", POLICY_VERSION);
}
