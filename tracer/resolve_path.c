/* SPDX-License-Identifier: ISC */
/* Files: by path, by descriptor, by both; what a call does to them. */
#include "tracer/resolve_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tracer/procs.h"
#include "tracer/script.h"
#include "tracer/sticky.h"

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

/* What the C library says is 0 where it is always set: all bits that it is on some ABI and nothing else is there. */
#define LARGEFILE	((0100000 | 0400000) & ~(O_DIRECTORY | O_NOFOLLOW | O_DIRECT))

/* Every open flag of Linux 6.18.  A bit outside of these asks for we do not know what: all rights. */
static const uint64_t known_open_flags = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND |
    O_NONBLOCK | O_DSYNC | O_ASYNC | O_DIRECT | LARGEFILE | O_DIRECTORY | O_NOFOLLOW |
    O_NOATIME | O_CLOEXEC | O_SYNC | O_PATH | O_TMPFILE;

static uint64_t
open_flags(const struct job *j)
{
	if (j->ev->id == SYS_ID_creat)
		return O_CREAT | O_WRONLY | O_TRUNC;
	return job_value(j, V_O);
}

static unsigned
open_rights(uint64_t flags, bool absent)
{
	static const unsigned by_mode[] = { R_READ, R_WRITE, R_READ | R_WRITE, R_READ | R_WRITE };
	unsigned rights = by_mode[flags & O_ACCMODE];

	if (flags & ~known_open_flags)
		return R_READ | R_WRITE | R_CREATE;
	if (flags & O_PATH)
		return R_STAT;
	if (flags & O_TRUNC)
		rights |= R_WRITE;
	if ((flags & O_TMPFILE) == O_TMPFILE)
		return rights | R_CREATE | R_WRITE;
	if (flags & O_CREAT)
		rights |= absent ? R_CREATE : R_WRITE;
	return rights;
}

static bool
follows(const struct job *j, const struct argdesc *d)
{
	uint64_t at = job_value(j, V_AT);

	if (job_value(j, V_IN) & IN_DONT_FOLLOW || job_value(j, V_UMOUNT) & UMOUNT_NOFOLLOW)
		return false;

	if (d->kind == A_ENTRY)
		return false;
	if (d->kind == A_LPATH)
		return at & AT_SYMLINK_FOLLOW;
	if (d->rights & R_OPEN) {
		uint64_t flags = open_flags(j);
		bool makes = !(flags & O_PATH) && (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);

		return !(flags & O_NOFOLLOW) && !makes;	/* with O_PATH the kernel forgets the other two */
	}
	return !(at & AT_SYMLINK_NOFOLLOW);
}

/* openat2(2)'s wishes; of those that we do not know the kernel says EINVAL. */
static int
wishes(const struct job *j, unsigned *flags)
{
	static const struct { uint64_t resolve; unsigned walk; } table[] = {
		{ RESOLVE_IN_ROOT, WALK_IN_ROOT }, { RESOLVE_BENEATH, WALK_BENEATH }, { RESOLVE_NO_SYMLINKS, WALK_NO_LINKS },
		{ RESOLVE_NO_MAGICLINKS, WALK_NO_MAGIC }, { RESOLVE_NO_XDEV, WALK_NO_XDEV },
	};
	uint64_t left = job_value(j, V_RESOLVE);

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (left & table[i].resolve)
			*flags |= table[i].walk;
		left &= ~table[i].resolve;
	}
	if (left & RESOLVE_CACHED)
		j->out->failed = EAGAIN;	/* nothing is known without looking */
	return left & ~(uint64_t)RESOLVE_CACHED ? -EINVAL : 0;
}

/* Does the call make an entry where there is none? */
static bool
makes_entry(const struct job *j, const struct argdesc *d)
{
	if (d->rights & R_OPEN)
		return (open_flags(j) & (O_CREAT | O_PATH)) == O_CREAT;
	return d->kind == A_ENTRY && (d->rights & R_CREATE);
}

/* A directory is not made by open(2), nor opened by one that would make a file. */
static bool
creates_over_directory(const struct job *j, const struct argdesc *d, const struct object *o)
{
	return (d->rights & R_OPEN) && makes_entry(j, d) && o->fd >= 0 && S_ISDIR(o->st.st_mode) &&
	    (open_flags(j) & O_TMPFILE) != O_TMPFILE;
}

static bool
creates_over_other(const struct job *j, const struct argdesc *d, const struct object *o)
{
	if (!(d->rights & R_OPEN) || !makes_entry(j, d) || o->fd < 0)
		return false;
	return (S_ISREG(o->st.st_mode) && sticky_forbids(PROTECTS_REGULAR, &o->dir, &o->st)) ||
	    (S_ISFIFO(o->st.st_mode) && sticky_forbids(PROTECTS_FIFOS, &o->dir, &o->st));
}

/* open(2) makes nothing that a slash follows, and does not look at what is there. */
static bool
makes_before_slash(const struct job *j, unsigned i)
{
	const struct argdesc *d = &j->desc->arg[i];
	const char *path = j->ev->arg[i].str, *last = path;
	size_t n = strlen(path), end = n;

	while (end && path[end - 1] == '/')
		end--;
	for (size_t k = 0; k < end; k++)
		if (path[k] == '/')
			last = path + k + 1;
	n -= end;
	end -= (size_t)(last - path);
	return n && end && !(end <= 2 && strspn(last, ".") >= end) && (d->rights & R_OPEN) && makes_entry(j, d);
}

/* What would make an entry that is there already: the kernel can only say so. */
static bool
makes_existing(const struct job *j, const struct argdesc *d, const struct object *o)
{
	if (o->absent)
		return false;
	if (d->rights & R_OPEN)
		return (open_flags(j) & (O_CREAT | O_EXCL | O_PATH)) == (O_CREAT | O_EXCL);
	return d->kind == A_ENTRY && d->rights == R_CREATE;
}

static unsigned
rights_for(const struct job *j, const struct argdesc *d, const struct object *o)
{
	if (makes_existing(j, d, o))
		return R_STAT;
	if (d->rights & R_OPEN)
		return open_rights(open_flags(j), o->absent);
	if (d->kind == A_ENTRY && (d->rights & R_CREATE) && (d->rights & R_WRITE) && !o->absent)
		return d->rights | R_DELETE;	/* rename onto something: it goes away */
	return d->rights;
}

static int
dirfd_of(const struct job *j, unsigned i)
{
	return i > 0 && j->desc->arg[i - 1].kind == A_DIRFD ? (int)j->ev->arg[i - 1].val : AT_FDCWD;
}

static int
resolve_fd_object(struct job *j, unsigned i, int fd, unsigned rights)
{
	struct access *a = job_add(j, i, ACC_PATH, rights);
	struct object o;
	int err;

	if (!a)
		return -ENOMEM;
	err = walk_fd(j->view->whose, fd, j->arena, &o);
	return job_settle(j, a, &o, err);
}

/* A descriptor that is only a path: none of the calls that change something takes it. */
static bool
is_path_only(const struct job *j, int fd)
{
	return procs_fd_flags(j->view->whose, fd) & O_PATH;
}

int
resolve_fd(struct job *j, unsigned i)
{
	unsigned rights = j->desc->arg[i].rights;

	if (rights && ((int)j->ev->arg[i].val == AT_FDCWD || is_path_only(j, (int)j->ev->arg[i].val)))
		j->out->failed = EBADF;
	return rights ? resolve_fd_object(j, i, (int)j->ev->arg[i].val, rights) : 0;
}

/* Without a path, and without AT_EMPTY_PATH, which takes more: futimens(3) and the like. */
static void
check_null(struct job *j, int fd)
{
	uint64_t at = job_value(j, V_AT);

	if (at & AT_EMPTY_PATH)
		return;
	if (fd == AT_FDCWD)
		j->out->failed = EFAULT;
	else if (at)
		j->out->failed = EINVAL;
	else if (is_path_only(j, fd))
		j->out->failed = EBADF;
}

/* The call acts on the descriptor before the path, and is named so: newfstatat(3, "", …) is fstat(3, …). */
static int
resolve_empty(struct job *j, unsigned i)
{
	const struct argdesc *d = &j->desc->arg[i];
	int fd = dirfd_of(j, i);
	unsigned rights = d->rights;

	j->out->by_number = i + 1;
	if (!j->ev->arg[i].str)
		check_null(j, fd);
	if (fd == AT_FDCWD)
		return resolve_fd_object(j, i, AT_FDCWD, rights);
	if (d->empty) {
		for (unsigned k = i; k + 1 < SYS_MAXARGS; k++)
			j->ev->arg[k] = j->ev->arg[k + 1];
		j->ev->id = (enum sys_id)d->empty;
	}
	return d->empty && rights == R_STAT ? 0 : resolve_fd_object(j, i, fd, rights);
}

static bool
is_empty(const struct job *j, unsigned i)
{
	const char *path = j->ev->arg[i].str;
	bool no_text = !path || !*path;

	if (!path && sysdesc_table[j->ev->id].family == SYS_ID_utimensat)
		return true;		/* futimens(3) */
	if (!path && j->ev->id == SYS_ID_futimesat)
		return true;
	if (path && !*path && j->ev->id == SYS_ID_readlinkat)
		return true;		/* of a link that an O_PATH descriptor holds */
	return no_text && (job_value(j, V_AT) & AT_EMPTY_PATH);
}

/*
 * What an ELF file names is mapped beside it and runs first: code that needs a
 * right as any.  To read it is enough, since a loader could be told to load it.
 */
static int
resolve_loader(struct job *j, unsigned i, const struct object *program)
{
	char loader[PATH_MAX];
	int failed = j->out->failed, lost, err;
	struct object o;
	struct access *a;

	if (!script_loader(program, loader, sizeof(loader)))
		return 0;
	a = job_add(j, i, ACC_PATH, R_READ | R_EXEC);
	if (!a)
		return -ENOMEM;
	a->any = true;
	lost = err = walk(j->view->whose, AT_FDCWD, loader, WALK_FOLLOW | WALK_OBJECT, j->arena, &o);
	if (!err && !o.absent)
		j->out->exec[2] = (struct fileid){ o.st.st_dev, o.st.st_ino };
	if (!err && !o.absent && !object_readable(&o))
		err = -EACCES;		/* it would hide the program that it runs in */
	err = job_settle(j, a, &o, err);
	if (lost)
		j->out->failed = failed;	/* what is for another machine may go to an emulator, without its loader */
	return err;
}

static int
resolve_exec(struct job *j, unsigned i, const struct object *o)
{
	char interp[256];
	struct object found = *o;

	/* A program that may be run and not read hides from a tracer without privileges: all it did would be refused. */
	if (!object_readable(o))
		return -EACCES;
	j->out->exec[0] = (struct fileid){ o->st.st_dev, o->st.st_ino };
	for (int depth = 0; depth < 4 && script_interpreter(&found, interp, sizeof(interp)); depth++) {
		struct access *a = job_add(j, i, ACC_PATH, R_EXEC);
		int err;

		if (!a)
			return -ENOMEM;
		err = walk(j->view->whose, AT_FDCWD, interp, WALK_FOLLOW | WALK_OBJECT, j->arena, &found);
		if (!err && !found.absent)
			j->out->exec[1] = (struct fileid){ found.st.st_dev, found.st.st_ino };
		if (!err && !found.absent && !object_readable(&found))
			err = -EACCES;		/* as the program itself */
		err = job_settle(j, a, &found, err);
		if (err)
			return err;
	}
	return resolve_loader(j, i, &found);
}

/* The errno that the lookup is bound to end with; 0: only the kernel can tell. */
static int
known_outcome(const struct job *j, unsigned i, const struct object *o)
{
	const struct argdesc *d = &j->desc->arg[i];

	if (makes_before_slash(j, i))
		return EISDIR;
	if (makes_existing(j, d, o))
		return EEXIST;
	if (creates_over_directory(j, d, o))
		return EISDIR;
	if (creates_over_other(j, d, o))
		return EACCES;
	if (d->kind == A_ENTRY && !o->entry)	/* "/" is no entry of anything */
		return j->ev->id == SYS_ID_unlink || (j->ev->id == SYS_ID_unlinkat && !(job_value(j, V_AT) & AT_REMOVEDIR)) ? EISDIR : EBUSY;
	return o->absent && !makes_entry(j, d) ? ENOENT : 0;
}

int
resolve_path(struct job *j, unsigned i)
{
	const struct argdesc *d = &j->desc->arg[i];
	unsigned flags = d->kind == A_ENTRY ? WALK_ENTRY : follows(j, d) ? WALK_FOLLOW : 0;
	struct access *a;
	struct object o;
	int err;

	if (!d->rights)
		return 0;
	if (is_empty(j, i))
		return resolve_empty(j, i);
	if (!j->ev->arg[i].str)
		return -EFAULT;
	if (makes_before_slash(j, i))
		flags = WALK_ENTRY;
	a = job_add(j, i, ACC_PATH, 0);
	if (!a)
		return -ENOMEM;
	err = wishes(j, &flags);
	if (err)
		return err;
	if (!makes_entry(j, d))
		flags |= WALK_OBJECT;
	err = walk(j->view->whose, dirfd_of(j, i), j->ev->arg[i].str, flags, j->arena, &o);
	a->rights = (uint16_t)rights_for(j, d, &o);
	if (!err && !j->out->failed)
		j->out->failed = known_outcome(j, i, &o);
	err = job_settle(j, a, &o, err);
	if (!err && (d->rights & R_EXEC) && o.fd >= 0 && !o.absent)
		err = resolve_exec(j, i, &o);
	return err;
}

static bool
is_directory(const struct object *o)
{
	return o->fd >= 0 && !o->absent && S_ISDIR(o->st.st_mode);
}

/*
 * RENAME_EXCHANGE is two renames: each name both goes and comes.  A directory
 * takes all it holds along, to names that other rules are about.
 */
void
resolve_rename(struct job *j)
{
	bool renames = j->ev->id == SYS_ID_rename || j->ev->id == SYS_ID_renameat || j->ev->id == SYS_ID_renameat2;
	bool exchange = renames && (job_value(j, V_RENAME) & RENAME_EXCHANGE);

	if (!renames || j->out->n != 2)
		return;
	for (unsigned i = 0; i < 2; i++) {
		j->out->access[i].tree = is_directory(&j->out->object[0]) ||
		    (exchange && is_directory(&j->out->object[1]));
		if (exchange)
			j->out->access[i].rights |= R_READ | R_WRITE | R_CREATE | R_DELETE;
	}
}
