/* SPDX-License-Identifier: ISC */
#include "tracer/abi_calls.h"

/* Numbers with another ABI's flag come by the same gate (x32). */
static uint32_t
limit_of(const struct arch *arch, const struct abi *abi)
{
	for (size_t i = 0; !abi->nr_flag && i < arch->nabis; i++)
		if (arch->abis[i].audit_arch == abi->audit_arch && arch->abis[i].nr_flag)
			return arch->abis[i].nr_flag;
	return 0;
}

void
abi_calls(const struct arch *arch, const struct abi *abi, struct export_call *call, struct export_abi *out)
{
	*out = (struct export_abi){
		.name = abi->name, .oci = abi->name, .systemd = abi->name,
		.audit_arch = abi->audit_arch, .nr_limit = limit_of(arch, abi), .wordsize = abi->wordsize,
		.pairs_aligned = abi->pairs_aligned, .call = call, .ncalls = abi->ncalls,
	};
	for (size_t i = 0; i < abi->ncalls; i++)
		call[i] = (struct export_call){ abi->calls[i].nr, sysdesc_find(abi->calls[i].name), abi->calls[i].name };
}

const struct demux *
abi_next_carrier(const struct abi *abi, enum sys_id meant, const struct demux *last)
{
	for (const struct demux *m = last ? last + 1 : demux_table; m < demux_table + ndemux; m++)
		if (m->meant == meant && abi_call_nr(abi, sysdesc_table[m->carrier].name) >= 0)
			return m;
	return NULL;
}
