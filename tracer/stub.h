/* SPDX-License-Identifier: ISC */
#ifndef TG_STUB_H
#define TG_STUB_H

/*
 * A stub: where a call returns to whose registers were changed, so that no stop
 * is needed to put them back.  It is code in the program, which loads what the
 * registers were and goes on where the call was made.  A program with a filter
 * has stops only at entries, so the next stop says that the call is over, or,
 * where the task is still in its stub, that it may be made again.  Whatever
 * stops it there, what it shows is as if it had returned.
 *
 * The code is a part of the window's file that is mapped once more, to be
 * executed; what it loads lies in the window, which the program can only read.
 * Nothing of tollgate's hangs on either: what a task does with its registers
 * between two of its calls is its own business.
 */

#include "tracer/registers.h"
#include "tracer/stop.h"
#include "tracer/tracee.h"

/* Where it is in the window's file. */
enum {
	STUB_CODE_AT	= WINDOW_SIZE - WINDOW_CODE,
	STUB_WORDS_AT	= STUB_CODE_AT - WINDOW_CODE,
	STUBS		= WINDOW_CODE / STUB_SIZE,
};

/* Of programs of that ABI; NULL: there is none. */
const struct stub *stub_of(const struct arch *, const struct abi *);

/* The window is mapped where it is to be, and its last pages once more, there. */
void stub_mapped(struct window *, uint64_t code_at);

/*
 * At a filter's stop: have the call return by a stub, which `now` is changed
 * for and .hold remembers.  It need not be so: then the call ends with a stop.
 */
void stub_take(struct tracee *, const struct abi *, const struct registers *before, struct registers *now);
void stub_give(struct hold *);		/* where there is one */

/*
 * Before anything looks at a task that has stopped: its registers are its own
 * and what its last call held is released.  0 or -errno.  A fault of the stub's
 * own is no signal any more.
 */
int stub_settle(const struct arch *, struct tracee *, struct stop *);

/* Releases what calls held that are over, where that can be seen without a stop: of tasks that wait for something else. */
void stub_sweep(struct tracees *);

#endif
