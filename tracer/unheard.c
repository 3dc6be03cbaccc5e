/* SPDX-License-Identifier: ISC */
#include "tracer/unheard.h"

#include <errno.h>
#include <signal.h>

#include "engine/demux.h"
#include "tracer/procs.h"
#include "tracer/registers.h"

/* The kernel's own, which programs never see: the call is made again, or ends with EINTR when a handler runs. */
enum { RESTART_NO_HANDLER = 514 };

enum { LIMIT_OF_IPC = 5 };	/* where ipc(2) has it, that carries semtimedop(2) */

enum limit { LIMIT_NONE, LIMIT_POINTER, LIMIT_NUMBER };

/* Calls that end with EINTR whatever comes, and where the time is that they may take: NULL or below 0 is for ever. */
static const struct wait {
	enum sys_id id;
	enum limit limit;
	unsigned arg;
} waits[] = {
	{ SYS_ID_epoll_wait,		LIMIT_NUMBER,	3 },
	{ SYS_ID_epoll_pwait,		LIMIT_NUMBER,	3 },
	{ SYS_ID_epoll_pwait2,		LIMIT_POINTER,	3 },
	{ SYS_ID_rt_sigtimedwait,	LIMIT_POINTER,	2 },
	{ SYS_ID_semop,			LIMIT_NONE,	0 },
	{ SYS_ID_semtimedop,		LIMIT_POINTER,	3 },
	{ SYS_ID_io_getevents,		LIMIT_POINTER,	4 },
	{ SYS_ID_io_pgetevents,		LIMIT_POINTER,	4 },
};

/* Is what a call returns where its first argument was?  Then that is lost (arm). */
static bool
overwrites_argument(const struct registers *r)
{
	return r->set->ret == r->set->arg[0];
}

static uint64_t
argument(const struct registers *r, unsigned i)
{
	return registers_get(r, registers_args(r, registers_code(r))[i]);
}

static bool
is_endless(const struct registers *r, const struct wait *w, bool carried)
{
	uint64_t value = argument(r, carried ? LIMIT_OF_IPC : w->arg);

	return w->limit == LIMIT_NONE || (w->limit == LIMIT_POINTER ? !value : (int32_t)value < 0);
}

static bool
waits_without_end(const struct sysmap *map, const struct registers *r)
{
	uint32_t nr;
	const struct abi *abi = arch_abi(map->arch, registers_code(r), registers_get(r, r->set->nr), &nr);
	enum sys_id id = abi ? sysmap_id(map, abi, nr) : SYS_ID_none;
	const struct demux *d = demux_carries(id) ? demux_find(id, (uint32_t)argument(r, 0)) : NULL;

	id = d ? (enum sys_id)d->meant : id;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
		if (sysdesc_table[id].family == waits[i].id)
			return is_endless(r, &waits[i], d);
	return false;
}

int
unheard(const struct sysmap *map, const struct tracee *t, int sig)
{
	struct registers r;
	int err = registers_load(map->arch, t->tid, &r);

	if (err)
		return err;
	if ((int32_t)registers_get(&r, r.set->ret) != -EINTR || overwrites_argument(&r) || !waits_without_end(map, &r))
		return 0;
	if (sig && !procs_ignores_signal(t->tid, sig))
		return 0;
	registers_put(&r, r.set->ret, -RESTART_NO_HANDLER);
	return registers_store(t->tid, &r);
}
