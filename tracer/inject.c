/* SPDX-License-Identifier: ISC */
#include "tracer/inject.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/diag.h"
#include "lib/xalloc.h"
#include "tracer/cradle.h"
#include "tracer/leftover.h"
#include "tracer/lifecycle.h"
#include "tracer/procs.h"
#include "tracer/registers.h"
#include "tracer/remote.h"
#include "tracer/stub.h"
#include "tracer/window.h"

/* Below the stack pointer, and below what code may keep there without moving it (128 bytes on x86-64). */
enum { SCRATCH_BELOW = 512, SCRATCH = 64 };

enum step { OPENED, MAPPED, CODED, CLOSED, ATTACHED, CRADLED, ASKED };

struct injection {
	enum step step;
	struct registers before;	/* of the call that is held */
	struct window *window;
	uint64_t place;			/* where an older one is, which it replaces; 0: anywhere */
	bool anywhere;			/* it could not be mapped or attached where it should be */
	uint64_t scratch;		/* in the program's memory */
	char kept[SCRATCH];		/* what was there */
	bool has_kept;
	uint64_t nr, args[6];		/* of the call that was put in */
	int64_t fd;
	const struct abi *abi;
	bool has_stubs;			/* the window is to have them */
	bool done;			/* no other call is put in */
	bool blocked;			/* a program that ran already has handlers, which must not run in between */
	uint64_t mask;			/* the signals that it blocked before */
};

bool
inject_is_due(const struct tracee *t, const struct abi *abi)
{
	return t->group->wants_window && abi == t->group->image;
}

bool
inject_is_under_way(const struct tracee *t)
{
	return t->injection != NULL;
}

/* Another memory can have another at the same place; who shares the memory waits, where the kernel says who that is. */
bool
inject_uses(const struct tracee *t, const struct mapping *m)
{
	const struct injection *in = t->injection;

	return in && in->window && (mapped_file_is(&in->window->file, &m->file) || (in->place == m->lo && !procs_tell_sharing()));
}

void
inject_abandon(struct tracee *t)
{
	if (!t->injection)
		return;
	window_release(t->injection->window);
	free(t->injection);
	t->injection = NULL;
}

/* The next call to be put in.  False: this ABI does not have it. */
static bool
plan(struct injection *in, const char *call, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	int64_t nr = abi_call_nr(in->abi, call);
	const uint64_t args[6] = { a, b, c, d, e };

	in->nr = (uint64_t)nr | in->abi->nr_flag;
	memcpy(in->args, args, sizeof(args));
	return nr >= 0;
}

/* What is below the stack is put back in the end. */
static int
keep(struct injection *in, pid_t tid)
{
	int err = in->has_kept ? 0 : remote_read(tid, (tracee_addr){ in->scratch }, in->kept, sizeof(in->kept));

	in->has_kept |= !err;
	return err;
}

static int
plan_open(struct injection *in, pid_t tid, pid_t shelf)
{
	char path[SCRATCH] = "";
	int err;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", shelf, in->window->fd);
	err = keep(in, tid);
	if (!err)
		err = remote_write(tid, (tracee_addr){ in->scratch }, path, sizeof(path));
	if (err)
		return err;
	in->step = OPENED;
	return plan(in, "openat", (uint64_t)(int64_t)AT_FDCWD, in->scratch, O_RDONLY | O_CLOEXEC, 0, 0) ? 0 : -ENOSYS;
}

/*
 * Not aligned, a window would be in reach of huge pages that begin below it: then
 * what could be one is refused (ranges.c), such as a library's mapping.
 */
static uint64_t
aligned_below(const struct injection *in, uint64_t end)
{
	uint64_t page = in->abi->wordsize == sizeof(uint64_t) ? UINT64_C(1) << 34 : UINT64_C(1) << 25;

	return end > WINDOW_SIZE ? (end - WINDOW_SIZE) & ~(page - 1) : 0;
}

/* At the upper end of the largest room below the stack that nothing is mapped in; a stack has to grow, and a heap.  0: anywhere. */
static uint64_t
find_room(const struct injection *in, pid_t tid)
{
	cleanup_maps struct maps maps = maps_open(tid);
	uint64_t before = 0, most = 0, at = 0;
	bool is_stack = false;
	struct mapping m;

	for (; !is_stack && maps_next(&maps, &m); before = m.hi) {
		is_stack = !strcmp(m.name, "[stack]");
		if (!before || m.lo - before <= most)
			continue;
		most = m.lo - before;
		at = aligned_below(in, is_stack ? before + most / 4 * 3 : m.lo);
		if (at < before || at + WINDOW_SIZE > m.lo)
			at = 0;
	}
	return at;
}

/* On i386 the address comes by memory. */
static int
plan_shmat(struct injection *in, pid_t tid, enum step step, int segment, uint64_t flags)
{
	enum { IPC_SHMAT = 21 };
	uint64_t id = (uint64_t)segment, at = in->anywhere ? 0 : find_room(in, tid);

	in->step = step;
	if (abi_call_nr(in->abi, "ipc") < 0)
		return plan(in, "shmat", id, at, flags, 0, 0) ? 0 : -ENOSYS;
	plan(in, "ipc", IPC_SHMAT, id, flags, in->scratch, at);
	return keep(in, tid);
}

static int
plan_attach(struct injection *in, pid_t tid)
{
	return plan_shmat(in, tid, ATTACHED, in->window->shmid, SHM_RDONLY);
}

/* Where the registers stand at an entry-stop, the call is the planned one. */
static int
replace_call(struct injection *in, pid_t tid)
{
	struct registers r = in->before;

	for (unsigned i = 0; i < 6; i++)
		registers_put(&r, registers_args(&r, in->abi->audit_arch)[i], (int64_t)in->args[i]);
	return registers_call(tid, &r, in->nr);
}

/* Back before the instruction, which will make that call. */
static int
rewind_to(struct injection *in, pid_t tid, uint64_t nr, const uint64_t *args)
{
	struct registers r = in->before;

	registers_put(&r, r.set->nr, -1);	/* nothing is to be restarted */
	registers_put(&r, r.set->ip, (int64_t)(registers_get(&r, r.set->ip) - registers_gate(&r, in->abi->gate_size)));
	for (unsigned i = 0; args && i < 6; i++)
		registers_put(&r, registers_args(&r, in->abi->audit_arch)[i], (int64_t)args[i]);
	registers_put(&r, r.set->call, (int64_t)nr);
	return registers_store(tid, &r);
}

bool
inject_adopts(struct session *s, struct tracee *t)
{
	struct thread_group *g = t->group;
	struct window *shared = g->start_sp ? NULL : leftover_shared(s, t);

	if (!shared)
		return false;
	g->window = window_hold(shared);
	g->wants_window = false;
	return true;
}

struct sharers {
	const struct tracee *t;
	bool injecting;
};

static void
look_for_injecting(struct tracee *other, void *ctx)
{
	struct sharers *s = ctx;

	s->injecting |= other->injection && other->group != s->t->group && procs_share_memory(other->group->tgid, s->t->group->tgid);
}

bool
inject_waits(struct session *s, struct tracee *t)
{
	struct sharers sharers = { t, t->group->injecting };

	if (!t->group->start_sp)
		tracee_each(&s->tracees, look_for_injecting, &sharers);
	return sharers.injecting;
}

int
inject_begin(struct session *s, struct tracee *t, const struct pt_call *call, const struct abi *abi, pid_t shelf)
{
	struct injection *in = xcalloc(1, sizeof(*in));
	int err;

	t->injection = in;
	in->abi = abi;
	in->fd = -1;
	in->scratch = ((t->group->start_sp ? t->group->start_sp : call->sp) - SCRATCH_BELOW) & ~UINT64_C(15);
	t->group->injecting = true;
	in->blocked = !t->group->start_sp && pt_block_signals(t->tid, &in->mask) == 0;
	in->place = t->group->start_sp ? 0 : leftover_window(s, t->tid, abi->map_low);
	in->window = window_new(lifecycle_ids(t));
	in->has_stubs = s->stubs && abi == s->filtered && stub_of(s->map.arch, abi);
	err = in->window ? registers_load(s->map.arch, t->tid, &in->before) : -errno;
	if (!err)
		err = in->window->backing == BACK_SHM ? plan_attach(in, t->tid) : plan_open(in, t->tid, shelf);
	if (!err)
		err = replace_call(in, t->tid);
	if (err && err != -ESRCH)
		warn_err(-err, "process %d gets no window:", t->group->tgid);
	if (err)
		return err;
	t->audit_arch = call->audit_arch;
	t->state = TS_IN_CALL;
	return 0;
}

static uint64_t
cut(const struct injection *in, uint64_t v)
{
	return in->abi->wordsize == 4 ? (uint32_t)v : v;
}

static bool
is_planned(const struct injection *in, const struct pt_call *call)
{
	if (call->audit_arch != in->abi->audit_arch || (uint32_t)call->nr != (uint32_t)in->nr || call->ip != registers_get(&in->before, in->before.set->ip))
		return false;
	for (unsigned i = 0; i < 6; i++)
		if (cut(in, call->args[i]) != cut(in, in->args[i]))
			return false;
	return true;
}

/* Anything but what was put in is the program's doing. */
int
inject_entered(struct session *s, struct tracee *t, const struct pt_call *call)
{
	(void)s;
	if (!is_planned(t->injection, call)) {
		warn("process %d gets no window: it makes another call than the one that was put in", t->group->tgid);
		return -EPROTO;
	}
	t->state = TS_IN_CALL;
	return 0;
}

static bool
has_cradle(const struct window *w, pid_t tid)
{
	return !w->cradle || window_like_is_mapped(cradle_file(), tid, w->cradle);
}

/* The call that was held is made now. */
static int
finish(struct session *s, struct tracee *t)
{
	struct injection *in = t->injection;
	struct thread_group *g = t->group;
	uint64_t at = in->window->at;
	int err;

	if (!window_is_mapped(in->window, t->tid) || !has_cradle(in->window, t->tid))
		return -EPROTO;
	err = in->has_kept ? remote_write(t->tid, (tracee_addr){ in->scratch }, in->kept, sizeof(in->kept)) : 0;
	if (!err)
		err = rewind_to(in, t->tid, registers_get(&in->before, in->before.set->nr), NULL);
	if (!err && in->blocked)
		err = pt_set_blocked(t->tid, in->mask);
	if (err)
		return err;
	window_mapped(in->window, at);
	/* Where nobody says who shares its memory, another one can have been faster. */
	if (!inject_adopts(s, t))
		g->window = window_hold(in->window);
	g->wants_window = g->injecting = false;
	inject_abandon(t);
	return 0;
}

/*
 * Where a window should be, if nothing else is there: at an end of what calls
 * that want low addresses get, or below the loader of an image that has just begun.
 */
static uint64_t
wish(const struct injection *in, const struct tracee *t)
{
	enum { BELOW_2_GIB = 0x7e000000 };
	const struct thread_group *g = t->group;

	if (in->abi->map_low && !in->anywhere)
		return BELOW_2_GIB;
	return g->start_sp && g->loader_lo ? aligned_below(in, g->loader_lo) : find_room(in, t->tid);
}

static int
plan_map(struct injection *in, const struct tracee *t)
{
	uint64_t flags = MAP_SHARED | (in->place ? MAP_FIXED : in->anywhere ? 0 : in->abi->map_low);
	const char *call = abi_call_nr(in->abi, "mmap2") >= 0 ? "mmap2" : "mmap";

	in->step = MAPPED;
	return plan(in, call, in->place ? in->place : wish(in, t), WINDOW_SIZE, PROT_READ, flags, (uint64_t)in->fd) ? 0 : -ENOSYS;
}

static int
plan_close(struct injection *in)
{
	in->step = CLOSED;
	return plan(in, "close", (uint64_t)in->fd, 0, 0, 0, 0) ? 0 : -ENOSYS;
}

/* The stubs' code is mapped once more, anywhere: it can be executed, and where it lies is not to be guessed. */
static int
plan_code(struct injection *in)
{
	if (!in->has_stubs)
		return plan_close(in);
	in->step = CODED;
	if (!plan(in, "mmap", 0, WINDOW_CODE, PROT_READ | PROT_EXEC, MAP_SHARED, (uint64_t)in->fd))
		return -ENOSYS;
	in->args[5] = STUB_CODE_AT;
	return 0;
}

static int
attached_at(struct injection *in, pid_t tid, int64_t ret, uint64_t *at)
{
	*at = cut(in, (uint64_t)ret);
	if (abi_call_nr(in->abi, "ipc") < 0)
		return 0;
	*at = 0;
	return remote_read(tid, (tracee_addr){ in->scratch }, at, in->abi->wordsize);
}

static int
plan_cradle(struct injection *in, pid_t tid)
{
	in->done = cradle_segment() < 0;
	return in->done ? 0 : plan_shmat(in, tid, CRADLED, cradle_segment(), SHM_RDONLY | SHM_EXEC);
}

/* Where the heap of a program that ran before ends: brk(2) with no address asks. */
static int
plan_ask(struct injection *in)
{
	in->done = false;
	in->window->late = true;
	in->step = ASKED;
	return plan(in, "brk", 0, 0, 0, 0, 0) ? 0 : -ENOSYS;
}

/* A filter of the program's own could have answered: then all that is above where a heap begins may be in it. */
static bool
lies_in_heap(const struct window *w, pid_t tid, uint64_t end)
{
	uint64_t low = w->cradle && w->cradle < w->at ? w->cradle : w->at;

	return end > low || (procs_has_filters(tid) && low >= procs_heap(tid));
}

/* A filter of the program's own can say of a close(2) that it was made. */
static bool
is_still_open(const struct injection *in, pid_t tid)
{
	struct stat ours, theirs;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", tid, (int)in->fd);
	return in->fd >= 0 && stat(path, &theirs) == 0 && fstat(in->window->fd, &ours) == 0 && theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

static int
proceed(struct session *s, struct tracee *t, int64_t ret)
{
	struct injection *in = t->injection;
	int err = 0;

	switch (in->step) {
	case OPENED:
		in->fd = ret;
		err = plan_map(in, t);
		break;
	case MAPPED:
		in->window->at = cut(in, (uint64_t)ret);
		err = plan_code(in);
		break;
	case CODED:
		if (ret > 0)		/* who may execute nothing more has its calls stop twice */
			stub_mapped(in->window, (uint64_t)ret);
		err = plan_close(in);
		break;
	case ATTACHED:
		err = attached_at(in, t->tid, ret, &in->window->at);
		/* fallthrough */
	case CLOSED:
		err = err ? err : is_still_open(in, t->tid) ? -EPROTO : plan_cradle(in, t->tid);
		break;
	case CRADLED:
		err = attached_at(in, t->tid, ret, &in->window->cradle);
		in->done = true;
		break;
	case ASKED:
		in->window->in_heap = lies_in_heap(in->window, t->tid, cut(in, (uint64_t)ret));
		in->done = true;
		break;
	}
	if (!err && in->done && in->step != ASKED && !t->group->start_sp)
		err = plan_ask(in);
	if (!err && in->done)
		return finish(s, t);
	return err ? err : rewind_to(in, t->tid, in->nr, in->args);
}

/* A program that may open nothing more can still attach a segment. */
static int
attach_instead(struct tracee *t)
{
	struct injection *in = t->injection;
	int err;

	window_release(in->window);
	in->window = window_attached(lifecycle_ids(t));
	err = in->window ? plan_attach(in, t->tid) : -errno;
	return err ? err : rewind_to(in, t->tid, in->nr, in->args);
}

static bool
lies_somewhere(enum step step)
{
	return step == MAPPED || step == ATTACHED || step == CRADLED;
}

/* The room may be taken: below 2 GiB by data of the program's own. */
static int
go_anywhere(struct tracee *t)
{
	struct injection *in = t->injection;
	int err;

	in->anywhere = true;
	err = in->step == MAPPED ? plan_map(in, t) : in->step == ATTACHED ? plan_attach(in, t->tid) : plan_cradle(in, t->tid);
	return err ? err : rewind_to(in, t->tid, in->nr, in->args);
}

int
inject_left(struct session *s, struct tracee *t, const struct pt_call *call)
{
	bool failed = call->ret < 0 && call->ret >= -4095;
	int err = failed ? (int)call->ret : 0;

	if (err == -EMFILE && t->injection->step == OPENED)
		err = attach_instead(t);
	else if ((err == -EINVAL || err == -ENOMEM) && !t->injection->anywhere && lies_somewhere(t->injection->step))
		err = go_anywhere(t);
	else if (!failed || t->injection->step == CODED)
		err = proceed(s, t, call->ret);
	if (err && err != -ESRCH)
		warn_err(-err, "process %d gets no window:", t->group->tgid);
	t->state = TS_RUNNING;
	return err;
}
