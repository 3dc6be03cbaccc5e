/* SPDX-License-Identifier: ISC */
#include "tracer/resolve_int.h"

#include <errno.h>
#include <linux/openat2.h>
#include <unistd.h>

/*
 * The kernel looks at the flags of a call before it looks for its names, and
 * which it takes is its own to say: it is asked by a call of ours with the same
 * flags, on names that are nowhere.
 */

enum { NOWHERE_FD = -1 };

/* Of calls that execute or mount something not even that is made. */
static bool
is_harmless(const struct job *j)
{
	unsigned rights = 0;

	for (unsigned i = 0; i < SYS_MAXARGS; i++)
		rights |= j->desc->arg[i].rights;
	return !(rights & R_EXEC);
}

/* What it is called with, in place of the argument. */
static long
nowhere(const struct job *j, unsigned i, const struct open_how *how)
{
	const struct argdesc *d = &j->desc->arg[i];

	if (d->kind == A_DIRFD || d->kind == A_FD || d->kind == A_PIDFD)
		return NOWHERE_FD;
	if (d->kind == A_PATH || d->kind == A_LPATH || d->kind == A_ENTRY)
		return (long)"";
	if (d->kind == A_OPENHOW)
		return (long)how;
	return d->kind == A_PTR || kinddesc_table[d->kind].where == IN_MEM ? 0 : (long)j->ev->arg[i].val;
}

static uint64_t
virtual(const struct job *j, const char *name)
{
	int i = sysdesc_arg(j->desc, name);

	return i < 0 ? 0 : j->ev->arg[i].val;
}

/* -errno of that call. */
static int
made_nowhere(const struct job *j)
{
	const struct sysdesc *native = &sysdesc_table[j->desc->family];
	int64_t nr = abi_call_nr(&arch_native()->abis[0], native->name);
	const struct open_how how = { virtual(j, "flags"), virtual(j, "mode"), virtual(j, "resolve") };
	long arg[6] = { 0 };

	for (unsigned i = 0; i < 6; i++)
		if (kinddesc_table[j->desc->arg[i].kind].width != W_NOREG)
			arg[i] = nowhere(j, i, &how);
	if (nr < 0 || syscall(nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]) >= 0)
		return 0;
	return -errno;
}

int
resolve_flags(struct job *j, bool fails)
{
	bool asks = job_has(j, V_RESOLVE) || (fails && (job_value(j, V_AT) || job_value(j, V_RENAME) || job_has(j, V_PIDFD)));
	int err = asks && is_harmless(j) ? made_nowhere(j) : 0;

	return err == -EINVAL || err == -E2BIG || err == -ENOSYS ? err : 0;
}
