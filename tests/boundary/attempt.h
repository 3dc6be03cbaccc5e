/* SPDX-License-Identifier: ISC */
#ifndef TG_BOUNDARY_ATTEMPT_H
#define TG_BOUNDARY_ATTEMPT_H

/* One call after the other: chosen, made, counted, and what came of it looked through for what is secret. */

#include "args.h"

#include <dirent.h>
#include <sys/time.h>

static struct tally *tally, own_tally;
static bool verbose;
static unsigned depth;

enum { FAULTS = 60 };	/* after so many it has broken more than can be mended */

static void child_life(void) __attribute__((noreturn));

/* Calls that names, addresses and tasks go through: half of all. */
static const uint16_t favourites[] = {
	ID_open, ID_openat, ID_openat, ID_openat2, ID_creat, ID_stat, ID_lstat, ID_newfstatat, ID_statx, ID_readlink, ID_readlinkat, ID_access, ID_faccessat2,
	ID_chdir, ID_fchdir, ID_truncate, ID_chmod, ID_fchmod, ID_fchmodat, ID_fchmodat2, ID_chown, ID_lchown, ID_fchownat, ID_utimensat, ID_futimesat, ID_utimes,
	ID_setxattr, ID_removexattr, ID_getxattr, ID_setxattrat, ID_mkdir, ID_mkdirat, ID_mknod, ID_mknodat, ID_symlink, ID_symlinkat, ID_link, ID_linkat,
	ID_unlink, ID_unlinkat, ID_rmdir, ID_rename, ID_renameat, ID_renameat2, ID_renameat2, ID_inotify_add_watch, ID_connect, ID_connect, ID_bind, ID_sendto,
	ID_sendmsg, ID_sendmsg, ID_sendmmsg, ID_recvmsg, ID_recvmmsg, ID_socket, ID_socketcall, ID_socketcall, ID_ipc, ID_execve, ID_execveat, ID_fork, ID_vfork, ID_clone,
	ID_clone3, ID_mmap, ID_munmap, ID_mremap, ID_mprotect, ID_madvise, ID_shmat, ID_old_mmap, ID_remap_file_pages, ID_dup2, ID_dup3, ID_fcntl, ID_ioctl,
	ID_kill, ID_tgkill, ID_prlimit64, ID_setrlimit, ID_prctl, ID_splice, ID_sendfile, ID_copy_file_range, ID_getdents64, ID_name_to_handle_at,
	ID_open_by_handle_at, ID_pidfd_open, ID_pidfd_getfd, ID_pidfd_send_signal, ID_process_vm_readv, ID_ptrace, ID_mq_open, ID_statfs, ID_listxattr,
	ID_oldstat, ID_stat64, ID_fstatat64, ID_chown16, ID_truncate64, ID_accept4, ID_setsockopt, ID_getsockopt, ID_file_setattr, ID_fanotify_mark,
	ID_seccomp, ID_chroot, ID_unshare, ID_setns, ID_io_uring_setup, ID_memfd_create, ID_uselib, ID_open_tree, ID_move_mount, ID_swapon, ID_acct,
};

/* Calls that end it all, and so are made seldom, or that the machine would feel. */
static bool
is_spared(enum id id)
{
	switch (id) {
	case ID_sync: case ID_syncfs: case ID_reboot: case ID_kexec_load: case ID_kexec_file_load:
		return true;
	case ID_exit: case ID_exit_group: case ID_rt_sigreturn: case ID_sigreturn: case ID_pause: case ID_rt_sigsuspend:
	case ID_sigsuspend: case ID_setsid: case ID_vhangup:
		return any(64) != 0;
	case ID_setuid: case ID_close_range: case ID_fork: case ID_vfork: case ID_clone: case ID_clone3: case ID_brk: case ID_nice:
		return any(4) != 0;
	default:
		return false;
	}
}

static uint64_t
any_number(enum abi abi)
{
	static const uint64_t wild[] = { ~(uint64_t)0, 0xffffffff, 0x7fffffff, 0x80000000, 0x3fffffff, 0xf0000, 1 << 16, 512, 520, 547, 548, 600 };
	int nr = -1;

	switch (any(20)) {
	case 0: return once_in(2) ? PICK(wild) : any64();
	case 1: return any(TALLY_NRS) | any64() << 32;
	case 2: case 3: return any(1101);
	case 4: case 5: case 6: return any(470);
	default:
		while (nr < 0)
			nr = nr_of(abi, PICK(favourites));
		return (uint64_t)nr;
	}
}

static void
choose(struct attempt *t)
{
	static const enum abi most[] = { ABI_NATIVE, ABI_NATIVE, ABI_NATIVE, ABI_NATIVE, ABI_NATIVE, ABI_NATIVE, ABI_INT80, ABI_INT80, ABI_INT80, ABI_INT80, ABI_X32 };

	do {
		memset(t, 0, sizeof(*t));
		t->abi = gate_abis() == 1 ? ABI_NATIVE : PICK(most);
		t->nr = any_number(t->abi);
		t->id = id_of(t->abi, (uint32_t)t->nr);
	} while (is_spared(t->id));
	if (t->abi == ABI_X32)
		t->nr |= X32_BIT;
	fill_call(t);
}

static void
tell(const struct attempt *t, const char *what, const char *more, char *line, size_t n)
{
	static const char *const names[] = { "native", "int80", "x32" };

	snprintf(line, n, "%s %s %s(%llx: %llx, %llx, %llx, %llx, %llx, %llx) %s", what, names[t->abi], calls[t->id].name, (unsigned long long)t->nr,
	    (unsigned long long)t->arg[0], (unsigned long long)t->arg[1], (unsigned long long)t->arg[2], (unsigned long long)t->arg[3],
	    (unsigned long long)t->arg[4], (unsigned long long)t->arg[5], more);
}

static void
say(const struct attempt *t, const char *what, const char *more)
{
	char line[400];

	tell(t, what, more, line, sizeof(line) - 1);
	strcat(line, "\n");
	if (write(TALLY_FD + 1, line, strlen(line)) < 0)
		verbose = false;
}

static void
count_call(const struct attempt *t, long r)
{
	struct abi_tally *a = &tally->abi[t->abi];
	uint64_t nr = t->abi == ABI_X32 ? t->nr & ~(uint64_t)X32_BIT : t->nr;

	count(&a->calls);
	count(&tally->turns);
	if (nr < TALLY_NRS)
		__atomic_or_fetch(&a->seen[nr / 32], (uint32_t)1 << nr % 32, __ATOMIC_RELAXED);
	else
		count(&a->wild);
	if (r == -EXFULL)
		count(&a->refused);
	else if (r >= 0 || r < -4095)
		count(&a->allowed);
}

/* Secrets, found and taken away, so that each is found once. */

static void
leaked(const struct attempt *t, const char *what)
{
	uint32_t n = __atomic_fetch_add(&tally->leaks, 1, __ATOMIC_RELAXED);

	if (n < TALLY_LEAKS)
		tell(t, what, "", tally->leak[n], LEAK_TEXT);
}

static void
scan(const struct attempt *t, char *p, size_t len)
{
	char *end = p + len, token[SECRET_LEN + 1];
	uint64_t v;

	for (char *q = p; (q = memchr(q, 't', (size_t)(end - q))) && q + SECRET_LEN <= end; q++)
		if (secret_is(q)) {
			memcpy(token, q, SECRET_LEN);
			token[SECRET_LEN] = '\0';
			leaked(t, token);
			memset(q, 0, SECRET_LEN);
		}
	for (char *q = p; q + 8 <= end; q += 8) {
		memcpy(&v, q, 8);
		if (size_is_secret(v)) {
			leaked(t, "size");
			memset(q, 0, 8);
		}
	}
}

/* Looks through a descriptor. */
static void
probe(const struct attempt *t, int fd)
{
	char *p = arena + AT_STACK + 6 * PAGE;
	struct stat *st = (struct stat *)p;
	long n;

	memset(p, 0, PAGE);
	n = pread(fd, p, PAGE, 0);
	if (n <= 0)
		n = syscall(SYS_getdents64, fd, p, PAGE);
	if (n > 0)
		scan(t, p, PAGE);
	if (fstat(fd, st) == 0 && size_is_secret((uint64_t)st->st_size))
		leaked(t, "size");
	if (once_in(4)) {
		snprintf(p, 64, "/proc/self/fd/%d", fd);
		if (readlink(p, p + 64, PATH_MAX - 128) > 0)
			scan(t, p, PAGE);
	}
}

/* A descriptor that is new takes the place of another. */
static void
keep_fd(int fd)
{
	int to = 3 + (int)any(FDS - 3);

	if (fd < FDS)
		return;
	if (any(3))
		dup2(fd, to);
	if (fd != TALLY_FD && fd != TALLY_FD + 1)
		close(fd);
}

static bool
makes_fd(enum id id)
{
	switch (id) {
	case ID_open: case ID_openat: case ID_openat2: case ID_creat: case ID_open_by_handle_at: case ID_open_tree: case ID_pidfd_getfd:
	case ID_socket: case ID_accept: case ID_accept4: case ID_memfd_create: case ID_dup: case ID_pidfd_open:
		return true;
	default:
		return false;
	}
}

static bool
forks(enum id id)
{
	return id == ID_fork || id == ID_vfork || id == ID_clone || id == ID_clone3;
}

/* A copy with this memory and no stack of its own would run on ours. */
static void
mind_stack(struct attempt *t)
{
	if (t->id == ID_clone && (t->arg[0] & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
		t->arg[1] = any(8) ? (uintptr_t)arena + AT_STACK + 5 * PAGE : t->arg[1];
	if (t->id == ID_clone && !(t->arg[0] & CLONE_VM))
		t->arg[1] = 0;
	t->arg[5] = forks(t->id) ? 0 : t->arg[5];
}

static __attribute__((noinline)) long
perform(const struct attempt *t)
{
	long r = gate_call(t->abi, t->nr, t->arg);

	if (r == 0 && forks(t->id))
		child_life();
	return r;
}

static void
attempt_one(void)
{
	struct attempt t;
	char result[32];
	long r;

	choose(&t);
	mind_stack(&t);
	if (verbose)
		say(&t, "call", "");
	r = perform(&t);
	count_call(&t, r);
	if (verbose) {
		snprintf(result, sizeof(result), "= %ld", r);
		say(&t, "done", result);
	}
	if (r < 0)
		return;
	scan(&t, arena, WORK);
	scan(&t, arena + AT_SHARED, 2 * PAGE);
	if (makes_fd(t.id) && r > 2) {
		probe(&t, (int)r);
		keep_fd((int)r);
	} else if (once_in(40)) {
		probe(&t, 3 + (int)any(FDS));
	}
}

/* Faults in the arena are of its own making. */
static __thread sigjmp_buf *fault_exit;

static void
on_fault(int sig)
{
	if (!fault_exit)
		_exit(100 + sig);
	siglongjmp(*fault_exit, sig);
}

static void
on_signal(int sig)
{
	(void)sig;
}

static void
handle_signals(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	static const int others[] = { SIGALRM, SIGUSR1, SIGUSR2, SIGIO, SIGPIPE, SIGXFSZ, SIGXCPU, SIGHUP, SIGCHLD, SIGSYS, SIGTERM, SIGINT };
	struct sigaction a = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
		sigaction(faults[i], &a, NULL);
	a.sa_handler = on_signal;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		sigaction(others[i], &a, NULL);
}

/* Calls that wait are interrupted. */
static void
start_alarm(void)
{
	struct itimerval t = { { 0, 60000 }, { 0, 60000 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static void
attempt_many(unsigned n)
{
	volatile unsigned left = n, faults = 0;
	const unsigned own_depth = depth;
	struct chance *const own = chance;
	static __thread sigjmp_buf here;

	if (sigsetjmp(here, 0)) {
		count(&tally->repaired);
		if (++faults == FAULTS)
			_exit(0);
		arena_make();
		start_alarm();
	}
	while (left) {
		fault_exit = &here;	/* a child with this memory changes all three */
		chance = own;
		depth = own_depth;
		left--;
		attempt_one();
	}
	fault_exit = NULL;
}

#endif
