/* SPDX-License-Identifier: ISC */
#include "engine/demux.h"

#define REG(r)		{ DEMUX_REG, r, 0 }
#define WORD(r, i)	{ DEMUX_WORD, r, i }

const struct demux demux_table[] = {
#define DEMUX(carrier, mask, call, meant, ...) \
	{ SYS_ID_##carrier, SYS_ID_##meant, mask, call, { __VA_ARGS__ } },
#include "engine/demux.def"
#undef DEMUX
};
const size_t ndemux = sizeof(demux_table) / sizeof(demux_table[0]);

const struct demux *
demux_find(enum sys_id carrier, uint32_t first)
{
	for (size_t i = 0; i < ndemux; i++)
		if (demux_table[i].carrier == carrier && (first & demux_table[i].mask) == demux_table[i].call)
			return &demux_table[i];
	return NULL;
}

bool
demux_carries(enum sys_id id)
{
	for (size_t i = 0; i < ndemux; i++)
		if (demux_table[i].carrier == id)
			return true;
	return false;
}
