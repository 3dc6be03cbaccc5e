/* SPDX-License-Identifier: ISC */
#include "tracer/enforce.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "tracer/registers.h"
#include "tracer/watchdog.h"

static int
skip(const struct arch *arch, struct tracee *t, int64_t result)
{
	struct registers r;
	int failed = registers_load(arch, t->tid, &r);

	if (failed)
		return failed;
	t->skipped = true;
	t->result = result;
	return registers_skip(t->tid, &r, result);
}

void
enforce_kill(const struct tracee *t)
{
	kill(t->group ? t->group->tgid : t->tid, SIGKILL);
}

/*
 * A process that is not dumpable hides its memory from a tracer without
 * privileges, who would then have to refuse all it does.  It is told that it
 * is, and stays as it was; what it wanted to keep out cannot come in anyway.
 */
static bool
hides_memory(const struct sysevent *ev)
{
	return ev->id == SYS_ID_prctl && (int)ev->arg[0].val == PR_SET_DUMPABLE && ev->arg[1].val == 0;
}

static bool
sets_limit(const struct sysevent *ev, unsigned resource)
{
	if (ev->id == SYS_ID_prlimit64)
		return (unsigned)ev->arg[1].val == resource && ev->arg[2].val;
	return ev->id == SYS_ID_setrlimit && (unsigned)ev->arg[0].val == resource;
}

/*
 * Two limits stay what they are, and who sets them hears yes.  A core is a file
 * that no rule was asked about: the limit is none, and root could raise it again.
 * By the other the watchdog knows its own; the kernel does nothing by it.
 */
static bool
sets_kept_limit(const struct sysevent *ev)
{
	return sets_limit(ev, RLIMIT_CORE) || (watchdog_marks() && sets_limit(ev, RLIMIT_LOCKS));
}

static bool
is_answered(const struct sysevent *ev, const struct resolved *r)
{
	return r->answered || hides_memory(ev) || sets_kept_limit(ev);
}

bool
enforce_lets_in(const struct sysevent *ev, const struct verdict *v, const struct resolved *r)
{
	return v->action == ACT_ALLOW && !is_answered(ev, r) && !r->failed;
}

/* brk(2) knows no errors: less than was asked for is a refusal. */
static int64_t
refusal(const struct sysevent *ev, int err)
{
	return ev->id == SYS_ID_brk ? 0 : -err;
}

int
enforce(const struct arch *arch, struct tracee *t, const struct sysevent *ev, const struct verdict *v,
    const struct resolved *r)
{
	t->skipped = false;
	t->made = r->made;
	memcpy(t->exec, r->exec, sizeof(t->exec));
	if (v->action == ACT_ALLOW && r->made) {
		t->skipped = true;
		t->result = r->result;
		return 0;
	}
	if (v->action == ACT_ALLOW && is_answered(ev, r))
		return skip(arch, t, 0);
	if (v->action == ACT_ALLOW)
		return r->failed ? skip(arch, t, -r->failed) : 0;
	if (v->action == ACT_TRAP)
		return skip(arch, t, t->trap.returns);
	if ((v->action == ACT_DENY || v->action == ACT_ASK) && v->err > 0)
		return skip(arch, t, refusal(ev, v->err));
	/* The call must not run even if death comes late. */
	skip(arch, t, -ENOSYS);
	enforce_kill(t);
	return 0;
}

int
enforce_result(const struct arch *arch, struct tracee *t, int64_t returned)
{
	struct registers r;
	int err;

	if (returned == t->result)
		return 0;
	err = registers_load(arch, t->tid, &r);
	if (err)
		return err;
	registers_put(&r, r.set->ret, t->result);
	return registers_store(t->tid, &r);
}
