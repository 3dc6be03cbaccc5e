/* SPDX-License-Identifier: ISC */
/* Whom a call is about: socket addresses and processes. */
#include "tracer/resolve_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tracer/procs.h"
#include "tracer/sockets.h"
#include "tracer/supervisor.h"

/* The kernel's; the C library keeps it to itself. */
#ifndef SOCK_TYPE_MASK
#define SOCK_TYPE_MASK 0xf
#endif

/*
 * 0.0.0.0 is loopback, unless the socket is bound to another address of this
 * machine: then it is that one.  Both readings must be allowed.
 */
static int
add_literal(struct job *j, unsigned i, const struct argval *v, const struct access *read)
{
	struct netaddr literal;
	struct access *a;

	if (netaddr_parse(&literal, v->mem, v->len, 0) || literal.family != read->addr.family ||
	    !memcmp(literal.ip, read->addr.ip, sizeof(literal.ip)))
		return 0;
	a = job_add(j, i, ACC_ADDR, read->rights);
	if (!a)
		return -ENOMEM;
	a->addr = literal;
	return 0;
}

static int
resolve_address(struct job *j, unsigned i, const struct argval *v)
{
	unsigned rights = j->desc->arg[i].rights;
	struct access *a;
	struct object o;
	int err;

	if (!rights || !v->mem)
		return 0;
	if ((rights & R_SEND) && (job_value(j, V_MSG) & MSG_FASTOPEN))
		rights |= R_CONNECT;	/* the message opens the connection */
	a = job_add(j, i, ACC_ADDR, rights);
	if (!a)
		return -ENOMEM;
	err = netaddr_parse(&a->addr, v->mem, v->len, rights & (R_CONNECT | R_SEND));
	if (!err)
		err = add_literal(j, i, v, a);
	if (err || a->addr.family != AF_UNIX || a->addr.abstract)
		return err;
	err = walk(j->view->whose, AT_FDCWD, a->addr.path, rights & R_BIND ? WALK_ENTRY : WALK_FOLLOW, j->arena, &o);
	if (!err && o.absent && !(rights & R_BIND))
		j->out->failed = ENOENT;
	return job_settle(j, a, &o, err);
}

int
resolve_sockaddr(struct job *j, unsigned i)
{
	return resolve_address(j, i, &j->ev->arg[i]);
}

int
resolve_messages(struct job *j, unsigned i)
{
	int err = resolve_address(j, i, &j->ev->arg[i]);

	for (unsigned k = 0; !err && k < j->ev->nmore; k++)
		err = resolve_address(j, i, &j->ev->more[k]);
	return err;
}

/* socket(AF_INET, SOCK_PACKET) is how Linux 2.0 made packet sockets, and still does. */
static bool
is_old_packet(const struct job *j)
{
	return job_value(j, V_AF) == AF_INET && (job_value(j, V_SOCK) & SOCK_TYPE_MASK) == SOCK_PACKET;
}

int
resolve_domain(struct job *j, unsigned i)
{
	struct access *a = job_add(j, i, ACC_ADDR, R_SOCKET);

	if (!a)
		return -ENOMEM;
	a->addr.family = (uint16_t)(is_old_packet(j) ? AF_PACKET : j->ev->arg[i].val);
	return j->ev->arg[i].val > UINT16_MAX ? -EAFNOSUPPORT : 0;
}

/* The supervisor may not even be named; anyone else only where the call does something to him. */
static int
add_process(struct job *j, unsigned i, enum proc_class class)
{
	unsigned rights = j->desc->arg[i].rights;
	struct access *a;

	if (!rights && class != PROC_SUPERVISOR)
		return 0;
	a = job_add(j, i, ACC_PROC, rights ? rights : R_TRACE);
	if (!a)
		return -ENOMEM;
	a->proc = class;
	return 0;
}

static enum proc_class
classify(const struct job *j, pid_t pid)
{
	const struct task_view *v = j->view;

	return pid == 0 ? PROC_SELF : v->classify(v->ctx, v->whose, pid);
}

/* Which argument is the signal; 0 when the call has none. */
static int
signal_of(const struct job *j)
{
	for (unsigned i = 0; i < SYS_MAXARGS; i++)
		if (j->desc->arg[i].kind == A_SIG)
			return (int)j->ev->arg[i].val;
	return 0;
}

int
resolve_pid(struct job *j, unsigned i)
{
	pid_t pid = (pid_t)j->ev->arg[i].val;

	return pid < 0 ? 0 : add_process(j, i, classify(j, pid));
}

int
resolve_pidfd(struct job *j, unsigned i)
{
	pid_t pid = pidfd_target(j->view->whose, (int)j->ev->arg[i].val);

	if (pid == -1)
		return -ESRCH;	/* it is gone */
	if (pid < 0)
		return pid;
	j->out->signalled = pid;
	if (job_value(j, V_PIDFD) & PIDFD_TO_GROUP)
		return add_process(j, i, procs_classify_group(j->view, getpgid(pid), signal_of(j)));
	return add_process(j, i, classify(j, pid));
}

/* Another thread can put the process into another group meanwhile: it is made with the number that was looked at. */
static int
add_own_group(struct job *j, unsigned i)
{
	pid_t seen, pgid = procs_group(j->view->whose.tid, &seen);

	if (pgid <= 0 || seen <= 0)
		return -ESRCH;
	j->out->signalled = -seen;
	return add_process(j, i, procs_classify_group(j->view, pgid, signal_of(j)));
}

int
resolve_killpid(struct job *j, unsigned i)
{
	pid_t pid = (pid_t)j->ev->arg[i].val;

	if (pid > 0)
		return add_process(j, i, classify(j, pid));
	if (pid == INT_MIN)
		return -ESRCH;		/* no group has a number that cannot be negated */
	if (pid == -1)		/* everyone, us included */
		return add_process(j, i, signal_of(j) ? PROC_SUPERVISOR : PROC_OUTSIDE);
	return pid ? add_process(j, i, procs_classify_group(j->view, -pid, signal_of(j))) : add_own_group(j, i);
}

/*
 * The kernel signals a descriptor's owner, and asks nobody then.  Whoever sets
 * one needs the right to signal him; of a group its furthest member counts,
 * and the supervisor is one of the program's own.
 */
int
resolve_owner(struct job *j)
{
	pid_t pid = (pid_t)j->ev->arg[2].val;
	enum proc_class class = PROC_SELF;
	struct access *a;

	if (sysdesc_table[j->ev->id].family != SYS_ID_fcntl || (int)j->ev->arg[1].val != F_SETOWN)
		return 0;
	if (pid == INT_MIN)
		return -EINVAL;
	if (pid)
		class = pid > 0 ? classify(j, pid) : procs_classify_group(j->view, -pid, SIGKILL);
	if (class == PROC_SELF)
		return 0;
	a = job_add(j, 2, ACC_PROC, R_SIGNAL);
	if (!a)
		return -ENOMEM;
	a->proc = class;
	return 0;
}

/* An internet socket that no bind(2) has given a port. */
static bool
is_unbound(const struct sockaddr_storage *a)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)a;

	return (a->ss_family == AF_INET || a->ss_family == AF_INET6) && !six->sin6_port;	/* at one place in both */
}

static int
add_bind_of_any_port(struct job *j, unsigned family)
{
	struct access *a = job_add(j, 0, ACC_ADDR, R_BIND);

	if (!a)
		return -ENOMEM;
	a->addr.family = (uint16_t)family;
	return 0;
}

/* Where the socket itself cannot be had: it is bound when the program was seen to bind it. */
static int
listen_by_number(struct job *j, int fd)
{
	uint64_t number = socket_number(j->view->whose, fd);

	if (!number || socket_was_bound(number) || socket_is_local(j->view->whose, number))
		return 0;
	return add_bind_of_any_port(j, AF_INET);
}

/*
 * To listen on an internet socket without a port is to bind it to one of the
 * kernel's choice.  The socket is held: that one will listen, whatever the
 * number has come to mean by then.
 */
int
resolve_listen(struct job *j)
{
	struct sockaddr_storage a = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(a);
	int mine, err;

	if (j->ev->id != SYS_ID_listen || j->view->whose.tgid == getpid())
		return 0;
	mine = socket_take(j->view->whose, (int)j->ev->arg[0].val);
	if (mine == -ENOSYS || mine == -EPERM)	/* an old kernel, or a container that keeps the call from us */
		return listen_by_number(j, (int)j->ev->arg[0].val);
	if (mine < 0 || getsockname(mine, (struct sockaddr *)&a, &len) < 0) {
		j->out->failed = mine < 0 ? -mine : errno;
		if (mine >= 0)
			close(mine);
		return 0;
	}
	err = add_bind_of_any_port(j, a.ss_family);
	if (err) {
		close(mine);
		return err;
	}
	if (!is_unbound(&a))
		j->out->access[j->out->n - 1].rights = 0;
	j->out->object[j->out->n - 1].fd = mine;
	return 0;
}
