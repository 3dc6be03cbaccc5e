/* SPDX-License-Identifier: ISC */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"
#include "lib/strbuf.h"

enum { MAX_MARK = 64 };

/* The triggers of one phase being collected. */
struct ending {
	struct loader *l;
	const struct source *src;
	const struct triggerline *line;
	struct word word;
	struct vector out;		/* struct trigger */
};

/* A file by the name that was written, and by the one that its links lead to, can be the same. */
static bool
is_there(const struct ending *e, const char *text)
{
	for (size_t i = 0; i < e->out.n; i++)
		if (!strcmp(((const struct trigger *)e->out.item[i])->text, text))
			return true;
	return false;
}

static struct trigger *
add_trigger(struct ending *e, const char *text)
{
	struct trigger *t = pool_alloc(e->l->keep, 1, sizeof(*t));

	t->kind = e->line->kind;
	t->text = text;
	vector_add(&e->out, t);
	return t;
}

static bool
compile_open(void *ctx, const struct bytes *b)
{
	struct ending *e = ctx;
	struct bytes canonical;
	struct pattern p;
	size_t at;
	const char *wrong = pathpat_check(b, &at), *text;

	if (!wrong)
		wrong = pattern_compile(&p, &e->l->build, b->b, b->n, &at);
	if (wrong) {
		load_error(e->l, e->src, at < b->n ? e->src->text + b->b[at].at : e->word.p, "%s", wrong);
		return false;
	}
	pattern_keep(&p, e->l->keep);
	text = pool_printf(e->l->keep, "open %s", print_bytes(e->l, b));
	if (is_there(e, text))
		return true;
	add_trigger(e, text)->path = p;
	return !canonical_form(e->l, &p, b, &canonical) || compile_open(e, &canonical);
}

static void
end_by_open(struct ending *e)
{
	for (const struct wordnode *w = e->line->words.first; w; w = w->next) {
		e->word = w->w;
		expand_each(e->l, e->src, w->w, compile_open, e);
	}
}

/* The last part of a path, and one that means itself. */
static bool
is_mark(const char *name)
{
	static const char bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
	size_t n = strspn(name, bytes);

	return n && n <= MAX_MARK && !name[n] && name[0] != '.';
}

static void
end_by_mark(struct ending *e)
{
	const char *name = expand_text(e->l, e->src, e->word);

	if (!name)
		return;
	if (!is_mark(name)) {
		load_error(e->l, e->src, e->word.p, "a mark is a word of at most %d letters, digits, \"_\", \"-\" and \".\"", MAX_MARK);
		return;
	}
	add_trigger(e, pool_printf(e->l->keep, "mark \"%s\"", name))->mark = pool_text(e->l->keep, name, strlen(name));
}

static const struct unit {
	const char *name;
	uint64_t ms;
} units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 60 * 60 * 1000 } };
enum { NUNITS = sizeof(units) / sizeof(units[0]), MAX_AMOUNT = 1000000 };

static void
end_by_time(struct ending *e)
{
	const char *text = word_text(e->l, e->word);
	char *unit;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &unit, 10);
	for (unsigned i = 0; i < NUNITS && text[0] >= '0' && text[0] <= '9' && n && n <= MAX_AMOUNT && !errno; i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		add_trigger(e, pool_printf(e->l->keep, "after %lu%s", n, unit))->ms = n * units[i].ms;
		return;
	}
	load_error(e->l, e->src, e->word.p, "\"%s\" is not a time; it is written 500ms, 5s, 2m or 1h", shown_word(e->l, e->word));
}

static void
add_call(struct ending *e, unsigned id, bool hidden, const char *text)
{
	struct trigger *t = add_trigger(e, text);
	unsigned terms;

	t->id = (uint16_t)id;
	t->hidden = hidden;
	if (e->line->tests)
		condition_compile(e->l, e->src, e->line->tests, id, &t->cond, &terms);
}

static const char *
call_text(struct ending *e, const char *name)
{
	if (!e->line->tests)
		return name;
	return pool_printf(e->l->keep, "%s if %s", name, condition_text(e->l, e->src, e->line->when, e->line->tests));
}

static void
end_by_call(struct ending *e)
{
	const char *name = expand_text(e->l, e->src, e->word), *text;
	unsigned found = name ? sysdesc_find(name) : SYS_ID_none;

	if (!name)
		return;
	if (found == SYS_ID_none) {
		unknown_call(e->l, e->src, e->word, name);
		return;
	}
	text = call_text(e, sysdesc_table[found].name);
	add_call(e, found, false, text);
	for (unsigned id = SYS_ID_none + 1; id < SYS_IDS; id++)
		if (id != found && sysdesc_table[id].family == found && condition_fits(e->l, e->line->tests, id))
			add_call(e, id, true, text);
}

static void
end_by_exec(struct ending *e)
{
	add_trigger(e, "exec");
}

static void
compile_trigger(struct ending *e, const struct triggerline *line)
{
	static void (*const by[])(struct ending *) = {
		[TRIGGER_CALL] = end_by_call,
		[TRIGGER_EXEC] = end_by_exec,
		[TRIGGER_OPEN] = end_by_open,
		[TRIGGER_MARK] = end_by_mark,
		[TRIGGER_TIME] = end_by_time,
	};

	e->line = line;
	e->word = line->words.first ? line->words.first->w : line->head;
	by[line->kind](e);
}

static void
compile_phase(struct loader *l, const struct group *g, struct phase *out)
{
	struct ending e = { .l = l, .src = g->src };
	struct trigger *list;
	size_t len = 0;

	for (const struct triggerline *t = g->triggers; t; t = t->next)
		compile_trigger(&e, t);
	list = pool_alloc(l->keep, e.out.n, sizeof(*list));
	for (size_t i = 0; i < e.out.n; i++)
		list[i] = *(const struct trigger *)e.out.item[i];
	for (size_t i = 0; i < e.out.n; i++)
		len += list[i].hidden ? 0 : strlen(list[i].text) + sizeof(" or ");
	if (len > MAX_UNTIL)
		load_error(l, g->src, g->name.p, "what ends the phase is too long when its patterns are written out");
	free(e.out.item);
	out->name = pool_text(l->keep, g->name.p, g->name.len);
	out->origin = origin_of(g->src, g->name);
	out->trigger = list;
	out->ntriggers = (unsigned)e.out.n;
}

void
compile_phases(struct loader *l)
{
	struct phase *phase = pool_alloc(l->keep, l->phases.n, sizeof(*phase));

	for (size_t i = 0; i < l->phases.n; i++)
		compile_phase(l, l->phases.item[i], &phase[i]);
	l->policy->phase = phase;
	l->policy->nphases = (unsigned)l->phases.n;
}
