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

#include "rawcall.h"

/* Of a ucontext_t. */
#if defined(__x86_64__)
#define RESULT	gregs[REG_RAX]
#define IP	gregs[REG_RIP]
#elif defined(__i386__)
#define RESULT	gregs[REG_EAX]
#define IP	gregs[REG_EIP]
#elif defined(__aarch64__)
#define RESULT	regs[0]
#define IP	pc
#elif defined(__arm__)
#define RESULT	arm_r0
#define IP	arm_pc
#endif

static struct utsname *asked;	/* the call's argument */

/* What the call seems to have returned so far. */
static const char *
looks_like(unsigned long result)
{
	if (result == SYS_uname)
		return "its number";
	return result == (unsigned long)asked ? "its argument" : "neither";
}

static void
handler(int sig, siginfo_t *si, void *context)
{
	ucontext_t *u = context;

	dprintf(1, "signal %d code %d errno %d call %d arch %#x result %s here %d\n", sig, si->si_code, si->si_errno,
	    si->si_syscall, si->si_arch, looks_like((unsigned long)u->uc_mcontext.RESULT),
	    si->si_call_addr == (void *)(unsigned long)u->uc_mcontext.IP);
	u->uc_mcontext.RESULT = 42;
}


static void *
makes_the_call(void *arg)
{
	struct utsname u;

	asked = &u;
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
