/* SPDX-License-Identifier: ISC */
#include "tracer/mapped.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tracer/tracee.h"

/* A file as /proc/PID/maps shows it.  On some file systems (overlay, btrfs) that is not what stat(2) says. */
struct shown {
	unsigned major, minor;
	uint64_t ino;		/* 0: memory of no file */
};

static bool
next_line(FILE *f, uint64_t *lo, struct shown *file)
{
	char line[4608];

	return fgets(line, sizeof(line), f) &&
	    sscanf(line, "%" SCNx64 "-%*x %*s %*s %x:%x %" SCNu64, lo, &file->major, &file->minor, &file->ino) == 4;
}

/* How the kernel shows what is mapped at that place of our own. */
static bool
look_up(const void *at, struct shown *file)
{
	cleanup_file FILE *f = fopen("/proc/self/maps", "re");
	uint64_t lo;

	while (f && next_line(f, &lo, file))
		if (lo == (uintptr_t)at)
			return file->ino != 0;
	return false;
}

/* The same file, mapped by us, is shown in the same way. */
static bool
learn(const char *path, struct shown *file)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	void *at = fd < 0 ? MAP_FAILED : mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	bool known = at != MAP_FAILED && look_up(at, file);

	if (at != MAP_FAILED)
		munmap(at, 1);
	return known;
}

static bool
same(const struct shown *a, const struct shown *b)
{
	return a->major == b->major && a->minor == b->minor && a->ino == b->ino;
}

/* Of files, nothing but these two. */
static bool
are_all(pid_t tid, const struct shown *one, const struct shown *other)
{
	cleanup_file FILE *f = NULL;
	struct shown file;
	char path[48];
	uint64_t lo;
	bool any = false;

	snprintf(path, sizeof(path), "/proc/%d/maps", tid);
	f = fopen(path, "re");
	while (f && next_line(f, &lo, &file)) {
		any = true;
		if (file.ino && !same(&file, one) && !same(&file, other))
			return false;
	}
	return any;
}

static struct shown
as_stat_says(const struct fileid *id)
{
	return (struct shown){ major(id->dev), minor(id->dev), id->ino };
}

bool
mapped_are_these(pid_t tid, const struct fileid *program, const struct fileid *loader)
{
	struct shown one = as_stat_says(program), other = as_stat_says(loader);

	return are_all(tid, &one, &other);
}

bool
mapped_nothing_else(pid_t tid, int loader)
{
	struct shown program, other = { 0 };
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/exe", tid);
	if (!learn(path, &program))
		return false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", loader);
	if (loader >= 0 && !learn(path, &other))
		return false;
	return are_all(tid, &program, &other);
}
