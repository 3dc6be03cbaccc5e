/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

static void load_source(struct loader *, struct source *);

void
vector_add(struct vector *v, const void *item)
{
	xgrow(&v->item, v->n, &v->cap, sizeof(*v->item));
	v->item[v->n++] = item;
}

static struct source *
add_source(struct loader *l, const char *shown, const char *text, size_t len)
{
	struct source *s = pool_alloc(l->scratch, 1, sizeof(*s));

	s->shown = pool_text(l->keep, shown, strlen(shown));
	s->text = text;
	s->len = len;
	s->rules_end = &s->rules;
	s->fetches_end = &s->fetches;
	*l->sources_end = s;
	l->sources_end = &s->next;
	return s;
}

/* The first byte that text does not hold; NULL when all are fit. */
static const char *
control_byte(const char *p, const char *end)
{
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '\r' && p + 1 < end && p[1] == '\n')
			continue;
		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			return p;
	}
	return NULL;
}

static bool
fit_to_parse(struct loader *l, struct source *s)
{
	const char *bad;

	s->broken = true;
	if (s->len > MAX_TEXT) {
		load_error(l, s, NULL, "too large: a policy has at most %d bytes", MAX_TEXT);
		return false;
	}
	bad = control_byte(s->text, s->text + s->len);
	if (bad) {
		load_error(l, s, bad, "not text: byte 0x%02x", (unsigned char)*bad);
		return false;
	}
	s->broken = false;
	return true;
}

/* What an include or a promise is on the way to be. */
struct fetching {
	const struct source *from;
	const struct fetchline *line;
	const char *name, *text, *shown;
	size_t len;
};

static int
host_read(struct loader *l, struct fetching *f)
{
	const struct policy_host *h = l->host;

	if (f->line->promise)
		return h->read_promise ? h->read_promise(h->ctx, f->name, &f->text, &f->len, &f->shown) : -ENOENT;
	return h->read ? h->read(h->ctx, f->name, f->from->shown, &f->text, &f->len, &f->shown) : -ENOENT;
}

static void
unreadable(struct loader *l, const struct fetching *f, int err)
{
	const char *what = f->line->promise ? "promise" : "policy", *name = shown_text(l, f->name, strlen(f->name));
	const char *place = f->line->name.p;

	if (err == -EFBIG)
		load_error(l, f->from, place, "%s \"%s\" is too large: it can have %d bytes", what, name, MAX_TEXT);
	else if (err != -ENOENT)
		load_error(l, f->from, place, "cannot read %s \"%s\": %s", what, name, strerror(-err));
	else if (f->line->promise)
		load_error(l, f->from, place, "unknown promise \"%s\"%s", name,
		    l->host->promises ? hint(l, f->name, l->host->promises(l->host->ctx)) : "");
	else
		load_error(l, f->from, place, "there is no policy \"%s\"", name);
}

static bool
same_source(const struct source *s, const struct fetching *f)
{
	return s->promise == f->line->promise && !s->headless && !strcmp(s->shown, f->shown);
}

/* "a -> b -> a", from the one that is included again. */
static const char *
chain(struct loader *l, const struct source *s, const struct source *top)
{
	const char *text = s->shown;

	while (s != top) {
		s = s->parent;
		text = pool_printf(l->scratch, "%s -> %s", s->shown, text);
	}
	return pool_printf(l->scratch, "%s -> %s", text, top->shown);
}

/* True when there is nothing to load: it is in already, or a message says why not. */
static bool
settled(struct loader *l, const struct fetching *f)
{
	for (const struct source *s = f->from; s; s = s->parent) {
		if (!same_source(s, f))
			continue;
		load_error(l, f->from, f->line->name.p, "an include cycle: %s", chain(l, f->from, s));
		return true;
	}
	for (const struct source *s = l->sources; s; s = s->next)
		if (same_source(s, f))
			return true;
	if (f->from->depth + 1 < MAX_DEPTH)
		return false;
	load_error(l, f->from, f->line->name.p, "includes nest more than %d deep", MAX_DEPTH);
	return true;
}

static void
fetch(struct loader *l, const struct source *from, const struct fetchline *line)
{
	struct fetching f = { .from = from, .line = line, .name = expand_text(l, from, line->name) };
	struct source *s;
	int err;

	if (!f.name)
		return;
	err = host_read(l, &f);
	if (err) {
		unreadable(l, &f, err);
		return;
	}
	if (!f.shown)
		f.shown = f.name;
	if (settled(l, &f))
		return;
	s = add_source(l, f.shown, f.text, f.len);
	s->parent = from;
	s->depth = from->depth + 1;
	s->promise = line->promise;
	s->via = pool_printf(l->keep, "%s %s", line->promise ? "promise" : "include", f.name);
	load_source(l, s);
}

/* A text and what it names.  Its depth is bounded, and so is this recursion. */
static void
load_source(struct loader *l, struct source *s)
{
	if (!fit_to_parse(l, s))
		return;
	parse_source(l, s);
	for (const struct fetchline *f = s->fetches; f; f = f->next)
		fetch(l, s, f);
}

static void
load_main(struct loader *l, const char *name)
{
	struct fetchline line = { .promise = false };
	struct source nowhere = { .shown = NULL };
	struct fetching f = { .from = &nowhere, .line = &line, .name = name };
	struct source *s;
	int err = host_read(l, &f);

	if (err == -ENOENT) {
		load_error(l, NULL, NULL, "there is no policy \"%s\"", shown_text(l, name, strlen(name)));
	} else if (err) {
		load_error(l, NULL, NULL, "cannot read policy \"%s\": %s", shown_text(l, name, strlen(name)),
		    err == -EFBIG ? "too large" : strerror(-err));
	} else {
		s = add_source(l, f.shown ? f.shown : name, f.text, f.len);
		l->main = s;
		load_source(l, s);
	}
}

static void
load_extra(struct loader *l, const char *text)
{
	struct source *s = add_source(l, "command line", text, strlen(text));

	s->headless = true;
	if (!l->main)
		l->main = s;
	load_source(l, s);
}

/* unsafe and program lines. */

static bool
known_guard(struct loader *l, const char *name)
{
	const char *const *guards = l->host->guards ? l->host->guards(l->host->ctx) : NULL;

	if (!guards || !strcmp(name, "foreign-abi"))
		return true;
	for (; *guards; guards++)
		if (!strcmp(name, *guards))
			return true;
	return false;
}

static void
check_guard(struct loader *l, const struct source *s, struct word w, const char *name)
{
	const char *near;

	if (known_guard(l, name))
		return;
	near = hint(l, name, l->host->guards(l->host->ctx));
	load_error(l, s, w.p, "nothing unsafe is called \"%s\"%s", shown_text(l, name, strlen(name)), near);
}

static void
collect_list(struct loader *l, const struct source *s, struct wordlist list, bool unsafe, struct vector *out)
{
	for (const struct wordnode *n = list.first; n; n = n->next) {
		const char *word = expand_text(l, s, n->w);
		struct mark *m;

		if (!word)
			continue;
		if (unsafe)
			check_guard(l, s, n->w, word);
		m = pool_alloc(l->keep, 1, sizeof(*m));
		m->word = pool_text(l->keep, word, strlen(word));
		m->origin = (struct origin){ .file = s->shown, .line = n->w.line, .via = s->via };
		vector_add(out, m);
	}
}

static const struct mark *
flatten(struct loader *l, struct vector *v)
{
	struct mark *m = pool_alloc(l->keep, v->n, sizeof(*m));

	for (size_t i = 0; i < v->n; i++)
		m[i] = *(const struct mark *)v->item[i];
	free(v->item);
	return m;
}

/* The programs of an included policy are not the includer's. */
static void
collect_marks(struct loader *l)
{
	struct vector programs = { .n = 0 }, unsafe = { .n = 0 };
	const char **names;

	for (const struct source *s = l->sources; s; s = s->next) {
		if (!s->parent)
			collect_list(l, s, s->programs, false, &programs);
		collect_list(l, s, s->unsafe, true, &unsafe);
	}
	l->policy->nprograms = programs.n;
	l->policy->program = flatten(l, &programs);
	l->policy->nunsafe = unsafe.n;
	l->policy->unsafe = flatten(l, &unsafe);
	names = pool_alloc(l->keep, l->policy->nprograms + 1, sizeof(*names));
	for (size_t i = 0; i < l->policy->nprograms; i++)
		names[i] = l->policy->program[i].word;
	l->policy->programs = names;
}

static void
collect_guards(struct loader *l)
{
	const char **names = pool_alloc(l->keep, l->guards.n + 1, sizeof(*names));

	for (size_t i = 0; i < l->guards.n; i++)
		names[i] = l->guards.item[i];
	l->policy->guards = names;
}

static void
compile(struct loader *l)
{
	compile_settings(l);
	expand_lets(l);
	collect_marks(l);
	collect_guards(l);
	compile_lines(l);
	compile_sort(l);
}

static struct loader *
loader_new(const struct policy_host *host)
{
	struct loader *l = xcalloc(1, sizeof(*l));

	l->host = host;
	l->keep = pool_new();
	l->scratch = pool_new();
	l->sources_end = &l->sources;
	l->policy = pool_alloc(l->keep, 1, sizeof(*l->policy));
	l->policy->pool = l->keep;
	return l;
}

/* The policy, or NULL with messages; the loader ends. */
static struct policy *
loader_end(struct loader *l, struct policy_errors *errors)
{
	struct policy *p = l->policy;

	errors->text[0] = '\0';
	errors->count = l->nfailures;
	if (l->nfailures) {
		errors_format(l, errors);
		policy_free(p);
		p = NULL;
	}
	free(l->rules.item);
	free(l->guards.item);
	pool_free(l->scratch);
	free(l);
	return p;
}

struct policy *
policy_load(const struct policy_host *host, const char *name, const char *extra, struct policy_errors *errors)
{
	struct loader *l = loader_new(host);

	if (!name && !extra)
		load_error(l, NULL, NULL, "no policy is named");
	if (name)
		load_main(l, name);
	if (extra)
		load_extra(l, extra);
	compile(l);
	return loader_end(l, errors);
}

struct policy *
policy_load_floor(const struct policy_host *host, const char *text, struct policy_errors *errors)
{
	struct loader *l = loader_new(host);

	l->floor = true;
	load_source(l, add_source(l, "floor", text, strlen(text)));
	compile(l);
	return loader_end(l, errors);
}

void
policy_free(const struct policy *p)
{
	if (p)
		pool_free(p->pool);
}

const char *const *
policy_programs(const struct policy *p)
{
	return p->programs;
}

const char *const *
policy_guards(const struct policy *floor)
{
	return floor->guards;
}
