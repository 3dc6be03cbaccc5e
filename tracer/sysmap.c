/* SPDX-License-Identifier: ISC */
#include "tracer/sysmap.h"

#include <stdlib.h>
#include <string.h>

#include "lib/xalloc.h"

enum { SPAN = 1024 };	/* what an ABI shares with others lies in one block; arm has a few private numbers far above */

static void
fill(struct sysmap *m, size_t i, const struct abi *abi)
{
	m->abi[i].id = xcalloc(SPAN, sizeof(uint16_t));
	m->abi[i].first = abi->ncalls ? abi->calls[0].nr : 0;
	for (size_t c = 0; c < abi->ncalls && abi->calls[c].nr - m->abi[i].first < SPAN; c++) {
		m->abi[i].n = abi->calls[c].nr - m->abi[i].first + 1;
		m->abi[i].id[m->abi[i].n - 1] = (uint16_t)sysdesc_find(abi->calls[c].name);
	}
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
	uint32_t at = nr - m->abi[i].first;
	const char *name;

	if (at < m->abi[i].n)
		return m->abi[i].id[at];
	name = abi_call_name(abi, nr);
	return name ? sysdesc_find(name) : SYS_ID_none;
}
