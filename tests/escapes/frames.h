/* SPDX-License-Identifier: ISC */
#ifndef TG_FRAMES_H
#define TG_FRAMES_H

/*
 * Code that is come to by a signal frame with registers of our own choice, and
 * that ends with an invalid instruction.  All of it lies below 4 GiB, where
 * 32-bit code can be, too.
 */

#include "../tracee/attempt.h"

#if defined(__x86_64__) || defined(__i386__)
#define HAVE_FRAMES 1
#include <setjmp.h>
#include <ucontext.h>

#ifdef __x86_64__
enum { R_AX = REG_RAX, R_IP = REG_RIP, R_SP = REG_RSP };
#else
enum { R_AX = REG_EAX, R_IP = REG_EIP, R_SP = REG_ESP };
#endif

static char *low;		/* a path, then from 128 on code; a stack ends at 32768 */
static sigjmp_buf frame_back;
static void (*frame_change)(greg_t *regs);
static greg_t frame_end[NGREG];	/* with which registers it ended */
#ifdef __x86_64__
static unsigned long frame_tls;
#endif

/* Of a file: a policy may map nothing that is anonymous and executable. */
static void
begin_frames(const char *path)
{
	int fd = open("code", O_RDWR | O_CREAT, 0600), flags = MAP_PRIVATE;

#ifdef __x86_64__
	flags |= MAP_32BIT;
	syscall(SYS_arch_prctl, 0x1003 /* ARCH_GET_FS */, &frame_tls);
#endif
	if (fd < 0 || ftruncate(fd, 65536) < 0)
		_exit(4);
	low = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, flags, fd, 0);
	if (low == MAP_FAILED)
		_exit(4);
	close(fd);
	strcpy(low, path);
}

static void
puts_frame(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)sig;
	(void)info;
	u->uc_mcontext.gregs[R_IP] = (greg_t)(uintptr_t)(low + 128);
	u->uc_mcontext.gregs[R_SP] = (greg_t)(uintptr_t)(low + 32768);
	frame_change(u->uc_mcontext.gregs);
}

/* Whoever writes the registers of 32-bit code takes the thread pointer away. */
static void
ends_frame(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)sig;
	(void)info;
#ifdef __x86_64__
	long r;

	__asm__ volatile("syscall" : "=a"(r) : "a"((long)SYS_arch_prctl), "D"(0x1002L), "S"(frame_tls) : "memory", "rcx", "r11");
#endif
	memcpy(frame_end, u->uc_mcontext.gregs, sizeof(frame_end));
	siglongjmp(frame_back, 1);
}

/* What its first register was at the end. */
static long
run_frame(const void *code, size_t size, void (*change)(greg_t *))
{
	static char other_stack[65536];
	stack_t ss = { .ss_sp = other_stack, .ss_size = sizeof(other_stack) };
	struct sigaction sa = { .sa_sigaction = puts_frame, .sa_flags = SA_SIGINFO };

	memcpy(low + 128, code, size);
	frame_change = change;
	sigaltstack(&ss, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	sa.sa_sigaction = ends_frame;
	sa.sa_flags |= SA_ONSTACK;
	sigaction(SIGILL, &sa, NULL);
	if (sigsetjmp(frame_back, 1) == 0)
		raise(SIGUSR1);
	return (long)frame_end[R_AX];
}

#endif
#endif
