/* SPDX-License-Identifier: ISC */
#ifndef TG_GATE_H
#define TG_GATE_H

/*
 * A call by the instruction itself: any number, six registers, nothing of
 * libc's between.  Always in the caller's own frame, and without a stack, so
 * that what returns twice with one memory (vfork) can.
 */

#include "boundary.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { X32_BIT = 0x40000000 };

#if defined(__x86_64__)

static inline __attribute__((always_inline)) long
gate_native(uint64_t nr, const uint64_t *a)
{
	register uint64_t four __asm__("r10") = a[3], five __asm__("r8") = a[4], six __asm__("r9") = a[5];
	long r;

	__asm__ volatile("syscall" : "=a"(r), "+r"(four), "+r"(five), "+r"(six)
	    : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]) : "rcx", "r11", "memory");
	return r;
}

/* The gate of 32-bit code, from 64-bit code. */
static inline __attribute__((always_inline)) long
gate_int80(uint64_t nr, const uint64_t *a)
{
	register uint64_t six __asm__("r14") = a[5];
	long r;

	__asm__ volatile("mov %%rbp, %%r15\n\tmov %%r14, %%rbp\n\tint $0x80\n\tmov %%r15, %%rbp" : "=a"(r), "+r"(six)
	    : "a"(nr), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
	    : "r8", "r9", "r10", "r11", "r15", "memory");
	return (int)r;
}

static inline __attribute__((always_inline)) long
gate_call(enum abi abi, uint64_t nr, const uint64_t *a)
{
	return abi == ABI_INT80 ? gate_int80(nr, a) : gate_native(nr, a);
}

#elif defined(__i386__)

/* ebp cannot be had without the stack: it is the caller's own, but where six are asked for. */
static inline __attribute__((always_inline)) long
gate_call(enum abi abi, uint64_t nr, const uint64_t *a)
{
	uint32_t last[2] = { (uint32_t)a[5], (uint32_t)nr };
	long r;

	(void)abi;
	if (last[0])
		__asm__ volatile("push %%ebp\n\tmov (%%eax), %%ebp\n\tmov 4(%%eax), %%eax\n\tint $0x80\n\tpop %%ebp" : "=a"(r)
		    : "a"(last), "b"((uint32_t)a[0]), "c"((uint32_t)a[1]), "d"((uint32_t)a[2]), "S"((uint32_t)a[3]),
		    "D"((uint32_t)a[4]) : "memory");
	else
		__asm__ volatile("int $0x80" : "=a"(r)
		    : "a"((uint32_t)nr), "b"((uint32_t)a[0]), "c"((uint32_t)a[1]), "d"((uint32_t)a[2]), "S"((uint32_t)a[3]),
		    "D"((uint32_t)a[4]) : "memory");
	return r;
}

#else

static inline long
gate_call(enum abi abi, uint64_t nr, const uint64_t *a)
{
	long r = syscall((long)nr, a[0], a[1], a[2], a[3], a[4], a[5]);

	(void)abi;
	return r < 0 ? -errno : r;
}

#endif

/* The ABIs that this program can call by. */
static inline unsigned
gate_abis(void)
{
#ifdef __x86_64__
	return ABIS;
#else
	return 1;
#endif
}

/* What a word is to the code behind that gate. */
static inline unsigned
gate_word(enum abi abi)
{
	return abi == ABI_INT80 ? 4 : sizeof(long);
}

#endif
