/* SPDX-License-Identifier: ISC */
#include "tracer/maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct maps
maps_open(pid_t tid)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/maps", tid);
	return (struct maps){ .stream = fopen(path, "re") };
}

void
maps_close(struct maps *maps)
{
	if (maps->stream)
		fclose(maps->stream);
	free(maps->line);
}

/* The next number, behind which there is that character; else *p is NULL.  By hand: each exec looks at dozens of lines. */
static uint64_t
number(char **p, int base, char after)
{
	char *end = NULL;
	uint64_t n = *p ? strtoull(*p, &end, base) : 0;

	*p = end && end != *p && *end == after ? end + 1 : NULL;
	return n;
}

/* "LO-HI PERM OFFSET MAJOR:MINOR INODE      NAME" */
static bool
parse(char *p, struct mapping *m)
{
	p[strcspn(p, "\n")] = '\0';
	m->lo = number(&p, 16, '-');
	m->hi = number(&p, 16, ' ');
	if (!p || strlen(p) < sizeof(m->perms))
		return false;
	memcpy(m->perms, p, sizeof(m->perms) - 1);
	m->perms[sizeof(m->perms) - 1] = '\0';
	p += sizeof(m->perms);
	m->offset = number(&p, 16, ' ');
	m->file.major = (unsigned)number(&p, 16, ':');
	m->file.minor = (unsigned)number(&p, 16, ' ');
	m->file.ino = number(&p, 10, ' ');
	m->name = p ? p + strspn(p, " ") : NULL;
	return p != NULL;
}

bool
maps_next(struct maps *maps, struct mapping *m)
{
	return maps->stream && getline(&maps->line, &maps->room, maps->stream) > 0 && parse(maps->line, m);
}

int
maps_find(struct maps *maps, uint64_t addr, struct mapping *m)
{
	if (!maps->stream)
		return -errno;
	while (maps_next(maps, m))
		if (addr >= m->lo && addr < m->hi)
			return 0;
	return ferror(maps->stream) ? -EIO : -ENOENT;
}

int
maps_own_file(const void *at, struct mapped_file *file)
{
	cleanup_maps struct maps maps = maps_open(getpid());
	struct mapping m;
	int err = maps_find(&maps, (uintptr_t)at, &m);

	if (!err)
		*file = m.file;
	return err;
}

bool
mapped_file_is(const struct mapped_file *a, const struct mapped_file *b)
{
	return a->ino == b->ino && a->major == b->major && a->minor == b->minor;
}
