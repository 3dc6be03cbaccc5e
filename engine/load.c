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
	lines_init(&s->lines);
	s->blocks_end = &s->blocks;
	s->phases_end = &s->phases;
	*l->sources_end = s;
	l->sources_end = &s->next;
	return s;
}

/* The lines of a group, as a source of their own in the text they stand in. */
static struct source *
add_group(struct loader *l, const struct group *g, unsigned phase)
{
	struct source *s = pool_copy(l->scratch, g->src, 1, sizeof(*g->src));

	s->next = NULL;
	s->lines = g->lines;
	s->group = g;
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
same_source(const struct source *s, const struct fetching *f)
{
	return s->promise == (f->line->kind == FETCH_PROMISE) && !s->headless && !s->group && !strcmp(s->shown, f->shown);
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
		if (same_source(s, f) && s->phase == f->from->phase)
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
	s->promise = line->kind == FETCH_PROMISE;
	s->phase = from->phase;
	s->via = pool_printf(l->keep, "%s %s", s->promise ? "promise" : "include", f.name);
	load_source(l, s);
}

/* What blocks there are is known when all texts are in. */
static void
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

static void
load_phase(struct loader *l, const struct source *s, struct group *g)
{
	if (s->phase || s->group) {
		load_error(l, s, g->name.p, "a policy with phases is included where a phase or a block is open");
		return;
	}
	if (l->phases.n == MAX_PHASES) {
		load_error(l, s, g->name.p, "more than %d phases", MAX_PHASES);
		return;
	}
	vector_add(&l->phases, g);
	fetch_lines(l, add_group(l, g, (unsigned)l->phases.n));
}

/* A text and what it names.  Its depth is bounded, and so is this recursion. */
static void
load_source(struct loader *l, struct source *s)
{
	if (!fit_to_parse(l, s))
		return;
	parse_source(l, s);
	for (struct group *g = s->phases; g; g = g->next)
		load_phase(l, s, g);
	fetch_lines(l, s);
}

static struct group *
find_block(struct loader *l, struct word name, const char **words)
{
	size_t n = 0;

	for (struct source *s = l->sources; s; s = s->next) {
		for (struct group *g = s->blocks; g; g = g->next) {
			if (g->name.len == name.len && !memcmp(g->name.p, name.p, name.len))
				return g;
			if (n < 64)
				words[n++] = word_text(l, g->name);
		}
	}
	return NULL;
}

static bool
is_in_use(const struct loader *l, const struct group *g, unsigned phase)
{
	for (const struct source *s = l->sources; s; s = s->next)
		if (s->group == g && s->phase == phase)
			return true;
	return false;
}

static void
use_block(struct loader *l, const struct source *s, struct word name)
{
	const char *words[65] = { NULL };
	struct group *g = find_block(l, name, words);

	if (!g) {
		load_error(l, s, name.p, "there is no block \"%s\"%s", shown_word(l, name), hint(l, word_text(l, name), words));
		return;
	}
	g->used = true;
	/* Twice the same lines are no more than once, also when blocks use each other. */
	if (!is_in_use(l, g, s->phase))
		fetch_lines(l, add_group(l, g, s->phase));
}

static void
load_blocks(struct loader *l)
{
	for (size_t i = 0; i < l->uses.n; i++) {
		const struct source *s = l->uses.item[i];

		for (const struct fetchline *f = s->lines.fetches; f; f = f->next)
			if (f->kind == FETCH_BLOCK)
				use_block(l, s, f->name);
	}
}

/* Names of blocks and of phases are one each in the whole policy. */
static void
check_names(struct loader *l, const struct group *g, const struct group *other, const char *what)
{
	for (; other; other = other->next)
		if (other != g && other->name.len == g->name.len && !memcmp(other->name.p, g->name.p, g->name.len) &&
		    (other->src != g->src || other->name.p < g->name.p))
			load_error(l, g->src, g->name.p, "a second %s \"%s\"; the first is in %s, line %u", what,
			    shown_word(l, g->name), other->src->shown, other->name.line);
}

static void
check_groups(struct loader *l)
{
	for (const struct source *s = l->sources; s; s = s->next) {
		for (const struct source *o = l->sources; o && o != s->next; o = o->next) {
			for (const struct group *g = s->blocks; g; g = g->next)
				check_names(l, g, o->blocks, "block");
			for (const struct group *g = s->phases; g; g = g->next)
				check_names(l, g, o->phases, "phase");
		}
	}
}

/* `from` names it: another policy, or NULL for the command line. */
static void
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
	load_blocks(l);
	check_groups(l);
	compile_settings(l);
	expand_lets(l);
	collect_marks(l);
	collect_guards(l);
	compile_phases(l);
	compile_lines(l);
	compile_sort(l);
	l->policy->name = l->main ? l->main->shown : "command line";
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

/* The policy; errors are added to those there are.  The loader ends. */
static struct policy *
loader_end(struct loader *l, struct policy_errors *errors)
{
	struct policy *p = l->policy;

	errors->count += l->nfailures;
	if (l->nfailures)
		errors_format(l, errors);
	free(l->rules.item);
	free(l->guards.item);
	free(l->phases.item);
	free(l->uses.item);
	free(l->targets.item);
	pool_free(l->scratch);
	free(l);
	return p;
}

/* The policies that one load brings in: the one asked for, and all that "->" leads to. */
struct family {
	const struct policy_host *host;
	const char *extra;
	struct policy_errors *errors;
	struct vector members;		/* struct policy */
};

static struct policy *
find_member(const struct family *f, const char *shown)
{
	for (size_t i = 0; i < f->members.n; i++)
		if (!strcmp(policy_name(f->members.item[i]), shown))
			return (struct policy *)(uintptr_t)f->members.item[i];
	return NULL;
}

static struct policy *load_member(struct family *, const char *name, const char *from);

/* What a target is: loaded when it is not there yet; NULL after a message. */
static struct policy *
load_target(struct family *f, struct loader *l, const struct target *t)
{
	struct fetchline line = { .kind = FETCH_INCLUDE };
	struct source from = { .shown = t->from };
	struct fetching fetching = { .from = &from, .line = &line, .name = t->name };
	struct policy *p;
	int err = host_read(l, &fetching);

	if (err) {
		fetching.from = t->src;
		line.name.p = t->place;
		unreadable(l, &fetching, err);
		return NULL;
	}
	p = find_member(f, fetching.shown ? fetching.shown : t->name);
	if (!p && f->members.n < MAX_TARGETS)
		return load_member(f, t->name, t->from);
	if (!p)
		load_error(l, t->src, t->place, "more than %d policies lead to each other", MAX_TARGETS);
	return p;
}

/* Each target is loaded inside of the one that names it first: as deep as there are targets, which are few. */
static void
load_targets(struct family *f, struct loader *l)
{
	size_t n = l->targets.n;
	const struct policy **target = pool_alloc(l->keep, n, sizeof(*target));
	const char **name = pool_alloc(l->keep, n, sizeof(*name));

	for (size_t i = 0; i < n; i++) {
		const struct target *t = l->targets.item[i];

		name[i] = pool_text(l->keep, t->name, strlen(t->name));
		target[i] = load_target(f, l, t);
	}
	l->policy->target = target;
	l->policy->target_name = name;
	l->policy->ntargets = n;
}

static struct policy *
load_member(struct family *f, const char *name, const char *from)
{
	struct loader *l = loader_new(f->host);

	if (name)
		load_main(l, name, from);
	if (f->extra)
		load_extra(l, f->extra);
	compile(l);
	vector_add(&f->members, l->policy);
	load_targets(f, l);
	return loader_end(l, f->errors);
}

/* The one asked for owns the others. */
static struct policy *
family_end(struct family *f, struct policy *head)
{
	struct policy **member = pool_alloc(head->pool, f->members.n, sizeof(*member));

	for (size_t i = 0; i < f->members.n; i++) {
		struct policy *p = (struct policy *)(uintptr_t)f->members.item[i];

		if (p != head)
			member[head->nfamily++] = p;
	}
	head->family = member;
	free(f->members.item);
	return head;
}

/* NULL when there are messages. */
static struct policy *
unless_wrong(struct policy *p, const struct policy_errors *errors)
{
	if (!errors->count)
		return p;
	policy_free(p);
	return NULL;
}

struct policy *
policy_load(const struct policy_host *host, const char *name, const char *extra, struct policy_errors *errors)
{
	struct family f = { .host = host, .extra = extra, .errors = errors };

	errors->text[0] = '\0';
	errors->count = 0;
	if (!name && !extra) {
		snprintf(errors->text, sizeof(errors->text), "no policy is named\n");
		errors->count = 1;
		return NULL;
	}
	return unless_wrong(family_end(&f, load_member(&f, name, NULL)), errors);
}

struct policy *
policy_load_floor(const struct policy_host *host, const char *text, struct policy_errors *errors)
{
	struct loader *l = loader_new(host);

	errors->text[0] = '\0';
	errors->count = 0;
	l->floor = true;
	l->main = add_source(l, "floor", text, strlen(text));
	load_source(l, (struct source *)(uintptr_t)l->main);
	compile(l);
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
