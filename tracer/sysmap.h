/* SPDX-License-Identifier: ISC */
#ifndef TG_SYSMAP_H
#define TG_SYSMAP_H

#include <stddef.h>
#include <stdint.h>

#include "arch/arch.h"
#include "engine/sysdesc.h"

/* (ABI, number) -> identity, for every ABI of the native architecture. */
struct sysmap {
	const struct arch *arch;
	struct {
		uint16_t *id;	/* by number, from the first one on; SYS_ID_none in the holes */
		uint32_t first;
		size_t n;	/* those that are far above are looked up by name */
	} abi[4];
};

void sysmap_init(struct sysmap *, const struct arch *);
void sysmap_free(struct sysmap *);

/* SYS_ID_none for a number that is in no table. */
enum sys_id sysmap_id(const struct sysmap *, const struct abi *, uint32_t nr);

#endif
