/* SPDX-License-Identifier: ISC */
#ifndef TG_RAWCALL_H
#define TG_RAWCALL_H

/*
 * uname(2) by the instruction itself, at the place where this is used, and as
 * code that can be copied anywhere.
 */

#include <sys/syscall.h>
#include <sys/utsname.h>

/* The result, or a negative errno.  On arm r7 may be the compiler's own. */
static inline long
raw_uname(struct utsname *u)
{
#if defined(__x86_64__)
	long r;

	__asm__ volatile("syscall" : "=a"(r) : "0"(SYS_uname), "D"(u) : "rcx", "r11", "memory");
	return r;
#elif defined(__i386__)
	long r;

	__asm__ volatile("int $0x80" : "=a"(r) : "0"(SYS_uname), "b"(u) : "memory");
	return r;
#elif defined(__aarch64__)
	register long nr __asm__("x8") = SYS_uname, r __asm__("x0") = (long)u;

	__asm__ volatile("svc #0" : "+r"(r) : "r"(nr) : "memory");
	return r;
#elif defined(__arm__)
	register long r __asm__("r0") = (long)u;

	__asm__ volatile("mov r12, r7\n\tmov r7, %1\n\tsvc #0\n\tmov r7, r12" : "+r"(r) : "i"(SYS_uname) : "r12", "memory");
	return r;
#endif
}

/*
 * A function, and where a page can begin within it so that the call seems to
 * come from there and does not: inside of the instruction; where that lies in
 * one page always, behind it.
 */
#if defined(__x86_64__)
static const unsigned char stub[] = { 0xb8, 0x3f, 0, 0, 0, 0x0f, 0x05, 0xc3 };
enum { STUB_SPLIT = 6 };
#elif defined(__i386__)
static const unsigned char stub[] = {
	0x53, 0x8b, 0x5c, 0x24, 0x08, 0xb8, 0x7a, 0, 0, 0, 0xcd, 0x80, 0x5b, 0xc3
};
enum { STUB_SPLIT = 11 };
#elif defined(__aarch64__)
static const unsigned char stub[] = {
	0x08, 0x14, 0x80, 0xd2,		/* mov x8, #160 */
	0x01, 0x00, 0x00, 0xd4,		/* svc #0 */
	0xc0, 0x03, 0x5f, 0xd6,		/* ret */
};
enum { STUB_SPLIT = 8 };
#elif defined(__arm__)
static const unsigned char stub[] = {
	0x04, 0x70, 0x2d, 0xe5,		/* push {r7} */
	0x7a, 0x70, 0xa0, 0xe3,		/* mov r7, #122 */
	0x00, 0x00, 0x00, 0xef,		/* svc #0 */
	0x04, 0x70, 0x9d, 0xe4,		/* pop {r7} */
	0x1e, 0xff, 0x2f, 0xe1,		/* bx lr */
};
enum { STUB_SPLIT = 12 };
#endif

/* Some processors have to be told of code that was written. */
static inline void *
made_code(void *p, size_t len)
{
	__builtin___clear_cache((char *)p, (char *)p + len);
	return p;
}

#endif
