/* SPDX-License-Identifier: ISC */
#include "tracer/leftover.h"

#include <string.h>

#include "tracer/inject.h"
#include "tracer/maps.h"
#include "tracer/window.h"

struct search {
	const struct mapping *m;
	bool found;
};

static void
compare(struct tracee *t, void *ctx)
{
	struct search *s = ctx;
	const struct window *own = t->group ? t->group->window : NULL;

	s->found |= (own && mapped_file_is(&own->file, &s->m->file)) || inject_uses(t, s->m);
}

/* Two processes can have one memory. */
static bool
is_in_use(struct session *s, const struct mapping *m)
{
	struct search search = { m, false };

	tracee_each(&s->tracees, compare, &search);
	return search.found;
}

/* Only the kind that has its name from us: a program has segments of shared memory of its own. */
static bool
is_window(const struct mapping *m)
{
	return !strcmp(m->name, "/memfd:tollgate (deleted)") && m->perms[0] == 'r' && m->perms[1] == '-' && m->perms[3] == 's' &&
	    !m->offset && m->hi - m->lo == WINDOW_SIZE;
}

uint64_t
leftover_window(struct session *s, pid_t tid, bool low)
{
	cleanup_maps struct maps maps = maps_open(tid);
	struct mapping m;

	while (maps_next(&maps, &m))
		if (is_window(&m) && (!low || (m.hi - 1) >> 32 == 0) && !is_in_use(s, &m))
			return m.lo;
	return 0;
}

struct sharing {
	const struct tracee *t;
	struct window *window;
};

static void
look_for_shared(struct tracee *other, void *ctx)
{
	struct sharing *s = ctx;
	struct window *w = other->group ? other->group->window : NULL;

	if (w && !s->window && other->group != s->t->group && window_is_mapped(w, s->t->tid))
		s->window = w;
}

struct window *
leftover_shared(struct session *s, const struct tracee *t)
{
	struct sharing sharing = { t, NULL };

	tracee_each(&s->tracees, look_for_shared, &sharing);
	return sharing.window;
}
