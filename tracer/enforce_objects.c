/* SPDX-License-Identifier: ISC */
/*
 * Makes a call act on the objects that were found.  Each is held open, and the
 * path of the call becomes one by which the kernel finds just that:
 *
 *	/proc/SHELF/fd/N	the object itself, where the call follows links
 *	/proc/SHELF/fd/N/last	the entry of a directory that is held, where it
 *				makes, removes or moves a name, or does not
 *				follow a link there
 *
 * So neither a link nor a directory that is swapped, nor a descriptor or a
 * working directory that is replaced, leads the call elsewhere.  For an entry
 * the verdict was about the name in that directory, and the name is what the
 * call gets.
 */
#include "tracer/enforce_int.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tracer/procs.h"
#include "tracer/remote.h"
#include "tracer/shelf.h"
#include "tracer/sockets.h"
#include "tracer/turns.h"

enum { RESERVE = 64 };		/* descriptors */

static const struct sysdesc *
desc_of(const struct draft *d)
{
	return &sysdesc_table[d->in->id];
}

/* The argument whose values that vocabulary names; -1. */
static int
by_vocab(const struct draft *d, enum vocab v)
{
	for (unsigned i = 0; i < SYS_MAXARGS; i++)
		if (desc_of(d)->arg[i].kind != A_NONE && desc_of(d)->arg[i].vocab == v)
			return (int)i;
	return -1;
}

/* Bits of a set of flags, in a register or in struct open_how. */
static int
change_flags(struct draft *d, enum vocab v, uint64_t value)
{
	int i = by_vocab(d, v);

	return i < 0 ? -EPERM : draft_change(d, d->in->pins->arg[i], value, sizeof(uint64_t));
}

/* The C library's is another call, which came with Linux 2.6.36. */
static rlim_t
most_descriptors(void)
{
	struct rlimit l;

	return getrlimit(RLIMIT_NOFILE, &l) == 0 || syscall(SYS_getrlimit, RLIMIT_NOFILE, &l) == 0 ? l.rlim_cur : 4 * RESERVE;
}

/* Some descriptors are left to tollgate itself, or it could not find out about anybody any more.  They are given out from the lowest on. */
static bool
is_of_reserve(int fd)
{
	static rlim_t most;

	if (!most)
		most = most_descriptors();
	return (rlim_t)fd >= most - (most / 4 < RESERVE ? most / 4 : RESERVE);
}

/* Keeps what is to stay open until the call ends. */
static int
keep(struct hold *h, int *fd)
{
	if (h->nfds == MAX_HELD || is_of_reserve(*fd))
		return -EMFILE;
	h->fd[h->nfds++] = *fd;
	*fd = -1;
	return h->fd[h->nfds - 1];
}

/* A path that leads to the object, or to its entry; NULL when nothing is held. */
static const char *
path_to(struct draft *d, struct hold *h, struct object *o)
{
	int fd = o->entry ? keep(h, &o->parent) : keep(h, &o->fd);
	pid_t shelf = d->in->shelf;

	if (fd < 0 || !shelf)
		return NULL;
	if (o->entry)
		return shelf_entry(shelf, fd, o->last, d->in->arena);
	return o->slash ? shelf_entry(shelf, fd, "", d->in->arena) : shelf_object(shelf, fd, d->in->arena);
}

static int
draft_path(struct draft *d, struct hold *h, unsigned i, struct object *o)
{
	const char *path = path_to(d, h, o);

	d->held[i] = true;
	return path ? draft_text(d, i, path, strlen(path) + 1) : -EPERM;
}

/* openat2(2) takes no mode where nothing is made. */
static int
forget_mode(struct draft *d)
{
	int i = sysdesc_arg(desc_of(d), "mode");

	return by_vocab(d, V_RESOLVE) < 0 || i < 0 ? 0 : draft_change(d, d->in->pins->arg[i], 0, sizeof(uint64_t));
}

/* open(2) and its kin: what is there is opened as it is, what is not must not be a link when it comes to be. */
static int
draft_open(struct draft *d, struct hold *h, const struct object *o)
{
	int i = by_vocab(d, V_O), err = 0;
	uint64_t flags = i < 0 ? 0 : d->in->ev->arg[i].val;

	if (i < 0 || (flags & O_PATH) || !(flags & O_CREAT))
		return 0;
	if (!o->entry) {
		err = change_flags(d, V_O, flags & ~(uint64_t)O_CREAT);
		err = err ? err : forget_mode(d);
	} else if (!(flags & (O_EXCL | O_NOFOLLOW))) {
		err = change_flags(d, V_O, flags | O_NOFOLLOW);
		h->redo = ELOOP;
	}
	return err;
}

/* creat(2) has no flags: it becomes an open that has. */
static int
draft_creat(struct draft *d, struct hold *h, const struct object *o)
{
	uint64_t flags = O_WRONLY | O_TRUNC | (o->entry ? O_CREAT | O_NOFOLLOW : 0);
	struct place reg[4] = { { IN_REGISTER, 0 }, { IN_REGISTER, 1 }, { IN_REGISTER, 2 }, { IN_REGISTER, 3 } };
	int k = d->in->pins->of[0], err;

	d->nr = abi_call_nr(d->in->raw->abi, "openat");
	h->redo = o->entry ? ELOOP : 0;
	d->pin[k].pointer = reg[1];
	err = draft_change(d, reg[0], (uint64_t)(int64_t)AT_FDCWD, sizeof(uint32_t));
	err = err ? err : draft_change(d, reg[2], flags, sizeof(uint32_t));
	err = err ? err : draft_change(d, reg[3], d->in->ev->arg[1].val, sizeof(uint32_t));
	return d->nr < 0 ? -ENOSYS : err;
}

/* What openat2(2) was to keep to has been kept to, on the way to the object. */
static int
draft_how(struct draft *d)
{
	return by_vocab(d, V_RESOLVE) < 0 ? 0 : change_flags(d, V_RESOLVE, 0);
}

/* Where a call took the descriptor itself, it takes its object by a name that is a link to it. */
static int
draft_empty(struct draft *d, uint64_t more)
{
	const uint64_t less = AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW;
	int i = by_vocab(d, V_AT);

	if (i < 0)
		return 0;
	return change_flags(d, V_AT, (d->in->raw->args[d->in->pins->arg[i].at] & ~less) | more);
}

/* Calls on a descriptor, and what they are on a path: where that goes, and whether the rest moves up by one. */
static const struct fd_call {
	enum sys_id id;
	const char *becomes;
	bool moves;
	bool narrow;		/* ids of 16 bits, where all ones mean "leave it" */
} fd_calls[] = {
	{ SYS_ID_fchmod,	"fchmodat",	true,	false },
	{ SYS_ID_fchown,	"fchownat",	true,	false },
	{ SYS_ID_fchown32,	"fchownat",	true,	false },
	{ SYS_ID_fchown16,	"fchownat",	true,	true },
	{ SYS_ID_fsetxattr,	"setxattr",	false,	false },
	{ SYS_ID_fremovexattr,	"removexattr",	false,	false },
};

static uint64_t
widen(const struct fd_call *c, uint64_t value)
{
	return c->narrow && value == UINT16_MAX ? UINT32_MAX : value;
}

static int
draft_descriptor(struct draft *d, struct hold *h, struct object *o, const struct fd_call *c)
{
	const struct sysevent *ev = d->in->ev;
	unsigned rest = sysdesc_nargs(desc_of(d));
	int err = draft_path(d, h, 0, o);

	d->nr = abi_call_nr(d->in->raw->abi, c->becomes);
	if (err || d->nr < 0)
		return err ? err : -ENOSYS;
	if (!c->moves)
		return 0;
	d->pin[d->n - 1].pointer = (struct place){ IN_REGISTER, 1 };
	err = draft_change(d, (struct place){ IN_REGISTER, 0 }, (uint64_t)(int64_t)AT_FDCWD, sizeof(uint32_t));
	for (unsigned i = 1; !err && i < rest; i++)
		err = draft_change(d, (struct place){ IN_REGISTER, (uint16_t)(i + 1) }, widen(c, ev->arg[i].val), sizeof(uint32_t));
	if (!err && !strcmp(c->becomes, "fchownat"))
		err = draft_change(d, (struct place){ IN_REGISTER, 4 }, 0, sizeof(uint32_t));
	return err;
}

static const struct fd_call *
find_fd_call(enum sys_id id)
{
	for (size_t i = 0; i < sizeof(fd_calls) / sizeof(fd_calls[0]); i++)
		if (fd_calls[i].id == id)
			return &fd_calls[i];
	return NULL;
}

static int
draft_address(struct draft *d, struct hold *h, unsigned i, struct object *o)
{
	struct sockaddr_un *un = arena_alloc(d->in->arena, sizeof(*un));
	const char *path = path_to(d, h, o);
	size_t n = path ? strlen(path) + 1 : 0;
	int k = d->in->pins->of[i], err;

	d->held[i] = true;
	if (!un || !path)
		return un ? -EPERM : -ENOMEM;
	if (n > sizeof(un->sun_path))
		return -ENAMETOOLONG;
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, n);
	err = draft_text(d, i, un, offsetof(struct sockaddr_un, sun_path) + n);
	if (!err && k >= 0)
		d->pin[k].length = d->in->pins->pin[k].length;
	return err;
}

/* The call is made by tollgate, and by the program on no descriptor, so that a filter of its own sees it. */
static int
draft_made(struct draft *d, int result)
{
	d->in->found->made = true;
	d->in->found->result = result;
	return draft_change(d, d->in->pins->arg[0], UINT32_MAX, sizeof(uint32_t));
}

/* What the kernel would say of the flags, before it looks at the descriptor; EBADF: it takes them. */
static int
refusal_of_signal(const struct sysevent *ev)
{
	return syscall(SYS_pidfd_send_signal, -1, 0, NULL, (unsigned)ev->arg[3].val) < 0 ? errno : 0;
}

/* Does it go to one thread?  Else to all of the process. */
static bool
signals_thread(const struct draft *d)
{
	const struct sysevent *ev = d->in->ev;
	struct whose whose = { d->in->raw->tid, d->in->raw->tid, false };

	return ev->arg[3].val ? ev->arg[3].val == PIDFD_TO_THREAD : pidfd_is_of_thread(whose, (int)ev->arg[0].val);
}

/* What is sent along has to say which signal it is, and the calls that take numbers do not look. */
static bool
contradicts_itself(const struct draft *d)
{
	const struct sysevent *ev = d->in->ev;
	tracee_addr info = { abi_address(d->in->raw->abi, ev->arg[2].val) };
	int32_t signo;

	return info.v && !remote_read(d->in->raw->tid, info, &signo, sizeof(signo)) && signo != (int)ev->arg[1].val;
}

static int
draft_thread_signal(struct draft *d, bool plain)
{
	const struct sysevent *ev = d->in->ev;
	pid_t tid = d->in->found->signalled, tgid = procs_tgid(tid);
	const uint64_t arg[] = { (uint64_t)tgid, (uint64_t)tid, ev->arg[1].val, ev->arg[2].val };
	int err = tgid > 0 ? 0 : -ESRCH;

	d->nr = abi_call_nr(d->in->raw->abi, plain ? "tgkill" : "rt_tgsigqueueinfo");
	for (unsigned i = 0; !err && i < (plain ? 3 : 4); i++)
		err = draft_change(d, (struct place){ IN_REGISTER, (uint16_t)i }, arg[i], i == 3 ? sizeof(uint64_t) : sizeof(uint32_t));
	return err;
}

/* A signal goes to the process or thread that the descriptor was found to mean. */
static int
draft_signal(struct draft *d)
{
	const struct sysevent *ev = d->in->ev;
	bool plain = !ev->arg[2].val;
	int err = refusal_of_signal(ev);

	if (err == ENOSYS || err == EINVAL)
		return 0;		/* nor has the program such a call, or such flags */
	if (d->in->found->signalled <= 0 || ev->arg[3].val == PIDFD_TO_GROUP)
		return -EPERM;
	if (contradicts_itself(d))
		return draft_made(d, -EINVAL);
	if (signals_thread(d)) {
		err = draft_thread_signal(d, plain);
	} else {
		d->nr = abi_call_nr(d->in->raw->abi, plain ? "kill" : "rt_sigqueueinfo");
		err = draft_change(d, d->in->pins->arg[0], (uint64_t)d->in->found->signalled, sizeof(uint32_t));
	}
	return d->nr < 0 ? -ENOSYS : err;
}

/*
 * A socket is called by the name it is bound to ever after, so that is no name
 * of ours: tollgate binds it to the program's, in the directory that is held.
 * Where it cannot, the program does, and nobody in the sandbox changes names meanwhile (turns.h).
 */
static int
draft_bind(struct draft *d)
{
	struct resolved *r = d->in->found;
	const struct pins *p = d->in->pins;
	pid_t tid = d->in->raw->tid;
	cleanup_close int fd = -1;
	int result;

	if (r->n != 1 || r->object[0].parent < 0 || p->of[1] < 0 || p->pin[p->of[1]].len > sizeof(struct sockaddr_un))
		return 0;
	fd = socket_take((struct whose){ tid, procs_tgid(tid), false }, (int)d->in->ev->arg[0].val);
	if (fd == -ENOSYS || fd == -EPERM)
		return 0;
	result = fd < 0 ? fd : socket_bind(fd, p->pin[p->of[1]].bytes, p->pin[p->of[1]].len, r->object[0].parent, d->in->ids, procs_umask(tid));
	return result == -ENOTSUP ? 0 : draft_made(d, result);
}

/*
 * On an internet socket tollgate listens itself, on the one that was looked at:
 * the number could be another's by now.  Local sockets tell who listens, so
 * the program does it where nobody can change its descriptors.
 */
static int
draft_listen(struct draft *d)
{
	struct resolved *r = d->in->found;
	const struct access *a = r->n ? &r->access[r->n - 1] : NULL;
	bool local = a && a->addr.family == NA_UNIX;

	if (!a || r->object[r->n - 1].fd < 0 || (local && d->in->alone))
		return 0;
	return draft_made(d, socket_listen(r->object[r->n - 1].fd, (int)d->in->ev->arg[1].val, d->in->ids));
}

/* Held until the new image was looked at, so that no other file gets the number that one is known by. */
static int
keep_all(struct hold *h, struct resolved *r)
{
	int err = 0;

	for (unsigned k = 0; !err && k < r->n; k++)
		if (r->object[k].fd >= 0 && keep(h, &r->object[k].fd) < 0)
			err = -EMFILE;
	return err;
}

/* One object that was found, of argument i. */
static int
draft_object(struct draft *d, struct hold *h, unsigned i, struct object *o)
{
	const struct argdesc *arg = &desc_of(d)->arg[i];
	const struct fd_call *fd_call = arg->kind == A_FD ? find_fd_call(d->in->id) : NULL;
	int err;

	if (fd_call)
		return draft_descriptor(d, h, o, fd_call);
	if (arg->kind == A_SOCKADDR || arg->kind == A_MSGHDR || arg->kind == A_MMSGHDR)
		return draft_address(d, h, i, o);
	if (arg->kind != A_PATH && arg->kind != A_LPATH && arg->kind != A_ENTRY)
		return -EPERM;
	err = draft_path(d, h, i, o);
	if (!err && d->in->id == SYS_ID_creat)
		return draft_creat(d, h, o);
	if (!err)
		err = draft_open(d, h, o);
	if (!err && d->in->found->by_number == i + 1)
		err = draft_empty(d, arg->kind == A_LPATH ? AT_SYMLINK_FOLLOW : 0);
	return err ? err : draft_how(d);
}

/* Does the verdict hang on a descriptor that nothing was done about? */
static bool
hangs_on_descriptor(const struct draft *d)
{
	for (unsigned i = 0; i < SYS_MAXARGS; i++) {
		const struct argdesc *arg = &desc_of(d)->arg[i];

		if ((arg->kind == A_FD || arg->kind == A_PIDFD) && arg->rights && !d->held[i])
			return true;
	}
	return false;
}

int
draft_objects(struct draft *d, struct hold *h)
{
	struct resolved *r = d->in->found;
	int err = 0;

	if (d->in->no_room)
		return draft_receiver(d, h);
	if (d->in->id == SYS_ID_bind)
		return draft_bind(d);
	if (d->in->id == SYS_ID_listen)
		return draft_listen(d);
	if (sys_executes(d->in->id))
		return keep_all(h, r);	/* keeps its own name, and is looked at again when the new image is there */
	for (unsigned k = 0; !err && k < r->n; k++) {
		struct object *o = &r->object[k];

		/* Whoever has a descriptor may know the attributes of what it means. */
		if (r->by_number && r->access[k].rights == R_STAT)
			continue;
		if ((o->entry ? o->parent : o->fd) >= 0)
			err = draft_object(d, h, r->access[k].arg, o);
	}
	if (!err && d->in->pins->first_only)
		err = draft_message(d, h);
	if (!err && turn_of(d->in->id) == TURN_RENAME)
		err = draft_rename(d, h);
	if (!err && d->in->id == SYS_ID_kill && d->in->found->signalled)
		return draft_change(d, d->in->pins->arg[0], (uint64_t)d->in->found->signalled, sizeof(uint32_t));
	if (!err && d->in->id == SYS_ID_pidfd_send_signal)
		return draft_signal(d);
	return !err && hangs_on_descriptor(d) ? -EPERM : err;
}
