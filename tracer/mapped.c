/* SPDX-License-Identifier: ISC */
#include "tracer/mapped.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tracer/maps.h"
#include "tracer/tracee.h"

/* The same file, mapped by us, is shown in the same way. */
static bool
learn(const char *path, struct mapped_file *file)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	bool known = at != MAP_FAILED && maps_own_file(at, file) == 0 && file->ino;

	if (at != MAP_FAILED)
		munmap(at, 1);
	return known;
}

/* Of files, nothing but these two. */
static bool
are_all(pid_t tid, const struct mapped_file *one, const struct mapped_file *other)
{
	cleanup_maps struct maps maps = maps_open(tid);
	struct mapping m;
	bool any = false;

	while (maps_next(&maps, &m)) {
		any = true;
		if (m.file.ino && !mapped_file_is(&m.file, one) && !mapped_file_is(&m.file, other))
			return false;
	}
	return any && !ferror(maps.stream);
}

static struct mapped_file
as_stat_says(const struct fileid *id)
{
	return (struct mapped_file){ major(id->dev), minor(id->dev), id->ino };
}

bool
mapped_are_these(pid_t tid, const struct fileid *program, const struct fileid *loader)
{
	struct mapped_file one = as_stat_says(program), other = as_stat_says(loader);

	return are_all(tid, &one, &other);
}

bool
mapped_nothing_else(pid_t tid, int loader)
{
	struct mapped_file program, other = { 0 };
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/exe", tid);
	if (!learn(path, &program))
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", loader);
	if (loader >= 0 && !learn(path, &other))
		return false;
	return are_all(tid, &program, &other);
}
