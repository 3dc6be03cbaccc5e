/* SPDX-License-Identifier: ISC */
/*
 * Puts a filter on itself and executes a program:  filtered FILE PROGRAM [ARG]...
 * Without PROGRAM it makes calls whose answers need no look at any object, and
 * prints what each ended with.  FILE "-" is no filter.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BAD	((long)0xdead0000)		/* no descriptor and no address */
#define HIGH	((long)(1ull << 62))	/* what the kernel cuts off; a word of 32 bits has nothing there */

/* Flags that there are none of: it makes no child. */
static uint64_t no_clone[8] = { ~(uint64_t)0 };

/* Each fails with EBADF, EFAULT, EINVAL or the like when it is let in, or does no harm. */
static const struct {
	const char *name;
	long nr, arg[4];
} calls[] = {
	{ "getpid", SYS_getpid, { 0 } },
	{ "getppid", SYS_getppid, { 0 } },
	{ "getuid", SYS_getuid, { 0 } },
	{ "umask", SYS_umask, { 022 } },
	{ "socket unix", SYS_socket, { 1, 1, 0 } },
	{ "socket unix, high bits", SYS_socket, { 1 | HIGH, 1, 0 } },
	{ "socket inet", SYS_socket, { 2, 1, 0 } },
	{ "socket inet, high bits", SYS_socket, { 2 | HIGH, 1, 0 } },
	{ "socket inet6", SYS_socket, { 10, 1, 0 } },
	{ "socket netlink", SYS_socket, { 16, 3, 0 } },
	{ "socket family 99", SYS_socket, { 99, 1, 0 } },
	{ "ioctl TCGETS", SYS_ioctl, { -1, 0x5401, 0 } },
	{ "ioctl TIOCSTI", SYS_ioctl, { -1, 0x5412, 0 } },
	{ "ioctl TIOCSTI, high bits", SYS_ioctl, { -1, 0x5412 | HIGH, 0 } },
	{ "ioctl FIONREAD", SYS_ioctl, { -1, 0x541b, 0 } },
	{ "ioctl 0", SYS_ioctl, { -1, 0, 0 } },
	{ "fcntl F_GETFD", SYS_fcntl, { -1, 1, 0 } },
	{ "fcntl F_GETFL", SYS_fcntl, { -1, 3, 0 } },
	{ "fcntl F_SETSIG", SYS_fcntl, { -1, 10, 9 } },
	{ "prctl PR_GET_NAME", SYS_prctl, { 16, BAD, 0 } },
	{ "prctl PR_SET_DUMPABLE 5", SYS_prctl, { 4, 5, 0 } },
	{ "prctl PR_SET_MM", SYS_prctl, { 35, 0, 0 } },
	{ "mprotect RWX", SYS_mprotect, { 1, 4096, 7 } },
	{ "mprotect RX", SYS_mprotect, { 1, 4096, 5 } },
	{ "mprotect RW", SYS_mprotect, { 1, 4096, 3 } },
	{ "madvise 4", SYS_madvise, { 1, 4096, 4 } },
	{ "madvise 100", SYS_madvise, { 1, 4096, 100 } },
	{ "prlimit64 ask", SYS_prlimit64, { 0, 99, 0, 0 } },
	{ "prlimit64 set", SYS_prlimit64, { 0, 99, BAD, 0 } },
	{ "personality ask", SYS_personality, { 0xffffffff } },
	{ "setns", SYS_setns, { -1, 0 } },
	{ "unshare 0", SYS_unshare, { 0 } },
	{ "clone3", 435, { (long)no_clone, sizeof(no_clone) } },
	{ "io_uring_setup", 425, { 0, 0 } },
	{ "bpf", SYS_bpf, { -1, 0, 0 } },
	{ "perf_event_open", SYS_perf_event_open, { 0, 0, -1, -1 } },
	{ "userfaultfd", SYS_userfaultfd, { -1 } },
	{ "init_module", SYS_init_module, { 0, 0, 0 } },
	{ "reboot", SYS_reboot, { 0, 0, 0, 0 } },
	{ "setpriority group", SYS_setpriority, { 1, 0x7ffffff0, 0 } },
	{ "sched_setscheduler", SYS_sched_setscheduler, { 0, 99, 0 } },
	{ "keyctl", SYS_keyctl, { 99, 0, 0 } },
	{ "add_key", SYS_add_key, { 0, 0, 0, 0 } },
	{ "quotactl_fd", 443, { -1, 0, 0, 0 } },
	{ "no such call", 4000, { 0 } },
	{ "flock", SYS_flock, { -1, 2 } },
	{ "fsync", SYS_fsync, { -1 } },
	{ "listen", SYS_listen, { -1, 1 } },
	{ "setsockopt", SYS_setsockopt, { -1, 0, 4, 0 } },
	{ "getsockopt", SYS_getsockopt, { -1, 1, 3, 0 } },
};

static int
put_on(const char *file)
{
	static struct sock_filter insn[4096];
	struct sock_fprog prog = { 0, insn };
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, insn, sizeof(insn));

	close(fd);
	if (n <= 0)
		return -1;
	prog.len = (unsigned short)((size_t)n / sizeof(insn[0]));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

int
main(int argc, char **argv)
{
	long result[sizeof(calls) / sizeof(calls[0])];
	unsigned n = sizeof(calls) / sizeof(calls[0]);

	if (argc < 2 || (strcmp(argv[1], "-") && put_on(argv[1]))) {
		perror("filtered");
		return 2;
	}
	if (argc > 2) {
		execv(argv[2], argv + 2);
		perror(argv[2]);
		return 1;
	}
	for (unsigned i = 0; i < n; i++) {
		const long *arg = calls[i].arg;

		result[i] = syscall(calls[i].nr, arg[0], arg[1], arg[2], arg[3]) == -1 ? errno : 0;
	}
	for (unsigned i = 0; i < n; i++)
		printf("%s: %s\n", calls[i].name, result[i] ? strerror((int)result[i]) : "done");
	return 0;
}
