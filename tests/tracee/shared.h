/* SPDX-License-Identifier: ISC */
#ifndef TG_SHARED_H
#define TG_SHARED_H

/* What a driver of tests, the program that is traced, and a tollgate that is made to fail have in common. */

#include <stdatomic.h>

/* How tollgate fails, of itself: tests/chaos/fault.c. */
enum fault { FAULT_NONE, FAULT_KILL, FAULT_SEGV, FAULT_ABORT, FAULT_EXIT, FAULT_NO_MEMORY, FAULT_WAIT, FAULT_THREAD };

struct shared {
	atomic_int ready, gate;
	atomic_int fault;
	atomic_int countdown;	/* stops that tollgate waits for before it fails */
	int tid;		/* who passes the gate */
};

#endif
