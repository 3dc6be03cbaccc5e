/* SPDX-License-Identifier: ISC */
#include "arch/arch_int.h"

const struct sysnum i386_calls[I386_NCALLS] = {
#define CALL(nr, name)	{ nr, #name },
#include "arch/i386.tbl"
#include "arch/common.tbl"
#undef CALL
};

const struct cradle i386_cradle = {
	.code = {
		0xb8, 0xe0, 0, 0, 0, 0xcd, 0x80,	/* gettid() */
		0x89, 0xc3,
		0xb9, 0x13, 0, 0, 0,			/* SIGSTOP */
		0xb8, 0xee, 0, 0, 0, 0xcd, 0x80,	/* tkill() */
		0xeb, 0xe9,				/* and again */
	},
	.segment = I386_CS,
	.flat = { 0x23, 0x73, 0xe023, 0xe073 },	/* with a 64-bit kernel and without, the last two under Xen */
	.nchanges = 3,
	.changes = { I386_EBX, I386_ECX, I386_ORIG_EAX },
};

static const struct abi abis[] = {
	ABI_I386,
};

static const struct regset regsets[] = {
	REGSET_I386,
};

const struct arch arch_i386 = {
	.name = "i386",
	.abis = abis,
	.nabis = sizeof(abis) / sizeof(abis[0]),
	.regsets = regsets,
	.nregsets = sizeof(regsets) / sizeof(regsets[0]),
};

#if defined(__i386__)
#include <sys/user.h>

#define SAME(reg, field) \
	_Static_assert(reg == offsetof(struct user_regs_struct, field), #field)
SAME(I386_EBX, ebx);
SAME(I386_ECX, ecx);
SAME(I386_EDX, edx);
SAME(I386_ESI, esi);
SAME(I386_EDI, edi);
SAME(I386_EBP, ebp);
SAME(I386_EAX, eax);
SAME(I386_ORIG_EAX, orig_eax);
SAME(I386_EIP, eip);
SAME(I386_CS, xcs);
SAME(I386_ESP, esp);
_Static_assert(I386_REGS == sizeof(struct user_regs_struct), "size");
#endif
