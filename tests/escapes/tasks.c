/* SPDX-License-Identifier: ISC */
/*
 * Whose stop was that?  Tasks that come into the world beside
 * their parents, take over the numbers of others, or are killed in the middle of
 * a call.  After each the forbidden file is tried, which without tollgate always
 * works.
 */
#include "found.h"

/* A new task that a tracer stops by a SIGSTOP, where it has nothing better, and from which a SIGCONT takes that away. */

static void *
continues(void *arg)
{
	for (unsigned n = 0; !common->over; n++) {
		kill(-getpgrp(), SIGCONT);
		usleep(n % 16 * 15);	/* where each of them is a stop of all others nobody would come to anything */
	}
	return arg;
}

static void *
tries_in_thread(void *arg)
{
	try_it();
	return arg;
}

static void
in_thread(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, tries_in_thread, NULL) == 0)
		pthread_join(t, NULL);
}

static void
in_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		try_it();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static int
unstopped(void (*make)(void))
{
	pthread_t other[2];
	sigset_t cont;

	begin();
	setpgid(0, 0);
	sigemptyset(&cont);
	sigaddset(&cont, SIGCONT);
	sigprocmask(SIG_BLOCK, &cont, NULL);
	for (int i = 0; i < 2; i++)
		if (pthread_create(&other[i], NULL, continues, NULL))
			return REFUSED;
	for (long n = tries(); n > 0 && !found->reached; n--)
		make();
	common->over = true;
	for (int i = 0; i < 2; i++)
		pthread_join(other[i], NULL);
	errno = found->err;
	return found->reached ? REACHED : REFUSED;
}

static int v03_unstopped_thread(void) { return unstopped(in_thread); }
static int v03_unstopped_child(void) { return unstopped(in_child); }

#ifdef __i386__
/* From a segment of code in which the address where a new task is to begin is that of ours. */
__asm__(".text\n"
    "in_place_of_cradle:\n"
    "	.fill 4096, 1, 0x90\n"		/* wherever in its first page */
    "	mov $5, %eax\n"		/* open(esi, O_RDONLY) */
    "	mov %esi, %ebx\n"
    "	xor %ecx, %ecx\n"
    "	int $0x80\n"
    "	test %eax, %eax\n"
    "	js 1f\n"
    "	movl $1, (%edi)\n"
    "1:	mov $1, %eax\n"		/* exit() */
    "	int $0x80\n"
    "forks_and_returns:\n"
    "	mov $2, %eax\n"
    "	int $0x80\n"
    "	lret\n");
extern char in_place_of_cradle[], forks_and_returns[];

static uintptr_t
code_segment_begins(void)
{
	static struct { unsigned entry; uintptr_t base; unsigned limit, flags; } s;

	if (s.base)
		return s.base;
	s.base = (uintptr_t)(in_place_of_cradle - cradle());
	s.limit = 0xfffff;
	s.flags = 0x1 | 2 << 1 | 0x10 | 0x40;	/* 32-bit, code, limit in pages, useable */
	if (syscall(SYS_modify_ldt, 1, &s, sizeof(s)) != 0)
		_exit(0);
	return s.base;
}

static void
in_segment(void)
{
	struct { uintptr_t offset; uint16_t selector; } __attribute__((packed)) to = { (uintptr_t)forks_and_returns - code_segment_begins(), 7 };
	pid_t pid;

	__asm__ volatile("lcall *%1"
	    : "=a"(pid) : "m"(to), "S"("../forbidden/secret"), "D"(&found->reached) : "ebx", "ecx", "edx", "memory", "cc");
	if (pid == 0) {
		try_it();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* It may be killed for that. */
static int
v03_unstopped_segment(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unstopped(in_segment) == REACHED ? 42 : 0);
	waitpid(pid, &status, 0);
	errno = EPERM;
	return WIFEXITED(status) && WEXITSTATUS(status) == 42 ? REACHED : REFUSED;
}
#else
static int v03_unstopped_segment(void) { return ABSENT; }
#endif

/* Children that are somebody else's. */

static void
wait_until_gone(pid_t pid)
{
	while (kill(pid, 0) == 0 && getppid() == pid)
		usleep(1000);
}

static int
sister(void *arg)
{
	/* Not a child of its maker's, which is gone when this ends. */
	read(*(int *)arg, &(char){ 0 }, 1);
	try_it();
	return 0;
}

static int
beside(int flags, bool session)
{
	int p[2], status;
	pid_t pid;

	begin();
	if (pipe(p) < 0)
		return REFUSED;
	pid = fork();
	if (pid == 0) {
		if (session)
			setsid();
		close(p[1]);
		_exit(clone(sister, side_stack + sizeof(side_stack), flags | SIGCHLD, &p[0]) < 0);
	}
	waitpid(pid, &status, 0);
	close(p[1]);		/* which it waits for */
	return status ? REFUSED : all_of(1);
}

static int v04_sister(void) { return beside(CLONE_PARENT, false); }
static int v04_sister_of_session(void) { return beside(CLONE_PARENT, true); }
static int v04_sister_silent(void) { return beside(CLONE_PARENT | CLONE_FILES | CLONE_FS, false); }
static int v04_session(void) { return beside(0, true); }

static int
v04_double_fork(void)
{
	begin();
	if (fork() == 0) {
		pid_t parent = getpid();

		if (fork() == 0) {
			wait_until_gone(parent);
			try_it();
		}
		_exit(0);
	}
	return all_of(1);
}

/* Numbers that were somebody else's. */

static bool
next_pid(pid_t pid)
{
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY);
	bool good = fd >= 0 && dprintf(fd, "%d", pid - 1) > 0;

	close(fd);
	return good;
}

/* A child of this number that does fn, if nobody else takes it; false: not in a thousand tries. */
static bool
reborn(pid_t pid, void (*fn)(void))
{
	int status;

	for (int i = 0; i < 1000; i++) {
		pid_t got;

		if (!next_pid(pid))
			return false;
		got = fork();
		if (got == 0) {
			if (getpid() == pid)
				fn();
			_exit(0);
		}
		waitpid(got, &status, 0);
		if (got == pid)
			return true;
	}
	return false;
}

static int
after_death_of(void (*fn)(void), bool kills)
{
	pid_t pid;

	begin();
	for (long n = tries() / 20 + 1; n > 0 && !found->reached; n--) {
		pid = fork();
		if (pid == 0) {
			fn();
			_exit(0);
		}
		usleep((useconds_t)(n % 20) * 300);
		if (kills)
			kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		if (!reborn(pid, try_it))
			return ABSENT;		/* no such file, or numbers go too fast here */
	}
	errno = found->err;
	return found->reached ? REACHED : REFUSED;
}

static void blocks(void) { (void)!open("fifo", O_RDONLY); }

static void
is_refused(void)
{
	for (;;)
		close(open("../forbidden/secret", O_RDONLY));
}

static void
is_let_in(void)
{
	for (;;)
		close(open("g", O_RDONLY));
}

static int
v07_after_blocked(void)
{
	mkfifo("fifo", 0600);
	return after_death_of(blocks, true);
}

static int v07_after_refused(void) { return after_death_of(is_refused, true); }
static int v07_after_let_in(void) { return after_death_of(is_let_in, true); }
static int v07_after_end(void) { return after_death_of(try_it, false); }

/* Killed at the entry of a call that is refused. */

static void *
removes(void *victim)
{
	for (;;)
		unlink(victim);
	return NULL;
}

static char *const nothing[] = { "tasks", "nothing", NULL };

enum death { BY_EXIT, BY_PEER, BY_EXEC };

static void
dies(enum death how, char *victim, long usec)
{
	pthread_t t;

	if (how == BY_PEER)
		removes(victim);
	if (pthread_create(&t, NULL, removes, victim))
		_exit(1);
	usleep((useconds_t)usec);
	if (how == BY_EXEC)
		execv(self, nothing);
	_exit(0);
}

static int
killed_at_entry(enum death how, char *victim)
{
	struct stat st;

	for (long n = tries() / 10 + 20; n > 0; n--) {
		pid_t pid = fork();

		if (pid == 0)
			dies(how, victim, n * 37 % 2000);
		if (how == BY_PEER) {
			usleep((useconds_t)(n * 37 % 2000));
			kill(pid, SIGKILL);
		}
		waitpid(pid, NULL, 0);
		if (lstat(victim, &st) < 0 && errno == ENOENT)
			return REACHED;
	}
	errno = ENODATA;
	return REFUSED;
}

static int v09_exit_group(void) { return killed_at_entry(BY_EXIT, "../forbidden/victim1"); }
static int v09_killed(void) { return killed_at_entry(BY_PEER, "../forbidden/victim2"); }
static int v09_exec(void) { return killed_at_entry(BY_EXEC, "../forbidden/victim3"); }

/*
 * Killed in a call, while what it had asked for is somebody else's to write: the
 * next to use that memory asks for less of a file that may only be read.
 */

enum { SHARED_FD = 40 };

static int
asks(void *arg)
{
	(void)arg;
	for (;;)
		dup2(open(common->name[0], O_RDWR), SHARED_FD);
	return 0;
}

static bool
is_writable_readonly(int fd)
{
	struct stat mine, other;

	return fstat(fd, &mine) == 0 && stat("../readonly/file", &other) == 0 && mine.st_ino == other.st_ino &&
	    (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
}

static int
v25_slot_of_killed(void)
{
	bool won = false;

	begin();
	for (long n = tries() / 4 + 20; n > 0 && !won; n--) {
		pid_t pid;

		strcpy(common->name[0], "g");
		close(SHARED_FD);
		pid = clone(asks, side_stack + sizeof(side_stack), CLONE_VM | CLONE_FILES | SIGCHLD, NULL);
		usleep((useconds_t)(n % 11) * 50);
		if (n & 1)
			kill(pid, SIGKILL);
		strcpy(common->name[0], "../readonly/file");
		for (int i = 0; i < 20; i++)
			close(open("../readonly/file", O_RDONLY));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		won = is_writable_readonly(SHARED_FD);
		for (int fd = 3; fd < SHARED_FD; fd++)
			close(fd);
	}
	errno = ENODATA;
	return won ? REACHED : REFUSED;
}

/* A killed one's way to what it may read is not the next one's. */
static int
v25_fifo(void)
{
	begin();
	mkfifo("fifo", 0600);
	for (long n = tries() / 20 + 5; n > 0 && !found->reached; n--) {
		pid_t pid = fork();

		if (pid == 0) {
			blocks();
			_exit(0);
		}
		usleep((useconds_t)(n % 11) * 200);
		kill(pid, SIGKILL);
		if (fork() == 0) {
			try_it();
			_exit(0);
		}
		while (wait(NULL) > 0)
			;
	}
	errno = found->err;
	return found->reached ? REACHED : REFUSED;
}

#define A(fn) { #fn, fn, 0 }
#define R(fn) { #fn, fn, ROOT }
static const struct attempt list[] = {
	A(v03_unstopped_thread), A(v03_unstopped_child), A(v03_unstopped_segment),
	A(v04_sister), A(v04_sister_of_session), A(v04_sister_silent), A(v04_session), A(v04_double_fork),
	R(v07_after_blocked), R(v07_after_refused), R(v07_after_let_in), R(v07_after_end),
	A(v09_exit_group), A(v09_killed), A(v09_exec),
	A(v25_slot_of_killed), A(v25_fifo),
};

/* tasks BOX outlive: who started us ends at once; another session of nobody's tries, and leaves a word. */
static int
outlives(void)
{
	pid_t parent = getpid();
	int fd;

	if (fork() == 0) {
		setsid();
		if (fork() == 0) {
			while (kill(parent, 0) == 0)
				usleep(1000);
			fd = forbidden_file() == REACHED;
			rename(text("%s/allowed/g", box), text("%s/allowed/%s", box, fd ? "reached" : "refused"));
		}
		_exit(0);
	}
	return 5;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	if (argc == 3 && !strcmp(argv[2], "outlive")) {
		box = argv[1];
		return chdir(in_box("allowed")) < 0 ? 2 : outlives();
	}
	return make_attempts(list, sizeof(list) / sizeof(*list), argc, argv);
}
