/* SPDX-License-Identifier: ISC */
#include "tracer/sysmap.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

enum { MAX_NR = 4096 };	/* x86's numbers end far below; a table that says otherwise is broken */

static void
fill(struct sysmap *m, size_t i, const struct abi *abi)
{
	size_t n = abi->ncalls ? abi->calls[abi->ncalls - 1].nr + 1 : 0;

	if (n > MAX_NR)
		abort();
	m->abi[i].id = xcalloc(n, sizeof(uint16_t));
	m->abi[i].n = n;
	for (size_t c = 0; c < abi->ncalls; c++)
		m->abi[i].id[abi->calls[c].nr] = (uint16_t)sysdesc_find(abi->calls[c].name);
}

void
sysmap_init(struct sysmap *m, const struct arch *arch)
{
	memset(m, 0, sizeof(*m));
	m->arch = arch;
	if (arch->nabis > sizeof(m->abi) / sizeof(*m->abi))
		abort();
	for (size_t i = 0; i < arch->nabis; i++)
		fill(m, i, &arch->abis[i]);
}

void
sysmap_free(struct sysmap *m)
{
	for (size_t i = 0; i < sizeof(m->abi) / sizeof(*m->abi); i++)
		free(m->abi[i].id);
	memset(m, 0, sizeof(*m));
}

enum sys_id
sysmap_id(const struct sysmap *m, const struct abi *abi, uint32_t nr)
{
	size_t i = (size_t)(abi - m->arch->abis);

	return nr < m->abi[i].n ? m->abi[i].id[nr] : SYS_ID_none;
}
