/* SPDX-License-Identifier: ISC */
#ifndef TG_DEMUX_H
#define TG_DEMUX_H

/* Calls that carry other calls: demux.def, whose comment names the columns. */

#include <stddef.h>
#include <stdint.h>

#include "engine/sysdesc.h"

/* Where an argument of the carried call comes from. */
enum demux_kind { DEMUX_ZERO, DEMUX_REG, DEMUX_WORD };

struct demux_source {
	uint8_t kind;		/* enum demux_kind */
	uint8_t reg;		/* DEMUX_REG: the register; DEMUX_WORD: the one that points to the block */
	uint8_t word;		/* DEMUX_WORD: index into the block */
};

struct demux {
	uint16_t carrier, meant;	/* enum sys_id */
	uint32_t mask, call;
	struct demux_source source[SYS_MAXREGS];
};

extern const struct demux demux_table[];
extern const size_t ndemux;

/* The row for a carrier called with that first register; NULL when there is none. */
const struct demux *demux_find(enum sys_id carrier, uint32_t first);

/* Whether a call carries others at all. */
bool demux_carries(enum sys_id);

#endif
