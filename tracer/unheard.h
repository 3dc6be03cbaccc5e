/* SPDX-License-Identifier: ISC */
#ifndef TG_UNHEARD_H
#define TG_UNHEARD_H

/*
 * A signal that a process ignores wakes nobody, unless there is a tracer: then
 * the kernel ends what the task waits for, so that the tracer can be told.
 * Most such calls it makes again by itself; a few it never does (signal(7)),
 * and a program without any handler would see an EINTR.  The same goes for a
 * task that is asked to stop while somebody attaches.
 */

#include "tracer/sysmap.h"
#include "tracer/tracee.h"

/*
 * At a signal-delivery-stop, or at the stop that was asked for, sig being 0: a
 * wait without end that was broken off for that alone is begun anew, unless a
 * signal with a handler is next.  0 or -errno.
 */
int unheard(const struct sysmap *, const struct tracee *, int sig);

#endif
