/* SPDX-License-Identifier: ISC */
#include "tracer/prepared.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tracer/maps.h"

/* The call that makes one, its name among descriptors, and that of the kernel's thread that works for it. */
static const struct maker {
	enum sys_id id;
	const char *called, *file, *thread;
} makers[] = {
	{ SYS_ID_io_uring_setup, "a ring of io_uring", "anon_inode:[io_uring]", "iou-sqp-" },
	{ SYS_ID_userfaultfd, "a userfaultfd", "anon_inode:[userfaultfd]", NULL },
};

static bool
has_descriptor(pid_t tid, const char *file)
{
	char path[64], name[PATH_MAX];
	bool found = false;
	ssize_t n;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", tid);
	d = opendir(path);
	for (struct dirent *e; d && !found && (e = readdir(d));) {
		n = readlinkat(dirfd(d), e->d_name, name, sizeof(name) - 1);
		name[n > 0 ? n : 0] = '\0';
		found = !strcmp(name, file);
	}
	if (d)
		closedir(d);
	return found;
}

static bool
has_mapped(pid_t tid, const char *file)
{
	cleanup_maps struct maps maps = maps_open(tid);
	struct mapping m;

	while (maps_next(&maps, &m))
		if (!strcmp(m.name, file))
			return true;
	return false;
}

/* A ring need not have a descriptor, nor be mapped from one (Linux 6.5). */
static bool
is_thread(pid_t tid, const char *thread)
{
	cleanup_file FILE *f = NULL;
	char path[64], name[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/comm", tid);
	f = thread ? fopen(path, "re") : NULL;
	return f && fgets(name, sizeof(name), f) && !strncmp(name, thread, strlen(thread));
}

static bool
is_allowed(const struct session *s, const struct tracee *t, enum sys_id id)
{
	const struct confinement *c = t->group->confined;
	struct sysevent ev = { .id = id };

	return policy_decide(s->floor, c->layer, c->n, &ev).action == ACT_ALLOW;
}

const char *
prepared_by(const struct session *s, const struct tracee *t)
{
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		const struct maker *m = &makers[i];

		if ((has_descriptor(t->tid, m->file) || has_mapped(t->tid, m->file) || is_thread(t->tid, m->thread)) &&
		    !is_allowed(s, t, m->id))
			return m->called;
	}
	return NULL;
}
