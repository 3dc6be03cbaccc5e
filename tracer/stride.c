/* SPDX-License-Identifier: ISC */
#include "tracer/stride.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tracer/naming.h"

#ifndef SYS_openat2
#define SYS_openat2 437
#endif

static bool never;

void
stride_never(void)
{
	never = true;
}

/* How long the name is with which the path begins; 0 when that is none, or "." or "..". */
static size_t
name_len(const char *path)
{
	size_t n = strcspn(path, "/");

	return n > NAME_MAX || (n <= 2 && strspn(path, ".") >= n) ? 0 : n;
}

/* Nothing but names, with one slash between two. */
static bool
is_plain(const char *path)
{
	const char *p = path + (path[0] == '/');
	size_t n;

	while ((n = name_len(p)) && p[n])
		p += n + 1;
	return n;
}

static bool
ends_in_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return name_len(slash ? slash + 1 : path);
}

/* What is there depends on who looks, and has other names than that.  Also where nobody can say. */
static bool
may_be_on_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) != 0 || is_on_proc(fd);
}

/* Of what the attributes are known: procfs is on no device. */
static bool
is_proc(int fd, const struct stat *st)
{
	return !major(st->st_dev) && may_be_on_proc(fd);
}

static int
open_below(int dir, const char *path, uint64_t resolve)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = resolve };
	int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));

	never |= fd < 0 && errno == ENOSYS;
	return fd;
}

/* Where a path begins, and that place's name, which ends without a slash. */
struct from {
	int fd;
	const char *name;
	struct object held;
};

static bool
begin(struct from *f, struct whose whose, int dirfd, const char *path, struct arena *a)
{
	static int root = -1;
	size_t n;

	f->held = (struct object){ .fd = -1, .parent = -1 };
	if (path[0] == '/') {
		if (root < 0)
			root = open("/", O_PATH | O_CLOEXEC);
		f->fd = root;
		f->name = "";
		return root >= 0 && strncmp(path, "/proc/", 6);
	}
	if (walk_fd(whose, dirfd, a, &f->held) || f->held.name[0] != '/' || !S_ISDIR(f->held.st.st_mode))
		return false;
	n = strlen(f->held.name);
	f->fd = f->held.fd;
	f->name = n == 1 ? "" : f->held.name;
	return strncmp(f->held.name, "/proc", 5) && !is_proc(f->fd, &f->held.st);
}

/* The whole path leads to something that is there. */
static bool
find_whole(const struct from *f, const char *path, uint64_t resolve, struct object *o)
{
	o->fd = open_below(f->fd, path, resolve);
	return o->fd >= 0 && fstat(o->fd, &o->st) == 0 && !is_proc(o->fd, &o->st);
}

/*
 * There are links on the way, or "..", and the kernel follows them, as far as
 * they stay on one mount: so they lead everybody to the same place.  On procfs
 * that depends on who looks, and the supervisor's directories are there.
 */
static bool
find_by_links(const struct from *f, struct whose whose, const char *path, struct arena *a, struct object *o)
{
	if (find_whole(f, path, RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS, o))
		o->name = object_name(whose, o->fd, a);
	return o->name;
}

/* On the way, before any link, is a name of nothing: so the path is the object's name, too. */
static bool
is_missing(struct object *o, int *err)
{
	o->absent = errno == ENOENT;
	*err = -ENOENT;
	return o->absent;
}

/* The directory that the last name is in, and what is there under that name, if anything is. */
static bool
find_entry(const struct from *f, const char *path, struct arena *a, struct object *o, int *err)
{
	const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
	const char *dir = slash ? arena_printf(a, "%.*s", (int)(slash - path), path) : ".";

	if (!dir)
		return false;
	o->parent = open_below(f->fd, dir, RESOLVE_NO_SYMLINKS);
	if (o->parent < 0)
		return is_missing(o, err);
	if (fstat(o->parent, &o->dir) < 0 || !S_ISDIR(o->dir.st_mode) || is_proc(o->parent, &o->dir))
		return false;
	o->last = arena_strdup(a, last);
	o->entry = true;
	o->fd = openat(o->parent, last, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	o->absent = o->fd < 0 && errno == ENOENT;
	if (!o->absent && (o->fd < 0 || fstat(o->fd, &o->st) < 0 || (o->st.st_dev != o->dir.st_dev && is_proc(o->fd, &o->st))))
		return false;
	return o->last;
}

/* A link in last place that is to be followed is none of our paths.  What is followed is an object, and not an entry. */
static bool
settle(unsigned flags, struct object *o)
{
	if (!(flags & WALK_FOLLOW) || o->absent)
		return true;
	if (S_ISLNK(o->st.st_mode))
		return false;
	close(steal_fd(&o->parent));
	o->entry = false;
	o->last = NULL;
	return true;
}

static bool
is_all_that_matters(unsigned flags)
{
	return flags == (WALK_FOLLOW | WALK_OBJECT);
}

static bool
find(const struct from *f, struct whose whose, const char *path, unsigned flags, struct arena *a, struct object *o, int *err)
{
	bool at_once = is_all_that_matters(flags);

	errno = 0;
	if (at_once && find_whole(f, path, RESOLVE_NO_SYMLINKS, o))
		return true;
	if (at_once && errno == ELOOP)
		return find_by_links(f, whose, path, a, o);
	object_release(o);
	return find_entry(f, path, a, o, err) && settle(flags, o);
}

bool
stride(struct whose whose, int dirfd, const char *path, unsigned flags, struct arena *a, struct object *o, int *err)
{
	const char *below = path + (path[0] == '/');
	bool plain = is_plain(path), found;
	struct from f;

	*err = 0;
	*o = (struct object){ .fd = -1, .parent = -1 };
	if (never || !whose.own_root || flags & ~(unsigned)(WALK_FOLLOW | WALK_ENTRY | WALK_OBJECT) ||
	    !(plain || (is_all_that_matters(flags) && ends_in_name(path))))
		return false;
	found = begin(&f, whose, dirfd, path, a) &&
	    (plain ? find(&f, whose, below, flags, a, o, err) : find_by_links(&f, whose, below, a, o));
	if (found && !o->name)
		o->name = arena_printf(a, "%s/%s", f.name, below);
	object_release(&f.held);
	if (found && o->name && strlen(o->name) < PATH_MAX)
		return true;
	object_release(o);
	*o = (struct object){ .fd = -1, .parent = -1 };
	return false;
}

/* The directories with which the path begins, by names alone, but for its last name. */
static size_t
dirs_len(const char *path)
{
	size_t n = 0, name;

	while ((name = name_len(path + n)) && path[n + name] && path[n + name + 1])
		n += name + 1;
	return n;
}

/* Without the last directory; 0: that leaves none, or a single one, which is but a step. */
static size_t
shorter(const char *path, size_t n)
{
	do
		n--;
	while (n && path[n - 1] != '/');
	return n && memchr(path, '/', n - 1) ? n : 0;
}

int
stride_dirs(int dir, const char *path, size_t *n)
{
	char way[PATH_MAX];
	int fd = -1;

	*n = dirs_len(path);
	if (never || *n >= sizeof(way) || !*n || !memchr(path, '/', *n - 1))
		return -1;
	do {
		memcpy(way, path, *n);
		way[*n] = '\0';
		fd = open_below(dir, way, RESOLVE_NO_SYMLINKS);
	} while (fd < 0 && errno == ENOENT && (*n = shorter(path, *n)));
	if (fd >= 0 && may_be_on_proc(fd)) {
		close(fd);
		return -1;
	}
	return fd;
}
