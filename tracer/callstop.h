/* SPDX-License-Identifier: ISC */
#ifndef TG_CALLSTOP_H
#define TG_CALLSTOP_H

/*
 * What a syscall stop is: entry or exit, of which ABI, with which arguments.
 * The kernel says so since 5.3; before, the registers do, what is known of the
 * call in progress, and /proc/TID/syscall.
 */

#include "arch/arch.h"
#include "tracer/pt.h"
#include "tracer/tracee.h"

/* At a syscall stop.  0 or -errno; -ESRCH: the task died under us. */
int callstop_read(const struct arch *, const struct tracee *, struct pt_call *);

/* At any other stop: where the task is, and of what ABI its code is.  0 or -errno. */
int callstop_place(const struct arch *, pid_t tid, struct pt_call *);

#endif
