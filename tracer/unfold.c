/* SPDX-License-Identifier: ISC */
#include "tracer/unfold.h"

#include <string.h>

#include "engine/demux.h"
#include "tracer/remote.h"

/* One argument of the carried call. */
static int
fetch(const struct rawcall *raw, const struct demux_source *from, uint64_t *value)
{
	unsigned size = raw->abi->wordsize;
	uint64_t block = raw->args[from->reg];

	*value = 0;
	if (from->kind == DEMUX_REG)
		*value = block;
	if (from->kind != DEMUX_WORD)
		return 0;
	if (size == 4)
		block = (uint32_t)block;
	return remote_read(raw->tid, (tracee_addr){ block + (uint64_t)from->word * size }, value, size);
}

int
unfold(const struct rawcall *raw, enum sys_id *id, uint64_t reg[SYS_MAXREGS])
{
	const struct demux *d;
	int err = 0;

	if (!demux_carries(*id))
		return 0;
	d = demux_find(*id, (uint32_t)raw->args[0]);
	*id = d ? (enum sys_id)d->meant : SYS_ID_none;
	for (unsigned i = 0; d && !err && i < SYS_MAXREGS; i++)
		err = fetch(raw, &d->source[i], &reg[i]);
	return err;
}
