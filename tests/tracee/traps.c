/* SPDX-License-Identifier: ISC */
/*
 * What a trapped call looks like from inside.  The first argument is "filter":
 * a seccomp filter traps uname(2), or "policy": somebody else does.  The second
 * says how the signal is met.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__x86_64__)
#define RESULT	REG_RAX
#define IP	REG_RIP
#else
#define RESULT	REG_EAX
#define IP	REG_EIP
#endif

static void
handler(int sig, siginfo_t *si, void *context)
{
	ucontext_t *u = context;

	dprintf(1, "signal %d code %d errno %d call %d arch %#x result %lld here %d\n", sig, si->si_code, si->si_errno,
	    si->si_syscall, si->si_arch, (long long)u->uc_mcontext.gregs[RESULT],
	    si->si_call_addr == (void *)(unsigned long)u->uc_mcontext.gregs[IP]);
	u->uc_mcontext.gregs[RESULT] = 42;
}

static long
raw_uname(struct utsname *u)
{
	long r;

#if defined(__x86_64__)
	__asm__ volatile("syscall" : "=a"(r) : "0"(SYS_uname), "D"(u) : "rcx", "r11", "memory");
#else
	__asm__ volatile("int $0x80" : "=a"(r) : "0"(SYS_uname), "b"(u) : "memory");
#endif
	return r;
}

static void *
makes_the_call(void *arg)
{
	struct utsname u;

	dprintf(1, "returns %ld\n", raw_uname(&u));
	return arg;
}

static void
install_filter(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_uname, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(*code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0)
		exit(77);
}

int
main(int argc, char **argv)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	const char *how = argc > 2 ? argv[2] : "";
	sigset_t set;
	pthread_t t;

	if (argc > 1 && !strcmp(argv[1], "filter"))
		install_filter();
	sigemptyset(&set);
	sigaddset(&set, SIGSYS);
	if (!strcmp(how, "ignored"))
		signal(SIGSYS, SIG_IGN);
	else if (strcmp(how, "default") != 0)
		sigaction(SIGSYS, &sa, NULL);
	if (!strcmp(how, "blocked"))
		sigprocmask(SIG_BLOCK, &set, NULL);
	if (!strcmp(how, "pending")) {
		sigprocmask(SIG_BLOCK, &set, NULL);
		raise(SIGSYS);
	}
	makes_the_call(NULL);
	if (!strcmp(how, "twice"))
		makes_the_call(NULL);
	if (!strcmp(how, "thread") && pthread_create(&t, NULL, makes_the_call, NULL) == 0)
		pthread_join(t, NULL);
	if (!strcmp(how, "own"))
		signal(SIGSYS, SIG_DFL);
	raise(SIGSYS);		/* of its own: that one says so */
	return 3;
}
