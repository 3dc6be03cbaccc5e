/* SPDX-License-Identifier: ISC */
#include "tracer/older.h"

#include <stdint.h>

#include "lib/xalloc.h"
#include "tracer/procs.h"

struct older {
	pid_t pid;
	uint64_t start;
};

/* Kept to the end: where the kernel takes its time, tasks are looked for later, too. */
static struct {
	struct older *free;
	pid_t *sharer;
	size_t nfree, free_cap, nsharers, sharer_cap;
} noted;

static void
note(pid_t pid, void *ctx)
{
	pid_t main_pid = *(pid_t *)ctx;

	if (pid == main_pid)
		return;
	if (procs_share_memory(pid, main_pid)) {
		xgrow(&noted.sharer, noted.nsharers, &noted.sharer_cap, sizeof(*noted.sharer));
		noted.sharer[noted.nsharers++] = pid;
		return;
	}
	xgrow(&noted.free, noted.nfree, &noted.free_cap, sizeof(*noted.free));
	noted.free[noted.nfree++] = (struct older){ pid, procs_start(pid) };
}

static bool
is_sharer(pid_t pid)
{
	for (size_t i = 0; i < noted.nsharers; i++)
		if (noted.sharer[i] == pid)
			return true;
	return false;
}

pid_t
older_note(pid_t pid)
{
	noted.nfree = noted.nsharers = 0;
	procs_each(note, &pid);
	for (size_t i = 0; i < noted.nsharers; i++) {
		pid_t parent = procs_parent(noted.sharer[i]);

		if (parent != pid && !is_sharer(parent) && !procs_is_dead(noted.sharer[i]))
			return noted.sharer[i];
	}
	return 0;
}

bool
older_stays_free(pid_t pid)
{
	for (size_t i = 0; i < noted.nfree; i++)
		if (noted.free[i].pid == pid)
			return noted.free[i].start == procs_start(pid);
	return false;
}
