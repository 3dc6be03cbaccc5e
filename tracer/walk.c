/* SPDX-License-Identifier: ISC */
#include "tracer/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tracer/ids.h"
#include "tracer/naming.h"
#include "tracer/procs.h"
#include "tracer/sticky.h"
#include "tracer/stride.h"
#include "tracer/supervisor.h"

enum { MAX_LINKS = 40 };		/* the kernel's own limit */

/* One walk in progress. */
struct walker {
	struct whose whose;
	int root;			/* where "/" and the topmost ".." lead */
	int cur;			/* the object reached so far */
	struct stat st;			/* of cur */
	bool confined;			/* root is not the tracer's own: ".." must be checked against it */
	unsigned flags;
	dev_t dev;			/* with WALK_NO_XDEV: where it has to stay */
	unsigned links;
	bool slash;			/* the component at hand was followed by one, also where it was the last */
	char rest[2 * PATH_MAX];	/* what is still to be walked */
};

static int
open_path(int dir, const char *name, int flags)
{
	int fd = openat(dir, name, O_PATH | O_CLOEXEC | flags);

	return fd < 0 ? -errno : fd;
}

/* Hands fd, of which the attributes are known, over as the current object. */
static int
step_to_known(struct walker *w, int fd, const struct stat *st)
{
	if (w->cur >= 0)
		close(w->cur);
	w->cur = fd;
	w->st = *st;
	return w->dev && st->st_dev != w->dev ? -EXDEV : 0;
}

static int
step_to(struct walker *w, int fd)
{
	struct stat st;
	int err;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) == 0)
		return step_to_known(w, fd, &st);
	err = -errno;
	close(fd);
	return err;
}

static int
step_to_root(struct walker *w)
{
	int fd = fcntl(w->root, F_DUPFD_CLOEXEC, 0);

	return step_to(w, fd < 0 ? -errno : fd);
}

/* Where it has to stay below a directory that is not the root of anything: is it there, or has it been moved away meanwhile? */
static bool
has_strayed(const struct walker *w)
{
	cleanup_close int dir = fcntl(w->cur, F_DUPFD_CLOEXEC, 0);
	struct stat root, st = w->st, up;

	if (!(w->flags & (WALK_BENEATH | WALK_IN_ROOT)))
		return false;
	if (fstat(w->root, &root) < 0)
		return true;
	while (!same_file(&st, &root)) {
		int above = open_path(dir, "..", 0);

		close(dir);
		dir = above;
		if (dir < 0 || fstat(dir, &up) < 0 || same_file(&up, &st))
			return true;
		st = up;
	}
	return false;
}

static int
step_up(struct walker *w)
{
	struct stat root;
	int err;

	if (w->confined && fstat(w->root, &root) == 0 && same_file(&root, &w->st))
		return w->flags & WALK_BENEATH ? -EXDEV : 0;
	err = step_to(w, open_path(w->cur, "..", 0));
	return !err && has_strayed(w) ? -EAGAIN : err;
}

/* Puts a link's target before what is still to be walked. */
static int
push_target(struct walker *w, const char *target)
{
	size_t t = strlen(target), r = strlen(w->rest);

	if (!t)
		return -ENOENT;
	if (target[0] == '/' && (w->flags & WALK_BENEATH))
		return -EXDEV;
	if (t + 1 + r >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memmove(w->rest + t + 1, w->rest, r + 1);
	memcpy(w->rest, target, t);
	w->rest[t] = '/';
	if (!r)
		w->rest[t + w->slash] = '\0';
	return target[0] == '/' ? step_to_root(w) : 0;
}

/* /proc/self means the task, not us: those two links are the only ones that depend on who reads them. */
static int
push_self(struct walker *w, const char *name)
{
	char target[64];

	if (!strcmp(name, "self"))
		snprintf(target, sizeof(target), "%d", w->whose.tgid);
	else
		snprintf(target, sizeof(target), "%d/task/%d", w->whose.tgid, w->whose.tid);
	return push_target(w, target);
}

static bool
is_self_link(const struct walker *w, const char *name)
{
	return (!strcmp(name, "self") || !strcmp(name, "thread-self")) &&
	    is_proc_root(w->cur, &w->st);
}

/*
 * The links of /proc/PID (root, cwd, exe, fd/N, ns) do not lead where their
 * text says but to an object; only the kernel can follow them.  Their text is
 * absolute or has a colon; ordinary links of procfs are relative.
 */
static bool
is_magic(int link, const char *target)
{
	return (target[0] == '/' || strchr(target, ':') || target[0] == '(') && is_on_proc(link);
}

/* Is the directory that was reached, in procfs, anything but the task's own in /proc? */
static bool
is_of_another(const struct walker *w)
{
	char path[PATH_MAX];
	const char *rest;
	pid_t owner = name_by_descriptor(w->cur, path, sizeof(path)) < 0 ? 0 : proc_owner(path, &rest);

	return owner != w->whose.tgid;
}

static int
follow_any(struct walker *w, int link, const char *name)
{
	char target[PATH_MAX];
	ssize_t n;

	n = readlinkat(link, "", target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (is_magic(link, target)) {
		if (w->flags & (WALK_NO_MAGIC | WALK_BENEATH | WALK_IN_ROOT))
			return w->flags & WALK_NO_MAGIC ? -ELOOP : -EXDEV;
		return step_to(w, open_path(w->cur, name, 0));
	}
	return push_target(w, target);
}

/* To look into another process's directory is its matter, and the task's. */
static int
follow(struct walker *w, int link, const struct stat *of, const char *name)
{
	bool strictly = is_on_proc(link) && is_of_another(w);
	int err;

	if (++w->links > MAX_LINKS)
		return -ELOOP;
	if (sticky_forbids(PROTECTS_LINKS, &w->st, of) && !is_on_proc(link))
		return -EACCES;
	err = strictly ? ids_lend_nothing() : 0;
	err = err ? err : follow_any(w, link, name);
	if (strictly)
		ids_lend_again();
	return err;
}

/* Cuts the next component off the rest; *last when only slashes follow, *slash when there are some. */
static bool
next_component(struct walker *w, char name[NAME_MAX + 1], bool *last, bool *slash, int *err)
{
	char *p = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(p, "/");
	size_t gap = strspn(p + n, "/");

	if (!n)
		return false;
	*err = n > NAME_MAX ? -ENAMETOOLONG : 0;
	if (*err)
		return true;
	memcpy(name, p, n);
	name[n] = '\0';
	*slash = w->slash = gap > 0;
	*last = !p[n + gap];
	memmove(w->rest, p + n + gap, strlen(p + n + gap) + 1);
	return true;
}

static int
step_into(struct walker *w, const char *name, bool followed)
{
	struct stat st;
	int err, fd;

	if (!S_ISDIR(w->st.st_mode))
		return -ENOTDIR;
	if (is_self_link(w, name) && followed)
		return w->flags & WALK_NO_LINKS ? -ELOOP : has_our_numbers(w->cur) ? push_self(w, name) : -EACCES;
	fd = open_path(w->cur, name, O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return step_to(w, fd);
	if (!S_ISLNK(st.st_mode) || !followed)
		return step_to_known(w, fd, &st);
	err = w->flags & WALK_NO_LINKS ? -ELOOP : follow(w, fd, &st, name);
	close(fd);
	return err;
}

static const char *
join(struct arena *a, const char *dir, const char *name, const char *rest)
{
	const char *sep = dir[0] && dir[strlen(dir) - 1] == '/' ? "" : "/";

	return arena_printf(a, "%s%s%s%s%s", dir, sep, name, *rest ? "/" : "", rest);
}

/* The walk ended in an error at this component: what was resolved, and the rest as it stands. */
static int
unreached(struct walker *w, const char *name, int err, struct arena *a, struct object *o)
{
	const char *dir = object_name(w->whose, w->cur, a);

	o->absent = true;
	o->name = dir ? join(a, dir, name, w->rest) : NULL;
	return err;
}

static bool
is_dots(const char *last)
{
	size_t n = strcspn(last, "/");

	return n <= 2 && strspn(last, ".") == n;
}

/* Does the path name something in that directory? */
static bool
lies_in(const char *path, const char *dir)
{
	size_t n = strlen(dir);
	const char *last = strrchr(path, '/');

	if (!last)
		return false;
	return n == 1 ? last == path : (size_t)(last - path) == n && !strncmp(path, dir, n);
}

/*
 * An entry goes by the name of the directory that is held, wherever what it
 * names has been moved in the meantime.
 */
static const char *
name_of_entry(struct walker *w, struct arena *a, const struct object *o)
{
	const char *own = object_name(w->whose, w->cur, a), *dir;
	char last[NAME_MAX + 1] = "";

	if (!own || is_dots(o->last))
		return own;
	dir = object_name(w->whose, o->parent, a);
	if (!dir || lies_in(own, dir))
		return dir ? own : NULL;
	memcpy(last, o->last, strcspn(o->last, "/"));
	return join(a, dir, last, "");
}

static int
reached(struct walker *w, struct arena *a, struct object *o)
{
	o->name = o->entry ? name_of_entry(w, a, o) : object_name(w->whose, w->cur, a);
	if (!o->name)
		return -ENAMETOOLONG;
	o->slash = !o->entry && !(w->flags & WALK_FOLLOW);
	o->st = w->st;
	o->fd = steal_fd(&w->cur);
	return 0;
}

/* The directory reached so far holds the last component, which is not to be followed. */
static int
keep_parent(struct walker *w, const char *name, bool slash, struct arena *a, struct object *o)
{
	o->last = arena_printf(a, "%s%s", name, slash ? "/" : "");
	o->parent = fcntl(w->cur, F_DUPFD_CLOEXEC, 0);
	o->entry = true;
	if (o->parent < 0)
		return -errno;
	return o->last ? 0 : -ENAMETOOLONG;
}

static int
absent(struct walker *w, const char *name, bool slash, struct arena *a, struct object *o)
{
	int err = o->entry ? 0 : keep_parent(w, name, slash, a, o);

	unreached(w, name, 0, a, o);
	if (!o->name)
		return -ENAMETOOLONG;
	return err;
}

/* Named so that the verdict can only be one. */
static int
forbidden(struct walker *w, struct arena *a, struct object *o)
{
	o->absent = true;
	o->name = join(a, "/proc", "tollgate", w->rest);
	return -EACCES;
}

/* Is the last component the object, and not what a link there leads to? */
static bool
ends_here(const struct walker *w, const char *name, bool last, bool slash)
{
	/* What "." and ".." lead to is an object, and moves with its directory. */
	if (is_dots(name) && !(w->flags & WALK_ENTRY))
		return false;
	return last && ((w->flags & WALK_ENTRY) || (!slash && !(w->flags & WALK_FOLLOW)));
}

static int
step(struct walker *w, const char *name, bool followed)
{
	if (!strcmp(name, "."))
		return S_ISDIR(w->st.st_mode) ? 0 : -ENOTDIR;
	if (!strcmp(name, ".."))
		return S_ISDIR(w->st.st_mode) ? step_up(w) : -ENOTDIR;
	return step_into(w, name, followed);
}

/* Several steps in one, where nothing has to be looked at in between.  0 or -errno. */
static int
leap(struct walker *w)
{
	char *names = w->rest + strspn(w->rest, "/");
	size_t n;
	int fd = w->dev ? -1 : stride_dirs(w->cur, names, &n);

	if (fd < 0)
		return 0;
	memmove(w->rest, names + n, strlen(names + n) + 1);
	return step_to(w, fd);
}

static int
run(struct walker *w, struct arena *a, struct object *o)
{
	char name[NAME_MAX + 1];
	bool last = false, slash = false, ends;
	unsigned links = w->links;
	int err = leap(w);

	while (!err && next_component(w, name, &last, &slash, &err)) {
		if (err)
			return unreached(w, "", err, a, o);
		if (is_proc_root(w->cur, &w->st) && is_supervisor_in(w->cur, name))
			return forbidden(w, a, o);
		ends = ends_here(w, name, last, slash);
		err = ends ? keep_parent(w, name, slash, a, o) : 0;
		o->dir = w->st;
		err = err ? err : step(w, name, !ends);
		if (err == -ENOENT && last && w->cur >= 0)
			return absent(w, name, slash, a, o);
		if (err)
			return unreached(w, name, err, a, o);
		if (w->links != links || !strcmp(name, ".."))
			err = leap(w);
		links = w->links;
	}
	if (err)
		return unreached(w, "", err, a, o);
	if (slash && !S_ISDIR(w->st.st_mode) && !(w->flags & WALK_ENTRY))
		return unreached(w, "", -ENOTDIR, a, o);
	return reached(w, a, o);
}

/* A descriptor of the task, or its cwd or root. */
static int
open_of(struct whose whose, const char *what)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", whose.tid, what);
	fd = open(path, O_PATH | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int
open_start(struct whose whose, int dirfd)
{
	char what[32];
	int fd;

	if (dirfd == AT_FDCWD)
		return open_of(whose, "cwd");
	snprintf(what, sizeof(what), "fd/%d", dirfd);
	fd = open_of(whose, what);
	return fd == -ENOENT ? -EBADF : fd;
}

/* Where names begin. */
static int
open_root(struct whose whose)
{
	static int own = -1;
	int fd;

	if (!whose.own_root)
		return open_of(whose, "root");
	if (own < 0)
		own = open("/", O_PATH | O_CLOEXEC);
	fd = fcntl(own, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

static bool
is_own_root(int root)
{
	struct stat mine, theirs;

	return stat("/", &mine) == 0 && fstat(root, &theirs) == 0 && same_file(&mine, &theirs);
}

static int
start(struct walker *w, int dirfd, const char *path, unsigned flags)
{
	bool absolute = path[0] == '/' && !(flags & WALK_IN_ROOT), within = flags & (WALK_IN_ROOT | WALK_BENEATH);
	int err;

	w->flags = flags;
	if (absolute && (flags & WALK_BENEATH))
		return -EXDEV;
	w->root = within ? open_start(w->whose, dirfd) : open_root(w->whose);
	if (w->root < 0)
		return w->root;
	w->confined = within || !(w->whose.own_root || is_own_root(w->root));
	if (absolute || within)
		err = step_to_root(w);
	else
		err = step_to(w, open_start(w->whose, dirfd));
	if (!err && (flags & WALK_NO_XDEV))
		w->dev = w->st.st_dev;
	return err;
}

static void
walker_close(struct walker *w)
{
	if (w->cur >= 0)
		close(w->cur);
	if (w->root >= 0)
		close(w->root);
}

int
walk(struct whose whose, int dirfd, const char *path, unsigned flags, struct arena *a, struct object *o)
{
	struct walker w = { .whose = whose, .root = -1, .cur = -1 };
	size_t n = strlen(path);
	int err;

	*o = (struct object){ .fd = -1, .parent = -1 };
	if (!n)
		return -ENOENT;
	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	if (stride(whose, dirfd, path, flags, a, o, &err))
		return err;
	memcpy(w.rest, path, n + 1);
	err = start(&w, dirfd, path, flags);
	if (!err)
		err = run(&w, a, o);
	walker_close(&w);
	return err;
}

int
walk_fd(struct whose whose, int fd, struct arena *a, struct object *o)
{
	struct walker w = { .whose = whose, .root = -1, .cur = -1, .flags = WALK_FOLLOW };
	int err;

	*o = (struct object){ .fd = -1, .parent = -1 };
	err = step_to(&w, open_start(whose, fd));
	if (!err)
		err = reached(&w, a, o);
	walker_close(&w);
	return err;
}

bool
object_readable(const struct object *o)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", o->fd);
	return access(path, R_OK) == 0;
}

void
object_release(struct object *o)
{
	if (o->fd >= 0)
		close(o->fd);
	if (o->parent >= 0)
		close(o->parent);
	o->fd = o->parent = -1;
}
