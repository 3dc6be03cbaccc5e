/* SPDX-License-Identifier: ISC */
#include "engine/policy_int.h"

#include <string.h>

#include "engine/pure.h"

static void
add_cursor(struct sift *f, uint32_t at, uint32_t end)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->cursor[i].end == end)
			return;
	if (f->n == SIEVE_CURSORS) {
		f->full = true;
		return;
	}
	f->cursor[f->n].at = at;
	f->cursor[f->n++].end = end;
}

static void
look(struct sift *f, unsigned class, uint64_t value)
{
	const struct sieve *s = f->sieve;
	uint32_t key = sieve_key(class, value);

	for (uint32_t i = s->bucket[key & s->mask]; i; i = s->entry[i - 1].next)
		if (s->entry[i - 1].key == key)
			add_cursor(f, s->entry[i - 1].first, s->entry[i - 1].first + s->entry[i - 1].n);
}

static void
look_for_rights(struct sift *f, unsigned class, unsigned rights)
{
	for (; rights; rights &= rights - 1)
		look(f, class, rights & -rights);
}

/* Every piece of the text that is as long as the class says. */
static void
look_for_text(struct sift *f, unsigned class, const char *text, size_t len)
{
	unsigned size = f->sieve->class[class].size;
	uint64_t mask = ~(uint64_t)0 >> (64 - 8 * size), piece = 0;

	for (size_t i = 0; i < len && !f->full; i++) {
		piece = (piece << 8 | (unsigned char)text[i]) & mask;
		if (i + 1 >= size)
			look(f, class, piece);
	}
}

static const char *
subject_text(enum sieve_subject subject, const struct sysevent *ev)
{
	switch (subject) {
	case SUBJECT_EXE:
		return ev->process ? ev->process->exe : NULL;
	case SUBJECT_ARGV0:
		return ev->process ? ev->process->argv0 : NULL;
	case SUBJECT_MODULE:
		return ev->caller ? ev->caller->module : NULL;
	case SUBJECT_FUNCTION:
		return ev->caller ? ev->caller->function : NULL;
	default:
		return NULL;
	}
}

static void
look_for_subject(struct sift *f, unsigned class, const struct sifted *about)
{
	enum sieve_subject subject = f->sieve->class[class].subject;
	const char *text = subject_text(subject, about->ev);

	if (subject == SUBJECT_OBJECT)
		look_for_text(f, class, about->text, about->len);
	else if (text)
		look_for_text(f, class, text, strlen(text));
}

static void
look_for_class(struct sift *f, unsigned class, const struct sifted *about)
{
	const struct sieve_class *c = &f->sieve->class[class];

	switch (c->kind) {
	case SIEVE_RIGHT:
		look_for_rights(f, class, about->a->rights);
		break;
	case SIEVE_TEXT:
		look_for_subject(f, class, about);
		break;
	case SIEVE_PORTS:
		look(f, class, (uint64_t)about->a->addr.port >> (16 - c->size));
		break;
	case SIEVE_NUMBER:
		look(f, class, (uint32_t)condop_number(c->op, about->ev));
		break;
	}
}

bool
sift_start(struct sift *f, const struct sieve *s, const struct sifted *about)
{
	f->sieve = s;
	f->n = 0;
	f->full = false;
	if (s->nrest)
		add_cursor(f, 0, s->nrest);
	for (unsigned i = 0; i < s->nclasses; i++)
		if (s->class[i].used)
			look_for_class(f, i, about);
	f->n = f->full ? 0 : f->n;
	return !f->full;
}

bool
sift_next(struct sift *f, size_t *rule)
{
	uint32_t least = UINT32_MAX;

	for (unsigned i = 0; i < f->n; i++)
		if (f->cursor[i].at < f->cursor[i].end && f->sieve->rule[f->cursor[i].at] < least)
			least = f->sieve->rule[f->cursor[i].at];
	/* One that is in several lists comes once. */
	for (unsigned i = 0; i < f->n; i++)
		if (f->cursor[i].at < f->cursor[i].end && f->sieve->rule[f->cursor[i].at] == least)
			f->cursor[i].at++;
	*rule = least;
	return least != UINT32_MAX;
}
