/* SPDX-License-Identifier: ISC */
#ifndef TG_SAMECORE_H
#define TG_SAMECORE_H

/*
 * A task that makes many calls waits for tollgate most of the time, and each
 * of them is awake while the other sleeps.  On one core the kernel passes from
 * one to the other without waking another core, in a third of the time.  So a
 * busy task is moved to tollgate's core, and let go when it computes.
 *
 * The program does not see it: its affinity is as it was whenever it asks for
 * it, sets it, or hands it on to a child.  (/proc/PID/status shows it moved.)
 */

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

enum { SAMECORE_AUTO = -1, SAMECORE_OFF = -2 };

struct session;
struct tracee;

/* Tollgate's part. */
struct samecore {
	int mode;		/* SAMECORE_*, or the number of a core */
	int cpu;		/* where tollgate is bound to while it has guests; -1: nowhere */
	cpu_set_t own;		/* where it may run otherwise */
	uint64_t ticked;	/* ns */
	bool ticks;
};

/* A task's. */
struct guest {
	unsigned calls;		/* since `since`, or the last tick when it was moved */
	uint64_t since;		/* ns */
	bool moved;
	cpu_set_t own;		/* where it may run otherwise */
};

/* Takes "auto", "off" or a core's number.  0, or -EINVAL, -errno after a message. */
int samecore_init(struct samecore *, const char *how);

/* At each call that stops it. */
void samecore_count(struct session *, struct tracee *);
/* Between two waits: some of them end for a tick. */
void samecore_tick(struct session *);
/* Where it may run is to be seen, set, or inherited. */
void samecore_release(struct session *, struct tracee *);

#endif
