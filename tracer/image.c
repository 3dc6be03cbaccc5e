/* SPDX-License-Identifier: ISC */
#include "tracer/image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "tracer/advance.h"
#include "tracer/callstop.h"
#include "tracer/lifecycle.h"
#include "tracer/mapped.h"
#include "tracer/maps.h"
#include "tracer/script.h"
#include "tracer/who.h"

/* A program that needs no loader begins in its own file. */
static bool
is_program(const struct thread_group *g, const char *file)
{
	char path[48], exe[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", g->tgid);
	n = readlink(path, exe, sizeof(exe));
	return n > 0 && (size_t)n < sizeof(exe) && strlen(file) == (size_t)n && !memcmp(exe, file, (size_t)n);
}

/* The mappings of the file that ip lies in, from the first to the last of them; none of a program without a loader. */
static void
find_loader(struct thread_group *g, uint64_t ip)
{
	cleanup_maps struct maps maps = maps_open(g->tgid);
	struct mapped_file file = { 0 };
	struct mapping m;
	uint64_t lo = 0;

	g->loader_lo = g->loader_hi = 0;
	while (maps_next(&maps, &m)) {
		if (!mapped_file_is(&m.file, &file))
			lo = m.lo;
		file = m.file;
		if (ip >= m.lo && ip < m.hi && is_program(g, m.name))
			return;
		if (ip >= m.lo && ip < m.hi)
			g->loader_lo = lo;
		if (g->loader_lo && g->loader_lo == lo)
			g->loader_hi = m.hi;
	}
}

static int
note_abi(struct session *s, struct tracee *t, struct pt_call *at)
{
	int err = callstop_place(s->map.arch, t->tid, at);
	uint32_t nr;

	if (err)
		return err;
	t->group->image = arch_abi(s->map.arch, at->audit_arch, 0, &nr);
	return t->group->image ? 0 : -ENOEXEC;
}

/* sp 0: where the stack is when the time comes. */
static void
want_window(struct thread_group *g, uint64_t sp)
{
	window_release(g->window);
	g->window = NULL;
	g->wants_window = true;
	g->injecting = false;
	g->start_sp = sp;
}

int
image_enter(struct session *s, struct tracee *t)
{
	struct thread_group *g = t->group;
	struct pt_call at;
	int err = note_abi(s, t, &at);

	if (err)
		return err;
	free(g->refusal);
	g->refusal = NULL;
	find_loader(g, at.ip);
	want_window(g, at.sp);
	g->loading = g->loader_hi != 0;
	return 0;
}

int
image_adopt(struct session *s, struct tracee *t)
{
	struct pt_call at;
	int err = note_abi(s, t, &at);

	if (err)
		return err;
	who_note_image(t->group);
	want_window(t->group, 0);
	return 0;
}

static bool
is_file(const struct fileid *id, const struct stat *st)
{
	return id->ino == st->st_ino && id->dev == st->st_dev;
}

/* What runs, as the kernel has it: the program, and the loader that it names. */
struct running {
	struct object program, loader;
};

static bool
find_running(const struct task_view *view, struct arena *a, struct running *r)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/exe", view->whose.tid);
	r->program.fd = open(path, O_PATH | O_CLOEXEC);
	if (r->program.fd < 0 || stat(path, &r->program.st) < 0)
		return false;
	if (!script_loader(&r->program, path, sizeof(path)))
		return true;
	return walk(view->whose, AT_FDCWD, path, WALK_FOLLOW | WALK_OBJECT, a, &r->loader) == 0 && !r->loader.absent;
}

static bool
was_decided(const struct fileid exec[3], const struct running *r)
{
	if (!is_file(&exec[0], &r->program.st) && !is_file(&exec[1], &r->program.st))
		return false;
	return r->loader.fd < 0 ? !exec[2].ino : is_file(&exec[2], &r->loader.st);
}

static bool
decide_anew(struct session *s, struct tracee *t, const struct task_view *view, const struct running *r)
{
	struct sysevent ev = { .id = SYS_ID_execve, .abi = t->group->image->name, .wordsize = t->group->image->wordsize };
	struct resolved found = { 0 };
	struct verdict v = { 0 };
	struct confinement *c = t->group->confined;
	char exe[48];
	bool allowed;

	snprintf(exe, sizeof(exe), "/proc/%d/exe", t->tid);
	confine_update(c, t->tid, s->audit);
	ev.arg[0].str = exe;
	/* Whose code asked for it is gone: rules that want to know refuse. */
	if (resolve(view, &ev, &s->arena, &found) == 0 &&
	    who_calls(t, NULL, NULL, confine_needs(c, &ev) & (NEED_IDS | NEED_IMAGE), &s->arena, &ev) == 0)
		v = policy_decide(s->floor, c->layer, c->n, &ev);
	allowed = advance_prepare(s, t, &ev) && (v.action == ACT_ALLOW || s->dry_run) && was_decided(found.exec, r);
	audit_verdict(s->audit, t->tid, &ev, &v, s->dry_run);
	resolved_release(&found);
	return allowed;
}

/* By far most often: what was looked at when the call was made, and nothing else.  Whatever the names lead to by now. */
static bool
is_what_was_decided(const struct tracee *t)
{
	struct fileid program;
	struct stat st;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/exe", t->tid);
	if (stat(path, &st) < 0 || !(is_file(&t->exec[0], &st) || is_file(&t->exec[1], &st)))
		return false;
	program = (struct fileid){ st.st_dev, st.st_ino };
	return mapped_are_these(t->tid, &program, &t->exec[2]);
}

/* A loader by another name than then, or a file system that has other numbers for what is mapped: it is looked at again. */
static bool
is_decided_now(struct session *s, struct tracee *t, const struct task_view *view)
{
	struct running r = { { .fd = -1, .parent = -1 }, { .fd = -1, .parent = -1 } };
	bool decided = ids_borrow(lifecycle_ids(t)) == 0 && find_running(view, &s->arena, &r) &&
	    (was_decided(t->exec, &r) || decide_anew(s, t, view, &r));

	if (decided && !mapped_nothing_else(t->tid, r.loader.fd)) {
		audit_note(s->audit, t->tid, "killed: the loader that was mapped is not the one that was decided about");
		decided = false;
	}
	ids_return();
	object_release(&r.program);
	object_release(&r.loader);
	return decided;
}

bool
image_was_decided(struct session *s, struct tracee *t, const struct task_view *view)
{
	return is_what_was_decided(t) || is_decided_now(s, t, view);
}
