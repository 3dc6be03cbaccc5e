/* SPDX-License-Identifier: ISC */
#include "tracer/maps.h"

#include <errno.h>
#include <inttypes.h>
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

static bool
parse(char *line, struct mapping *m)
{
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n",
	    &m->lo, &m->hi, m->perms, &m->offset, &m->file.major, &m->file.minor, &m->file.ino, &at) < 7)
		return false;
	m->name = line + at;
	return true;
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
