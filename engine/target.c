/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "engine/load_int.h"

static const char drop_name[] = "base/drop";

/* inherit and drop are words, a policy's name is not one of them when it is quoted. */
static bool
is_word(struct word w, const char *word)
{
	return w.len == strlen(word) && !memcmp(w.p, word, w.len);
}

static unsigned
add(struct loader *l, const struct source *src, struct word w, const char *name)
{
	struct target *t;

	for (size_t i = 0; i < l->targets.n; i++) {
		const struct target *old = l->targets.item[i];

		if (!strcmp(old->name, name) && !strcmp(old->from, src->shown))
			return (unsigned)i + 1;
	}
	t = pool_alloc(l->scratch, 1, sizeof(*t));
	t->name = name;
	t->from = src->shown;
	t->src = src;
	t->place = w.p;
	vector_add(&l->targets, t);
	return (unsigned)l->targets.n;
}

unsigned
target_add(struct loader *l, const struct source *src, struct word w)
{
	const char *name;

	if (is_word(w, "inherit"))
		return 0;
	if (is_word(w, "drop"))
		return add(l, src, w, drop_name);
	if (w.p[0] != '"') {
		load_error(l, src, w.p, "\"->\" leads to inherit, drop or a policy's name in quotes");
		return 0;
	}
	name = expand_text(l, src, w);
	return name ? add(l, src, w, name) : 0;
}

const char *
target_from(const struct target *t)
{
	return strcmp(t->name, t->from) ? t->from : NULL;
}
