/* SPDX-License-Identifier: ISC */
#include "tracer/unfold.h"

#include <errno.h>
#include <string.h>

#include "engine/demux.h"
#include "tracer/remote.h"

/* The words that a row takes from memory lie in one block. */
static unsigned
block_size(const struct demux *d, unsigned *reg)
{
	unsigned words = 0;

	for (unsigned i = 0; i < SYS_MAXREGS; i++) {
		if (d->source[i].kind != DEMUX_WORD)
			continue;
		*reg = d->source[i].reg;
		if (d->source[i].word >= words)
			words = d->source[i].word + 1U;
	}
	return words;
}

static int
copy_block(const struct rawcall *raw, const struct demux *d, struct pins *pins, struct arena *arena)
{
	unsigned reg = 0, size = raw->abi->wordsize, words = block_size(d, &reg);
	uint64_t from = raw->args[reg];
	void *bytes;

	if (!words)
		return 0;
	bytes = arena_alloc(arena, words * size);
	if (!bytes)
		return -ENOMEM;
	pins->pin[pins->n++] = (struct pin){ { IN_REGISTER, (uint16_t)reg }, { NOWHERE, 0 }, bytes, words * size };
	return remote_read(raw->tid, (tracee_addr){ abi_address(raw->abi, from) }, bytes, words * size);
}

/* One argument of the carried call, and where it is. */
static uint64_t
take(const struct rawcall *raw, const struct demux_source *from, const struct pins *pins, struct place *place)
{
	unsigned size = raw->abi->wordsize;
	uint64_t value = 0;

	*place = (struct place){ NOWHERE, 0 };
	if (from->kind == DEMUX_REG) {
		*place = (struct place){ IN_REGISTER, from->reg };
		value = raw->args[from->reg];
	} else if (from->kind == DEMUX_WORD) {
		*place = (struct place){ 0, (uint16_t)(from->word * size) };
		memcpy(&value, (const char *)pins->pin[0].bytes + place->at, size);
	}
	return value;
}

int
unfold(const struct rawcall *raw, enum sys_id *id, uint64_t reg[SYS_MAXREGS], struct place place[SYS_MAXREGS],
    struct pins *pins, struct arena *arena)
{
	const struct demux *d;
	int err;

	if (!demux_carries(*id))
		return 0;
	d = demux_find(*id, (uint32_t)raw->args[0]);
	*id = d ? (enum sys_id)d->meant : SYS_ID_none;
	err = d ? copy_block(raw, d, pins, arena) : 0;
	for (unsigned i = 0; d && !err && i < SYS_MAXREGS; i++)
		reg[i] = take(raw, &d->source[i], pins, &place[i]);
	return err;
}
