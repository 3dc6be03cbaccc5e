/* SPDX-License-Identifier: ISC */
#include "tracer/ranges.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>

/* A call that names a range: in which arguments its address and length are, and when it matters. */
static const struct range {
	enum sys_id id;
	int addr, len;		/* len -1: the whole of what is mapped there */
	int flags;		/* -1: always */
	uint64_t when;		/* else: when one of these bits is set */
	int err;
} ranges[] = {
	{ SYS_ID_munmap,		0, 1, -1, 0,			EINVAL },
	{ SYS_ID_mmap,			0, 1, 3, MAP_FIXED,		ENOMEM },
	{ SYS_ID_mmap2,			0, 1, 3, MAP_FIXED,		ENOMEM },
	{ SYS_ID_mremap,		0, 1, -1, 0,			EFAULT },
	{ SYS_ID_mremap,		4, 2, 3, MREMAP_FIXED,		EINVAL },
	{ SYS_ID_mprotect,		0, 1, -1, 0,			EACCES },
	{ SYS_ID_pkey_mprotect,		0, 1, -1, 0,			EACCES },
	{ SYS_ID_madvise,		0, 1, -1, 0,			EINVAL },	/* DONTFORK: a child could map its own there */
	{ SYS_ID_mseal,			0, 1, -1, 0,			EINVAL },
	{ SYS_ID_remap_file_pages,	0, 1, -1, 0,			EINVAL },
	{ SYS_ID_mbind,			0, 1, -1, 0,			EFAULT },
	{ SYS_ID_shmdt,			0, -1, -1, 0,			EINVAL },
};

static bool
is_meant(const struct range *r, const struct sysevent *ev)
{
	return r->id == ev->id && (r->flags < 0 || ev->arg[r->flags].val & r->when);
}

/* An attachment anywhere may be as long as its segment, which is not known here: above the window all are harmless. */
static bool
attaches_over(const struct window *w, const struct sysevent *ev)
{
	uint64_t last = w->cradle > w->at ? w->cradle : w->at;

	return ev->id == SYS_ID_shmat && (ev->arg[2].val & SHM_REMAP) && ev->arg[1].val < last + WINDOW_SIZE;
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

		if (is_meant(r, ev) &&
		    window_touches(w, ev->arg[r->addr].val, r->len < 0 ? 1 : ev->arg[r->len].val))
			return r->err;
	}
	if (attaches_over(w, ev))
		return EINVAL;
	if (ev->id == SYS_ID_uselib)
		return ENOSYS;		/* maps where the file says */
	return ev->id == SYS_ID_prctl && (int)ev->arg[0].val == PR_SET_MM ? EPERM : 0;
}
