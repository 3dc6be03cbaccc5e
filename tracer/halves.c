/* SPDX-License-Identifier: ISC */
#include "tracer/halves.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

static const char cut[] = "<unfinished ...>";

/* The task's number before the call, alone or in "[pid 100]". */
static const char *
number_of(const char *text, size_t *n)
{
	const char *p = text + strspn(text, " \t");

	if (!strncmp(p, "[pid", 4))
		p += 4 + strspn(p + 4, " ");
	*n = strspn(p, "0123456789");
	return p;
}

static struct half *
find(struct halves *h, const char *task, size_t n)
{
	for (size_t i = 0; i < h->n; i++)
		if (strlen(h->v[i].task) == n && !strncmp(h->v[i].task, task, n))
			return &h->v[i];
	return NULL;
}

static void
forget(struct halves *h, struct half *half)
{
	free(half->task);
	free(half->text);
	*half = h->v[--h->n];
}

static void
keep(struct halves *h, const char *text, size_t len, unsigned line)
{
	size_t n;
	const char *task = number_of(text, &n);
	struct half *old = find(h, task, n);

	if (old)
		forget(h, old);
	xgrow(&h->v, h->n, &h->cap, sizeof(*h->v));
	h->v[h->n++] = (struct half){ xstrndup(task, n), xstrndup(text, len), line };
}

/* What stands behind "<... openat resumed>"; NULL when the line is no second half. */
static const char *
second_half(const char *text)
{
	const char *p = strstr(text, "<... "), *end = p ? strstr(p, " resumed>") : NULL;

	return end ? end + strlen(" resumed>") : NULL;
}

char *
halves_join(struct halves *h, const char *text, unsigned line)
{
	const char *rest = second_half(text), *open = strstr(text, cut), *task;
	struct half *first;
	char *whole;
	size_t n;

	if (open && !open[sizeof(cut) - 1]) {
		keep(h, text, (size_t)(open - text), line);
		return NULL;
	}
	if (!rest)
		return xstrdup(text);
	task = number_of(text, &n);
	first = find(h, task, n);
	if (!first)
		return NULL;
	whole = xasprintf("%s%s", first->text, rest);
	forget(h, first);
	return whole;
}

void
halves_free(struct halves *h)
{
	while (h->n)
		forget(h, &h->v[0]);
	free(h->v);
}
