/* SPDX-License-Identifier: ISC */
#include "tracer/linediff.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/strbuf.h"
#include "lib/xalloc.h"

/* Myers' way: the shortest path of insertions and deletions, found by how far each diagonal gets. */

enum { CONTEXT = 3, MAX_EDITS = 2000 };

struct line {
	const char *s;
	size_t len;
};

struct lines {
	struct line *line;
	long n;
	size_t cap;
};

struct diff {
	struct lines old, new;
	bool *gone, *come;		/* of each line */
};

static void
split(struct lines *l, const char *s, size_t len)
{
	while (len) {
		const char *nl = memchr(s, '\n', len);
		size_t n = nl ? (size_t)(nl - s) + 1 : len;

		xgrow(&l->line, (size_t)l->n, &l->cap, sizeof(*l->line));
		l->line[l->n++] = (struct line){ s, n };
		s += n;
		len -= n;
	}
}

static bool
same(const struct diff *d, long i, long k)
{
	const struct line *a = &d->old.line[i], *b = &d->new.line[k];

	return a->len == b->len && !memcmp(a->s, b->s, a->len);
}

/* Does the best way to diagonal k with that many edits come from the one above: by a line that comes? */
static bool
from_above(const long *far, long k, long edits)
{
	return k == -edits || (k != edits && far[k - 1] < far[k + 1]);
}

/* One more edit on every diagonal; true when both ends are reached. */
static bool
advance(const struct diff *d, long *far, long edits)
{
	for (long k = -edits; k <= edits; k += 2) {
		long x = from_above(far, k, edits) ? far[k + 1] : far[k - 1] + 1, y = x - k;

		while (x < d->old.n && y < d->new.n && x >= 0 && y >= 0 && same(d, x, y)) {
			x++;
			y++;
		}
		far[k] = x;
		if (x >= d->old.n && y >= d->new.n)
			return true;
	}
	return false;
}

/* Goes the way back and marks its edits; step[e] is how far each diagonal had come before edit e. */
static void
mark(struct diff *d, long *const *step, long edits)
{
	long x = d->old.n, y = d->new.n;

	for (long e = edits; e > 0; e--) {
		const long *far = step[e] + e;
		long k = x - y, before = from_above(far, k, e) ? k + 1 : k - 1;
		long x0 = far[before], y0 = x0 - before;

		if (before > k)
			d->come[y0] = true;
		else
			d->gone[x0] = true;
		x = x0;
		y = y0;
	}
}

static void
mark_all(struct diff *d)
{
	memset(d->gone, 1, (size_t)d->old.n);
	memset(d->come, 1, (size_t)d->new.n);
}

static void
find_edits(struct diff *d)
{
	static long room[2 * MAX_EDITS + 5];
	long *far = room + MAX_EDITS + 2, **step = xcalloc(MAX_EDITS + 2, sizeof(*step));
	long edits = 0;

	memset(room, 0, sizeof(room));
	for (; edits <= MAX_EDITS; edits++) {
		step[edits] = xcalloc((size_t)(2 * edits + 1), sizeof(long));
		memcpy(step[edits], far - edits, (size_t)(2 * edits + 1) * sizeof(long));
		if (advance(d, far, edits))
			break;
	}
	if (edits > MAX_EDITS)
		mark_all(d);
	else
		mark(d, step, edits);
	for (long e = 0; e <= edits && e <= MAX_EDITS; e++)
		free(step[e]);
	free(step);
}

static void
put_line(FILE *f, char mark, const struct line *l)
{
	fputc(mark, f);
	fwrite(l->s, 1, l->len, f);
	if (l->s[l->len - 1] != '\n')
		fputs("\n\\ No newline at end of file\n", f);
}

/* A stretch of both texts: from, and where it ends. */
struct stretch {
	long x, y, xend, yend;
};

static bool
is_edit(const struct diff *d, long x, long y)
{
	return (x < d->old.n && d->gone[x]) || (y < d->new.n && d->come[y]);
}

/* Steps over one line of the result; what is the same is in both. */
static void
step_over(const struct diff *d, long *x, long *y, FILE *f)
{
	if (*x < d->old.n && d->gone[*x]) {
		if (f)
			put_line(f, '-', &d->old.line[*x]);
		++*x;
	} else if (*y < d->new.n && d->come[*y]) {
		if (f)
			put_line(f, '+', &d->new.line[*y]);
		++*y;
	} else {
		if (f)
			put_line(f, ' ', &d->old.line[*x]);
		++*x;
		++*y;
	}
}

/* From an edit on: up to where more lines are the same than context takes on both sides. */
static void
find_end(const struct diff *d, struct stretch *h)
{
	long x = h->x, y = h->y, still = 0;

	while (x < d->old.n || y < d->new.n) {
		still = is_edit(d, x, y) ? 0 : still + 1;
		if (still > 2 * CONTEXT)
			return;
		step_over(d, &x, &y, NULL);
		if (still <= CONTEXT) {
			h->xend = x;
			h->yend = y;
		}
	}
}

static void
put_hunk(const struct diff *d, struct stretch h, FILE *f)
{
	long back = h.x < h.y ? h.x : h.y;

	find_end(d, &h);
	back = back < CONTEXT ? back : CONTEXT;
	h.x -= back;
	h.y -= back;
	fprintf(f, "@@ -%ld,%ld +%ld,%ld @@\n", h.x + (h.xend > h.x), h.xend - h.x, h.y + (h.yend > h.y), h.yend - h.y);
	while (h.x < h.xend || h.y < h.yend)
		step_over(d, &h.x, &h.y, f);
}

static void
put_hunks(const struct diff *d, FILE *f)
{
	long x = 0, y = 0;

	while (x < d->old.n || y < d->new.n) {
		struct stretch h = { x, y, x, y };

		if (!is_edit(d, x, y)) {
			step_over(d, &x, &y, NULL);
			continue;
		}
		put_hunk(d, h, f);
		find_end(d, &h);
		x = h.xend;
		y = h.yend;
	}
}

void
linediff(FILE *f, const char *name, const char *old, size_t oldlen, const char *new, size_t newlen)
{
	struct diff d = { .gone = NULL };
	char mem[1024];
	struct strbuf b = STRBUF(mem);

	split(&d.old, old, oldlen);
	split(&d.new, new, newlen);
	d.gone = xcalloc((size_t)d.old.n + 1, sizeof(*d.gone));
	d.come = xcalloc((size_t)d.new.n + 1, sizeof(*d.come));
	find_edits(&d);
	strbuf_escape(&b, name, strlen(name), "");
	fprintf(f, "--- %s\n+++ %s\n", b.s, b.s);
	put_hunks(&d, f);
	free(d.old.line);
	free(d.new.line);
	free(d.gone);
	free(d.come);
}
