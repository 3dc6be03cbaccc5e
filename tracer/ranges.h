/* SPDX-License-Identifier: ISC */
#ifndef TG_RANGES_H
#define TG_RANGES_H

/*
 * Keeps the window in its place: calls that would unmap it, move it, put
 * something else there or keep a child from inheriting it are refused,
 * whatever a policy says.  The kernel itself holds that nobody writes there.
 */

#include "engine/sysevent.h"
#include "tracer/window.h"

/* 0, or the errno with which a call on the window's addresses, or on its segment, is refused. */
int ranges_refuse(const struct window *, const struct sysevent *);

#endif
