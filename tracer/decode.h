/* SPDX-License-Identifier: ISC */
#ifndef TG_DECODE_H
#define TG_DECODE_H

/*
 * From registers to a call: identity, arguments cut to the width the kernel
 * uses, copies of the memory a verdict depends on.
 */

#include <sys/types.h>

#include "arch/arch.h"
#include "engine/sysevent.h"
#include "lib/arena.h"
#include "tracer/pins.h"
#include "tracer/sysmap.h"

/* A call as the kernel gave it. */
struct rawcall {
	pid_t tid;
	const struct abi *abi;
	uint32_t nr;		/* without the ABI's flag */
	uint64_t args[6];
};

/*
 * Fills *ev, and *pins with the memory that it was read from; copies are in the arena.  A number that is in no table is no
 * error: ev->id is SYS_ID_none.  Of several messages the first is decoded.  -EFAULT, -ENAMETOOLONG, -EINVAL, -E2BIG …:
 * an argument that tollgate cannot see, with the errno the kernel would give;
 * then ev holds what was decoded up to there, for the log.
 */
int decode(const struct sysmap *, const struct rawcall *, struct arena *, struct sysevent *ev, struct pins *);

#endif
