/* SPDX-License-Identifier: ISC */
#include "tracer/advance.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "lib/diag.h"
#include "tracer/callstop.h"
#include "tracer/lifecycle.h"
#include "tracer/scrub.h"
#include "tracer/sockets.h"

static const char mark_dir[] = "/tollgate/mark/";

static bool
layers_have_mark(const struct layer *layer, size_t n, const char *mark)
{
	for (size_t i = 0; i < n; i++)
		if (policy_has_mark(layer[i].policy, mark))
			return true;
	return false;
}

const char *
advance_mark(const struct layer *layer, size_t n, const struct sysevent *ev)
{
	size_t skip = sizeof(mark_dir) - 1;

	for (unsigned i = 0; sys_asks_for_access(ev->id) && i < SYS_MAXARGS; i++) {
		const char *path = ev->arg[i].str;

		if (path && !strncmp(path, mark_dir, skip) && layers_have_mark(layer, n, path + skip))
			return path + skip;
	}
	return NULL;
}

void
advance_to_mark(struct session *s, struct tracee *t, const char *mark)
{
	const struct moment m = { .mark = mark };
	uint32_t ends[MAX_LAYERS];

	if (confine_ends(t->group->confined, &m, ends))
		confine_end(t->group->confined, ends, "mark", t->tid, s->audit);
}

static bool
makes_task(enum sys_id id)
{
	return id == SYS_ID_fork || id == SYS_ID_vfork || id == SYS_ID_clone || id == SYS_ID_clone3;
}

static bool
shares_memory(const struct sysevent *ev)
{
	int flags = sysdesc_arg(&sysdesc_table[ev->id], "flags");

	return ev->id == SYS_ID_vfork || (makes_task(ev->id) && flags >= 0 && ev->arg[flags].val & CLONE_VM);
}

static bool
changes_ids(enum sys_id id)
{
	switch (sysdesc_table[id].family) {
	case SYS_ID_setuid:
	case SYS_ID_setgid:
	case SYS_ID_setreuid:
	case SYS_ID_setregid:
	case SYS_ID_setresuid:
	case SYS_ID_setresgid:
	case SYS_ID_setfsuid:
	case SYS_ID_setfsgid:
	case SYS_ID_setgroups:
	case SYS_ID_capset:
	case SYS_ID_unshare:
	case SYS_ID_setns:
		return true;
	default:
		return false;
	}
}

/* Calls after which a name need not mean what it means to tollgate; clone(2) by its flags. */
static bool
can_change_view(enum sys_id id)
{
	switch (id) {
	case SYS_ID_chroot:
	case SYS_ID_pivot_root:
	case SYS_ID_mount:
	case SYS_ID_umount:
	case SYS_ID_umount2:
	case SYS_ID_move_mount:
	case SYS_ID_unshare:
	case SYS_ID_setns:
		return true;
	default:
		return false;
	}
}

static bool
changes_view(const struct sysevent *ev)
{
	if (ev->id == SYS_ID_clone)
		return ev->arg[sysdesc_arg(&sysdesc_table[ev->id], "flags")].val & (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUSER);
	return can_change_view(ev->id);
}

bool
advance_follows(enum sys_id id)
{
	return makes_task(id) || sys_executes(id) || changes_ids(id) || can_change_view(id);
}

/* From now on somebody in the program may look at where its calls are made, and is to see that. */
static bool
looks_at_calls(const struct sysevent *ev)
{
	enum { SET_SECCOMP = 22, SET_SYSCALL_USER_DISPATCH = 59 };
	int option = ev->id == SYS_ID_prctl ? (int)ev->arg[0].val : 0;

	return ev->id == SYS_ID_seccomp || option == SET_SECCOMP || option == SET_SYSCALL_USER_DISPATCH;
}

bool
advance_prepare(struct session *s, struct tracee *t, const struct sysevent *ev)
{
	const struct confinement *c = t->group->confined;
	const struct moment m = { .call = ev };

	t->forking = makes_task(ev->id);
	t->changes_ids = changes_ids(ev->id) || (ev->id == SYS_ID_clone && changes_view(ev));	/* the child's, there */
	s->views_differ |= changes_view(ev);
	s->roots_shared |= ev->id == SYS_ID_clone &&
	    (ev->arg[sysdesc_arg(&sysdesc_table[ev->id], "flags")].val & (CLONE_FS | CLONE_THREAD)) == CLONE_FS;
	s->files_shared |= ev->id == SYS_ID_clone &&
	    (ev->arg[sysdesc_arg(&sysdesc_table[ev->id], "flags")].val & (CLONE_FILES | CLONE_THREAD)) == CLONE_FILES;
	t->binds = ev->id == SYS_ID_bind ? socket_number(lifecycle_view(s, t).whose, (int)ev->arg[0].val) : 0;
	t->shares_memory = shares_memory(ev);
	t->group->filters |= looks_at_calls(ev);
	t->ending = confine_ends(c, &m, t->ends) ? sysdesc_table[ev->id].name : NULL;
	t->nadded = 0;
	if (!sys_executes(ev->id))
		return true;
	t->nadded = confine_transitions(c, ev, t->added);
	if (t->nadded <= MAX_LAYERS && confine_has_room(c, t->added, t->nadded))
		return true;
	t->nadded = 0;
	audit_note(s->audit, t->tid, "a process cannot have more than 16 policies");
	return false;
}

void
advance_end(struct session *s, struct tracee *t)
{
	if (t->ending && (!t->skipped || t->made))
		confine_end(t->group->confined, t->ends, t->ending, t->tid, s->audit);
	t->ending = NULL;
}

void
advance_done(struct session *s, struct tracee *t, const struct pt_call *call)
{
	int64_t ret = t->made ? t->result : call->ret;
	bool failed = ret < 0 && ret >= -4095;

	if (!failed && !t->skipped)
		socket_note_bound(t->binds);
	if (!failed)
		advance_end(s, t);
	t->ending = NULL;
	t->forking = false;
	if (t->changes_ids)
		lifecycle_forget_ids(t);
	t->changes_ids = false;
}

bool
advance_exec(struct session *s, struct tracee *t)
{
	const struct moment m = { .exec = true };
	uint32_t ends[MAX_LAYERS];
	struct pt_call at;
	int err = 0;

	advance_end(s, t);
	if (confine_ends(t->group->confined, &m, ends))
		confine_end(t->group->confined, ends, "exec", t->tid, s->audit);
	if (t->nadded) {
		err = callstop_place(s->map.arch, t->tid, &at);
		err = err ? err : scrub_environment(t->tid, at.sp, t->group->image->wordsize);
		if (!confine_add(t->group->confined, t->added, t->nadded))
			err = err ? err : -E2BIG;
	}
	t->nadded = 0;
	if (err)
		warn_err(-err, "cannot clear the environment of process %d:", t->group->tgid);
	return !err;
}
