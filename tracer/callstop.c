/* SPDX-License-Identifier: ISC */
#include "tracer/callstop.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/cleanup.h"
#include "tracer/procs.h"
#include "tracer/registers.h"

/* The first argument as /proc/TID/syscall shows it, which is that of the ABI the call came by.  -EAGAIN: of a task that runs it shows none. */
static int
look_at_first(pid_t tid, uint64_t *value)
{
	cleanup_file FILE *f = NULL;
	char path[48];
	long nr;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	f = fopen(path, "re");
	if (!f)
		return errno == ENOENT ? -ESRCH : -errno;
	return fscanf(f, "%ld 0x%" SCNx64, &nr, value) == 2 ? 0 : -EAGAIN;
}

/* Who has told of his stop may be seen on the way to it still, or be dying. */
static int
first_argument(pid_t tid, uint64_t *value)
{
	const struct timespec moment = { 0, 1000000 };
	int err = look_at_first(tid, value);

	for (int times = 0; err == -EAGAIN && times < 100; times++) {
		if (procs_is_dead(tid))
			return -ESRCH;
		nanosleep(&moment, NULL);
		err = look_at_first(tid, value);
	}
	return err;
}

/*
 * 64-bit code can call by the 32-bit gate, and nothing that it can set tells
 * which it took.  So both first arguments get a value of their own for a
 * moment, and the kernel, which knows, shows one of them.
 */
static int
took_other_gate(pid_t tid, const struct registers *r, bool *other)
{
	enum { OWN = 0x746f6c6c, OTHER = 0x67617465 };
	struct registers marked = *r;
	uint64_t shown = 0;
	int err, restored;

	registers_put(&marked, r->set->arg[0], OWN);
	registers_put(&marked, r->set->other->arg[0], OTHER);
	err = registers_store(tid, &marked);
	err = err ? err : first_argument(tid, &shown);
	restored = registers_store(tid, r);
	*other = shown == OTHER;
	if (restored)
		return restored;
	return err ? err : shown == OWN || shown == OTHER ? 0 : -EBADMSG;
}

static void
take_arguments(const struct registers *r, bool other, struct pt_call *c)
{
	const size_t *from = other ? r->set->other->arg : r->set->arg;

	c->nr = registers_get(r, r->set->nr);
	for (unsigned i = 0; i < 6; i++) {
		c->args[i] = registers_get(r, from[i]);
		if (other && r->set->other->width == sizeof(uint32_t))
			c->args[i] = (uint32_t)c->args[i];
	}
}

/* A number that the kernel skips, by whatever gate: /proc shows no arguments of it. */
static bool
is_no_call(const struct registers *r)
{
	return !r->set->sure && (int32_t)registers_get(r, r->set->nr) == r->set->skip_nr;
}

static int
read_entry(pid_t tid, const struct registers *r, struct pt_call *c)
{
	bool other = registers_code(r) != r->set->audit_arch;
	int err = r->set->other && !other && !is_no_call(r) ? took_other_gate(tid, r, &other) : 0;

	if (err)
		return err;
	c->op = PT_ENTRY;
	c->audit_arch = other ? r->set->other->audit_arch : r->set->audit_arch;
	take_arguments(r, other, c);
	return 0;
}

static int
read_filtered(pid_t tid, const struct registers *r, struct pt_call *c)
{
	int err = pt_event_msg(tid, &c->data);

	return err ? err : read_entry(tid, r, c);
}

static void
read_exit(const struct registers *r, uint32_t audit_arch, struct pt_call *c)
{
	bool narrow = r->set->width == sizeof(uint32_t) || (r->set->other && audit_arch == r->set->other->audit_arch);
	uint64_t ret = registers_get(r, r->set->ret);

	c->op = PT_EXIT;
	c->audit_arch = audit_arch;
	c->ret = narrow ? (int32_t)ret : (int64_t)ret;
}

static bool
is_marked_entry(const struct registers *r)
{
	uint64_t v = registers_get(r, r->set->marker);

	return (r->set->width == sizeof(uint32_t) ? (int32_t)v : (int64_t)v) == r->set->entered;
}

/* Has the call in progress, which was to be skipped, still the number that says so? */
static bool
is_skipped(const struct tracee *t, const struct registers *r)
{
	return t->skipped && is_no_call(r);
}

/*
 * The kernel's mark of an entry is one that a program cannot set, but on x86 it
 * is also what a call that the kernel does not have returns.  In doubt it is an
 * entry, and is decided, once more perhaps.
 */
static bool
is_exit(const struct tracee *t, const struct registers *r)
{
	/* With registers of ours no program has run in between, and none comes out of the kernel before a frame is taken. */
	bool ours = t->hold.nregs || t->injection || t->birth || t->takes_frame;

	return t->state == TS_IN_CALL && (ours || !is_marked_entry(r) || is_skipped(t, r));
}

static int
load(const struct arch *a, pid_t tid, struct registers *r, struct pt_call *c)
{
	int err = registers_load(a, tid, r);

	memset(c, 0, sizeof(*c));
	if (err)
		return err;
	c->ip = registers_get(r, r->set->ip);
	c->sp = registers_get(r, r->set->sp);
	return 0;
}

int
callstop_read(const struct arch *a, const struct tracee *t, struct pt_call *c)
{
	struct registers r;
	int err;

	if (pt_has(PT_SYSCALL_INFO))
		return pt_call(t->tid, c);
	err = load(a, t->tid, &r, c);
	if (err)
		return err;
	if (t->by_filter)
		err = read_filtered(t->tid, &r, c);
	else if (is_exit(t, &r))
		read_exit(&r, t->audit_arch, c);
	else if (is_marked_entry(&r))
		err = read_entry(t->tid, &r, c);
	else
		c->op = PT_STRAY;
	return err;
}

int
callstop_place(const struct arch *a, pid_t tid, struct pt_call *c)
{
	struct registers r;
	int err;

	if (pt_has(PT_SYSCALL_INFO))
		return pt_call(tid, c);
	err = load(a, tid, &r, c);
	if (!err)
		c->audit_arch = registers_code(&r);
	return err;
}
