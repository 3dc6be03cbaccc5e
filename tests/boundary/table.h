/* SPDX-License-Identifier: ISC */
#ifndef TG_CALL_TABLE_H
#define TG_CALL_TABLE_H

/* tollgate's own tables of calls, read for what arguments look like that a call takes. */

#include "boundary.h"

#include <stddef.h>

enum kind {
	K_NONE,
#define KIND(id, width, where, help) K_##id,
#include "../../engine/argkinds.def"
#undef KIND
};

enum vocab {
	V_NONE,
#define VOCAB(id, style, help) V_##id,
#include "../../engine/vocabs.def"
#undef VOCAB
	VOCABS
};

enum id {
	ID_none,
#define SYS(name, family, ...) ID_##name,
#include "../../engine/syscalls.def"
#undef SYS
	IDS
};

enum { CALL_ARGS = 10 };

struct call {
	const char *name;
	struct { const char *name; uint8_t kind, vocab; } arg[CALL_ARGS];
};

#define NOARGS			{ NULL, K_NONE, V_NONE }
#define INT(n)			{ #n, K_INT, V_NONE }
#define IENUM(n, v)		{ #n, K_ENUM, V_##v }
#define UINT(n)			{ #n, K_UINT, V_NONE }
#define UINT16(n)		{ #n, K_UINT16, V_NONE }
#define LONG(n)			{ #n, K_LONG, V_NONE }
#define LENUM(n, v)		{ #n, K_ENUM, V_##v }
#define ULONG(n)		{ #n, K_ULONG, V_NONE }
#define OFF64(n)		{ #n, K_OFF64, V_NONE }
#define PTR(n)			{ #n, K_PTR, V_NONE }
#define FLAGS(n, v)		{ #n, K_FLAGS, V_##v }
#define LFLAGS(n, v)		{ #n, K_LFLAGS, V_##v }
#define ENUM(n, v)		{ #n, K_ENUM, V_##v }
#define DOMAIN(n)		{ #n, K_DOMAIN, V_AF }
#define SIG(n)			{ #n, K_SIG, V_SIG }
#define FD(n)			{ #n, K_FD, V_NONE }
#define FDR(n, r)		{ #n, K_FD, V_NONE }
#define DIRFD(n)		{ #n, K_DIRFD, V_DIRFD }
#define PID(n)			{ #n, K_PID, V_NONE }
#define PIDR(n, r)		{ #n, K_PID, V_NONE }
#define KILLPID(n, r)		{ #n, K_KILLPID, V_NONE }
#define PIDFD(n, r)		{ #n, K_PIDFD, V_NONE }
#define STR(n)			{ #n, K_STR, V_NONE }
#define PATH(n, r)		{ #n, K_PATH, V_NONE }
#define PATHE(n, r, c)		{ #n, K_PATH, V_NONE }
#define LPATH(n, r)		{ #n, K_PATH, V_NONE }
#define LPATHE(n, r, c)		{ #n, K_PATH, V_NONE }
#define ENTRY(n, r)		{ #n, K_ENTRY, V_NONE }
#define SOCKADDR(n, r)		{ #n, K_SOCKADDR, V_NONE }
#define MSGHDR(n, r)		{ #n, K_MSGHDR, V_NONE }
#define MMSGHDR(n, r)		{ #n, K_MMSGHDR, V_NONE }
#define OPENHOW(n)		{ #n, K_OPENHOW, V_NONE }
#define CLONEARGS(n)		{ #n, K_CLONEARGS, V_NONE }
#define ARGV(n)			{ #n, K_ARGV, V_NONE }
#define VIRT(n, v)		{ #n, K_VIRT, V_##v }

static const struct call calls[IDS] = {
	[ID_none] = { "none", { NOARGS } },
#define SYS(name, family, ...) [ID_##name] = { #name, { __VA_ARGS__ } },
#include "../../engine/syscalls.def"
#undef SYS
};

#undef NOARGS
#undef INT
#undef UINT
#undef UINT16
#undef LONG
#undef ULONG
#undef OFF64
#undef PTR
#undef FLAGS
#undef LFLAGS
#undef ENUM
#undef SIG
#undef FD
#undef PID
#undef STR
#undef PATH
#undef ENTRY

static const struct { uint8_t vocab; uint64_t value; } constants[] = {
#define CONST(v, name, value) { V_##v, (uint64_t)(value) },
#include "../../engine/constants.def"
#undef CONST
};
enum { NCONSTANTS = sizeof(constants) / sizeof(*constants) };

/* Calls that carry others in a block of memory; where the arguments of those come from. */
struct source { uint8_t in_block, reg, index, given; };

struct carried {
	uint16_t carrier, meant;
	uint32_t call;
	struct source from[6];
};

static const struct carried carried[] = {
#define REG(r)		{ 0, r, 0, 1 }
#define WORD(r, i)	{ 1, r, i, 1 }
#define DEMUX(carrier, mask, call, meant, ...) { ID_##carrier, ID_##meant, call, { __VA_ARGS__ } },
#include "../../engine/demux.def"
#undef DEMUX
#undef WORD
#undef REG
};
enum { NCARRIED = sizeof(carried) / sizeof(*carried) };

/* Numbers; x32 has those of x86_64. */
#define CALL(nr, name) [nr] = ID_##name,
static const uint16_t ids_x86_64[TALLY_NRS] = {
#include "../../arch/x86_64.tbl"
#include "../../arch/common.tbl"
};
static const uint16_t ids_i386[TALLY_NRS] = {
#include "../../arch/i386.tbl"
#include "../../arch/common.tbl"
};
static const uint16_t ids_arm[TALLY_NRS] = {
#include "../../arch/arm.tbl"
#include "../../arch/common.tbl"
};
static const uint16_t ids_aarch64[TALLY_NRS] = {
#include "../../arch/aarch64.tbl"
#include "../../arch/common.tbl"
};
#undef CALL

static const uint16_t *
ids_of(enum abi abi)
{
#if defined(__arm__)
	(void)abi, (void)ids_x86_64, (void)ids_i386, (void)ids_aarch64;
	return ids_arm;
#elif defined(__aarch64__)
	(void)abi, (void)ids_x86_64, (void)ids_i386, (void)ids_arm;
	return ids_aarch64;
#elif defined(__i386__)
	(void)abi, (void)ids_x86_64, (void)ids_arm, (void)ids_aarch64;
	return ids_i386;
#else
	(void)ids_arm, (void)ids_aarch64;
	return abi == ABI_INT80 ? ids_i386 : ids_x86_64;
#endif
}

static enum id
id_of(enum abi abi, uint64_t nr)
{
	nr = abi == ABI_X32 ? nr & ~(uint64_t)0x40000000 : nr;
	return nr < TALLY_NRS ? ids_of(abi)[nr] : ID_none;
}

/* Numbers of calls, the other way round; -1: this ABI has no such call. */
static int
nr_of(enum abi abi, enum id id)
{
	static int16_t nrs[ABIS][IDS];
	static int done[ABIS];

	if (!done[abi]) {
		for (int nr = TALLY_NRS - 1; nr >= 0; nr--)
			nrs[abi][ids_of(abi)[nr]] = (int16_t)(nr + 1);
		done[abi] = 1;
	}
	return nrs[abi][id] - 1;
}

#endif
