/* SPDX-License-Identifier: ISC */
#include "tracer/window.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/xalloc.h"

/* Linux 5.1; later than the C library's headers on some systems. */
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE	0x0010
#endif

static enum window_backing chosen;
static unsigned missing;		/* bits of those to do without */

/* A file without a name: the descriptor for writing, and one for reading in *readable. */
static int
open_memfd(const struct file_ids *ids, int *readable)
{
	cleanup_close int fd = -1;
	char path[32];

#ifdef SYS_memfd_create
	fd = (int)syscall(SYS_memfd_create, "tollgate", 3U /* MFD_CLOEXEC | MFD_ALLOW_SEALING */);
#else
	errno = ENOSYS;
#endif
	if (fd < 0)
		return -errno;
	(void)ids;			/* anybody may read it */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*readable = open(path, O_RDONLY | O_CLOEXEC);
	return *readable < 0 ? -errno : steal_fd(&fd);
}

static int
open_unlinked(const struct file_ids *ids, int *readable)
{
	static const char *const places[] = { "/dev/shm", "/tmp", "/var/tmp" };
	char path[64];
	int fd;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/tollgate-XXXXXX", places[i]);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd < 0)
			continue;
		*readable = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		unlink(path);
		/* Who could open it anew cannot for writing, unless he is root. */
		if (*readable >= 0 && fchmod(fd, 0400) == 0 && (ids->uid == geteuid() || fchown(fd, ids->uid, ids->gid) == 0))
			return fd;
		close(fd);
	}
	return -EACCES;
}

/* Our mapping is there already: it alone can write from now on. */
static int
seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0 ? -errno : 0;
}

static int
back_by_file(struct window *w, const struct file_ids *ids, int (*open_one)(const struct file_ids *, int *), bool sealed)
{
	cleanup_close int fd = open_one(ids, &w->fd);
	void *mem;

	if (fd < 0)
		return fd;
	if (ftruncate(fd, WINDOW_SIZE) < 0)
		return -errno;
	mem = mmap(NULL, WINDOW_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		return -errno;
	w->mem = mem;
	return sealed ? seal(fd) : 0;
}

static int
back_by_sealed(struct window *w, const struct file_ids *ids)
{
	return back_by_file(w, ids, open_memfd, true);
}

static int
back_by_memfd(struct window *w, const struct file_ids *ids)
{
	return back_by_file(w, ids, open_memfd, false);
}

static int
back_by_unlinked(struct window *w, const struct file_ids *ids)
{
	return back_by_file(w, ids, open_unlinked, false);
}

/* Whoever has the number can attach it, by its mode for reading only; ranges.c keeps its owner's uid from changing that. */
static int
back_by_shm(struct window *w, const struct file_ids *ids)
{
	struct shmid_ds ds;
	void *mem;

	w->shmid = shmget(IPC_PRIVATE, WINDOW_SIZE, IPC_CREAT | 0400 | 0200);
	if (w->shmid < 0)
		return -errno;
	mem = shmat(w->shmid, NULL, 0);
	if (mem == (void *)-1) {
		int err = -errno;

		shmctl(w->shmid, IPC_RMID, NULL);
		return err;
	}
	w->mem = mem;
	if (shmctl(w->shmid, IPC_STAT, &ds) < 0)
		return -errno;
	ds.shm_perm.mode = 0400;
	ds.shm_perm.uid = ids->uid;
	ds.shm_perm.gid = ids->gid;
	/* Marked to be destroyed it lives as long as it is attached, and Linux still lets one attach it. */
	if (shmctl(w->shmid, IPC_SET, &ds) < 0 || shmctl(w->shmid, IPC_RMID, NULL) < 0)
		return -errno;
	return 0;
}

static const struct {
	const char *name;
	int (*back)(struct window *, const struct file_ids *);
} backings[BACKINGS] = {
	[BACK_SEALED]	= { "sealed", back_by_sealed },
	[BACK_MEMFD]	= { "memfd", back_by_memfd },
	[BACK_SHM]	= { "shm", back_by_shm },
	[BACK_FILE]	= { "file", back_by_unlinked },
};

const char *
window_backing_name(enum window_backing b)
{
	return backings[b].name;
}

enum window_backing
window_backing(void)
{
	return chosen;
}

static void
window_free(struct window *w)
{
	if (w->fd >= 0)
		close(w->fd);
	if (w->mem && w->backing == BACK_SHM)
		shmdt(w->mem);
	else if (w->mem)
		munmap(w->mem, WINDOW_SIZE);
	free(w);
}

/* Files in memory are on one file system of the kernel's: their numbers tell them apart.  Of others it is looked up. */
static int
learn_file(struct window *w)
{
	static struct mapped_file other[BACKINGS];
	struct mapped_file *of = &other[w->backing];
	struct stat st = { .st_ino = (ino_t)w->shmid };
	int err = 0;

	if (w->fd >= 0 && fstat(w->fd, &st) < 0)
		return -errno;
	if (!of->ino || w->backing == BACK_FILE)
		err = maps_own_file(w->mem, of);
	w->file = *of;
	if (w->backing != BACK_FILE)
		w->file.ino = st.st_ino;
	return err;
}

static struct window *
make(enum window_backing b, const struct file_ids *ids)
{
	struct window *w = xcalloc(1, sizeof(*w));
	int err;

	w->refs = 1;
	w->fd = -1;
	w->shmid = -1;
	w->backing = b;
	err = backings[b].back(w, ids);
	err = err ? err : learn_file(w);
	if (!err)
		return w;
	window_free(w);
	errno = -err;
	return NULL;
}

bool
window_is_there(enum window_backing b)
{
	const struct file_ids own = { .known = true, .uid = geteuid(), .gid = getegid() };
	struct window *w = missing >> b & 1 ? NULL : make(b, &own);

	window_release(w);
	return w != NULL;
}

int
window_probe(unsigned without)
{
	missing = without;
	errno = ENOSYS;
	for (unsigned b = 0; b < BACKINGS; b++) {
		if (!window_is_there((enum window_backing)b))
			continue;
		chosen = (enum window_backing)b;
		return 0;
	}
	return -errno;
}

struct window *
window_attached(const struct file_ids *ids)
{
	return make(BACK_SHM, ids);
}

struct window *
window_new(const struct file_ids *ids)
{
	return make(chosen, ids);
}

struct window *
window_hold(struct window *w)
{
	if (w)
		w->refs++;
	return w;
}

void
window_release(struct window *w)
{
	if (w && !--w->refs)
		window_free(w);
}

void
window_mapped(struct window *w, uint64_t at)
{
	w->at = at;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

static bool
is_taken(const struct window *w, unsigned page)
{
	return w->taken[page / 64] >> page % 64 & 1;
}

static void
mark(struct window *w, unsigned page, unsigned pages, bool taken)
{
	for (unsigned i = page; i < page + pages; i++)
		if (taken)
			w->taken[i / 64] |= UINT64_C(1) << i % 64;
		else
			w->taken[i / 64] &= ~(UINT64_C(1) << i % 64);
}

int
window_take(struct window *w, unsigned pages)
{
	for (unsigned page = 1, run = 0; page < WINDOW_PAGES - WINDOW_STUBS; page++) {
		if (!run && !~w->taken[page / 64]) {
			page |= 63;	/* all of these are taken */
			continue;
		}
		run = is_taken(w, page) ? 0 : run + 1;
		if (run < pages)
			continue;
		mark(w, page - run + 1, pages, true);
		return (int)(page - run + 1);
	}
	return -EAGAIN;
}

void
window_give(struct window *w, int page, unsigned pages)
{
	memset(w->mem + (size_t)page * WINDOW_PAGE, 0, (size_t)pages * WINDOW_PAGE);
	mark(w, (unsigned)page, pages, false);
}

/* Windows are marked to be destroyed when nobody has them attached any more, and have a size of their own. */
bool
window_is_segment(int shmid)
{
	struct shmid_ds ds;

	if (shmctl(shmid, IPC_STAT, &ds) < 0)
		return errno != EINVAL && errno != EIDRM;
	return ds.shm_segsz == WINDOW_SIZE && ds.shm_perm.mode & SHM_DEST;
}

/*
 * READ_IMPLIES_EXEC, which 32-bit programs have whose file says nothing of their stack, makes
 * all that is mapped for reading executable, and mprotect(2) as well: it cannot be had otherwise.
 * Such a program can execute what it writes anywhere.
 */
static bool
is_for_reading(const char *perms)
{
	return !strcmp(perms, "r--s") || !strcmp(perms, "r-xs");
}

bool
window_like_is_mapped(const struct mapped_file *file, pid_t tid, uint64_t at)
{
	cleanup_maps struct maps maps = maps_open(tid);
	struct mapping m;

	return maps_find(&maps, at, &m) == 0 && m.lo == at && m.hi == at + WINDOW_SIZE && is_for_reading(m.perms) && !m.offset &&
	    mapped_file_is(&m.file, file);
}

bool
window_is_mapped(const struct window *w, pid_t tid)
{
	return window_like_is_mapped(&w->file, tid, w->at);
}

static bool
overlap(uint64_t lo, uint64_t end, uint64_t at)
{
	return lo < at + WINDOW_SIZE && end > at;
}

bool
window_touches(const struct window *w, uint64_t addr, uint64_t len)
{
	uint64_t lo = addr & ~(uint64_t)(WINDOW_PAGE - 1), end = addr + len;

	if (!w || !w->at)
		return false;
	if (end < addr)
		return true;
	return overlap(lo, end, w->at) || (w->cradle && overlap(lo, end, w->cradle));
}
