/* SPDX-License-Identifier: ISC */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/load_int.h"
#include "lib/strbuf.h"
#include "lib/xalloc.h"

enum {
	SHOWN_ERRORS	= 10,
	STORED_ERRORS	= 1000,
	LINE_BEFORE	= 70,		/* bytes of a long line shown before the place, and after */
	LINE_AFTER	= 40,
	MAX_SHOWN	= 80,		/* bytes of a foreign word */
};

struct saying {
	struct saying *next;
	const char *text;		/* with its place in front */
};

struct failure {
	const struct source *src;
	const char *place;
	const char *text;
	unsigned n;			/* order of appearance */
};

const char *
shown_text(struct loader *l, const char *s, size_t len)
{
	char mem[4 * MAX_SHOWN + 8];
	struct strbuf b = STRBUF(mem);

	strbuf_escape(&b, s, len < MAX_SHOWN ? len : MAX_SHOWN, "\\");
	if (len > MAX_SHOWN)
		strbuf_add(&b, "...");
	return pool_text(l->scratch, b.s, b.len);
}

const char *
shown_word(struct loader *l, struct word w)
{
	return shown_text(l, w.p, w.len);
}

const char *
word_text(struct loader *l, struct word w)
{
	return pool_text(l->scratch, w.p, w.len);
}

const char *
hint(struct loader *l, const char *word, const char *const *words)
{
	const char *near = nearest_word(word, words);

	return near ? pool_printf(l->scratch, "; did you mean \"%s\"?", near) : "";
}

/* Remembers the message; true when it was there already. */
static bool
was_said(struct loader *l, const struct source *src, const char *place, const char *text)
{
	long at = src && place ? (long)(place - src->text) : -1;
	struct saying *s;

	text = pool_printf(l->said->pool, "%s:%ld:%s", src ? src->shown : "", at, text);
	for (s = l->said->first; s; s = s->next)
		if (!strcmp(s->text, text))
			return true;
	s = pool_alloc(l->said->pool, 1, sizeof(*s));
	s->text = text;
	s->next = l->said->first;
	l->said->first = s;
	l->said->n++;
	return false;
}

void
load_error(struct loader *l, const struct source *src, const char *place, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	l->wrong = true;
	if (l->said->n < STORED_ERRORS && was_said(l, src, place, text))
		return;
	l->nfailures++;
	if (l->nstored == STORED_ERRORS)
		return;
	if (!l->failures)
		l->failures = pool_alloc(l->scratch, STORED_ERRORS, sizeof(*l->failures));
	l->failures[l->nstored] = (struct failure){
		.src = src, .place = place, .n = l->nstored,
		.text = pool_text(l->scratch, text, strlen(text)),
	};
	l->nstored++;
}

/* A phase's lines stand in the same text as those around it. */
static const char *
text_of(const struct failure *f)
{
	return f->src ? f->src->text : NULL;
}

/* By file as they were read, then by place: a later step may have found what an earlier line is wrong about. */
static int
compare_failures(const void *va, const void *vb)
{
	const struct failure *a = va, *b = vb;

	if (text_of(a) == text_of(b) && a->place != b->place)
		return a->place < b->place ? -1 : 1;
	return a->n < b->n ? -1 : 1;
}

static void
group_by_source(struct loader *l)
{
	/* Places of one source are comparable; sources keep the order of their first failure. */
	for (unsigned i = 0; i < l->nstored; i++) {
		unsigned last = i + 1;

		for (unsigned j = i + 1; j < l->nstored; j++) {
			struct failure f = l->failures[j];

			if (text_of(&f) != text_of(&l->failures[i]))
				continue;
			memmove(&l->failures[last + 1], &l->failures[last], (j - last) * sizeof(f));
			l->failures[last++] = f;
		}
		qsort(&l->failures[i], last - i, sizeof(*l->failures), compare_failures);
		i = last - 1;
	}
}

/* What a column counts in: bytes of the line, from 1. */
struct position {
	unsigned line, column;
	const char *start, *end;	/* of the line */
};

static struct position
position_of(const struct source *src, const char *place)
{
	struct position p = { .line = 1, .start = src->text, .end = src->text + src->len };
	const char *nl;

	while ((nl = memchr(p.start, '\n', (size_t)(place - p.start)))) {
		p.start = nl + 1;
		p.line++;
	}
	nl = memchr(place, '\n', (size_t)(p.end - place));
	if (nl)
		p.end = nl;
	if (p.end > p.start && p.end[-1] == '\r')
		p.end--;
	p.column = (unsigned)(place - p.start) + 1;
	return p;
}

/* The line's text, with tabs as blanks so that the caret stands right. */
static void
add_line(struct strbuf *b, const char *from, const char *to)
{
	for (; from < to; from++) {
		if (*from == '\t')
			strbuf_addc(b, ' ');
		else
			strbuf_escape(b, from, 1, "");
	}
}

static void
add_excerpt(struct strbuf *b, const struct position *p, const char *place)
{
	const char *from = place - p->start > LINE_BEFORE ? place - LINE_BEFORE : p->start;
	const char *to = p->end - place > LINE_AFTER ? place + LINE_AFTER : p->end;
	size_t start = b->len, width;

	if (to < place)
		place = to;
	strbuf_add(b, from > p->start ? "    ..." : "    ");
	add_line(b, from, place);
	width = b->len - start;
	add_line(b, place, to);
	strbuf_add(b, to < p->end ? "...\n" : "\n");
	for (; width; width--)
		strbuf_addc(b, ' ');
	strbuf_add(b, "^\n");
}

static void
add_failure(struct strbuf *b, const struct failure *f)
{
	struct position p;

	if (!f->src) {
		strbuf_addf(b, "%s\n", f->text);
		return;
	}
	strbuf_escape(b, f->src->shown, strlen(f->src->shown), "");
	if (!f->place) {
		strbuf_addf(b, ": %s\n", f->text);
		return;
	}
	p = position_of(f->src, f->place);
	strbuf_addf(b, ":%u:%u: %s\n", p.line, p.column, f->text);
	add_excerpt(b, &p, f->place);
}

void
errors_format(struct loader *l, struct policy_errors *out)
{
	size_t said = strlen(out->text);
	struct strbuf b;

	strbuf_init(&b, out->text + said, sizeof(out->text) - said);
	group_by_source(l);
	for (unsigned i = 0; i < l->nstored && i < SHOWN_ERRORS; i++)
		add_failure(&b, &l->failures[i]);
	if (l->nfailures > SHOWN_ERRORS)
		strbuf_addf(&b, "too many errors: %u more\n", l->nfailures - SHOWN_ERRORS);
}
