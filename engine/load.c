/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

void
vector_add(struct vector *v, const void *item)
{
	xgrow(&v->item, v->n, &v->cap, sizeof(*v->item));
	v->item[v->n++] = item;
}

struct source *
add_source(struct loader *l, const char *shown, const char *text, size_t len)
{
	struct source *s = pool_alloc(l->scratch, 1, sizeof(*s));

	s->shown = pool_text(l->keep, shown, strlen(shown));
	s->text = text;
	s->len = len;
	lines_init(&s->lines);
	s->blocks_end = &s->blocks;
	s->phases_end = &s->phases;
	*l->sources_end = s;
	l->sources_end = &s->next;
	return s;
}

struct source *
add_group(struct loader *l, const struct group *g, unsigned phase)
{
	struct source *s = pool_copy(l->scratch, g->src, 1, sizeof(*g->src));

	s->next = NULL;
	s->lines = g->lines;
	s->group = g;
	s->inside = true;
	s->phase = phase;
	s->blocks = s->phases = NULL;
	s->programs = s->unsafe = (struct wordlist){ 0 };
	memset(s->setting, 0, sizeof(s->setting));
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

bool
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

	if (f->line->kind == FETCH_PROMISE)
		return h->read_promise ? h->read_promise(h->ctx, f->name, &f->text, &f->len, &f->shown) : -ENOENT;
	return h->read ? h->read(h->ctx, f->name, f->from->shown, &f->text, &f->len, &f->shown) : -ENOENT;
}

static void
unreadable(struct loader *l, const struct fetching *f, int err)
{
	bool promise = f->line->kind == FETCH_PROMISE;
	const char *what = promise ? "promise" : "policy", *name = shown_text(l, f->name, strlen(f->name));
	const char *place = f->line->name.p;

	if (err == -EFBIG)
		load_error(l, f->from, place, "%s \"%s\" is too large: it can have %d bytes", what, name, MAX_TEXT);
	else if (err != -ENOENT)
		load_error(l, f->from, place, "cannot read %s \"%s\": %s", what, name, strerror(-err));
	else if (promise)
		load_error(l, f->from, place, "unknown promise \"%s\"%s", name,
		    l->host->promises ? hint(l, f->name, l->host->promises(l->host->ctx)) : "");
	else
		load_error(l, f->from, place, "there is no policy \"%s\"", name);
}

static bool
same_text(const struct source *s, const struct fetching *f)
{
	return s->promise == (f->line->kind == FETCH_PROMISE) && !s->headless && !strcmp(s->shown, f->shown);
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
		if (!same_text(s, f))
			continue;
		load_error(l, f->from, f->line->name.p, "an include cycle: %s", chain(l, f->from, s));
		return true;
	}
	for (const struct source *s = l->sources; s; s = s->next)
		if (same_text(s, f) && !s->group && s->phase == f->from->phase)
			return true;
	if (f->from->depth + 1 < MAX_DEPTH)
		return false;
	load_error(l, f->from, f->line->name.p, "includes nest more than %d deep", MAX_DEPTH);
	return true;
}

/* What the user and this machine add to a policy by its name. */
static void
load_locals(struct loader *l, const struct source *of, const char *name)
{
	const struct policy_host *h = l->host;
	struct fetchline line = { .kind = FETCH_INCLUDE, .name = { .p = of->text } };
	struct fetching f = { .from = of, .line = &line, .name = name };
	int err = 0;

	for (unsigned n = 0; h->read_local && err != -ENOENT; n++) {
		struct source *s;

		err = h->read_local(h->ctx, name, n, &f.text, &f.len, &f.shown);
		if (err && err != -ENOENT)
			load_error(l, NULL, NULL, "cannot read what is added to policy \"%s\": %s",
			    shown_text(l, name, strlen(name)), err == -EFBIG ? "too large" : strerror(-err));
		if (err || settled(l, &f))
			continue;
		s = add_source(l, f.shown, f.text, f.len);
		s->parent = of;
		s->depth = of->depth + 1;
		s->phase = of->phase;
		s->inside = of->inside;
		s->local = true;
		s->via = pool_printf(l->keep, "added to %s", name);
		load_source(l, s);
	}
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
	s->promise = line->kind == FETCH_PROMISE;
	s->phase = from->phase;
	s->inside = from->inside;
	s->via = pool_printf(l->keep, "%s %s", s->promise ? "promise" : "include", f.name);
	load_source(l, s);
	if (!s->promise)
		load_locals(l, s, f.name);
}

/* A policy that leads to its own name means itself, and not the one that its name hides. */
const char *
target_find(struct loader *l, const struct target *t)
{
	struct fetchline line = { .name = { .p = t->place }, .kind = FETCH_INCLUDE };
	struct source from = { .shown = target_from(t) };
	struct fetching f = { .from = &from, .line = &line, .name = t->name };
	int err = host_read(l, &f);

	if (!err)
		return f.shown ? f.shown : t->name;
	f.from = t->src;
	unreadable(l, &f, err);
	return NULL;
}

/* What blocks there are is known when all texts are in. */
void
fetch_lines(struct loader *l, const struct source *s)
{
	bool uses = false;

	for (const struct fetchline *f = s->lines.fetches; f; f = f->next) {
		if (f->kind == FETCH_BLOCK)
			uses = true;
		else
			fetch(l, s, f);
	}
	if (uses)
		vector_add(&l->uses, s);
}

/* A text and what it names.  Its depth is bounded, and so is this recursion. */
void
load_source(struct loader *l, struct source *s)
{
	if (!fit_to_parse(l, s))
		return;
	parse_source(l, s);
	add_blocks(l, s);
	load_phases(l, s);
	fetch_lines(l, s);
}

void
load_main(struct loader *l, const char *name, const char *from)
{
	struct fetchline line = { .kind = FETCH_INCLUDE };
	struct source nowhere = { .shown = from };
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
		load_locals(l, s, name);
	}
}

void
load_extra(struct loader *l, const char *text)
{
	struct source *s = add_source(l, "command line", text, strlen(text));

	s->headless = true;
	if (!l->main)
		l->main = s;
	load_source(l, s);
}

void
loader_compile(struct loader *l)
{
	load_blocks(l);
	compile_settings(l);
	expand_lets(l);
	compile_marks(l);
	compile_phases(l);
	compile_lines(l);
	compile_links(l);
	compile_idle_lets(l);
	compile_sort(l);
	l->policy->name = l->main ? l->main->shown : "command line";
}

struct loader *
loader_new(const struct policy_host *host, struct said *said)
{
	struct loader *l = xcalloc(1, sizeof(*l));

	l->host = host;
	l->said = said;
	l->keep = pool_new();
	l->scratch = pool_new();
	l->sources_end = &l->sources;
	l->policy = pool_alloc(l->keep, 1, sizeof(*l->policy));
	l->policy->pool = l->keep;
	return l;
}

struct policy *
loader_end(struct loader *l, struct policy_errors *errors)
{
	struct policy *p = l->policy;

	errors->count += l->nfailures;
	if (l->nfailures)
		errors_format(l, errors);
	free(l->rules.item);
	free(l->ghosts.item);
	free(l->guards.item);
	free(l->blocks.item);
	free(l->phases.item);
	free(l->uses.item);
	free(l->targets.item);
	pool_free(l->scratch);
	free(l);
	return p;
}

struct policy *
unless_wrong(struct policy *p, const struct policy_errors *errors)
{
	if (!errors->count)
		return p;
	policy_free(p);
	return NULL;
}

struct policy *
policy_load_floor(const struct policy_host *host, const char *text, struct policy_errors *errors)
{
	struct said said = { .pool = NULL };
	struct loader *l = loader_new(host, &said);

	errors->text[0] = '\0';
	errors->count = 0;
	l->floor = true;
	said.pool = l->scratch;
	l->main = add_source(l, "floor", text, strlen(text));
	load_source(l, (struct source *)(uintptr_t)l->main);
	loader_compile(l);
	return unless_wrong(loader_end(l, errors), errors);
}

void
policy_free(const struct policy *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->nfamily; i++)
		pool_free(p->family[i]->pool);
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

const char *
policy_name(const struct policy *p)
{
	return p->name;
}
