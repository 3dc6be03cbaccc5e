/* SPDX-License-Identifier: ISC */
#ifndef TG_UNFOLD_H
#define TG_UNFOLD_H

#include "tracer/decode.h"
#include "tracer/pins.h"

/*
 * i386's socketcall(2) and ipc(2) carry other calls, and two old calls keep
 * their arguments in memory: *id and reg become those of the call that is
 * meant, place says where each of them is, and the block they came from is a
 * pin.  Everything else is left as it is.  0, -EFAULT or -ENOMEM; a carried
 * call that does not exist makes *id SYS_ID_none.
 */
int unfold(const struct rawcall *, enum sys_id *id, uint64_t reg[SYS_MAXREGS], struct place place[SYS_MAXREGS],
    struct pins *, struct arena *);

#endif
