/* SPDX-License-Identifier: ISC */
#include "arch/arch.h"

#include <string.h>

#include "arch/arch_int.h"

static const struct arch *const arches[] = {
#define ARCH(name)	&arch_##name,
#include "arch/arch.def"
#undef ARCH
};

const struct arch *
arch_native(void)
{
#if defined(__x86_64__)
	return &arch_x86_64;
#elif defined(__i386__)
	return &arch_i386;
#elif defined(__aarch64__)
	return &arch_aarch64;
#else
#error "no descriptor for this architecture: see arch.def"
#endif
}

const struct arch *
arch_at(size_t i)
{
	return i < sizeof(arches) / sizeof(arches[0]) ? arches[i] : NULL;
}

/* All bits that mark some ABI among those the kernel reports alike. */
static uint32_t
flags_of(const struct arch *a, uint32_t audit_arch)
{
	uint32_t flags = 0;

	for (size_t i = 0; i < a->nabis; i++)
		if (a->abis[i].audit_arch == audit_arch)
			flags |= a->abis[i].nr_flag;
	return flags;
}

/*
 * A number of -1 has every bit set and marks no ABI: it is what a tracer
 * writes so that the kernel skips the call, and what a program may ask for
 * itself.
 */
const struct abi *
arch_abi(const struct arch *a, uint32_t audit_arch, uint64_t raw_nr, uint32_t *nr)
{
	uint32_t n = (uint32_t)raw_nr;
	uint32_t flag = n == UINT32_MAX ? 0 : n & flags_of(a, audit_arch);

	*nr = n & ~flag;
	for (size_t i = 0; i < a->nabis; i++)
		if (a->abis[i].audit_arch == audit_arch && a->abis[i].nr_flag == flag)
			return &a->abis[i];
	return NULL;
}

/* What lies above the bits that the hardware looks at is a tag; the highest that counts says whose half it is. */
uint64_t
abi_address(const struct abi *abi, uint64_t v)
{
	unsigned above = 64 - abi->address_bits;

	if (abi->wordsize == sizeof(uint32_t))
		return (uint32_t)v;
	return (uint64_t)((int64_t)(v << above) >> above);
}

const struct regset *
arch_regset(const struct arch *a, size_t size)
{
	for (size_t i = 0; i < a->nregsets; i++)
		if (a->regsets[i].size == size)
			return &a->regsets[i];
	return NULL;
}

const struct regset *
arch_regset_of(const struct arch *a, uint32_t audit_arch)
{
	for (size_t i = 0; i < a->nregsets; i++)
		if (a->regsets[i].audit_arch == audit_arch)
			return &a->regsets[i];
	return NULL;
}

const char *
abi_call_name(const struct abi *abi, uint32_t nr)
{
	size_t lo = 0, hi = abi->ncalls;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (abi->calls[mid].nr == nr)
			return abi->calls[mid].name;
		if (abi->calls[mid].nr < nr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

int64_t
abi_call_nr(const struct abi *abi, const char *name)
{
	for (size_t i = 0; i < abi->ncalls; i++)
		if (!strcmp(abi->calls[i].name, name))
			return abi->calls[i].nr;
	return -1;
}
