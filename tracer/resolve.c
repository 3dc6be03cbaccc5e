/* SPDX-License-Identifier: ISC */
#include "tracer/resolve_int.h"

#include <errno.h>
#include <string.h>

#include "tracer/supervisor.h"

struct access *
job_add(struct job *j, unsigned i, enum access_kind kind, unsigned rights)
{
	struct access *a;

	if (j->out->n == j->out->cap)
		return NULL;
	j->out->object[j->out->n].fd = j->out->object[j->out->n].parent = -1;
	a = &j->out->access[j->out->n++];
	a->kind = kind;
	a->arg = (uint8_t)i;
	a->rights = (uint16_t)rights;
	return a;
}

/* The first argument whose values are named by that vocabulary; NULL when there is none. */
static const struct argval *
by_vocab(const struct job *j, enum vocab v)
{
	for (unsigned i = 0; i < SYS_MAXARGS; i++)
		if (j->desc->arg[i].kind != A_NONE && j->desc->arg[i].vocab == v)
			return &j->ev->arg[i];
	return NULL;
}

uint64_t
job_value(const struct job *j, enum vocab v)
{
	const struct argval *a = by_vocab(j, v);

	return a ? a->val : 0;
}

bool
job_has(const struct job *j, enum vocab v)
{
	return by_vocab(j, v) != NULL;
}

int
job_settle(struct job *j, struct access *a, struct object *o, int err)
{
	unsigned k = (unsigned)(a - j->out->access);

	if (err && (!o->name || err == -ELOOP || err == -ENAMETOOLONG))
		return err;
	if (err && !j->out->failed)
		j->out->failed = -err;
	a->path = o->name;
	if (o->fd >= 0 && !o->absent && supervisor_is_log(&o->st) && (a->rights & ~(unsigned)(R_READ | R_STAT)))
		a->path = "/proc/tollgate/log";		/* nobody's to change, whatever its name */
	a->absent = o->absent;
	j->out->object[k] = *o;
	return 0;
}

static resolver *const resolvers[ARGKINDS] = {
	[A_FD]		= resolve_fd,
	[A_PATH]	= resolve_path,
	[A_LPATH]	= resolve_path,
	[A_ENTRY]	= resolve_path,
	[A_SOCKADDR]	= resolve_sockaddr,
	[A_MSGHDR]	= resolve_sockaddr,
	[A_MMSGHDR]	= resolve_messages,
	[A_DOMAIN]	= resolve_domain,
	[A_PID]		= resolve_pid,
	[A_KILLPID]	= resolve_killpid,
	[A_PIDFD]	= resolve_pidfd,
};

static int
resolved_init(struct resolved *r, const struct sysevent *ev, struct arena *a)
{
	memset(r, 0, sizeof(*r));
	r->called = ev->id;
	r->cap = SYS_MAXARGS + 2 * (1 + ev->nmore);
	r->access = arena_alloc(a, r->cap * sizeof(*r->access));
	r->object = arena_alloc(a, r->cap * sizeof(*r->object));
	if (r->access && r->object)
		return 0;
	r->cap = 0;
	return -ENOMEM;
}

int
resolve(const struct task_view *view, struct sysevent *ev, struct arena *a, struct resolved *r)
{
	struct job j = { view, ev, &sysdesc_table[ev->id], a, r };
	int err = resolved_init(r, ev, a), refused;

	for (unsigned i = 0; !err && i < SYS_MAXARGS; i++) {
		resolver *fn = resolvers[j.desc->arg[i].kind];

		if (fn)
			err = fn(&j, i);
		if (j.desc != &sysdesc_table[ev->id])
			break;		/* became a call on a descriptor: all said */
	}
	if (err && r->failed)
		err = -r->failed;	/* of two names, the first that cannot be found */
	refused = ev->id == r->called ? resolve_flags(&j, err || r->failed) : 0;
	if (refused) {
		err = err ? refused : 0;
		r->failed = -refused;
	}
	resolve_rename(&j);
	if (!err)
		err = resolve_owner(&j);
	if (!err)
		err = resolve_listen(&j);
	ev->access = r->access;
	ev->naccess = r->n;
	return err;
}

void
resolved_release(struct resolved *r)
{
	for (unsigned i = 0; i < r->n; i++)
		object_release(&r->object[i]);
	r->n = 0;
}
