/* SPDX-License-Identifier: ISC */
#include "tracer/pt.h"

#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arch/arch.h"

/* The kernel's struct ptrace_syscall_info; glibc and the kernel's header clash over its name. */
struct syscall_info {
	uint8_t op;
	uint8_t pad[3];
	uint32_t arch;
	uint64_t ip;
	uint64_t sp;
	union {
		struct {
			uint64_t nr;
			uint64_t args[6];
		} entry;
		struct {
			int64_t ret;
			uint8_t is_error;
		} exit;
		struct {
			uint64_t nr;
			uint64_t args[6];
			uint32_t data;
		} filter;
	} u;
};

/*
 * A request is an enum of its own with one C library and an int with another.
 * GETREGS is nothing that every processor's headers speak of; its kernel refuses it then.
 */
static const int get_syscall_info = 0x420e, getregs = 12, setregs = 13;
static const uint8_t op_filter = 3;	/* PTRACE_SYSCALL_INFO_SECCOMP: as an entry, and the filter's data */

static int
result(long r)
{
	return r < 0 ? -errno : 0;
}

static unsigned features;

bool
pt_has(enum pt_feature f)
{
	return (features & f) == f;
}

void
pt_use_filters(bool use)
{
	features = use ? features | PT_FILTER : features & ~(unsigned)PT_FILTER;
}

static unsigned long
options(void)
{
	return (pt_has(PT_EXITKILL) ? PTRACE_O_EXITKILL : 0) | (pt_has(PT_FILTER) ? PTRACE_O_TRACESECCOMP : 0) |
	    PTRACE_O_TRACESYSGOOD |
	    PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
}

enum patience { FOREVER, A_MOMENT };

/* Of a moment, 0.2 s of sleep; -EAGAIN when it is over. */
static int
wait_for_stop(pid_t tid, enum patience patience, int *status)
{
	const struct timespec tick = { 0, 100000 };
	pid_t got = 0;

	for (int ticks = 2000; !got && ticks > 0; ticks -= patience) {
		got = waitpid(tid, status, __WALL | (patience == FOREVER ? 0 : WNOHANG));
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (!got)
			nanosleep(&tick, NULL);
	}
	return got < 0 ? -errno : got ? 0 : -EAGAIN;
}

int
pt_without_exec_trap(pid_t tid, int sig)
{
	siginfo_t info;

	if (sig != SIGTRAP || pt_get_siginfo(tid, &info) < 0)
		return sig;
	return info.si_code == SI_USER && info.si_pid == tid ? 0 : sig;
}

/* What else it stopped for is delivered. */
static int
wait_for_sigstop(pid_t tid, enum patience patience)
{
	int status, err;

	for (;;) {
		err = wait_for_stop(tid, patience, &status);
		if (err)
			return err;
		if (!WIFSTOPPED(status))
			return -ESRCH;
		if (WSTOPSIG(status) == SIGSTOP)
			return 0;
		err = pt_continue(tid, pt_without_exec_trap(tid, WSTOPSIG(status)));
		if (err)
			return err;
	}
}

int
pt_set_options(pid_t tid)
{
	return result(ptrace(PTRACE_SETOPTIONS, tid, 0, options()));
}

static struct {
	pid_t tid;		/* our own thread's */
	void (*meanwhile)(void *ctx);
	void *ctx;
	volatile sig_atomic_t waits;
} begins;

/* Of us nothing is under way but that request, which the kernel makes anew. */
static void
still_waits(int sig)
{
	int err = errno;

	if (begins.waits && (pid_t)syscall(SYS_gettid) == begins.tid)
		begins.meanwhile(begins.ctx);
	else if (begins.waits)
		syscall(SYS_tkill, begins.tid, sig);
	errno = err;
}

static int
begin(bool seize, pid_t tid)
{
	return result(seize ? ptrace(PTRACE_SEIZE, tid, 0, options()) : ptrace(PTRACE_ATTACH, tid, 0, 0));
}

/* Every 20 ms that the request takes something is done. */
static int
begin_running(bool seize, pid_t tid)
{
	const struct itimerval moment = { { 0, 20000 }, { 0, 20000 } };
	const struct sigaction wakes = { .sa_handler = still_waits };
	struct sigaction before;
	struct itimerval timer;
	int err;

	begins.tid = (pid_t)syscall(SYS_gettid);
	sigaction(SIGALRM, &wakes, &before);
	setitimer(ITIMER_REAL, &moment, &timer);
	begins.waits = 1;
	err = begin(seize, tid);
	begins.waits = 0;
	setitimer(ITIMER_REAL, &timer, NULL);
	sigaction(SIGALRM, &before, NULL);
	return err;
}

/* Stopped. */
static int
attach(pid_t tid, enum patience patience)
{
	int err = patience == FOREVER ? begin(false, tid) : begin_running(false, tid);

	err = err ? err : wait_for_sigstop(tid, patience);
	return err ? err : pt_set_options(tid);
}

static int
seize(pid_t tid, enum patience patience)
{
	int err;

	if (pt_has(PT_SEIZE))
		return patience == FOREVER ? begin(true, tid) : begin_running(true, tid);
	err = attach(tid, patience);
	return err ? err : pt_resume(tid, 0);
}

int
pt_seize(pid_t tid)
{
	return seize(tid, FOREVER);
}

int
pt_seize_running(pid_t tid, void (*meanwhile)(void *ctx), void *ctx)
{
	begins.meanwhile = meanwhile;
	begins.ctx = ctx;
	return seize(tid, A_MOMENT);
}

int
pt_resume(pid_t tid, int sig)
{
	return result(ptrace(PTRACE_SYSCALL, tid, 0, (long)sig));
}

int
pt_continue(pid_t tid, int sig)
{
	return result(ptrace(PTRACE_CONT, tid, 0, (long)sig));
}

/* Without LISTEN a stopped task would never hear of its SIGCONT. */
int
pt_listen(pid_t tid)
{
	if (!pt_has(PT_SEIZE))
		return pt_resume(tid, 0);
	return result(ptrace(PTRACE_LISTEN, tid, 0, 0));
}

int
pt_interrupt(pid_t tid)
{
	if (pt_has(PT_SEIZE))
		return result(ptrace(PTRACE_INTERRUPT, tid, 0, 0));
	return result(syscall(SYS_tkill, tid, SIGSTOP));
}

int
pt_detach(pid_t tid, int sig)
{
	return result(ptrace(PTRACE_DETACH, tid, 0, (long)sig));
}

int
pt_event_msg(pid_t tid, unsigned long *msg)
{
	*msg = 0;
	return result(ptrace(PTRACE_GETEVENTMSG, tid, 0, msg));
}

int
pt_call(pid_t tid, struct pt_call *c)
{
	struct syscall_info info;
	long n;

	memset(c, 0, sizeof(*c));
	memset(&info, 0, sizeof(info));
	n = ptrace(get_syscall_info, tid, sizeof(info), &info);
	if (n < 0)
		return -errno;
	if ((size_t)n < offsetof(struct syscall_info, u))
		return -EPROTO;
	c->audit_arch = info.arch;
	c->ip = info.ip;
	c->sp = info.sp;
	if (info.op == PT_ENTRY || info.op == op_filter) {
		c->op = PT_ENTRY;
		c->nr = info.u.entry.nr;
		memcpy(c->args, info.u.entry.args, sizeof(c->args));
		c->data = info.op == op_filter ? info.u.filter.data : 0;
	} else if (info.op == PT_EXIT) {
		c->op = PT_EXIT;
		c->ret = info.u.exit.ret;
	}
	return 0;
}

/* Registers that tell what code runs are not 0 all of them. */
static bool
is_blank(const unsigned char *buf, size_t len)
{
	while (len && !buf[len - 1])
		len--;
	return !len;
}

int
pt_getregs(pid_t tid, void *buf, size_t *len)
{
	struct iovec iov = { buf, *len };
	int err;

	memset(buf, 0, *len);
	if (pt_has(PT_REGSET)) {
		if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &iov) < 0)
			return -errno;
		*len = iov.iov_len;
		return 0;
	}
	if (*len < arch_native()->regsets[0].size)
		return -EINVAL;
	*len = arch_native()->regsets[0].size;
	err = result(ptrace(getregs, tid, 0, buf));
	return err || !is_blank(buf, *len) ? err : -EPROTO;
}

int
pt_setregs(pid_t tid, const void *buf, size_t len)
{
	struct iovec iov = { (void *)buf, len };

	if (!pt_has(PT_REGSET))
		return result(ptrace(setregs, tid, 0, iov.iov_base));
	return result(ptrace(PTRACE_SETREGSET, tid, (void *)NT_PRSTATUS, &iov));
}

int
pt_setset(pid_t tid, unsigned set, const void *buf, size_t len)
{
	struct iovec iov = { (void *)buf, len };

	return result(ptrace(PTRACE_SETREGSET, tid, (void *)(uintptr_t)set, &iov));
}

int
pt_get_siginfo(pid_t tid, siginfo_t *info)
{
	return result(ptrace(PTRACE_GETSIGINFO, tid, 0, info));
}

int
pt_set_siginfo(pid_t tid, const siginfo_t *info)
{
	return result(ptrace(PTRACE_SETSIGINFO, tid, 0, info));
}

static const int get_signal_mask = 0x420a, set_signal_mask = 0x420b;

int
pt_set_blocked(pid_t tid, uint64_t mask)
{
	return result(ptrace(set_signal_mask, tid, sizeof(mask), &mask));
}

int
pt_block_signals(pid_t tid, uint64_t *before)
{
	int err = result(ptrace(get_signal_mask, tid, sizeof(*before), before));

	return err ? err : pt_set_blocked(tid, UINT64_MAX);
}

int
pt_peek(pid_t tid, uint64_t addr, uint64_t *word)
{
	long w;

	errno = 0;
	w = ptrace(PTRACE_PEEKDATA, tid, (void *)(uintptr_t)addr, 0);
	if (w == -1 && errno)
		return -errno;
	*word = (unsigned long)w;
	return 0;
}

/* The probe */

/* Leaves the victim stopped, by the best means there is. */
static int
stop_victim(pid_t victim, unsigned without)
{
	int status, err = -EIO;

	features = ~without & (PT_SEIZE | PT_EXITKILL);
	if (pt_has(PT_SEIZE))
		err = result(ptrace(PTRACE_SEIZE, victim, 0, options()));
	if (err == -EINVAL || err == -EIO) {
		features &= ~(unsigned)PT_EXITKILL;
		if (pt_has(PT_SEIZE))
			err = result(ptrace(PTRACE_SEIZE, victim, 0, options()));
	}
	if (err == -EPERM || err == -EACCES)
		return err;
	if (err) {
		features = 0;
		return attach(victim, FOREVER);
	}
	if (ptrace(PTRACE_INTERRUPT, victim, 0, 0) < 0)
		return -errno;
	return waitpid(victim, &status, __WALL) == victim && WIFSTOPPED(status) ? 0 : -ESRCH;
}

static void
look_at(pid_t victim, unsigned without)
{
	unsigned char regs[1024];
	size_t len = sizeof(regs);
	struct pt_call c;

	features |= PT_REGSET;
	if (without & PT_REGSET || pt_getregs(victim, regs, &len) < 0)
		features &= ~(unsigned)PT_REGSET;
	if (!(without & PT_SYSCALL_INFO) && pt_call(victim, &c) == 0)
		features |= PT_SYSCALL_INFO;
}

/* What no fall-back makes up for; NULL when there is nothing. */
static const char *
lacking(pid_t victim)
{
	unsigned set = arch_native()->regsets[0].nr_set;
	unsigned char regs[1024];
	size_t len = sizeof(regs);
	struct iovec iov = { regs, sizeof(regs) };

	if (pt_getregs(victim, regs, &len) < 0)
		return "registers cannot be read";
	if (set && ptrace(PTRACE_GETREGSET, victim, (void *)(uintptr_t)set, &iov) < 0)
		return "this kernel lets nobody change the number of a call (Linux 3.19 does)";
	return NULL;
}

const char *
pt_probe(unsigned without)
{
	const char *wrong = NULL;
	pid_t victim = fork();
	int err;

	if (victim < 0)
		return "fork failed";
	if (victim == 0)
		for (;;)
			pause();
	err = stop_victim(victim, without);
	if (!err) {
		look_at(victim, without);
		wrong = lacking(victim);
	} else if (err == -EPERM || err == -EACCES) {
		wrong = "ptrace(2) is forbidden here (a container's seccomp profile, or kernel.yama.ptrace_scope = 3)";
	} else {
		wrong = "ptrace(2) does not work on this kernel";
	}
	kill(victim, SIGKILL);
	while (waitpid(victim, NULL, __WALL) < 0 && errno == EINTR)
		;
	return wrong;
}
