/* SPDX-License-Identifier: ISC */
#include "tracer/naming.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tracer/procs.h"
#include "tracer/supervisor.h"

enum {
	PROC_MAGIC	= 0x9fa0,
	PROC_ROOT_INO	= 1,
	MAX_DEPTH	= 32,		/* of process name spaces, the kernel's own limit */
};

bool
is_on_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_MAGIC;
}

bool
is_proc_root(int fd, const struct stat *st)
{
	return st->st_ino == PROC_ROOT_INO && is_on_proc(fd);
}

bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

ssize_t
name_by_descriptor(int fd, char *path, size_t size)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, size - 1);
	if (n < 0 || (size_t)n >= size - 1)
		return -1;
	path[n] = '\0';
	return n;
}

static pid_t
process_of(pid_t tid)
{
	pid_t tgid = procs_tgid(tid);

	return tgid > 0 ? tgid : tid;
}

pid_t
proc_owner(const char *path, const char **rest)
{
	char *end;
	long tid;

	if (strncmp(path, "/proc/", 6) || path[6] < '1' || path[6] > '9')
		return 0;
	tid = strtol(path + 6, &end, 10);
	if ((*end && *end != '/') || tid > INT_MAX)
		return 0;
	*rest = end;
	return process_of((pid_t)tid);
}

static FILE *
open_of(int root, const char *process, const char *file)
{
	char path[NAME_MAX + 8];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", process, file);
	fd = openat(root, path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? NULL : fdopen(fd, "r");
}

/* The numbers of a process, from the name space of that procfs to its own; 0: there is no such process, or the kernel (before 4.1) does not say. */
static unsigned
numbers(int root, const char *process, long number[MAX_DEPTH + 1])
{
	cleanup_file FILE *f = open_of(root, process, "status");
	char line[512];
	unsigned n = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "NSpid:", 6)) {
			char *end = line + 6, *at;

			do {
				at = end;
				number[n] = strtol(at, &end, 10);
			} while (end != at && n++ < MAX_DEPTH);
			break;
		}
	return n;
}

bool
has_our_numbers(int root)
{
	static dev_t own;
	long number[MAX_DEPTH + 1];
	struct stat st;
	unsigned n;

	if (!own && stat("/proc", &st) == 0)
		own = st.st_dev;
	if (fstat(root, &st) == 0 && st.st_dev == own)
		return true;
	n = numbers(root, "self", number);
	return n == 1 && number[0] == getpid();
}

/* A process of another name space can have the number that one of ours has; it did not begin at the same time. */
static bool
began_as(int root, const char *process, pid_t pid)
{
	cleanup_file FILE *f = open_of(root, process, "stat");
	uint64_t start = procs_stat(f, 22);

	return start && start == procs_start(pid);
}

/* Our number of the process that is called so there; 0: it is none of our name space's, or of one further in. */
static pid_t
own_number(int root, const char *process)
{
	long self[MAX_DEPTH + 1], its[MAX_DEPTH + 1];
	unsigned depth;
	pid_t pid;

	if (has_our_numbers(root))
		return (pid_t)atol(process);
	depth = numbers(root, "self", self);
	pid = depth && numbers(root, process, its) >= depth ? (pid_t)its[depth - 1] : 0;
	return pid > 0 && began_as(root, process, pid) ? pid : 0;
}

bool
is_supervisor_in(int root, const char *name)
{
	pid_t pid = name[0] < '1' || name[0] > '9' || !supervisor_is_there() ? 0 : own_number(root, name);

	return pid > 0 && supervisor_is(process_of(pid));
}

/* A file that holds what was checked (window.c), whoever's. */
static bool
is_window(const char *path)
{
	static const char *const names[] = { "/memfd:tollgate (deleted)", "/SYSV00000000 (deleted)" };
	const char *last = strrchr(path, '/');

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(path, names[i]))
			return true;
	return last && !strncmp(last, "/tollgate-", 10) && strlen(last) == 26 && !strcmp(last + 16, " (deleted)");
}

/* A process's own directory in /proc, and the supervisor's, have names that a policy can know. */
static const char *
rename_proc(struct whose whose, const char *path, struct arena *a)
{
	const char *rest = "";
	pid_t owner = proc_owner(path, &rest);

	if (supervisor_is(owner))
		return arena_printf(a, "/proc/tollgate%s", rest);
	if (is_window(path))
		return arena_strdup(a, "/proc/tollgate/window");
	if (owner && owner == whose.tgid)
		return arena_printf(a, "/proc/self%s", rest);
	return arena_strdup(a, path);
}

/*
 * The kernel's name for an object of another mount namespace, or of a mount
 * that is gone, reads like one of ours.  What is not found under its name has none.
 */
static bool
lies_elsewhere(const struct stat *object, const char *path)
{
	struct stat named;

	if (path[0] != '/' || object->st_nlink == 0)
		return false;
	if (lstat(path, &named) < 0)
		return errno == ENOENT || errno == ENOTDIR;
	return !same_file(object, &named);
}

/* What has no name any more goes by the last it had: rules about that are about it. */
static bool
strip_deleted(const struct stat *object, char *path)
{
	static const char mark[] = " (deleted)";
	size_t n = strlen(path), m = sizeof(mark) - 1;
	struct stat named;

	if (!strncmp(path, "/memfd:", 7))
		return false;		/* that never had one */
	if (n <= m || strcmp(path + n - m, mark))
		return false;
	/* One that has another name still may have the mark in its own. */
	if (object->st_nlink && lstat(path, &named) == 0)
		return false;
	path[n - m] = '\0';
	return true;
}

/* Of procfs, wherever it is mounted, all is known by its name in /proc, and by our numbers.  `path` is the part of it behind the mount point. */
static const char *
name_in_proc(int root, const char *path, struct arena *a)
{
	const char *name = path + 1;
	size_t n = strcspn(name, "/");
	char process[32];

	if (n >= sizeof(process) || !n || strspn(name, "0123456789") != n)
		return arena_printf(a, "/proc%s", path);
	memcpy(process, name, n);
	process[n] = '\0';
	return arena_printf(a, "/proc/%d%s", own_number(root, process), name + n);
}

/* In another place than /proc; NULL: it is not procfs, or `path` names it well; "": no room. */
static const char *
elsewhere_in_proc(int fd, const struct stat *object, const char *path, struct arena *a)
{
	char place[PATH_MAX + 16];
	cleanup_close int root = -1;
	const char *name;
	struct stat st;

	if (major(object->st_dev) || path[0] != '/' || !strncmp(path, "/proc/", 6) || !is_on_proc(fd))
		return NULL;
	for (size_t n = strlen(path); n; n--) {
		if (path[n] && path[n] != '/')
			continue;
		memcpy(place, path, n);
		place[n] = '\0';
		if (lstat(place, &st) < 0 || st.st_ino != PROC_ROOT_INO || st.st_dev != object->st_dev)
			continue;
		root = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
		name = path[n] ? name_in_proc(root, path + n, a) : "/proc";
		return name ? name : "";
	}
	return NULL;
}

const char *
object_name(struct whose whose, int fd, struct arena *a)
{
	char path[PATH_MAX + 16];
	const char *part, *name = path;
	struct stat st;

	if (fstat(fd, &st) < 0 || name_by_descriptor(fd, path, sizeof(path)) < 0)
		return NULL;
	/* Once more: it can have been renamed between our two looks. */
	if (lies_elsewhere(&st, path) && name_by_descriptor(fd, path, sizeof(path)) < 0)
		return NULL;
	if (is_window(path))
		return rename_proc(whose, path, a);
	if (!strip_deleted(&st, path) && lies_elsewhere(&st, path))
		return arena_printf(a, "elsewhere:%s", path);
	part = elsewhere_in_proc(fd, &st, path, a);
	if (part)
		name = part;
	return *name ? rename_proc(whose, name, a) : NULL;
}

