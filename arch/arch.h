/* SPDX-License-Identifier: ISC */
#ifndef TG_ARCH_H
#define TG_ARCH_H

/*
 * What is different from one processor to the next, as constant data: no
 * ptrace, no I/O.  One descriptor per architecture (arch/<name>.c, one line in
 * arch.def), one table of numbers and names per ABI (arch/<abi>.tbl, derived
 * from the kernel's headers by arch/mktables.sh).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A syscall number and the name the kernel's headers give it in that ABI. */
struct sysnum {
	uint32_t nr;
	const char *name;
};

/* What is in the result's register when a filter of the kernel's has trapped a call. */
enum trap_returns {
	TRAP_NUMBER,		/* the call's number (x86) */
	TRAP_ARGUMENT,		/* its first argument (arm) */
};

/*
 * A calling convention.  Several can share a processor and even a program:
 * x86-64 code can pass through the i386 gate with int $0x80.
 */
struct abi {
	const char *name;		/* "x86_64", "i386", "x32" */
	uint32_t audit_arch;		/* AUDIT_ARCH_*, as PTRACE_GET_SYSCALL_INFO reports it */
	uint32_t nr_flag;		/* bit that marks this ABI's numbers (x32's bit 30), else 0 */
	unsigned wordsize;		/* bytes in a register argument: 4 or 8 */
	unsigned address_bits;		/* of a pointer that say where it points: above them is a tag */
	bool pairs_aligned;		/* 64-bit values start at an even register (arm) */
	unsigned gate_size;		/* bytes of the instruction that makes a call */
	unsigned vdso_return;		/* programs call through the vdso: bytes from sp to where that returns; 0: they do not */
	unsigned map_low;		/* mmap(2)'s flag for addresses that a narrower ABI of the same program reaches; 0: none */
	enum trap_returns trap_returns;
	bool supported;			/* false: every call is refused (x32) */
	const struct sysnum *calls;	/* sorted by nr; nr_flag is not part of it */
	size_t ncalls;
};

/* A second ABI whose calls come with a register set: where that has its arguments. */
struct gate {
	uint32_t audit_arch;
	unsigned width;			/* bytes of an argument */
	size_t arg[6];
};

/*
 * Code to which a call can return instead of to where it was made: it loads
 * registers from memory and goes on there.  Before it stands the instruction
 * that makes a call, because a kernel that makes one again goes back by that.
 */
enum { STUB_SIZE = 80, STUB_WORDS = 8 };
struct stub {
	unsigned char code[STUB_SIZE];
	unsigned entry;			/* where the call returns to, behind that instruction */
	unsigned nwords;
	struct {
		size_t reg;		/* what is loaded, where the call was made among it ... */
		unsigned at;		/* ... and where in the code the address is that it comes from: four bytes, below 2 GiB */
	} word[STUB_WORDS];
	size_t link;			/* set to where the call returns to, which is the kernel's shorter way out */
	size_t state;			/* a register; with one of these bits in it a program looks at each instruction */
	uint64_t steps;
};

/*
 * Code in which a new task stops itself until somebody takes it out of there
 * (cradle.h).  It makes calls, and uses no stack.
 */
enum { CRADLE_SIZE = 32, CRADLE_CHANGES = 8, CRADLE_SEGMENTS = 4 };
struct cradle {
	unsigned char code[CRADLE_SIZE];
	unsigned nchanges;
	/* The register that says where code begins, and its values with which that is address 0; else the code would be elsewhere. */
	size_t segment;
	uint16_t flat[CRADLE_SEGMENTS];	/* 0: none */
	size_t changes[CRADLE_CHANGES];	/* the registers that are not what they were, where the ABI's other code runs as well */
};

/* Where a register set keeps what tollgate reads and changes; bytes from the start of NT_PRSTATUS. */
struct regset {
	size_t size;			/* of the whole set: tells which of an architecture's sets it is */
	unsigned width;			/* bytes of one register */
	uint32_t audit_arch;		/* AUDIT_ARCH_* of the ABI whose set it is */
	size_t nr, ret, ip, sp;
	size_t call;			/* where a program puts the number before it makes a call */
	/* Where code comes in two widths of instructions (arm): not one of short_state set in .state means long_gate. */
	unsigned long_gate;		/* bytes of the instruction that makes a call; 0: always abi.gate_size */
	size_t state;
	uint64_t short_state;
	size_t arg[6];
	/* A call that is to be skipped gets another number, and its result, at the entry already. */
	int32_t skip_nr;		/* one that does nothing */
	unsigned nr_set;		/* NT_*: the number is changed in this set of its own, of four bytes; 0: in .nr */
	/* For kernels that do not say what a syscall stop is (before 5.3). */
	size_t marker;			/* a register that the kernel sets before a syscall-enter-stop ... */
	int64_t entered;		/* ... to this; at the exit-stop it is something else, or the call's result */
	bool sure;			/* it is never the call's result: what looks like an entry is one */
	const struct gate *other;	/* NULL: this set comes with calls of one ABI only */
	const struct stub *stub;	/* NULL: none; calls of the set's ABI return to where they were made */
	const struct cradle *cradle;	/* NULL: none; no kernel needs it that is new enough for the architecture */
	size_t mode;			/* with .other: a register that is .other_mode in code of that ABI */
	uint64_t other_mode;
};

struct arch {
	const char *name;
	const struct abi *abis;		/* most specific first; the first is the native one */
	size_t nabis;
	const struct regset *regsets;
	size_t nregsets;
};

/* The architecture tollgate was built for. */
const struct arch *arch_native(void);

/* All known ones, by index; NULL past the end. */
const struct arch *arch_at(size_t i);

/*
 * The ABI of a call, from what the kernel reports.  NULL when it is none that
 * we know.  *nr is cut to the 32 bits the kernel uses and loses the ABI's flag.
 */
const struct abi *arch_abi(const struct arch *, uint32_t audit_arch, uint64_t raw_nr, uint32_t *nr);

/* Where a pointer of a program's points, as the kernel takes it: without a tag, cut to the ABI's width. */
uint64_t abi_address(const struct abi *, uint64_t);

/* The register set whose size the kernel returned; NULL when there is none. */
const struct regset *arch_regset(const struct arch *, size_t size);

/* The register set of the ABI with that AUDIT_ARCH_*; NULL when there is none. */
const struct regset *arch_regset_of(const struct arch *, uint32_t audit_arch);

/* The name of a call; NULL when the number is not in the table. */
const char *abi_call_name(const struct abi *, uint32_t nr);

/* The number of a call; -1 when this ABI does not have it. */
int64_t abi_call_nr(const struct abi *, const char *name);

#endif
