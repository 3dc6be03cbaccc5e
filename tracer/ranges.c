/* SPDX-License-Identifier: ISC */
#include "tracer/ranges.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>

/* What of an address tells where it is: above there can be a tag, which these calls do not look at (arm64, x86-64 with LAM). */
enum { ADDRESS_BITS = 56 };

/*
 * Sizes that pages can have, of all architectures, as powers of two.  What is
 * mapped of huge ones begins at a multiple of theirs, and is as long as they
 * are, however short it was asked for.
 */
static const unsigned char huge_pages[] = { 16, 21, 22, 25, 29, 30, 34 };

/* io_setup(2) maps no more than 2^28 bytes, and some pages. */
enum { AIO_MOST = (1 << 28) + (1 << 20) };

/* A call that names a range: in which arguments its address and length are, and when it matters. */
static const struct range {
	enum sys_id id;
	int addr, len;		/* len -1: the whole of what is mapped there */
	int flags;		/* -1: always */
	uint64_t when;		/* else: when one of these bits is set */
	int err;
	bool huge;		/* it can be one of huge pages */
} ranges[] = {
	{ SYS_ID_munmap,		0, 1, -1, 0,			EINVAL,	false },
	{ SYS_ID_mmap,			0, 1, 3, MAP_FIXED,		ENOMEM,	true },
	{ SYS_ID_mmap2,			0, 1, 3, MAP_FIXED,		ENOMEM,	true },
	{ SYS_ID_mremap,		0, 1, -1, 0,			EFAULT,	true },
	{ SYS_ID_mremap,		4, 2, 3, MREMAP_FIXED,		EINVAL,	true },
	{ SYS_ID_mprotect,		0, 1, -1, 0,			EACCES,	false },
	{ SYS_ID_pkey_mprotect,		0, 1, -1, 0,			EACCES,	false },
	{ SYS_ID_madvise,		0, 1, -1, 0,			EINVAL,	false },	/* DONTFORK: a child could map its own there */
	{ SYS_ID_mseal,			0, 1, -1, 0,			EINVAL,	false },
	{ SYS_ID_remap_file_pages,	0, 1, -1, 0,			EINVAL,	false },
	{ SYS_ID_mbind,			0, 1, -1, 0,			EFAULT,	false },
	{ SYS_ID_shmdt,			0, -1, -1, 0,			EINVAL,	false },
};

static bool
is_meant(const struct range *r, const struct sysevent *ev)
{
	return r->id == ev->id && (r->flags < 0 || ev->arg[r->flags].val & r->when);
}

/* Memory of no file that says nothing of huge pages has none. */
static bool
may_be_huge(const struct range *r, const struct sysevent *ev)
{
	uint64_t flags = r->flags < 0 ? 0 : ev->arg[r->flags].val;

	return r->huge && ((ev->id != SYS_ID_mmap && ev->id != SYS_ID_mmap2) || !(flags & MAP_ANONYMOUS) || (flags & MAP_HUGETLB));
}

static uint64_t
longest(uint64_t addr, uint64_t len)
{
	uint64_t most = len;

	for (size_t i = 0; i < sizeof(huge_pages); i++) {
		uint64_t page = UINT64_C(1) << huge_pages[i];

		if (!(addr & (page - 1)) && len <= UINT64_MAX - page)
			most = (len + page - 1) & ~(page - 1);
	}
	return most;
}

static uint64_t
untagged(uint64_t addr)
{
	return addr & ((UINT64_C(1) << ADDRESS_BITS) - 1);
}

static bool
touches(const struct window *w, const struct range *r, const struct sysevent *ev)
{
	uint64_t addr = untagged(ev->arg[r->addr].val), len = r->len < 0 ? 1 : ev->arg[r->len].val;

	return window_touches(w, addr, may_be_huge(r, ev) ? longest(addr, len) : len);
}

/* A ring of io_setup(2) that is moved keeps its first length, whatever has become of the rest; io_destroy(2) unmaps as much. */
static bool
moves_ring(const struct window *w, const struct sysevent *ev)
{
	uint64_t to;

	if (ev->id == SYS_ID_mremap && ev->arg[3].val & MREMAP_FIXED)
		to = ev->arg[4].val;
	else if (ev->id == SYS_ID_io_destroy && w->late)
		to = ev->arg[0].val;
	else
		return false;
	return window_touches(w, untagged(to), AIO_MOST);
}

static uint64_t
last_of(const struct window *w)
{
	return w->cradle > w->at ? w->cradle : w->at;
}

/* The heap ends above a window that was put into a hole in it. */
static bool
shrinks_heap(const struct window *w, const struct sysevent *ev)
{
	return ev->id == SYS_ID_brk && w->in_heap && ev->arg[0].val && ev->arg[0].val < last_of(w) + WINDOW_SIZE;
}

/* An attachment anywhere may be as long as its segment, which is not known here: above the window all are harmless. */
static bool
attaches_over(const struct window *w, const struct sysevent *ev)
{
	return ev->id == SYS_ID_shmat && (ev->arg[2].val & SHM_REMAP) && ev->arg[1].val < last_of(w) + WINDOW_SIZE;
}

/* Of whoever's: its owner could change its mode, and write it. */
static bool
names_segment(const struct sysevent *ev)
{
	return (ev->id == SYS_ID_shmat || ev->id == SYS_ID_shmctl) && window_is_segment((int)ev->arg[0].val);
}

int
ranges_refuse(const struct window *w, const struct sysevent *ev)
{
	if (names_segment(ev))
		return EINVAL;
	if (!w)
		return 0;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const struct range *r = &ranges[i];

		if (is_meant(r, ev) && touches(w, r, ev))
			return r->err;
	}
	if (attaches_over(w, ev) || moves_ring(w, ev) || shrinks_heap(w, ev))
		return EINVAL;
	if (ev->id == SYS_ID_uselib)
		return ENOSYS;		/* maps where the file says */
	return ev->id == SYS_ID_prctl && (int)ev->arg[0].val == PR_SET_MM ? EPERM : 0;
}
