/* SPDX-License-Identifier: ISC */
#include "tracer/leftover.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "tracer/inject.h"
#include "tracer/window.h"

struct search {
	uint64_t ino;
	bool found;
};

static void
compare(struct tracee *t, void *ctx)
{
	struct search *s = ctx;
	const struct window *own = t->group ? t->group->window : NULL, *coming = inject_window(t);

	s->found |= (own && own->ino == s->ino) || (coming && coming->ino == s->ino);
}

/* Two processes can have one memory, and a window each. */
static bool
is_in_use(struct session *s, uint64_t ino)
{
	struct search search = { ino, false };

	tracee_each(&s->tracees, compare, &search);
	return search.found;
}

/* Only the kind that has its name from us: a program has segments of shared memory of its own. */
static bool
is_window(const char *line, uint64_t *lo, uint64_t *hi, uint64_t *ino)
{
	char perms[5], name[64];
	uint64_t offset;

	return sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*s %" SCNu64 " %63[^\n]", lo, hi, perms, &offset, ino, name) == 6 &&
	    !strcmp(name, "/memfd:tollgate (deleted)") && perms[0] == 'r' && perms[1] == '-' && perms[3] == 's' && !offset &&
	    *hi - *lo == WINDOW_SIZE;
}

uint64_t
leftover_window(struct session *s, pid_t tid, bool low)
{
	cleanup_file FILE *f = NULL;
	char path[48], line[4608];
	uint64_t lo, hi, ino;

	snprintf(path, sizeof(path), "/proc/%d/maps", tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (is_window(line, &lo, &hi, &ino) && (!low || (hi - 1) >> 32 == 0) && !is_in_use(s, ino))
			return lo;
	return 0;
}
