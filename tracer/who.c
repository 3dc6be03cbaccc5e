/* SPDX-License-Identifier: ISC */
#include "tracer/who.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "engine/policy.h"
#include "lib/cleanup.h"
#include "lib/xalloc.h"
#include "tracer/maps.h"
#include "tracer/pt.h"
#include "tracer/registers.h"
#include "tracer/remote.h"
#include "tracer/symbols.h"

enum { PAGE = 4096 };

/*
 * Is it the file that is mapped?  Some file systems say one device to stat(2)
 * and another in maps; there, what we map ourselves shows as theirs does.
 */
static bool
is_mapped(int fd, const struct stat *st, const struct mapping *m)
{
	struct mapped_file own = { major(st->st_dev), minor(st->st_dev), st->st_ino };
	bool same = mapped_file_is(&m->file, &own);
	void *p;

	if (same)
		return true;
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return false;
	same = maps_own_file(p, &own) == 0 && mapped_file_is(&m->file, &own);
	munmap(p, PAGE);
	return same;
}

/* The file that is mapped, if its name still leads to it; nothing but a regular file is opened. */
static int
open_mapped(const struct mapping *m, struct stat *st)
{
	int fd;

	if (m->name[0] != '/' || !m->file.ino || stat(m->name, st) < 0 || !S_ISREG(st->st_mode))
		return -1;
	fd = open(m->name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	if (fstat(fd, st) == 0 && is_mapped(fd, st, m))
		return fd;
	close(fd);
	return -1;
}

/*
 * A private mapping can be made writable, changed, and made executable again.
 * What is not what the file says is the program's own work.
 */
static bool
page_is_as_in_file(pid_t tid, const struct mapping *m, int fd, uint64_t page)
{
	unsigned char here[PAGE], there[PAGE] = { 0 };
	ssize_t n;

	if (page < m->lo || page >= m->hi || remote_read(tid, (tracee_addr){ page }, here, sizeof(here)) < 0)
		return false;
	n = pread(fd, there, sizeof(there), (off_t)(page - m->lo + m->offset));
	return n > 0 && !memcmp(here, there, sizeof(here));
}

/* An instruction: its first and its last byte.  They can be in two pages, of which only one is the file's. */
struct code {
	uint64_t first, last;
};

static bool
is_as_in_file(pid_t tid, const struct mapping *m, int fd, struct code code)
{
	uint64_t mask = ~(uint64_t)(PAGE - 1), first = code.first & mask, last = code.last & mask;

	return page_is_as_in_file(tid, m, fd, last) && (first == last || page_is_as_in_file(tid, m, fd, first));
}

/* What can be written says nothing: it can have been other code, and be restored by now. */
static bool
is_text(const struct mapping *m)
{
	return m->perms[2] == 'x' && m->perms[1] != 'w';
}

static int
look_at(const struct tracee *t, const struct mapping *m, struct code code, unsigned needs, struct arena *a, struct caller *c)
{
	cleanup_close int fd = -1;
	const char *function = NULL;
	struct stat st;
	int err = 0;

	fd = is_text(m) ? open_mapped(m, &st) : -1;
	if (fd < 0 || !is_as_in_file(t->tid, m, fd, code))
		return 0;
	if (needs & NEED_FUNCTION)
		err = symbols_find(fd, &st, code.last - m->lo + m->offset, &function);
	if (err)
		return err;
	c->file = true;
	c->module = arena_strdup(a, m->name);
	c->function = function ? arena_strdup(a, function) : NULL;
	return c->module && (!function || c->function) ? 0 : -ENOMEM;
}

/* 32-bit programs call through the vdso: who called that is on the stack. */
static int
behind_vdso(const struct tracee *t, const struct abi *abi, uint64_t sp, struct code *code)
{
	uint32_t word;
	int err = remote_read(t->tid, (tracee_addr){ sp + abi->vdso_return }, &word, sizeof(word));

	*code = (struct code){ word - 1, word - 1 };
	return err;
}

/* The name is there until `maps` is closed. */
static int
find_mapping(pid_t tid, uint64_t ip, struct maps *maps, struct mapping *m)
{
	maps_close(maps);
	*maps = maps_open(tid);
	return maps_find(maps, ip, m);
}

/* By an address of its own in a segment of the program's own it could name any code. */
static bool
is_elsewhere(const struct tracee *t)
{
	struct registers r;

	return registers_load(arch_native(), t->tid, &r) || !registers_are_flat(&r);
}

static int
find_caller(const struct tracee *t, const struct pt_call *call, const struct abi *abi, unsigned needs, struct arena *a,
    struct caller *c)
{
	cleanup_maps struct maps maps = { 0 };
	struct mapping m;
	struct code code = { call->ip - abi->gate_size, call->ip - 1 };
	int err;

	if (is_elsewhere(t))
		return 0;
	err = find_mapping(t->tid, code.last, &maps, &m);
	if (!err && abi->vdso_return && !strcmp(m.name, "[vdso]")) {
		err = behind_vdso(t, abi, call->sp, &code);
		if (!err)
			err = find_mapping(t->tid, code.last, &maps, &m);
	}
	if (err)
		return err;
	if (!strcmp(m.name, "[vdso]")) {
		c->module = "[vdso]";
		return 0;
	}
	return look_at(t, &m, code, needs, a, c);
}

/* "Uid:	real	effective	saved	file system" */
static bool
read_ids(const char *line, const char *key, uint32_t *real, uint32_t *effective)
{
	size_t n = strlen(key);

	return !strncmp(line, key, n) && sscanf(line + n, "%" SCNu32 " %" SCNu32, real, effective) == 2;
}

static int
find_ids(pid_t tid, struct process *p)
{
	cleanup_file FILE *f = NULL;
	char path[48], line[256];
	unsigned found = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	while (found < 2 && fgets(line, sizeof(line), f))
		found += read_ids(line, "Uid:", &p->uid, &p->euid) || read_ids(line, "Gid:", &p->gid, &p->egid);
	return found == 2 ? 0 : -EIO;
}

static int
find_process(const struct tracee *t, unsigned needs, struct process *p)
{
	const struct thread_group *g = t->group;
	int err = needs & NEED_IDS ? find_ids(t->tid, p) : 0;

	if (err)
		return err;
	if (needs & NEED_IMAGE && (!g->exe || !g->argv0))
		return -ENOENT;
	p->exe = g->exe;
	p->argv0 = g->argv0;
	return 0;
}

int
who_calls(const struct tracee *t, const struct pt_call *call, const struct abi *abi, unsigned needs, struct arena *a,
    struct sysevent *ev)
{
	struct caller *c = arena_alloc(a, sizeof(*c));
	struct process *p = arena_alloc(a, sizeof(*p));
	int err = c && p ? 0 : -ENOMEM;

	if (!err && needs & (NEED_CALLER | NEED_FUNCTION)) {
		memset(c, 0, sizeof(*c));
		err = find_caller(t, call, abi, needs, a, c);
		ev->caller = c;
	}
	if (!err && needs & (NEED_IDS | NEED_IMAGE)) {
		memset(p, 0, sizeof(*p));
		err = find_process(t, needs, p);
		ev->process = p;
	}
	return err;
}

/* A file that has no name, or another's by now, is none that a rule could mean: "x (deleted)". */
static char *
read_exe(pid_t pid)
{
	char path[48], name[4096];
	struct stat is, named;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	n = readlink(path, name, sizeof(name) - 1);
	if (n <= 0 || (size_t)n == sizeof(name) - 1)
		return NULL;
	name[n] = '\0';
	if (stat(path, &is) < 0 || stat(name, &named) < 0 || is.st_ino != named.st_ino || is.st_dev != named.st_dev)
		return NULL;
	return xstrdup(name);
}

/* The first word of the command line, which nobody but the one who executed it has touched yet. */
static char *
read_argv0(pid_t pid)
{
	cleanup_close int fd = -1;
	char path[48], text[4096];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return xstrdup(text);
}

void
who_note_image(struct thread_group *g)
{
	free(g->exe);
	free(g->argv0);
	g->exe = read_exe(g->tgid);
	g->argv0 = read_argv0(g->tgid);
}
